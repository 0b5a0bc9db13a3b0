"""``python -m benchmarks memory``: predicted over measured peaks, each plan in a process of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
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
COUNTED = 1.0
"""The scale up to which the rows of every step are counted: each takes a run."""
LOOKING = 3600.0
"""Seconds to look at the files of all plans that read them."""


def main(arguments: list[str]) -> int:
    """Run every case, print how far predictions were off, and write all of it as JSON."""
    options = _parser().parse_args(arguments)
    _prepare(options.scales, options.forms)
    found: list[dict[str, Any]] = []
    for some in _by_source(cases(options.scales, options.forms)):
        for one in _measured(some, options.backend):
            found.append(one)
            print(_line(one), flush=True)
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


def _by_source(found: Sequence[Case]) -> list[list[Case]]:
    """Cases that read the same files, of which text is looked at once."""
    together: dict[tuple[str, float, str], list[Case]] = {}
    for case in found:
        together.setdefault((case.group, case.scale, case.form), []).append(case)
    return list(together.values())


def _measured(some: Sequence[Case], backends: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Predictions of some cases from one process, and the measurement of each from one of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asked = {"cases": list(map(asdict, some)), "root": str(ROOT), "plans": folder}
        told = _asked("predict", {**asked, "backends": list(backends)}, LOOKING)
        for number, case in enumerate(some):
            for backend in backends:
                named = {"case": case.title, "backend": backend, **asdict(case)}
                if isinstance(told, dict):
                    yield {**named, **told}
                    continue
                plan = str(Path(folder) / str(number))
                ran = _asked("measure", {"plan": plan, "backend": backend}, PATIENCE)
                is_counted = backend == backends[0] and case.scale <= COUNTED
                ran |= _asked("count", {"plan": plan}, PATIENCE) if is_counted else {}
                yield {**named, **told[number][backend], **ran}


def _asked(step: str, asked: dict[str, Any], patience: float) -> Any:
    """What a process of its own answers."""
    command = [sys.executable, "-m", "benchmarks.memory.child", step, json.dumps(asked)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"no answer within {patience:.0f} s"}
    if ran.returncode != 0:
        return {"failed": (ran.stderr.strip().splitlines() or ["no word"])[-1][:300]}
    return json.loads(ran.stdout.splitlines()[-1])


def _line(one: dict[str, Any]) -> str:
    if "failed" in one:
        return f"{one['case']:40} {one['backend']:8} failed: {one['failed']}"
    told = one.get("predicted_peak")
    ratio = f"{told / max(1, one['peak']):6.2f}" if told else "     -"
    return f"{one['case']:40} {one['backend']:8} {one['peak'] / 1e6:9.1f} MB  {ratio}"


def _scales(text: str) -> list[float]:
    return [float(one) for one in names(text)]
