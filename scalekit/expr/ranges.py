"""Columns made of nothing or of parts: ranges, dates, times and spans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.checks import CLOSED, choice, every
from scalekit.expr.constants import literal
from scalekit.expr.dtypes import to_dtype
from scalekit.expr.expr import Expr
from scalekit.expr.function import IntoExpr, Operand, elementwise, window

_UNITS = ("ns", "us", "ms")
_UNIT = choice("time_unit", *_UNITS)
_WEEK = (True, True, True, True, True, False, False)


@window(
    "int_range",
    owner=Expr,
    resizes=True,
    needs_order=True,
    kernel=pl.int_range,
)
def _int_range(start: IntoExpr, end: IntoExpr, step: int, *, dtype: pl.DataType) -> Expr:
    """Integers from start to end."""


def int_range(
    start: IntoExpr = 0, end: IntoExpr | None = None, step: int = 1, *, dtype: Any = pl.Int64
) -> Expr:
    """Integers, one for each row in the frame's order.

    Parameters
    ----------
    start
        The first; with no ``end``, that where it ends, and it begins at 0. A string names a column.
    end
        Before which one it ends, such as ``sk.len()``.
    step
        The difference of two.
    dtype
        The type.

    Raises
    ------
    InvalidOperationError
        Where the step is 0 or the type is no integer.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"x": ["a", "b"]})
    >>> frame.with_columns(i=sk.int_range(sk.len())).collect().rows()
    [('a', 0), ('b', 1)]
    """
    wanted = to_dtype(dtype)
    if step == 0 or not wanted.is_integer():
        raise InvalidOperationError("int_range() needs a step other than 0 and a type of integers")
    first, last = (0, start) if end is None else (start, end)
    return _int_range(first, last, step, dtype=wanted)


@window(
    owner=Expr,
    resizes=True,
    needs_order=True,
    check=CLOSED,
    kernel=pl.date_range,
)
def date_range(
    start: IntoExpr, end: IntoExpr, interval: str | dt.timedelta = "1d", *, closed: str = "both"
) -> Expr:
    """Dates at equal distances, one for each row in the frame's order.

    Parameters
    ----------
    start, end
        The bounds: dates, or expressions with one value; strings name columns.
    interval
        The distance, as ``"1d"``, ``"1w"``, ``"1mo"`` or a ``timedelta``.
    closed
        Which bounds belong to it: ``"both"``, ``"left"``, ``"right"`` or ``"none"``.

    Examples
    --------
    >>> from datetime import date
    >>> import scalekit as sk
    >>> days = sk.date_range(date(2024, 2, 28), date(2024, 3, 1))
    >>> sk.from_dict({"x": [1]}).select(day=days).collect()["day"].dt.day().to_list()
    [28, 29, 1]
    """


@window(
    owner=Expr,
    resizes=True,
    needs_order=True,
    check=every(CLOSED, choice("time_unit", None, *_UNITS)),
    kernel=pl.datetime_range,
)
def datetime_range(
    start: IntoExpr,
    end: IntoExpr,
    interval: str | dt.timedelta = "1d",
    *,
    closed: str = "both",
    time_unit: str | None = None,
    time_zone: str | None = None,
) -> Expr:
    """Points in time at equal distances, one for each row in the frame's order.

    Parameters
    ----------
    start, end
        The bounds: datetimes, dates, or expressions with one value; strings name columns.
    interval
        The distance, as ``"1d"`` (the same time of the next day), ``"12h"``, ``"1mo"`` or a ``timedelta``.
    closed
        Which bounds belong to it: ``"both"``, ``"left"``, ``"right"`` or ``"none"``.
    time_unit
        ``"ms"``, ``"us"`` or ``"ns"``; that of the bounds or the interval, if None.
    time_zone
        The time zone; that of the bounds, if None.

    Examples
    --------
    >>> from datetime import datetime
    >>> import scalekit as sk
    >>> times = sk.datetime_range(datetime(2024, 1, 1), datetime(2024, 1, 2), "12h")
    >>> sk.from_dict({"x": [1]}).select(time=times).collect()["time"].dt.hour().to_list()
    [0, 12, 0]
    """


@elementwise(owner=Expr, kernel=pl.date, raises=True, output_name=lambda _: "date")
def date(year: IntoExpr, month: IntoExpr, day: IntoExpr) -> Expr:
    """A date of its parts; ``ComputeError`` where there is no such day.

    Parameters
    ----------
    year, month, day
        Numbers or expressions; strings name columns.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"year": [2024, 2025]})
    >>> frame.select(sk.date("year", 2, 1)).collect()["date"].to_list()
    [datetime.date(2024, 2, 1), datetime.date(2025, 2, 1)]
    """


@elementwise(
    owner=Expr,
    kernel=pl.datetime,
    raises=True,
    check=_UNIT,
)
def datetime(
    year: IntoExpr,
    month: IntoExpr,
    day: IntoExpr,
    hour: IntoExpr | None = None,
    minute: IntoExpr | None = None,
    second: IntoExpr | None = None,
    microsecond: IntoExpr | None = None,
    *,
    time_unit: str = "us",
    time_zone: str | None = None,
    ambiguous: Operand = "raise",
) -> Expr:
    """A point in time of its parts; ``ComputeError`` where there is no such time.

    Parameters
    ----------
    year, month, day, hour, minute, second, microsecond
        Numbers or expressions; strings name columns.
    time_unit
        ``"us"``, ``"ms"`` or ``"ns"``.
    time_zone
        The time zone, whose clock shows these parts.
    ambiguous
        What a time that occurs twice means: ``"raise"``, ``"earliest"``, ``"latest"`` or ``"null"``, or an
        expression that gives these.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"day": [1, 2]})
    >>> frame.select(sk.datetime(2024, 1, "day", 12).alias("noon")).collect()["noon"][1]
    datetime.datetime(2024, 1, 2, 12, 0)
    """


@elementwise(
    "duration",
    owner=Expr,
    kernel=lambda **options: pl.duration(**options).alias("duration"),
    output_name=lambda _: "duration",
    check=_UNIT,
)
def _duration(
    *,
    weeks: IntoExpr | None = None,
    days: IntoExpr | None = None,
    hours: IntoExpr | None = None,
    minutes: IntoExpr | None = None,
    seconds: IntoExpr | None = None,
    milliseconds: IntoExpr | None = None,
    microseconds: IntoExpr | None = None,
    nanoseconds: IntoExpr | None = None,
    time_unit: str = "us",
) -> Expr:
    """A span of its parts."""


def duration(
    *,
    weeks: IntoExpr | None = None,
    days: IntoExpr | None = None,
    hours: IntoExpr | None = None,
    minutes: IntoExpr | None = None,
    seconds: IntoExpr | None = None,
    milliseconds: IntoExpr | None = None,
    microseconds: IntoExpr | None = None,
    nanoseconds: IntoExpr | None = None,
    time_unit: str | None = None,
) -> Expr:
    """A span of its parts: exact, so that a day has 24 hours.

    Parameters
    ----------
    weeks, days, hours, minutes, seconds, milliseconds, microseconds, nanoseconds
        Numbers or expressions; strings name columns.
    time_unit
        ``"us"``, ``"ms"`` or ``"ns"``; if None, ``"ns"`` where nanoseconds are given, else ``"us"``.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"n": [1, 2]})
    >>> frame.select(sk.duration(hours="n", minutes=30)).collect()["duration"].to_list()
    [datetime.timedelta(seconds=5400), datetime.timedelta(seconds=9000)]
    """
    return _duration(
        weeks=weeks,
        days=days,
        hours=hours,
        minutes=minutes,
        seconds=seconds,
        milliseconds=milliseconds,
        microseconds=microseconds,
        nanoseconds=nanoseconds,
        time_unit=time_unit or ("us" if nanoseconds is None else "ns"),
    )


@elementwise(
    "business_day_count",
    owner=Expr,
    kernel=lambda start, end, holidays, week_mask: pl.business_day_count(
        start, end, week_mask=week_mask, holidays=holidays
    ),
)
def _business_day_count(
    start: IntoExpr, end: IntoExpr, holidays: Operand, *, week_mask: tuple[bool, ...] = _WEEK
) -> Expr:
    """Number of business days."""


def business_day_count(
    start: IntoExpr,
    end: IntoExpr,
    *,
    week_mask: Iterable[bool] = _WEEK,
    holidays: Any = (),
) -> Expr:
    """Number of business days from one date, itself included, to another, which is not.

    Parameters
    ----------
    start, end
        Dates or expressions; strings name columns.
    week_mask
        Seven truths, for Monday to Sunday: whether it is a business day.
    holidays
        Dates that are none, or an expression that gives lists of these.

    Raises
    ------
    InvalidOperationError
        Unless the week has seven days, and a business day among them.

    Examples
    --------
    >>> from datetime import date
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"start": [date(2024, 1, 1)], "end": [date(2024, 1, 10)]})
    >>> frame.select(sk.business_day_count("start", "end")).collect().item()
    7
    """
    week = tuple(bool(day) for day in week_mask)
    if len(week) != 7 or not any(week):
        raise InvalidOperationError("week_mask needs seven days, and a business day among them")
    off = holidays if isinstance(holidays, Expr) else _dates(holidays)
    return _business_day_count(start, end, off, week_mask=week)


def _dates(holidays: Iterable[Any]) -> Expr:
    return Expr(literal(list(holidays), pl.List(pl.Date())))
