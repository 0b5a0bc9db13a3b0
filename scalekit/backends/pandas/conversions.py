"""Casts that Arrow does as the contract says, and which ones it does not."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.columns import arrow_type
from scalekit.backends.pandas.native import Datum, cast

_WHOLE = "^[+-]?[0-9]+$"
"""Text that is a whole number: Arrow reads more as one, such as ``0x10``."""


def refuses_conversion(source: pl.DataType, target: pl.DataType, *, strict: bool) -> str | None:
    """Why a cast is not native, or None."""
    if source == target or source == pl.Null or _always_fits(source, target):
        return None
    if strict and _is_number(target) and (_is_number(source) or _is_text_of(source, target)):
        return None
    return f"a cast from {source} to {target}{'' if strict else ' with strict=False'}"


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype.is_float()


def _is_text_of(source: pl.DataType, target: pl.DataType) -> bool:
    return source == pl.String and target.is_integer()


def _always_fits(source: pl.DataType, target: pl.DataType) -> bool:
    if source == pl.Boolean:
        return _is_number(target) or target == pl.String
    if source.is_integer():
        return target.is_float() or target in (pl.String, pl.Boolean) or _holds(source, target)
    if source.is_float():
        return target.is_float()
    if isinstance(source, pl.Categorical | pl.Enum):
        return target == pl.String
    if source == pl.String:
        return isinstance(target, pl.Categorical)
    return _is_same_time(source, target)


def _holds(source: pl.DataType, target: pl.DataType) -> bool:
    """Whether every integer of a type has its place in another, or is the number behind a time."""
    if source == pl.Int64 and isinstance(target, pl.Datetime | pl.Duration):
        return True
    if not target.is_integer():
        return False
    low, high = source.min(), source.max()  # type: ignore[attr-defined]
    bounds = pl.select(low=low, high=high).row(0)
    limits = pl.select(low=target.min(), high=target.max()).row(0)  # type: ignore[attr-defined]
    return bool(limits[0] <= bounds[0] and bounds[1] <= limits[1])


def _is_same_time(source: pl.DataType, target: pl.DataType) -> bool:
    if isinstance(source, pl.Datetime | pl.Duration):
        is_naive = getattr(source, "time_zone", None) is None
        return target == pl.Int64 or (
            isinstance(source, pl.Datetime) and is_naive and target == pl.Date
        )
    return source == pl.Date and target in (pl.Datetime("us"), pl.Int32(), pl.String())


def convert(value: Datum, source: pl.DataType, target: pl.DataType) -> Datum:
    """Cast a value in a way that was not refused; what does not fit raises."""
    to = arrow_type(target)
    if isinstance(source, pl.Datetime) and target == pl.Date:
        return cast(pc.floor_temporal(value, unit="day"), to)
    if _always_fits(source, target):
        return cast(value, to)
    if source.is_float() and target.is_integer():
        value = pc.trunc(
            value
        )  # toward zero, then checked: NaN, infinity and what does not fit raise
    if not _is_text_of(source, target):
        return _cast_safely(value, to)
    try:
        return _cast_safely(_only_whole_numbers(value), to)
    except pa.ArrowInvalid as error:
        raise pa.ArrowInvalid(f"conversion from text to {target} failed: {error}") from None


def _cast_safely(value: Datum, to: pa.DataType) -> Datum:
    return value.cast(to) if isinstance(value, pa.Scalar) else pc.cast(value, to, safe=True)


def _only_whole_numbers(text: Datum) -> Datum:
    good = pc.match_substring_regex(text, _WHOLE)
    if pc.all(good).as_py() is False:
        bad = text.filter(pc.invert(good))[0] if isinstance(text, pa.ChunkedArray) else text
        raise pa.ArrowInvalid(f"{bad.as_py()!r} is not a whole number")
    return pc.replace_substring_regex(text, "^[+]", "")
