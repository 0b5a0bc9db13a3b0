"""The rows that a query's joins give, before it groups and sorts them: what a sample must keep its share of."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

import scalekit as sk
from scalekit.plan.nodes import Aggregate, Join, Limit, Plan, Select, Sort, WithColumns
from scalekit.sampling.lineage import lineage
from scalekit.sampling.search import Sampling
from scalekit.tree import children

QUERIES = (3, 4, 5, 7, 8, 9, 10, 12, 14, 19)
"""Ten queries whose joins give rows enough to count."""


def core(frame: sk.Frame) -> sk.Frame:
    """The topmost join of a query, with nothing above it."""
    plan = frame._plan
    while isinstance(plan, Limit | Sort | Select | WithColumns | Aggregate):
        (plan,) = children(plan)
    while not isinstance(plan, Join):
        (plan,) = children(plan)
    return sk.Frame(plan)


def key_of(plan: Plan, sampling: Sampling) -> str | None:
    """A column of the plan by which its sample was cut; None where that was the place."""
    cut = {(one.scan, one.column) for one in sampling.cuts}
    for name, bases in lineage(plan)[plan].items():
        if any(tuple(base) in cut for base in bases):
            return name
    return None


@dataclass(frozen=True)
class Counted:
    """How many rows a sample has, and how many it should."""

    rows: int
    whole: int
    share: float
    deviation: float

    @property
    def score(self) -> float:
        """How far the sample is off, in standard deviations."""
        return (self.rows - self.whole * self.share) / max(1.0, self.deviation)


def counted(frame: sk.Frame, key: str | None, share: float) -> Counted:
    """Count the rows of a core, and of its sample.

    Keys are in the sample or not, each by itself with the chance of ``share``: so the variance of the rows is
    share (1 - share) times the sum of the squares of how many rows each key has.
    """
    whole = frame.collect() if key is None else frame.select(key).collect()
    sizes = pl.Series([1.0]) if key is None else whole.group_by(key).len()["len"].cast(pl.Float64)
    squares = whole.height if key is None else float(sizes.dot(sizes))
    some = frame.select(sk.len()).collect(sample=share).item()
    return Counted(some, whole.height, share, (share * (1 - share) * squares) ** 0.5)
