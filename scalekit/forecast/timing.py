"""Seconds at full size: of reading, which a sample does as a whole, and of computing, which grows with the rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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

    What grows is found twice, and the mean is taken: from no row of the sampled sources to the sample, which
    has the cost of the first rows in it, and from one half of the sample to all of it, which is a small
    difference of two times.
    """
    share = apart.share

    def seconds(rows: Sequence[pl.DataFrame]) -> float:
        plan = over(apart.rest, rows)
        return _quickest(lambda: run.collect(plan, config))

    some = seconds(tables)
    if share >= 1:
        return some
    pairs = list(zip(apart.leaves, tables, strict=True))
    none = seconds([rows if leaf.cut is None else rows.clear() for leaf, rows in pairs])
    half = seconds([leaf.half(rows, second=False) for leaf, rows in pairs])
    grows = (max(0.0, some - none) + max(0.0, some - half) * 2) / 2
    return some + grows * (1 - share) / share


def over(rest: Plan, tables: Sequence[pl.DataFrame]) -> Plan:
    """The plan with tables in memory for its inputs."""
    scans = [Scan(MemorySource(rows)) for rows in tables]
    return rewrite(rest, lambda node: scans[node.index] if isinstance(node, Input) else node)


def _quickest(work: Callable[[], object]) -> float:
    took: list[float] = []
    while len(took) < REPEATS and sum(took) < PATIENCE:
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return min(took)
