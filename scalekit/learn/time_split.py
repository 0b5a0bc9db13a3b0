"""Splits by time: cut-offs at exact quantiles, later rows on the later side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
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


@dataclass(frozen=True)
class CutOffs:
    """Where train, valid and test rows begin and end in time; each end lies a gap before the next start."""

    end_train: Any
    to_valid: Any
    end_valid: Any
    to_test: Any


def cut_offs(
    frame: Frame, name: str, cuts: tuple[float, ...], gap: str | timedelta | float | None
) -> CutOffs:
    """Cut-offs at exact quantiles of a frame's times, found by two small queries.

    Raises
    ------
    InvalidOperationError
        Where times are missing, too few, or a gap leaves nothing.
    """
    first, to_valid, to_test = _moments(frame, name, cuts, ("train", "valid", "test"))
    dtype = schema(frame)[name]
    end_train, end_valid = before(to_valid, gap, dtype), before(to_test, gap, dtype)
    _check_not_empty("train", first, end_train, name)
    _check_not_empty("valid", to_valid, end_valid, name)
    return CutOffs(end_train, to_valid, end_valid, to_test)


def fixed_cut_offs(
    frame: Frame, name: str, starts: tuple[Any, Any], gap: str | timedelta | float | None
) -> CutOffs:
    """Cut-offs that were given; one small query looks for rows without a time.

    Raises
    ------
    InvalidOperationError
        Where a cut-off is no time of the column's type, they are in the wrong order, or times are missing.
    """
    dtype = _time_type(frame, name)
    to_valid, to_test = (
        _as_moment(start, dtype, key)
        for start, key in zip(starts, ("valid_from", "test_from"), strict=True)
    )
    if not to_valid < to_test:
        raise InvalidOperationError(
            f"test_from={starts[1]!r} is not later than valid_from={starts[0]!r}"
        )
    _rows_with_time(frame, name)
    end_train, end_valid = before(to_valid, gap, dtype), before(to_test, gap, dtype)
    _check_not_empty("valid", to_valid, end_valid, name)
    return CutOffs(end_train, to_valid, end_valid, to_test)


def time_split(frame: Frame, name: str, cuts: CutOffs) -> tuple[Frame, Frame, Frame]:
    """Train, valid and test at two cut-offs."""
    dtype = schema(frame)[name]
    when = col(name)
    return (
        frame.filter(when < lit(cuts.end_train, dtype)),
        frame.filter(_within(when, cuts.to_valid, cuts.end_valid, dtype)),
        frame.filter(when >= lit(cuts.to_test, dtype)),
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
        end_train = before(start, gap, dtype)
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
    _time_type(frame, name)
    rows = _rows_with_time(frame, name)
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


def _time_type(frame: Frame, name: str) -> pl.DataType:
    dtype = schema(frame)[name]
    if not (dtype.is_temporal() or dtype.is_numeric()):
        raise SchemaError(
            f"time={name!r} is of type {dtype}: give a date, a timestamp or a number; text is parsed with "
            f"col({name!r}).str.to_datetime() or .str.to_date()"
        )
    return dtype


def _rows_with_time(frame: Frame, name: str) -> int:
    """How many rows there are, if all have a time."""
    rows, missing = frame.select(rows=count_rows(), missing=col(name).null_count()).collect().row(0)
    if missing:
        raise InvalidOperationError(
            f"{missing:,} of {rows:,} rows have no {name!r} and so no place in time: "
            f"leave them out with frame.filter(col({name!r}).is_not_null())"
        )
    return int(rows)


def _as_moment(value: Any, dtype: pl.DataType, key: str) -> Any:
    """A value of the column's type, of text where the column has dates or timestamps."""
    refused = f"{key}={value!r} is no value of a time of type {dtype}"
    if isinstance(value, bool) or dtype.is_numeric() != isinstance(value, int | float):
        raise InvalidOperationError(refused)
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(dtype, pl.Datetime) and isinstance(value, date):
            return _as_timestamp(value, dtype)
        if dtype == pl.Date and isinstance(value, datetime):
            value = _as_day(value)
        found = pl.select(pl.lit(value).cast(dtype, strict=True)).item()
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise InvalidOperationError(f"{refused}: {error}") from None
    if found != value:  # a fraction, of whole numbers
        raise InvalidOperationError(f"{refused}: the nearest is {found}")
    return found


def _as_day(value: datetime) -> date:
    if value.tzinfo is not None or value.time() != time():
        raise ValueError("it has a time of day, and the column has days")
    return value.date()


def _as_timestamp(value: date, dtype: pl.Datetime) -> Any:
    """Midnight of a day; a time without a zone is one of the column's zone."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    stamp = pl.lit(value, dtype=pl.Datetime("us"))
    if dtype.time_zone is None:
        if value.tzinfo is not None:
            raise ValueError("it has a time zone, and the column has none")
    elif value.tzinfo is None:
        stamp = stamp.dt.replace_time_zone(dtype.time_zone)
    else:
        in_utc = value.astimezone(UTC).replace(tzinfo=None)
        stamp = pl.lit(in_utc, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC")
        stamp = stamp.dt.convert_time_zone(dtype.time_zone)
    return pl.select(stamp.cast(dtype)).item()


def _check_not_empty(part: str, start: Any, end: Any, name: str) -> None:
    if not start < end:
        raise InvalidOperationError(
            f"{part} would be empty: it would hold the rows whose {name!r} is from {start} to before {end}; "
            "give a smaller gap, other shares, or a finer time"
        )


def before(moment: Any, gap: str | timedelta | float | None, dtype: pl.DataType) -> Any:
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
