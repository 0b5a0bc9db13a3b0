"""Queries of many stages or tasks over few rows: what a cluster takes for those, whatever is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.calibrate.measure import Query
from scalekit import run
from scalekit.backends.watch import Watch
from scalekit.config import resolve
from scalekit.estimate.work import Work

NAMES = {"stages": 2, "read a number": 34, "many groups": 2}
"""Queries of the smallest size, and the parts that they are run in."""


class _Counted(Watch):
    """Counts the stages of a query, and the tasks of each."""

    def __init__(self) -> None:
        self.tasks: dict[int, int] = {}

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:  # noqa: ARG002
        self.tasks[place] = total


def in_parts(found: Sequence[Query], engine: str, workers: int) -> list[Query]:
    """Some of the queries as a cluster runs them in a given number of parts; each is run once to count."""
    rows = min(query.rows for query in found)
    made = []
    for query in found:
        if query.rows != rows or query.name not in NAMES:
            continue
        parts, watch = NAMES[query.name], _Counted()
        config = resolve(backend=engine, partitions=parts, broadcast_bytes=0)
        run.collect(query.frame._plan, config, watch)
        stages, tasks = len(watch.tasks), sum(watch.tasks.values())
        rest = [one for one in query.work if one.kind not in ("stage", "task")]
        moved = [Work("stage", stages), Work("task", max(0, tasks - stages * workers))]
        name = f"{query.name} in {parts} parts"
        work = (*(replace(one, shared=True) for one in rest), *moved)
        made.append(replace(query, name=name, parts=parts, work=work))
    return made
