"""Spans of time as texts say them: their units, and how long they are at most."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

_PIECE = re.compile(r"(\d+)(ns|us|ms|mo|i|s|m|h|d|w|q|y)")
_DAY = 86_400 * 10**9
_LONGEST = {
    "i": 1, "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9,
    "d": _DAY, "w": 7 * _DAY, "mo": 31 * _DAY, "q": 92 * _DAY, "y": 366 * _DAY,
}  # fmt: skip
"""Nanoseconds of each unit, or steps of an integer, where a unit is as long as it can be."""

CALENDAR = frozenset({"mo", "q", "y"})
"""Units that are not always as long."""


def units(span: str | timedelta | None) -> frozenset[str]:
    """The units of a span."""
    return frozenset(unit for number, unit in _pieces(span) if number)


def longest(span: str | timedelta | None) -> int:
    """Nanoseconds of a span, or steps of an integer, at most; its sign is of no account."""
    return sum(number * _LONGEST[unit] for number, unit in _pieces(span))


def is_negative(span: str | timedelta) -> bool:
    """Whether a span goes back in time."""
    return span.startswith("-") if isinstance(span, str) else span < timedelta()


def _pieces(span: str | timedelta | None) -> Iterator[tuple[int, str]]:
    if isinstance(span, timedelta):
        rest = abs(span)
        yield from ((rest.days, "d"), (rest.seconds, "s"), (rest.microseconds, "us"))
    else:
        yield from ((int(number), unit) for number, unit in _PIECE.findall(span or ""))
