"""Casts that Arrow does as the contract says, and which ones it does not."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.columns import arrow_type
from scalekit.backends.pandas.native import Datum, cast


def refuses_conversion(source: pl.DataType, target: pl.DataType, *, strict: bool) -> str | None:
    """Why a cast is not native, or None."""
    if source == target or source == pl.Null or _always_fits(source, target):
        return None
    if strict and _is_number(source) and _is_number(target):
        return None
    return f"a cast from {source} to {target}{'' if strict else ' with strict=False'}"


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype.is_float()


def _always_fits(source: pl.DataType, target: pl.DataType) -> bool:
    if source == pl.Boolean:
        return _is_number(target) or target == pl.String
    if source.is_integer():
        return target.is_float() or target == pl.String or _holds(source, target)
    if source.is_float():
        return target.is_float()
    if isinstance(source, pl.Categorical | pl.Enum):
        return target == pl.String
    return source == pl.Date and target == pl.Datetime("us")


def _holds(source: pl.DataType, target: pl.DataType) -> bool:
    """Whether every integer of a type has its place in another."""
    if not target.is_integer():
        return False
    low, high = source.min(), source.max()  # type: ignore[attr-defined]
    bounds = pl.select(low=low, high=high).row(0)
    limits = pl.select(low=target.min(), high=target.max()).row(0)  # type: ignore[attr-defined]
    return bool(limits[0] <= bounds[0] and bounds[1] <= limits[1])


def convert(value: Datum, source: pl.DataType, target: pl.DataType, *, strict: bool) -> Datum:  # noqa: ARG001
    """Cast a value; what does not fit raises."""
    to = arrow_type(target)
    if source.is_float() and target.is_integer():
        value = pc.trunc(
            value
        )  # toward zero, then checked: NaN, infinity and what does not fit raise
    if _always_fits(source, target):
        return cast(value, to)
    return value.cast(to) if isinstance(value, pa.Scalar) else pc.cast(value, to, safe=True)
