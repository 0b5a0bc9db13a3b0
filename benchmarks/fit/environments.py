"""Environments for peers whose versions do not go with those that scalekit needs."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

PACKAGES = {
    "dask-ml": (
        "dask-ml==2025.1.0",
        "dask[dataframe]>=2026.6",
        "distributed>=2026.6",
        "scikit-learn>=1.9",
        "psutil>=7",
    ),
}


def prepare(peer: str, root: Path) -> Path:
    """The interpreter of a peer's environment, which is made once."""
    folder = (root / peer).absolute()
    python = folder / "bin" / "python"
    if not (folder / ".ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES[peer]]
        subprocess.run(
            install, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        )
        (folder / ".ready").touch()
    return python
