"""Periods of time: the steps that forecasts are made in, found in a frame by one small query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError, SchemaError
from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.frame.frame import Frame
from scalekit.learn.arguments import column_names, schema

MOST = 1_000_000
"""More distinct times are no periods: they are brought here."""


@dataclass(frozen=True, eq=False)
class Periods:
    """The periods of a frame in their order.

    Attributes
    ----------
    time
        The column of time.
    starts
        When each begins: a sorted column of the type of the time, without gaps where ``every`` is given.
    every
        The length of a period, such as ``"1mo"``; None where each distinct time is one.
    """

    time: str
    starts: pl.Series
    every: str | None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.starts)

    @property
    def of_row(self) -> Expr:
        """The start of the period that a row is in."""
        return col(self.time) if self.every is None else col(self.time).dt.truncate(self.every)

    def index(self, moment: Any) -> int:
        """The first period that begins at a moment or later; their number where none does."""
        edge = pl.Series([moment], dtype=self.starts.dtype)
        return int((self.starts < edge).sum())

    def rows(self, frame: Frame, start: int, end: int) -> Frame:
        """The rows from a period to before another."""
        dtype, time = self.starts.dtype, col(self.time)
        if start > 0:
            frame = frame.filter(time >= lit(self.starts[start], dtype))
        if end < len(self):
            frame = frame.filter(time < lit(self.starts[end], dtype))
        return frame


def periods_of(frame: Frame, time: str, every: str | None = None) -> Periods:
    """Find the periods of a frame.

    Parameters
    ----------
    frame
        The rows.
    time
        A column of dates, timestamps or numbers.
    every
        The length of a period on the calendar, such as ``"1mo"`` or ``"1d"``; then all periods from the first to the last
        count, those without rows too. By default each distinct time is a period.

    Raises
    ------
    SchemaError
        Where the column has no order, or ``every`` is given for numbers.
    InvalidOperationError
        Where times are missing, there is no row, or there are more than a million periods.
    """
    (name,) = column_names(frame, [time], "time")
    dtype = schema(frame)[name]
    if not (dtype.is_temporal() or dtype.is_numeric()):
        raise SchemaError(f"time={name!r} is of type {dtype}: give a date, a timestamp or a number")
    if every is not None and dtype not in (pl.Date, pl.Datetime):
        raise SchemaError(
            f"period={every!r}: time={name!r} is of type {dtype}, which has no calendar"
        )
    empty = Periods(name, pl.Series(name, [], dtype=dtype), every)
    try:
        starts = frame.select(empty.of_row.alias(name))
    except pl.exceptions.PolarsError as error:
        raise InvalidOperationError(f"period={every!r}: {error}") from None
    found = starts.unique().head(MOST + 1).collect()[name].sort()
    _check(found, name)
    return Periods(name, found if every is None else _calendar(found, every), every)


def _check(found: pl.Series, name: str) -> None:
    if found.null_count():
        raise InvalidOperationError(
            f"some rows have no {name!r} and so no place in time: leave them out with "
            f"frame.filter(col({name!r}).is_not_null())"
        )
    if found.is_empty():
        raise InvalidOperationError("there are no rows")
    if len(found) > MOST:
        raise InvalidOperationError(
            f"{name!r} has more than {MOST:,} distinct times: say what a period is, such as period='1d'"
        )


def _calendar(found: pl.Series, every: str) -> pl.Series:
    """All periods from the first to the last."""
    ends = (found[0], found[-1])
    make = pl.date_range if found.dtype == pl.Date else pl.datetime_range
    return (
        pl.select(make(*ends, interval=every, eager=False).alias(found.name))
        .to_series()
        .cast(found.dtype)
    )
