"""``python -m benchmarks memory``: predicted over measured peaks, each plan in a process of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.arguments import names
from benchmarks.memory import messy
from benchmarks.memory.cases import Case, as_csv, cases
from benchmarks.memory.report import summary
from benchmarks.pdsh import data

ROOT = Path("data")
OUT = Path("benchmarks") / "results" / "memory.json"
PATIENCE = 600.0
"""Seconds for one plan."""


def main(arguments: list[str]) -> int:
    """Run every case, print how far predictions were off, and write all of it as JSON."""
    options = _parser().parse_args(arguments)
    _prepare(options.scales, options.forms)
    found: list[dict[str, Any]] = []
    for case in cases(options.scales, options.forms):
        for backend in options.backend:
            found.append(_measured(case, backend))
            print(_line(found[-1]), flush=True)
    print(summary(found))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(f"written: {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks memory",
        description="Predict the peak memory of the 22 queries of PDS-H and of plans over messy data, then run "
        "each in a process of its own and measure it.",
    )
    add = made.add_argument
    add("--scales", type=_scales, default="0.1,1,10", help="of PDS-H (%(default)s)")
    add("--forms", type=names, default="parquet,csv", help="of its tables (%(default)s)")
    add("--backend", type=names, default="polars", help="who runs it (%(default)s)")
    add("--out", type=Path, default=OUT, help="JSON with all figures (%(default)s)")
    return made


def _prepare(scales: Sequence[float], forms: Sequence[str]) -> None:
    messy.prepare(ROOT / "messy")
    for scale in scales:
        folder = data.prepare(scale, data.folder_of(scale))
        if "csv" in forms:
            as_csv(folder)


def _measured(case: Case, backend: str) -> dict[str, Any]:
    found: dict[str, Any] = {"case": case.title, "backend": backend, **asdict(case)}
    with tempfile.TemporaryDirectory() as folder:
        plan = str(Path(folder) / "plan")
        asked = {"case": asdict(case), "backend": backend, "root": str(ROOT), "plan": plan}
        for step in ("predict", "measure"):
            found |= _asked(step, json.dumps(asked))
            if "failed" in found:
                break
    return found


def _asked(step: str, asked: str) -> dict[str, Any]:
    """What a process of its own answers."""
    command = [sys.executable, "-m", "benchmarks.memory.child", step, asked]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"no answer within {PATIENCE:.0f} s"}
    if ran.returncode != 0:
        return {"failed": (ran.stderr.strip().splitlines() or ["no word"])[-1][:300]}
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def _line(one: dict[str, Any]) -> str:
    if "failed" in one:
        return f"{one['case']:40} {one['backend']:8} failed: {one['failed']}"
    told = one.get("predicted_peak")
    ratio = f"{told / max(1, one['peak']):6.2f}" if told else "     -"
    return f"{one['case']:40} {one['backend']:8} {one['peak'] / 1e6:9.1f} MB  {ratio}"


def _scales(text: str) -> list[float]:
    return [float(one) for one in names(text)]
