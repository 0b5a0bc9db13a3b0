"""Rules of a frame as a whole: its types, its columns, how many rows it has, and how old the newest is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from scalekit.checks.outcome import Outcome
from scalekit.checks.rule import Measure, Rule, Subject, by_fact
from scalekit.display.text import amount, duration_text, type_text
from scalekit.errors import SchemaError
from scalekit.expr.builders import col
from scalekit.expr.shortcuts import len as count_rows

GROUPS: Mapping[str, Any] = {
    "integer": lambda dtype: dtype.is_integer(),
    "float": lambda dtype: dtype.is_float(),
    "number": lambda dtype: dtype.is_numeric(),
    "text": lambda dtype: dtype in (pl.String, pl.Categorical, pl.Enum),
    "boolean": lambda dtype: dtype == pl.Boolean,
    "temporal": lambda dtype: dtype.is_temporal(),
    "nested": lambda dtype: dtype.is_nested(),
}
"""Words for several types."""

TYPES = (
    "Array", "Binary", "Boolean", "Categorical", "Date", "Datetime", "Decimal", "Duration", "Enum", "Float16",
    "Float32", "Float64", "Int8", "Int16", "Int32", "Int64", "Int128", "List", "Null", "Object", "String",
    "Struct", "Time", "UInt8", "UInt16", "UInt32", "UInt64", "UInt128",
)  # fmt: skip
"""Names of types; with arguments they are written as frames show them, such as ``Datetime[us, UTC]``."""


def is_of(dtype: pl.DataType, wanted: Any) -> bool:
    """Whether a type is the one that is wanted: a type, a class of types, a name, a word, or one of several.

    Examples
    --------
    >>> is_of(pl.Datetime("us"), "Datetime"), is_of(pl.Int8(), "integer"), is_of(pl.Int8(), pl.Int64)
    (True, True, False)
    """
    if isinstance(wanted, list | tuple):
        return any(is_of(dtype, one) for one in wanted)
    if not isinstance(wanted, str):
        return bool(dtype == wanted)
    if wanted in GROUPS:
        return bool(GROUPS[wanted](dtype))
    return wanted in (type_text(dtype), type(dtype).__name__)


def dtype(rule: Rule, subject: Subject) -> Measure:
    """The type of a column, which is known without reading it."""
    assert rule.column is not None
    found = subject.schema[rule.column]
    holds = is_of(found, rule.arguments["is"])
    outcome = by_fact(rule, holds=holds, value="" if holds else f"it is {type_text(found)}")
    return Measure(rule, lambda _: outcome)


def columns(rule: Rule, subject: Subject) -> Measure:
    """The columns that there are."""
    names, there = list(rule.arguments["names"]), list(subject.schema)
    missing = [name for name in names if name not in there]
    extra = [name for name in there if name not in names]
    found = [f"missing {', '.join(map(repr, missing))}"] if missing else []
    if rule.arguments.get("exact") and extra:
        found.append(f"more than these: {', '.join(map(repr, extra))}")
    if rule.arguments.get("ordered") and not missing and _in(there, names) != names:
        found.append(f"in another order: {', '.join(map(repr, _in(there, names)))}")
    outcome = by_fact(rule, holds=not found, value="; ".join(found))
    return Measure(rule, lambda _: outcome)


def _in(there: list[str], names: list[str]) -> list[str]:
    return [name for name in there if name in names]


def rows(rule: Rule, _: Subject) -> Measure:
    """The number of rows."""
    low, high = rule.arguments.get("min"), rule.arguments.get("max")

    def found(values: Mapping[str, Any]) -> Outcome:
        count = values["rows"]
        holds = (low is None or count >= low) and (high is None or count <= high)
        return by_fact(rule, holds=holds, value=amount(count, "row"))

    return Measure(rule, found, {"rows": count_rows()})


def fresh(rule: Rule, subject: Subject) -> Measure:
    """The age of the newest time.

    Raises
    ------
    SchemaError
        For a column that has no dates or times.
    """
    assert rule.column is not None
    found = subject.schema[rule.column]
    if found not in (pl.Date, pl.Datetime):
        raise SchemaError(f"it is of type {found}, and only dates and times are fresh")
    within: timedelta = rule.arguments["within"]

    def outcome(values: Mapping[str, Any]) -> Outcome:
        newest = values["newest"]
        if newest is None:
            return by_fact(rule, holds=False, value="there is no time")
        age = subject.now - _moment(newest)
        old = duration_text(abs(age.total_seconds()))
        text = f"newest {newest}, {old} {'old' if age >= timedelta() else 'ahead'}"
        return by_fact(rule, holds=age <= within, value=text)

    return Measure(rule, outcome, {"newest": col(rule.column).max()})


def _moment(newest: date) -> datetime:
    """A date as its beginning, a time without zone as UTC."""
    if not isinstance(newest, datetime):
        newest = datetime.combine(newest, time())
    return newest if newest.tzinfo else newest.replace(tzinfo=UTC)
