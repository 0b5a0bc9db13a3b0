"""Aggregates, each with its own split over partitions."""

from __future__ import annotations

from typing import Any, Self

import polars as pl

from scalekit.expr.function import Decomposition, ExprBase, aggregate
from scalekit.expr.node import Call, Cast, ExprNode

_COUNT = pl.Int64()


def merges_with(name: str) -> Any:
    """The decomposition of an aggregate that merges with itself, as a sum of sums."""
    return lambda x: Decomposition(
        {"part": getattr(x, name)()}, lambda p: getattr(p["part"], name)()
    )


def summed(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Widen integers before they are added: Polars' Int32 sums wrap (CONTRACT.md, integer sums)."""
    wide = widened(dtypes[0])
    if wide is None:
        return call
    return Call(call.function, (Cast(call.args[0], wide), *call.args[1:]), call.options)


def widened(dtype: pl.DataType) -> pl.DataType | None:
    """The type in which integers of ``dtype`` are added, or None where it is that already."""
    if dtype in (pl.Int8, pl.Int16, pl.Int32):
        return pl.Int64()
    if dtype in (pl.UInt8, pl.UInt16, pl.UInt32):
        return pl.UInt64()
    return None


def _counts(name: str) -> Any:
    return lambda x: Decomposition({"part": getattr(x, name)()}, lambda p: p["part"].sum())


def _mean(x: Any) -> Decomposition:
    return Decomposition({"sum": x.sum(), "n": x.count()}, lambda p: p["sum"].sum() / p["n"].sum())


class AggregateMethods(ExprBase):
    """Many rows to one."""

    @aggregate(decompose=merges_with("sum"), resolve=summed)
    def sum(self) -> Self:
        """Sum of the non-null values; 0 where there are none. Integers are added in 64 bits.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None, 2]}).select(sk.col("x").sum()).collect().item()
        3
        """

    @aggregate(decompose=_mean)
    def mean(self) -> Self:
        """Arithmetic mean of the non-null values; null where there are none."""

    @aggregate(decompose=merges_with("min"))
    def min(self) -> Self:
        """Smallest value; NaN counts only where there is nothing else."""

    @aggregate(decompose=merges_with("max"))
    def max(self) -> Self:
        """Largest value; NaN counts only where there is nothing else."""

    @aggregate(decompose=_counts("count"), result=_COUNT)
    def count(self) -> Self:
        """Number of non-null values, as Int64."""

    @aggregate(decompose=_counts("len"), result=_COUNT)
    def len(self) -> Self:
        """Number of rows, nulls included, as Int64."""

    @aggregate(decompose=_counts("null_count"), result=_COUNT)
    def null_count(self) -> Self:
        """Number of nulls, as Int64."""

    @aggregate(result=_COUNT)
    def n_unique(self) -> Self:
        """Number of distinct values, null counting as one, as Int64."""

    @aggregate()
    def median(self) -> Self:
        """Median of the non-null values, the mean of the two in the middle where their number is even."""

    @aggregate()
    def std(self, ddof: int = 1) -> Self:
        """Standard deviation; null for fewer than ``ddof + 1`` values."""

    @aggregate()
    def var(self, ddof: int = 1) -> Self:
        """Variance; null for fewer than ``ddof + 1`` values."""

    @aggregate(needs_order=True)
    def first(self, *, ignore_nulls: bool = False) -> Self:
        """First value in the order of rows; nulls count unless ``ignore_nulls`` is set."""

    @aggregate(needs_order=True)
    def last(self, *, ignore_nulls: bool = False) -> Self:
        """Last value in the order of rows; nulls count unless ``ignore_nulls`` is set."""
