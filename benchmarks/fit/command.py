"""``python -m benchmarks fit``: fits over partitions beside plain scikit-learn and dask-ml, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arguments import names
from benchmarks.fit import rows as data
from benchmarks.fit.child import CLUSTERS, PLAIN
from benchmarks.fit.models import MODELS
from benchmarks.fit.report import HEAD, Judged, across, as_data, line
from benchmarks.fit.runner import PEER, Ran, Runner, is_possible, order_of
from scalekit.config import resolve

OUT = Path("benchmarks") / "results" / "fit.json"
ROWS = 20_000_000
TENTH, HALF = 10, 2
"""Of the largest number of rows: on which fits are compared with plain ones, and on which searches are."""
STAGES = ("large", "plain", "search")
QUICK_ROWS, QUICK_EACH, QUICK_PARTS = 24_000, 800, 4
"""Rows, those of one file, and parts of each table: a fit takes seconds, and is over partitions nevertheless."""


@dataclass(frozen=True)
class Stage:
    """Some models in some ways on so many rows."""

    models: Sequence[str]
    ways: Sequence[str]
    rows: int
    repeat: int


def main(arguments: list[str]) -> int:
    """Run all fits, print what they took, and write it as JSON; 1 where a goal is missed."""
    options = _parser().parse_args(arguments)
    runner = Runner(
        options.workers, options.memory, options.patience, options.environments,
        QUICK_PARTS if options.quick else None,
    )  # fmt: skip
    judged: list[Judged] = []
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="scalekit-fit-") as scratch:
        folder = Path(scratch) if options.quick else options.data
        for stage in _stages(options):
            files = data.prepare(stage.rows, folder, QUICK_EACH if options.quick else data.ROWS)
            for one in _judged(stage, files, runner):
                judged.append(one)
                print(line(one), flush=True)
    print("\n".join(across(judged)))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    settings = {name: str(value) for name, value in vars(options).items()}
    options.out.write_text(json.dumps(as_data(judged, settings), indent=1) + "\n", encoding="utf-8")
    print(f"written: {options.out}")
    missed = [one for one in judged if (one.ran.failure if options.quick else one.missed)]
    return int(any(one.ran.way != PEER for one in missed))


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks fit",
        description="Fit models on all rows over two small workers; on a tenth of them, and searches on half of them, "
        "beside scikit-learn in memory.",
    )
    add = made.add_argument
    add("--rows", type=int, help=f"the largest number ({ROWS:,})")
    add("--stage", type=names, default=",".join(STAGES), help="which of them (%(default)s)")
    add("--model", type=names, default=",".join(MODELS), help="(%(default)s)")
    add("--backend", type=names, default=",".join(CLUSTERS), help="(%(default)s)")
    add("--peers", action="store_true", help="dask-ml too, in an environment that is made for it")
    add("--workers", type=int, default=2, help="of one thread (%(default)s)")
    add("--memory", default="2GB", help="of each worker (%(default)s)")
    add(
        "--repeat",
        type=int,
        default=3,
        help="runs where times are compared: the first watches memory, the quickest of the others counts",
    )
    add("--patience", type=float, default=3600.0, help="seconds for one fit (%(default)s)")
    add("--data", type=Path, default=data.ROOT, help="folder of the rows (%(default)s)")
    add("--environments", type=Path, default=Path("data") / "environments", help="(%(default)s)")
    add("--out", type=Path, default=OUT, help="JSON with all figures (%(default)s)")
    add("--quick", action="store_true", help=f"{QUICK_ROWS:,} rows, once, whatever the goals")
    return made


def _stages(options: argparse.Namespace) -> Iterator[Stage]:
    """What is asked for; the comparison with plain fits also where nobody distributes anything."""
    most = options.rows or (QUICK_ROWS if options.quick else ROWS)
    repeat = 1 if options.quick else options.repeat
    models = [name for name in options.model if not MODELS[name].is_search]
    searches = [name for name in options.model if MODELS[name].is_search]
    clusters = options.backend
    peers = [PEER] if options.peers else []
    if "large" in options.stage:
        yield Stage(models, [*clusters, *peers], most, 1)
    if "plain" in options.stage:
        yield Stage(models, [PLAIN, "polars", *clusters, *peers], most // TENTH, repeat)
    if "search" in options.stage:
        yield Stage(searches, [PLAIN, *clusters], most // HALF, 1)


def _judged(stage: Stage, files: Sequence[str], runner: Runner) -> Iterator[Judged]:
    """The fits of a stage, the ways of a model in turns, so that all of them see the same machine."""
    memory = resolve(worker_memory=runner.memory).worker_memory or 0
    for model in stage.models:
        ways = [way for way in order_of(stage.ways) if way in stage.ways]
        runs = {way: Ran(model, way, stage.rows) for way in ways if is_possible(model, way)}
        for _ in range(stage.repeat):
            for ran in runs.values():
                runner.run(ran, files)
        for ran in runs.values():
            yield Judged(ran, runs.get(PLAIN), runner.workers, memory)
