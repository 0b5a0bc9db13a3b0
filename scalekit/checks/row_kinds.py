"""Rules that each row keeps or breaks by its own values: nulls, ranges, sets, texts, expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from scalekit.checks.rule import Measure, Rule, Subject, by_fact, by_rows
from scalekit.errors import SchemaError
from scalekit.expr.analysis import is_scalar
from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.expr.function import to_node
from scalekit.expr.sql import sql_expr

Condition = Callable[[Expr, Mapping[str, Any], pl.DataType], Expr]


def on_column(condition: Condition) -> Callable[[Rule, Subject], Measure]:
    """The measure of a condition on one column."""

    def measure(rule: Rule, subject: Subject) -> Measure:
        assert rule.column is not None
        dtype = subject.schema[rule.column]
        return by_rows(rule, subject, condition(col(rule.column), rule.arguments, dtype))

    return measure


def not_null(x: Expr, _: Mapping[str, Any], __: pl.DataType) -> Expr:
    """Whether there is a value."""
    return x.is_not_null()


def not_nan(x: Expr, _: Mapping[str, Any], dtype: pl.DataType) -> Expr:
    """Whether a value is not NaN, which only floats can be."""
    return x.is_not_nan() if dtype.is_float() else x.is_null() | x.is_not_null()


def finite(x: Expr, _: Mapping[str, Any], dtype: pl.DataType) -> Expr:
    """Whether a number is neither NaN nor infinite.

    Raises
    ------
    SchemaError
        For a column that has no numbers.
    """
    if not dtype.is_numeric():
        raise SchemaError(f"it is of type {dtype}, and only numbers are finite or not")
    return x.is_finite()


def between(x: Expr, arguments: Mapping[str, Any], dtype: pl.DataType) -> Expr:
    """Whether a value lies within bounds, of which each may be missing; NaN lies within none."""
    _check_ordered(dtype)
    low, high = (_typed(arguments.get(side), dtype) for side in ("min", "max"))
    closed = arguments.get("closed", "both")
    conditions = []
    if low is not None:
        conditions.append(x >= lit(low) if closed in ("both", "left") else x > lit(low))
    if high is not None:
        conditions.append(x <= lit(high) if closed in ("both", "right") else x < lit(high))
    if dtype.is_float():
        conditions.append(x.is_not_nan())
    kept = conditions[0]
    for condition in conditions[1:]:
        kept = kept & condition
    return kept


def _check_ordered(dtype: pl.DataType) -> None:
    if not (dtype.is_numeric() or dtype.is_temporal() or dtype in (pl.String, pl.Null)):
        raise SchemaError(
            f"it is of type {dtype}, and a range is for numbers, dates, times and text"
        )


def among(x: Expr, arguments: Mapping[str, Any], dtype: pl.DataType) -> Expr:
    """Whether a value is one of some."""
    if is_labels(dtype):
        x, dtype = x.cast(pl.String()), pl.String()
    values = [_typed(value, dtype) for value in arguments["values"]]
    return x.is_in(values) if values else x.is_null()


def not_among(x: Expr, arguments: Mapping[str, Any], dtype: pl.DataType) -> Expr:
    """Whether a value is none of some."""
    return ~among(x, arguments, dtype)


def matches(x: Expr, arguments: Mapping[str, Any], dtype: pl.DataType) -> Expr:
    """Whether a pattern is found in a text."""
    return _text(x, dtype).str.contains(arguments["pattern"])


def length(x: Expr, arguments: Mapping[str, Any], dtype: pl.DataType) -> Expr:
    """Whether a text has a number of characters within bounds."""
    return between(_text(x, dtype).str.len_chars(), arguments, pl.Int64())


def is_labels(dtype: pl.DataType) -> bool:
    """Whether a type has texts as its values without being text."""
    return dtype in (pl.Categorical, pl.Enum)


def _text(x: Expr, dtype: pl.DataType) -> Expr:
    if is_labels(dtype):
        return x.cast(pl.String())
    if dtype != pl.String:
        raise SchemaError(f"it is of type {dtype}, not text")
    return x


def _typed(value: Any, dtype: pl.DataType) -> Any:
    """A value for a comparison: of dates and times also as the ISO texts that JSON and hands write."""
    if dtype == pl.Datetime:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        return _in_zone(value, getattr(dtype, "time_zone", None))
    if isinstance(value, str) and dtype == pl.Date:
        return date.fromisoformat(value)
    if isinstance(value, str) and dtype == pl.Time:
        return time.fromisoformat(value)
    return value


def _in_zone(value: Any, zone: str | None) -> Any:
    """A time in the zone of its column, which it is read in where it has none; without zone it is UTC's."""
    if not isinstance(value, datetime):
        return value
    if zone is not None:
        own = ZoneInfo(zone)
        return value.astimezone(own) if value.tzinfo else value.replace(tzinfo=own)
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def condition_of(given: Any) -> Expr:
    """An expression, or one in SQL."""
    return given if isinstance(given, Expr) else sql_expr(given)


def expression(rule: Rule, subject: Subject) -> Measure:
    """The measure of an expression: true for each row, or once for all of them.

    Raises
    ------
    SchemaError
        Where it is not Boolean.
    """
    given = condition_of(rule.arguments["is"])
    dtype = subject.frame.select(kept=given).schema["kept"]
    if dtype not in (pl.Boolean, pl.Null):
        raise SchemaError(f"it gives {dtype}, not true or false")
    if not is_scalar(to_node(given)):
        return by_rows(rule, subject, given.cast(pl.Boolean()))
    return Measure(
        rule, lambda values: by_fact(rule, holds=values["kept"] is not False, value=str(values["kept"]).lower()),
        {"kept": given},
    )  # fmt: skip
