"""Texts that follow a notation - patterns, durations, formats, zones - checked when a user writes them."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.function import to_node
from scalekit.expr.node import Literal

Check = Callable[..., None]


def text_of(value: Any) -> str | None:
    """The text that an operand is known to be, as in ``"a"`` and ``lit("a")``; None for columns."""
    node = to_node(value)
    return node.value if isinstance(node, Literal) and isinstance(node.value, str) else None


def regex(**arguments: Any) -> None:
    """Check that ``pattern`` is a regular expression of Rust's dialect, unless ``literal`` is set.

    Raises
    ------
    InvalidOperationError
        With what the dialect lacks, and what to write instead.
    """
    pattern = text_of(arguments["pattern"])
    checked = not arguments.get("literal", False) and arguments.get("strict", True)
    if pattern is None or not checked:
        return
    fault = _regex_fault(pattern)
    if fault is not None:
        raise InvalidOperationError(
            f"{pattern!r} is no regular expression of Rust's dialect, which every backend uses: {fault}; "
            f"{_instead(fault)}"
        )


@lru_cache(maxsize=1024)
def _regex_fault(pattern: str) -> str | None:
    try:
        pl.select(pl.lit("").str.contains(pattern))
    except pl.exceptions.ComputeError as error:
        lines = str(error).split("\n\nThis error occurred")[0].strip().splitlines()
        return lines[-1].removeprefix("error: ").removeprefix("regex error: ")
    return None


def _instead(fault: str) -> str:
    if "look-around" in fault:
        return (
            "match the context too and take a group of it with .str.extract(), or combine two conditions "
            "such as .str.contains(a) & ~.str.contains(b)"
        )
    if "backreference" in fault:
        return "take both parts with .str.extract_groups() and compare them"
    return "correct it, or pass literal=True if it is plain text"


def groups(pattern: str) -> int:
    """Number of capture groups of a pattern that has been checked."""
    found = pl.select(pl.lit("").str.extract_groups(pattern)).to_series().dtype
    return len(found.fields) if isinstance(found, pl.Struct) else 0


def group_index(**arguments: Any) -> None:
    """Check ``pattern``, and that it has the group ``group_index``."""
    regex(**arguments)
    pattern, index = text_of(arguments["pattern"]), arguments["group_index"]
    if pattern is None:
        return
    count = groups(pattern)
    if not 0 <= index <= count:
        raise InvalidOperationError(
            f"the pattern {pattern!r} has no group {index}: it has {count}, and group 0 is the whole match"
        )


def json_path(**arguments: Any) -> None:
    """Check that ``json_path`` is a path such as ``"$.a.b[0]"``."""
    path = text_of(arguments["json_path"])
    if path is not None and not _is_json_path(path):
        raise InvalidOperationError(f"{path!r} is no JSONPath; write one such as '$.a.b[0]'")


@lru_cache(maxsize=1024)
def _is_json_path(path: str) -> bool:
    try:
        pl.select(pl.lit("{}").str.json_path_match(path))
    except pl.exceptions.ComputeError:
        return False
    return True


UNITS = ("ns", "us", "ms", "mo", "s", "m", "h", "d", "w", "q", "y")
"""The units of a duration; those whose letters begin with another's come first."""

_DURATION = re.compile(rf"-?(?:[0-9]+(?:{'|'.join(UNITS)}))+")


def duration(parameter: str, *, positive: bool = False) -> Check:
    """Build the check that ``parameter`` is a duration such as ``"1d12h"``.

    Parameters
    ----------
    parameter
        The parameter's name.
    positive
        Refuse zero and what is below.
    """

    def check(**arguments: Any) -> None:
        value = arguments[parameter]
        if isinstance(value, timedelta):
            raise InvalidOperationError(
                f"{parameter} is text such as '1d', which follows the calendar; a timedelta is exact: add it "
                "with +"
            )
        text = text_of(value)
        if text is not None and not _DURATION.fullmatch(text):
            raise InvalidOperationError(
                f"{parameter}={text!r} is no duration: write whole numbers, each with a unit of "
                f"{', '.join(sorted(UNITS))}, such as '1d', '3mo' or '1h30m'"
            )
        if positive and text is not None and not _is_positive(text):
            raise InvalidOperationError(f"{parameter} must be longer than nothing, got {value!r}")

    return check


def _is_positive(text: str) -> bool:
    return not text.startswith("-") and re.search("[1-9]", text) is not None


def duration_text(value: Any) -> Any:
    """Write a timedelta as Polars' duration, days as days of the calendar; anything else stays as it is.

    Examples
    --------
    >>> duration_text(timedelta(days=2)), duration_text(timedelta(hours=36))
    ('2d', '129600000000us')
    """
    if not isinstance(value, timedelta):
        return value
    days, rest = divmod(value, timedelta(days=1))
    return f"{value // timedelta(microseconds=1)}us" if rest else f"{days}d"


def time_format(parameter: str = "format") -> Check:
    """Build the check that ``parameter`` is a format of chrono's directives such as ``"%d.%m.%Y"``."""

    def check(**arguments: Any) -> None:
        given = arguments[parameter]
        if given is None:
            return
        if not isinstance(given, str):
            raise InvalidOperationError(
                f"{parameter} must be text such as '%d.%m.%Y', got {type(given).__name__}"
            )
        if not _is_format(given):
            raise InvalidOperationError(
                f"{parameter}={given!r} has a directive that does not exist; write one such as "
                "'%Y-%m-%d %H:%M:%S' (the directives are those of chrono::format::strftime)"
            )

    return check


def _is_format(given: str) -> bool:
    return can_show(pl.Datetime("us", "UTC"), given)


@lru_cache(maxsize=1024)
def can_show(dtype: pl.DataType, given: str) -> bool:
    """Whether values of a type of date or time can be written in a format."""
    try:
        pl.select(pl.lit(0).cast(dtype).dt.to_string(given))
    except pl.exceptions.PolarsError:
        return False
    return True


def time_zone(parameter: str = "time_zone") -> Check:
    """Build the check that ``parameter`` is a zone of the time zone database, or None."""

    def check(**arguments: Any) -> None:
        zone = arguments[parameter]
        if zone is None or (isinstance(zone, str) and zone and _is_zone(zone)):
            return
        near = get_close_matches(str(zone), zoneinfo.available_timezones(), n=1, cutoff=0.5)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise InvalidOperationError(
            f"unknown time zone {zone!r}{hint}; zoneinfo.available_timezones() lists those that exist"
        )

    return check


@lru_cache(maxsize=1024)
def _is_zone(zone: str) -> bool:
    try:
        pl.select(pl.lit(datetime(2024, 1, 2)).dt.replace_time_zone(zone))
    except pl.exceptions.PolarsError:
        return False
    return True
