"""``python -m benchmarks regret``: the time of ``auto`` over that of the best backend, and that of the decision."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.arguments import names
from benchmarks.memory.cases import Case, as_csv
from benchmarks.pdsh import data
from benchmarks.pdsh.queries_scalekit import QUERIES
from benchmarks.regret.report import GOAL, WORST, Judged, agreement, line, summary
from benchmarks.regret.runner import Runner
from benchmarks.regret.timing import Cell, measure

ROOT = Path("data")
OUT = Path("benchmarks") / "results" / "regret.json"
CLUSTERS = ("dask", "ray")


def main(arguments: list[str]) -> int:
    """Time every backend where it is not known yet, decide, and print the regret; 1 where it misses its goal."""
    options = _parser().parse_args(arguments)
    cases = grid(options.scales, options.forms, options.queries)
    known = _read(options.out) if options.reuse else {}
    clusters = [name for name in options.backend if name in CLUSTERS]
    with (
        closing(Runner(ROOT, clusters, options.memory)) as connected,
        closing(Runner(ROOT, [], options.memory)) as alone,
    ):
        # pandas may take too much memory, and the clusters need not die with it
        runners = {name: alone if name == "pandas" else connected for name in options.backend}
        judged: list[Judged] = []
        for case in cases:
            cell = known.get(case)
            if cell is None or set(options.backend) - {*cell.seconds, *cell.failed}:
                cell = _measured(case, runners, options)
            judged.append(Judged(cell, _decided(case, connected, options.timeout)))
            known[case] = cell
            _write(options.out, known, judged)
            print(line(judged[-1]), flush=True)
        print(summary(judged))
        own = {
            one.cell.case.title: took
            for one in judged[:: max(1, len(judged) // max(1, options.check))][: options.check]
            if (took := _own(one.cell.case, connected, options)) is not None
        }
    print(agreement(judged, own))
    print(f"written: {options.out}")
    return 0 if is_good(judged) else 1


def grid(scales: Sequence[float], forms: Sequence[str], queries: Sequence[int]) -> list[Case]:
    """The cells, the small ones first."""
    return [Case("pdsh", str(q), s, f) for s in sorted(scales) for f in forms for q in queries]


def is_good(judged: Sequence[Judged]) -> bool:
    """Whether both goals are met."""
    regrets = [one.regret for one in judged if one.regret is not None]
    product = 1.0
    for regret in regrets:
        product *= regret
    return bool(regrets) and max(regrets) <= WORST and product ** (1 / len(regrets)) <= GOAL


def _measured(case: Case, runners: Mapping[str, Runner], options: argparse.Namespace) -> Cell:
    folder = data.prepare(case.scale, data.folder_of(case.scale))
    if case.form == "csv":
        as_csv(folder)
    return measure(case, runners, options.repeat, options.timeout)


def _decided(case: Case, runner: Runner, timeout: float) -> dict[str, Any]:
    """The decision, with the middle of a few times: what is asked first also loads modules."""
    asked = {"do": "decide", "case": asdict(case)}
    told = [runner.ask(asked, timeout) for _ in range(4)][1:]
    seconds = [one["seconds"] for one in told if "seconds" in one]
    return {**told[-1], **({"seconds": median(seconds)} if seconds else {})}


def _own(case: Case, runner: Runner, options: argparse.Namespace) -> float | None:
    """What a query takes under ``auto``."""
    asked = {"do": "run", "case": asdict(case), "backend": "auto"}
    told = [runner.ask(asked, options.timeout) for _ in range(1 + options.repeat)][1:]
    seconds = [one["seconds"] for one in told if "seconds" in one]
    return median(seconds) if seconds else None


def _read(path: Path) -> dict[Case, Cell]:
    if not path.exists():
        return {}
    cells = [Cell.of(one) for one in json.loads(path.read_text())["cells"]]
    return {cell.case: cell for cell in cells}


def _write(path: Path, known: Mapping[Case, Cell], judged: Sequence[Judged]) -> None:
    """All that is known, those cells included that were not asked for now."""
    decisions = {one.cell.case: dict(one.decision) for one in judged}
    cells = [{**cell.as_json(), "decision": decisions.get(case)} for case, cell in known.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_suffix(".making")
    making.write_text(json.dumps({"cells": cells}, indent=1) + "\n")
    making.replace(path)


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks regret",
        description="Time the 22 queries of PDS-H on every backend, with both clusters connected, and ask auto "
        "whom it would take: its time over that of the best one is the regret.",
    )
    add = made.add_argument
    add("--scales", type=_scales, default="0.1,1,10", help="of PDS-H (%(default)s)")
    add("--forms", type=names, default="parquet,csv", help="of its tables (%(default)s)")
    add("--queries", type=_numbers, default="1-22", help="such as 1,3,5 or 7-9 (%(default)s)")
    add("--backend", type=names, default="polars,memory,dask,ray,pandas", help="(%(default)s)")
    add("--repeat", type=int, default=4, help="turns, at least (%(default)s)")
    add("--timeout", type=float, default=120.0, help="seconds for one run (%(default)s)")
    add("--memory", type=int, default=10_000_000_000, help="bytes of this process (%(default)s)")
    add("--check", type=int, default=10, help="cells that auto itself runs (%(default)s)")
    add("--reuse", action="store_true", help="time only what the file has no times of")
    add("--out", type=Path, default=OUT, help="JSON with all times (%(default)s)")
    return made


def _scales(text: str) -> list[float]:
    return [float(one) for one in names(text)]


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in names(text):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    unknown = [number for number in numbers if number not in QUERIES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no query {unknown[0]}: there are 1 to {max(QUERIES)}")
    return numbers
