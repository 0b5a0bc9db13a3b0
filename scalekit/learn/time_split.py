"""Splits by time: cut-offs at exact quantiles, later rows on the later side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import InvalidOperationError, SchemaError
from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as count_rows
from scalekit.frame.frame import Frame
from scalekit.learn.arguments import schema

if TYPE_CHECKING:
    from datetime import timedelta

Moments = list[Any]


def time_split(
    frame: Frame, name: str, cuts: tuple[float, ...], gap: str | timedelta | float | None
) -> tuple[Frame, Frame, Frame]:
    """Train, valid and test at two cut-offs.

    Raises
    ------
    InvalidOperationError
        Where times are missing, too few, or a gap leaves nothing.
    """
    first, to_valid, to_test = _moments(frame, name, cuts, ("train", "valid", "test"))
    dtype = schema(frame)[name]
    end_train, end_valid = _before(to_valid, gap, dtype), _before(to_test, gap, dtype)
    _check_not_empty("train", first, end_train, name)
    _check_not_empty("valid", to_valid, end_valid, name)
    time = col(name)
    return (
        frame.filter(time < lit(end_train, dtype)),
        frame.filter(_within(time, to_valid, end_valid, dtype)),
        frame.filter(time >= lit(to_test, dtype)),
    )


def time_folds(
    frame: Frame, name: str, folds: int, gap: str | timedelta | float | None
) -> list[tuple[Frame, Frame]]:
    """Periods of equal size; each but the first is validated on once, after training on all before it.

    Raises
    ------
    InvalidOperationError
        Where times are missing, too few, or a gap leaves nothing.
    """
    cuts = tuple(round(i / (folds + 1), 12) for i in range(1, folds + 1))
    first, *starts = _moments(frame, name, cuts, tuple(f"period {i}" for i in range(folds + 1)))
    dtype = schema(frame)[name]
    pairs = []
    for place, start in enumerate(starts):
        end_train = _before(start, gap, dtype)
        _check_not_empty(f"the training part of fold {place}", first, end_train, name)
        end = starts[place + 1] if place + 1 < folds else None
        train = frame.filter(col(name) < lit(end_train, dtype))
        pairs.append((train, frame.filter(_within(col(name), start, end, dtype))))
    return pairs


def _within(time: Expr, start: Any, end: Any, dtype: pl.DataType) -> Expr:
    from_start = time >= lit(start, dtype)
    return from_start if end is None else from_start & (time < lit(end, dtype))


def _moments(frame: Frame, name: str, cuts: tuple[float, ...], parts: tuple[str, ...]) -> Moments:
    """The first time, and the time of the row that stands at each cut when all are sorted by time."""
    dtype = schema(frame)[name]
    if not (dtype.is_temporal() or dtype.is_numeric()):
        raise SchemaError(
            f"time={name!r} is of type {dtype}: give a date, a timestamp or a number; text is parsed with "
            f"col({name!r}).str.to_datetime() or .str.to_date()"
        )
    rows, missing = frame.select(rows=count_rows(), missing=col(name).null_count()).collect().row(0)
    if missing:
        raise InvalidOperationError(
            f"{missing:,} of {rows:,} rows have no {name!r} and so no place in time: "
            f"leave them out with frame.filter(col({name!r}).is_not_null())"
        )
    if rows < len(parts):
        raise InvalidOperationError(f"{rows} rows cannot be split into {len(parts)} parts by time")
    places = [0, *(int(cut * rows + 1e-9) for cut in cuts)]
    sorted_times = frame.select(name).sort(name).with_row_index("__place")
    found = sorted_times.filter(col("__place").is_in(sorted(set(places)))).collect()
    at = dict(zip(found["__place"].to_list(), found[name].to_list(), strict=True))
    moments = [at[place] for place in places]
    for part, start, end in zip(parts, moments, moments[1:], strict=False):
        _check_not_empty(part, start, end, name)
    return moments


def _check_not_empty(part: str, start: Any, end: Any, name: str) -> None:
    if not start < end:
        raise InvalidOperationError(
            f"{part} would be empty: it would hold the rows whose {name!r} is from {start} to before {end}; "
            "give a smaller gap, other shares, or a finer time"
        )


def _before(moment: Any, gap: str | timedelta | float | None, dtype: pl.DataType) -> Any:
    """The moment that lies ``gap`` earlier, on the calendar where the gap is one of months or days."""
    if gap is None:
        return moment
    if dtype.is_numeric() != (isinstance(gap, int | float) and not isinstance(gap, bool)):
        wanted = "a number" if dtype.is_numeric() else "a timedelta or a text such as '1mo' or '7d'"
        raise InvalidOperationError(f"gap={gap!r} on a time of type {dtype}: give {wanted}")
    try:
        earlier = moment - gap if not isinstance(gap, str) else _offset(moment, f"-{gap}", dtype)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise InvalidOperationError(f"gap={gap!r} cannot be taken from {moment}: {error}") from None
    if earlier > moment:
        raise InvalidOperationError(f"gap={gap!r} is negative")
    return earlier


def _offset(moment: Any, by: str, dtype: pl.DataType) -> Any:
    return pl.select(pl.lit(moment, dtype=dtype).dt.offset_by(by)).item()
