"""What a stage and a task of a cluster cost, by queries that differ in little else."""

from __future__ import annotations

import time
from collections.abc import Sequence

import scalekit as sk
from benchmarks.calibrate.measure import Query, lower
from scalekit import run
from scalekit.backends.watch import Watch
from scalekit.config import resolve


class _Stages(Watch):
    """Counts the stages of a query."""

    count = 0

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:  # noqa: ARG002
        self.count = max(self.count, place)


FEW, MANY = 2, 34
"""Parts of the same rows, from which what a task costs is seen."""


def moving(engine: str, found: Sequence[Query], repeat: int) -> dict[str, float]:
    """What a stage and a task of a cluster cost: queries that differ in little else."""
    rows = min(query.rows for query in found)
    plain = next(q.frame for q in found if (q.name, q.rows) == ("read a number", rows))
    staged = next(q.frame for q in found if (q.name, q.rows) == ("stages", rows))
    task = _in_parts(plain, engine, MANY, repeat)[0] - _in_parts(plain, engine, FEW, repeat)[0]
    (long, many), (short, few) = (_in_parts(f, engine, FEW, repeat) for f in (staged, plain))
    return {
        "task": max(0.0, task / (MANY - FEW)),
        "stage": max(0.0, (long - short) / max(1, many - few)),
    }


def _in_parts(frame: sk.Frame, engine: str, parts: int, repeat: int) -> tuple[float, int]:
    """What some runs in so many parts take, and the number of stages."""
    config, taken, watch = (
        resolve(backend=engine, partitions=parts, broadcast_bytes=0),
        [],
        _Stages(),
    )
    for _ in range(repeat + 1):
        begun = time.perf_counter()
        run.collect(frame._plan, config, watch)
        taken.append(time.perf_counter() - begun)
    return lower(taken[1:]), watch.count
