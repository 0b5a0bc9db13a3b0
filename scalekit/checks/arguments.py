"""What is written behind a rule's name, read into its arguments; what has no meaning raises ``ValueError``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from scalekit.checks.frame_kinds import GROUPS, TYPES
from scalekit.checks.key_kinds import DIRECTIONS
from scalekit.errors import ScalekitError
from scalekit.expr.expr import Expr
from scalekit.expr.notations import regex
from scalekit.expr.sql import sql_expr
from scalekit.frame.frame import Frame

Arguments = dict[str, Any]
Read = Callable[[Any], Arguments]

CLOSED = ("both", "left", "right", "none")

_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|w|d|h|m|s))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|w|d|h|m|s)")
_UNITS = {
    "w": "weeks",
    "d": "days",
    "h": "hours",
    "m": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
}


def short(name: str) -> Read:
    """A reader of kinds with one argument, which may also be written as a mapping."""

    def read(given: Any) -> Arguments:
        return dict(given) if isinstance(given, Mapping) else {name: given}

    return read


def flag(given: Any) -> Arguments:
    """Only ``True``, or a mapping of options."""
    if isinstance(given, Mapping):
        return dict(given)
    if given is not True:
        raise ValueError(f"takes true, got {given!r}; leave it out for columns that need not be")
    return {}


def value(given: Any) -> Arguments:
    """A bound: a number, a date, a time or a text."""
    arguments = short("value")(given)
    if not _is_value(arguments.get("value")):
        raise ValueError(
            f"takes a number, a date, a time or a text, got {arguments.get('value')!r}"
        )
    return arguments


def minimum(given: Any) -> Arguments:
    """A lower bound that counts."""
    return {"min": value(given)["value"], "closed": "both"}


def maximum(given: Any) -> Arguments:
    """An upper bound that counts."""
    return {"max": value(given)["value"], "closed": "both"}


def above(given: Any) -> Arguments:
    """A lower bound that does not count."""
    return {"min": value(given)["value"], "closed": "none"}


def below(given: Any) -> Arguments:
    """An upper bound that does not count."""
    return {"max": value(given)["value"], "closed": "none"}


def bounds(given: Any) -> Arguments:
    """Two bounds, ``[lowest, highest]`` or named, of which one may be missing."""
    if isinstance(given, list | tuple):
        if len(given) != 2:
            raise ValueError(f"takes [lowest, highest], got {list(given)!r}")
        given = {"min": given[0], "max": given[1]}
    if not isinstance(given, Mapping):
        raise ValueError(f"takes [lowest, highest], got {given!r}")
    low, high = given.get("min"), given.get("max")
    if low is None and high is None:
        raise ValueError("needs min, max or both")
    for bound in (low, high):
        if bound is not None and not _is_value(bound):
            raise ValueError(f"takes numbers, dates, times or texts, got {bound!r}")
    if low is not None and high is not None and _is_above(low, high):
        raise ValueError(f"the lowest, {low!r}, is above the highest, {high!r}")
    closed = given.get("closed", "both")
    if closed not in CLOSED:
        raise ValueError(f"closed={closed!r}; known: {', '.join(CLOSED)}")
    return dict(given)


def counts(given: Any) -> Arguments:
    """A whole number, or bounds of one."""
    if _is_whole(given):
        given = [given, given]
    arguments = bounds(given)
    for bound in (arguments.get("min"), arguments.get("max")):
        if bound is not None and not (_is_whole(bound) and bound >= 0):
            raise ValueError(f"takes whole numbers from 0, got {bound!r}")
    return arguments


def allowance(given: Any) -> Arguments:
    """How many may fail: ``False`` or 0 for none, a whole number of rows, or a share below 1."""
    if given is False:
        given = 0
    arguments = short("allowed")(given)
    allowed = arguments.get("allowed", 0)
    is_count = _is_whole(allowed) and allowed >= 0
    if not is_count and not (isinstance(allowed, float) and 0 <= allowed < 1):
        raise ValueError(f"takes false (none), a count from 0 or a share below 1, got {allowed!r}")
    return arguments


def values(given: Any) -> Arguments:
    """A list of values."""
    arguments = short("values")(given)
    found = arguments.get("values")
    if isinstance(found, set | frozenset):
        found = sorted(found)
    if isinstance(found, str) or not isinstance(found, list | tuple | pl.Series):
        raise ValueError(f"takes a list of values, got {found!r}")
    return {**arguments, "values": list(found)}


def pattern(given: Any) -> Arguments:
    """A regular expression of Rust's dialect, which every backend uses."""
    arguments = short("pattern")(given)
    if not isinstance(arguments.get("pattern"), str):
        raise ValueError(f"takes a regular expression as text, got {arguments.get('pattern')!r}")
    try:
        regex(pattern=arguments["pattern"])
    except ScalekitError as error:
        raise ValueError(str(error)) from None
    return arguments


def types(given: Any) -> Arguments:
    """A type, its name, a word for several, or a list of these."""
    arguments = short("is")(given)
    wanted = arguments.get("is")
    for one in wanted if isinstance(wanted, list | tuple) else [wanted]:
        if isinstance(one, str):
            if one.partition("[")[0] not in (*TYPES, *GROUPS):
                raise ValueError(
                    f"unknown type {one!r}; known: {', '.join((*TYPES, *GROUPS))}; with arguments as frames show "
                    "them, such as 'Datetime[us, UTC]'"
                )
        elif not isinstance(one, pl.DataType) and not (
            isinstance(one, type) and issubclass(one, pl.DataType)
        ):
            raise ValueError(f"takes a type such as sk.Int64, or its name, got {one!r}")
    return arguments


def names(given: Any) -> Arguments:
    """Names of columns."""
    arguments = short("names")(given)
    return {**arguments, "names": name_list(arguments.get("names"))}


def name_list(given: Any) -> list[str]:
    """A name, or a list of names."""
    found = [given] if isinstance(given, str) else given
    if (
        not isinstance(found, list | tuple)
        or not found
        or not all(isinstance(n, str) for n in found)
    ):
        raise ValueError(f"takes names of columns, got {given!r}")
    return list(found)


def direction(given: Any) -> Arguments:
    """An order, within groups and along another column if wanted."""
    arguments = short("direction")(given)
    if arguments.get("direction") not in DIRECTIONS:
        raise ValueError(
            f"takes one of {', '.join(DIRECTIONS)}, got {arguments.get('direction')!r}"
        )
    for option in ("within", "along"):
        if arguments.get(option) is not None:
            arguments[option] = name_list(arguments[option])
    return arguments


def span(given: Any) -> Arguments:
    """A length of time: a timedelta, or text such as ``"2d"`` and ``"1h30m"``."""
    arguments = short("within")(given)
    within = arguments.get("within")
    if isinstance(within, str) and _SPAN.fullmatch(within):
        parts = [{_UNITS[unit]: float(number)} for number, unit in _PART.findall(within)]
        within = sum((timedelta(**part) for part in parts), timedelta())
    if not isinstance(within, timedelta):
        raise ValueError(
            f"takes a timedelta, or text of numbers with a unit of {', '.join(_UNITS)}, such as '2d' or '1h30m'; "
            f"got {within!r}"
        )
    return {**arguments, "within": within}


def key(given: Any) -> Arguments:
    """Columns of a key, or ``True`` for the column that the rule stands with."""
    if given is True:
        return {}
    arguments = short("columns")(given)
    if "columns" in arguments:
        arguments["columns"] = name_list(arguments["columns"])
    return arguments


def reference(given: Any) -> Arguments:
    """A frame, or its name among ``others``, and the columns of its key."""
    arguments = dict(given) if isinstance(given, Mapping) else {"frame": given}
    if not isinstance(arguments.get("frame"), str | Frame):
        raise ValueError(f"takes a frame or its name in others=, got {arguments.get('frame')!r}")
    if "column" in arguments:
        arguments["to"] = arguments.pop("column")
    for option in ("columns", "to"):
        if option in arguments:
            arguments[option] = name_list(arguments[option])
    if len(arguments.get("columns", [""])) != len(
        arguments.get("to", arguments.get("columns", [""]))
    ):
        raise ValueError("needs as many columns in to as in columns")
    return arguments


def bins(given: Any) -> Arguments:
    """``True`` for the default thresholds, a number for the one of "error", or a mapping."""
    if isinstance(given, Mapping):
        count = given.get("bins", 2)
        if not _is_whole(count) or not 2 <= count <= 100:
            raise ValueError(f"bins is a whole number from 2 to 100, got {count!r}")
        return dict(given)
    return distance(given)


def distance(given: Any) -> Arguments:
    """``True`` for the default thresholds, a number for the one of "error", or a mapping."""
    if isinstance(given, Mapping):
        return dict(given)
    if given is True:
        return {}
    if isinstance(given, bool) or not isinstance(given, int | float) or not given > 0:
        raise ValueError(f"takes true, or a number above 0, got {given!r}")
    return {"error": float(given)}


def expression(given: Any) -> Arguments:
    """An expression, or one in SQL."""
    arguments = short("is")(given)
    return {**arguments, "is": expr_of(arguments.get("is"))}


def expr_of(given: Any) -> Expr:
    """An expression from itself or from SQL."""
    if isinstance(given, Expr):
        return given
    if not isinstance(given, str):
        raise ValueError(
            f"takes an expression such as sk.col('x') > 0, or SQL such as 'x > 0'; got {given!r}"
        )
    try:
        found = sql_expr(given)
    except ScalekitError as error:
        raise ValueError(str(error)) from None
    assert isinstance(found, Expr)
    return found


def _is_value(given: Any) -> bool:
    kinds = (int, float, Decimal, str, date, time, timedelta)
    return isinstance(given, kinds) and not isinstance(given, bool) and given == given


def _is_whole(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


def _is_above(low: Any, high: Any) -> bool:
    if isinstance(low, str) != isinstance(high, str):  # dates may be written as texts
        return False
    try:
        return bool(low > high)
    except TypeError:
        raise ValueError(f"the bounds {low!r} and {high!r} cannot be compared") from None
