"""Functions of dates, times and durations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta

import polars as pl

from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.testing.case import Case


def _of(function: str, columns: str, build: Callable[[Expr], Expr], note: str = "") -> Case:
    """A case that applies a function to columns, named apart by blanks."""
    return Case(f"dt.{function}", lambda f: f.select("o", build(col(columns.split()))), note)


_LATER = ("2h", "90m", "-1s", "1us")
_HOLIDAYS = [date(2024, 1, 1), date(2024, 12, 25)]


def _steps(o: Expr) -> Expr:
    """Another duration for each row, from a column."""
    return "-" + (o + 1).cast(pl.String) + "mo2d5h"


CASES = (
    _of("millennium", "d t tz", lambda x: x.dt.millennium()),
    _of("century", "d t tz", lambda x: x.dt.century()),
    _of("year", "d t tz", lambda x: x.dt.year()),
    _of("iso_year", "d t tz", lambda x: x.dt.iso_year()),
    _of("is_leap_year", "d t tz", lambda x: x.dt.is_leap_year()),
    _of("quarter", "d t tz", lambda x: x.dt.quarter()),
    _of("month", "d t tz", lambda x: x.dt.month()),
    _of("days_in_month", "d t tz", lambda x: x.dt.days_in_month()),
    _of("week", "d t tz", lambda x: x.dt.week()),
    _of("weekday", "d t tz", lambda x: x.dt.weekday()),
    Case("dt.weekday", lambda f: f.filter(col("d").dt.weekday() > 5).select("o"), "filter"),
    _of("day", "d t tz", lambda x: x.dt.day()),
    _of("ordinal_day", "d t tz", lambda x: x.dt.ordinal_day()),
    _of("hour", "t tz tm", lambda x: x.dt.hour()),
    _of("minute", "t tz tm", lambda x: x.dt.minute()),
    _of("second", "t tz tm", lambda x: x.dt.second()),
    _of("second", "t tz tm", lambda x: x.dt.second(fractional=True), "fraction"),
    _of("millisecond", "t tz tm", lambda x: x.dt.millisecond()),
    _of("microsecond", "t tz tm", lambda x: x.dt.microsecond()),
    _of("nanosecond", "t tz tm", lambda x: x.dt.nanosecond()),
    _of("date", "d t tz", lambda x: x.dt.date()),
    _of("time", "t tz tm", lambda x: x.dt.time()),
    _of("base_utc_offset", "tz", lambda x: x.dt.base_utc_offset()),
    _of("dst_offset", "tz", lambda x: x.dt.dst_offset()),
    _of("total_days", "dur", lambda x: x.dt.total_days()),
    _of("total_hours", "dur", lambda x: x.dt.total_hours(fractional=True)),
    _of("total_minutes", "dur", lambda x: x.dt.total_minutes()),
    _of("total_seconds", "dur", lambda x: x.dt.total_seconds()),
    _of("total_milliseconds", "dur", lambda x: x.dt.total_milliseconds()),
    _of("total_microseconds", "dur", lambda x: x.dt.total_microseconds()),
    _of("total_nanoseconds", "dur", lambda x: x.dt.total_nanoseconds()),
    _of("to_string", "d t tz tm dur", lambda x: x.dt.to_string()),
    _of("to_string", "d t tz", lambda x: x.dt.to_string("%A %d. %B %Y, week %V"), "format"),
    _of("to_string", "t tz", lambda x: x.dt.to_string("iso:strict"), "strict"),
    _of("to_string", "t tm", lambda x: x.dt.strftime("%H:%M:%S%.3f"), "strftime"),
    _of("timestamp", "d t tz", lambda x: x.dt.timestamp("ms")),
    _of("epoch", "d t tz", lambda x: x.dt.epoch("s")),
    _of("epoch", "d t tz", lambda x: x.dt.epoch("d"), "days"),
    _of("truncate", "d t tz", lambda x: x.dt.truncate("1mo")),
    _of("truncate", "d t tz", lambda x: x.dt.truncate("1w"), "weeks"),
    _of("truncate", "t tz", lambda x: x.dt.truncate(timedelta(minutes=20)), "timedelta"),
    _of(
        "truncate", "t tz", lambda x: x.dt.truncate((col("o") + 1).cast(pl.String) + "h"), "column"
    ),
    _of("round", "d t tz", lambda x: x.dt.round("1w")),
    _of("round", "t tz", lambda x: x.dt.round("1h"), "hours"),
    _of("offset_by", "d t tz", lambda x: x.dt.offset_by("1mo1d")),
    _of("offset_by", "d t tz", lambda x: x.dt.offset_by("-1y2q3w"), "back"),
    *(_of("offset_by", "t tz", lambda x, by=by: x.dt.offset_by(by), by) for by in _LATER),  # type: ignore[misc]
    _of("offset_by", "d t tz", lambda x: x.dt.offset_by(_steps(col("o"))), "column"),
    _of("offset_by_clock", "tz", lambda x: x.dt.offset_by("1w12h")),
    _of("month_start", "d t tz", lambda x: x.dt.month_start()),
    _of("month_end", "d t tz", lambda x: x.dt.month_end()),
    _of("combine", "d t tz", lambda x: x.dt.combine(time(12, 30))),
    _of("combine", "d", lambda x: x.dt.combine(col("tm"), "ms"), "column"),
    _of("add_business_days", "d", lambda x: x.dt.add_business_days(3, roll="forward")),
    _of(
        "add_business_days",
        "d",
        lambda x: x.dt.add_business_days("i8", holidays=_HOLIDAYS, roll="backward"),
        "holidays",
    ),
    _of("add_business_days", "d", lambda x: x.dt.add_business_days(1), "raise"),
    _of("is_business_day", "d t tz", lambda x: x.dt.is_business_day()),
    _of(
        "is_business_day",
        "d",
        lambda x: x.dt.is_business_day(week_mask=(True,) * 6 + (False,), holidays=_HOLIDAYS),
        "holidays",
    ),
    _of("cast_time_unit", "t tz dur", lambda x: x.dt.cast_time_unit("ms")),
    _of("convert_time_zone", "t tz", lambda x: x.dt.convert_time_zone("Asia/Kolkata")),
    _of(
        "replace_time_zone",
        "t",
        lambda x: x.dt.replace_time_zone(
            "America/New_York", ambiguous="latest", non_existent="null"
        ),
    ),
    _of("replace_time_zone", "tz", lambda x: x.dt.replace_time_zone(None), "none"),
    _of(
        "replace_time_zone",
        "t",
        lambda x: x.dt.replace_time_zone("Europe/Vienna", ambiguous=lit("null")),
        "expression",
    ),
)
