"""Functions of dates, times and durations, through Narwhals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.native import (
    Datum,
    Elementwise,
    Refusal,
    Site,
    both,
    by_arrow,
    by_numpy,
    cast,
    is_date,
    is_datetime,
    is_duration,
    is_time,
    of,
    through,
)


def _field(name: str, refuses: Refusal) -> Elementwise:
    return Elementwise(through(lambda s, **_: getattr(s.dt, name)()), both(refuses, _in_whole))


def _in_whole(site: Site) -> str | None:
    return f"{site.call.function}(fractional=True)" if site.options.get("fractional") else None


_days = of(is_date, is_datetime)
_clocks = of(is_datetime)
_durations = of(is_duration)


def _every(pattern: str) -> Refusal:
    """Refuse all but a number of one unit, such as ``"15m"``."""
    known = re.compile(pattern)

    def refuses(site: Site) -> str | None:
        every = site.constant(1)
        if isinstance(every, str) and known.fullmatch(every):
            return None
        return f"{site.call.function} by {every!r}"

    return refuses


_DIRECTIVES = re.compile(r"(?:[^%]|%[YmdHMjF])*")


def _formats(site: Site) -> str | None:
    """Arrow writes fractions for ``%S``, and names in the locale's language."""
    given = site.options.get("format")
    if isinstance(given, str) and "%" in given and _DIRECTIVES.fullmatch(given):
        return None
    return f"{site.call.function}({given!r})"


def _in_naive_time(site: Site) -> str | None:
    """Whole days and months of a zone's wall time pass through clock changes in ways of their own."""
    dtype = site.operands[0]
    return None if getattr(dtype, "time_zone", None) is None else f"{site.call.function} of {dtype}"


def _in_range(site: Site) -> str | None:
    """Nanoseconds of distant years wrap in Polars and raise in Arrow."""
    return "dt.timestamp('ns')" if site.options["time_unit"] == "ns" else None


def _no_zone(site: Site) -> str | None:
    given = site.options.get("time_zone", "")
    return None if given is None else f"dt.replace_time_zone({given!r})"


def _with_zone(site: Site) -> str | None:
    dtype = site.operands[0]
    return f"dt.convert_time_zone of {dtype}" if getattr(dtype, "time_zone", None) is None else None


def _method(call: Callable[..., Any], *refusals: Refusal) -> Elementwise:
    return Elementwise(through(call), both(*refusals), columns=1)


def _date(to: pa.DataType, x: Datum) -> Datum:
    return x if x.type == to else through(lambda s: s.dt.date())(to, x)


def _part_of_day(name: str, of_time: Callable[[Any], Any]) -> Elementwise:
    """A part of the clock's time; of times, from nanoseconds since midnight."""
    of_datetime = through(lambda s, **_: getattr(s.dt, name)())

    def run(to: pa.DataType, x: Datum, **_: Any) -> Datum:
        if pa.types.is_time(x.type):
            return by_numpy(of_time)(pa.int64(), cast(x, pa.int64()))
        return of_datetime(to, x)

    return Elementwise(run, both(of(is_datetime, is_time), _in_whole))


def _total(nanoseconds: int) -> Elementwise:
    """How often a span fits, toward zero."""

    def run(_: pa.DataType, x: Datum, **_options: Any) -> Datum:
        ticks = {"ns": 1, "us": 1_000, "ms": 1_000_000}[x.type.unit]
        return pc.divide(cast(x, pa.int64()), nanoseconds // ticks)

    return Elementwise(run, both(_durations, _in_whole))


_SECOND = 10**9

TIMES: Mapping[str, Elementwise] = {
    **{
        f"dt.{name}": _field(name, _days)
        for name in ("year", "month", "day", "ordinal_day", "weekday")
    },
    "dt.date": Elementwise(_date, _days),
    "dt.hour": _part_of_day("hour", lambda t: t // (3600 * _SECOND)),
    "dt.minute": _part_of_day("minute", lambda t: t // (60 * _SECOND) % 60),
    "dt.second": _part_of_day("second", lambda t: t // _SECOND % 60),
    "dt.millisecond": _part_of_day("millisecond", lambda t: t % _SECOND // 10**6),
    "dt.microsecond": _part_of_day("microsecond", lambda t: t % _SECOND // 10**3),
    "dt.nanosecond": _part_of_day("nanosecond", lambda t: t % _SECOND),
    "dt.quarter": Elementwise(by_arrow(pc.quarter), _days),
    "dt.week": Elementwise(by_arrow(pc.iso_week), _days),
    "dt.iso_year": Elementwise(by_arrow(pc.iso_year), _days),
    "dt.is_leap_year": Elementwise(by_arrow(pc.is_leap_year), _days),
    "dt.total_days": _total(86_400 * _SECOND),
    "dt.total_hours": _total(3_600 * _SECOND),
    **{
        f"dt.total_{name}": _field(f"total_{name}", _durations)
        for name in ("minutes", "seconds", "milliseconds", "microseconds", "nanoseconds")
    },
    "dt.truncate": _method(
        lambda s, every: s.dt.truncate(every),
        _days,
        _in_naive_time,
        _every(r"[1-9]\d*[dhms]|(?:1|2|3|4|6|12)mo|1q|1y"),
    ),
    "dt.offset_by": _method(
        lambda s, by: s.dt.offset_by(by),
        _days,
        _in_naive_time,
        _every(r"[1-9]\d*(?:d|h|m|s|ms|us)"),
    ),
    "dt.timestamp": _method(lambda s, time_unit: s.dt.timestamp(time_unit), _days, _in_range),
    "dt.to_string": _method(lambda s, format: s.dt.to_string(format), _days, _formats),
    "dt.convert_time_zone": _method(
        lambda s, time_zone: s.dt.convert_time_zone(time_zone), _clocks, _with_zone
    ),
    "dt.replace_time_zone": _method(
        lambda s, time_zone, **_: s.dt.replace_time_zone(time_zone), _clocks, _no_zone
    ),
}
"""By the name in the function table."""
