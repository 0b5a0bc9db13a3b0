"""Functions of dates, times and durations, through Narwhals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from scalekit.backends.pandas.native import (
    Elementwise,
    Refusal,
    Site,
    both,
    is_date,
    is_datetime,
    is_duration,
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


TIMES: Mapping[str, Elementwise] = {
    **{
        f"dt.{name}": _field(name, _days)
        for name in ("year", "month", "day", "ordinal_day", "weekday")
    },
    "dt.date": _field("date", _clocks),
    **{
        f"dt.{name}": _field(name, _clocks)
        for name in ("hour", "minute", "second", "millisecond", "microsecond", "nanosecond")
    },
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
