"""PDS-H's tables as Parquet, made by tpchgen-cli once per scale and kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import polars.selectors as cs

from benchmarks.pdsh.tables import NAMES, path_of

ROOT = Path("data") / "pdsh"


def folder_of(scale: float, root: Path = ROOT) -> Path:
    """Where the tables of a scale lie below `root`."""
    return root / f"scale-{scale:g}"


def prepare(scale: float, folder: Path) -> Path:
    """Make the tables of `scale` in `folder` unless they are there; give the folder back.

    Amounts of money become Float64, as in Polars' own PDS-H: Polars rounds the product of two decimals to
    their scale where SQL widens it, so that on decimals no two engines would be asked the same question.
    The folder appears whole or not at all, so an interrupted run leaves nothing half-made behind.
    """
    if all(path_of(folder, name).exists() for name in NAMES):
        return folder
    if folder.exists():
        raise SystemExit(
            f"{folder} exists but lacks some of the tables {', '.join(NAMES)}: remove it, or name "
            "another folder with --data"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as making:
        made, cooked = Path(making) / "made", Path(making) / "cooked"
        _generate(scale, made)
        cooked.mkdir()
        for name in NAMES:
            frame = pl.scan_parquet(path_of(made, name))
            frame.with_columns(cs.decimal().cast(pl.Float64)).sink_parquet(path_of(cooked, name))
            path_of(made, name).unlink()
        cooked.rename(folder)
    return folder


def size_of(folder: Path) -> int:
    """Bytes of the tables on disk."""
    return sum(path_of(folder, name).stat().st_size for name in NAMES)


def _generate(scale: float, folder: Path) -> None:
    program = _generator()
    command = [program, "parquet", "--scale-factor", f"{scale:g}", "--output-dir", str(folder)]
    ran = subprocess.run([*command, "--quiet"], check=False, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"tpchgen-cli failed with code {ran.returncode}: {ran.stderr.strip()}")


def _generator() -> str:
    # The script lies beside the interpreter even where the environment is not activated.
    beside = Path(sys.executable).with_name("tpchgen-cli")
    found = str(beside) if beside.exists() else shutil.which("tpchgen-cli")
    if found is None:
        raise SystemExit("tpchgen-cli is not installed: pip install 'scalekit[bench]'")
    return found
