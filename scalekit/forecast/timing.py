"""Seconds at full size: of reading, which a sample does as a whole, and of computing, which grows with the rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean

import polars as pl

from scalekit import run
from scalekit.config import Config
from scalekit.forecast.leaves import Apart, Leaf
from scalekit.kernels.compile import to_lazy
from scalekit.plan.nodes import Input, Plan, Scan
from scalekit.sources.memory import MemorySource
from scalekit.tree import rewrite, updated

READ = 1024**3
"""Bytes in memory that are read to time a source; of more, these stand for the rest."""

PATIENCE = 0.5
"""Seconds over which a run is repeated, as the quickest of some tells least of the machine's other work."""

PARTS = (1 / 8, 1 / 2, 1.0)
"""Parts of the sample that are timed."""

LONGEST = 10.0
"""Seconds after which nothing is run again."""

REPEATS = 30
"""Times that a run is repeated at most."""


@dataclass(frozen=True)
class Reading:
    """What reading a source as a whole takes, and how many rows pass its filters."""

    seconds: float
    rows: int


def reading(leaf: Leaf) -> Reading:
    """Read a source as the whole plan would, or as much of it as is enough to tell."""
    whole = leaf.whole
    splits, part = _enough(leaf.scan)
    if len(splits) < len(leaf.scan.source.splits()):
        some = _Some(leaf.scan.source, splits)
        whole = rewrite(whole, lambda n: updated(n, source=some) if isinstance(n, Scan) else n)
    if leaf.cut is not None and leaf.cut.is_done:  # what was persisted is a part of what there is
        part *= leaf.share
    rows: list[int] = []

    def read() -> None:
        batches = to_lazy(whole).collect_batches(engine="streaming", maintain_order=False)
        rows.append(sum(batch.height for batch in batches))

    return Reading(_quickest(read) / part, round(rows[0] / part))


@dataclass(frozen=True)
class _Some:
    """Some pieces of a source, with all that reading them needs."""

    source: object
    splits: tuple[object, ...]

    def read(self) -> pl.LazyFrame:
        rows: pl.LazyFrame = self.source.read(self.splits)  # type: ignore[attr-defined]
        return rows


def _enough(scan: Scan) -> tuple[tuple[object, ...], float]:
    """The first pieces that are large enough to time, and their part of all bytes."""
    shares = scan.source.shares(scan.columns or tuple(scan.source.schema))
    size = sum(share.bytes for share in shares)
    taken, splits = 0, []
    for share in shares:
        splits.append(share.split)
        taken += share.bytes
        if taken >= READ:
            break
    is_all = len(splits) == len(shares) or not size
    return tuple(splits), 1.0 if is_all else taken / size


def computing(apart: Apart, tables: Sequence[pl.DataFrame], config: Config) -> float:
    """Seconds that the steps after reading take at full size.

    What is done once, such as reading tables that stay whole, is told from what grows by a line through the
    times of three parts of the sample. None of them is empty: joins with nothing take no time at all.
    """
    parts = PARTS if apart.share < 1 else (1.0,)
    pairs = list(zip(apart.leaves, tables, strict=True))
    plans = {
        part: over(apart.rest, [leaf.part(rows, part) for leaf, rows in pairs]) for part in parts
    }
    seconds = _in_turn({part: partial(run.collect, plan, config) for part, plan in plans.items()})
    return seconds[1.0] + max(0.0, _slope(seconds)) * (1 - apart.share) / apart.share


def _in_turn(works: Mapping[float, Callable[[], object]]) -> dict[float, float]:
    """The quickest run of each, taken in turn, so that other work on the machine slows all of them alike."""
    best = dict.fromkeys(works, math.inf)
    begun, rounds = time.perf_counter(), 0
    while rounds < 3 or (rounds < REPEATS and time.perf_counter() - begun < PATIENCE * len(works)):
        for part, work in works.items():
            best[part] = min(best[part], _seconds(work))
        rounds += 1
        if time.perf_counter() - begun > LONGEST:
            break
    return best


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _slope(points: Mapping[float, float]) -> float:
    """The slope of the line that is nearest to some points; 0 for one."""
    middle = fmean(points)
    spread = sum((x - middle) ** 2 for x in points)
    return sum((x - middle) * y for x, y in points.items()) / spread if spread else 0.0


def over(rest: Plan, tables: Sequence[pl.DataFrame]) -> Plan:
    """The plan with tables in memory for its inputs."""
    scans = [Scan(MemorySource(rows)) for rows in tables]
    return rewrite(rest, lambda node: scans[node.index] if isinstance(node, Input) else node)


def _quickest(work: Callable[[], object]) -> float:
    return _in_turn({1.0: work})[1.0]
