"""One query on a sample and on all rows: what was kept, what was told, and what was true."""

from __future__ import annotations

import time
from dataclasses import dataclass

import scalekit as sk
from benchmarks.sample.cores import Counted, core, counted, key_of
from scalekit.config import resolve
from scalekit.sampling.setting import sampling_of

REPEATS = 5


@dataclass(frozen=True)
class Found:
    """What one query gave at one share; ``told`` by the forecast, ``true`` of all rows."""

    query: int
    share: float
    by: str
    counted: Counted | None
    told_rows: int
    true_rows: int
    told_seconds: float
    true_seconds: float
    doubts: tuple[str, ...]
    spent: float

    @property
    def rows_ratio(self) -> float:
        return (self.told_rows + 1) / (self.true_rows + 1)

    @property
    def time_ratio(self) -> float:
        return self.told_seconds / self.true_seconds

    @property
    def core_ratio(self) -> float | None:
        """Of the rows that the joins give, scaled to all, over those that there are."""
        one = self.counted
        return None if one is None else one.rows / one.share / max(1, one.whole)


def measured(query: int, frame: sk.Frame, share: float, *, cores: bool) -> Found:
    """Forecast a query, then run it; count what its joins give where ``cores`` says so."""
    seconds, rows = _true(frame)
    started = time.perf_counter()
    told = frame.forecast(sample=share, backend="polars")
    spent = time.perf_counter() - started
    again, _ = _true(frame)
    return Found(
        query, share, told.sample.partition(" by ")[2], _core(frame, share) if cores else None,
        told.rows, rows, told.seconds, min(seconds, again), told.doubts, spent,
    )  # fmt: skip


def _true(frame: sk.Frame) -> tuple[float, int]:
    """The quickest of some runs, and the rows."""
    took = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        rows = frame.collect(backend="polars").height
        took.append(time.perf_counter() - started)
    return min(took), rows


def _core(frame: sk.Frame, share: float) -> Counted | None:
    rows = core(frame)
    sampling = sampling_of(rows._plan, resolve(sample=share))
    if sampling is None:
        return None
    return counted(rows, key_of(rows._plan, sampling), share)
