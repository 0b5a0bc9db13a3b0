"""In which type integers are added: 64 bits, whatever the column has (CONTRACT.md, integer sums)."""

from __future__ import annotations

import polars as pl

from scalekit.expr.node import Call, Cast, ExprNode


def widened(dtype: pl.DataType) -> pl.DataType | None:
    """The type in which integers of ``dtype`` are added, or None where it is that already."""
    if dtype in (pl.Int8, pl.Int16, pl.Int32):
        return pl.Int64()
    if dtype in (pl.UInt8, pl.UInt16, pl.UInt32):
        return pl.UInt64()
    return None


def widen_first(call: Call, dtypes: tuple[pl.DataType, ...]) -> ExprNode:
    """Widen the integers that a running sum adds; one of Booleans is a count, an Int64."""
    first, *rest = call.args
    if dtypes[0] == pl.Boolean:
        return Cast(call, pl.Int64())
    wide = widened(dtypes[0])
    if wide is None:
        return call
    return Call(call.function, (Cast(first, wide), *rest), call.options)
