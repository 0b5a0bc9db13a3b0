"""What is known of the values of an expression, from what is known of the columns that it reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import polars as pl

from scalekit.estimate.relation import Relation, Values, width_of
from scalekit.expr.analysis import columns_read, is_deep, output_name
from scalekit.expr.node import Alias, Call, Case, Cast, Column, ExprNode, Literal, Over
from scalekit.tree import children

_PARTS = {
    "dt.month": 12, "dt.quarter": 4, "dt.day": 31, "dt.weekday": 7, "dt.hour": 24, "dt.minute": 60,
    "dt.second": 60, "dt.week": 53, "dt.ordinal_day": 366, "is_null": 2, "is_not_null": 2, "not_": 2,
}  # fmt: skip
"""Functions that give few values, however many there are below."""

_SAME = {
    "abs",
    "neg",
    "fill_null_constant",
    "fill_null",
    "str.to_lowercase",
    "str.to_uppercase",
    "str.strip_chars",
}
"""Functions that give about as many values as they are given."""


def values_of(expr: ExprNode, relation: Relation, dtype: pl.DataType) -> Values:
    """Width, distinct values and bounds of an expression over a table.

    Parameters
    ----------
    expr
        A bound expression, row by row.
    relation
        The table that it reads.
    dtype
        Its type.
    """
    expr = _bare(expr)
    if isinstance(expr, Column) and expr.name in relation.columns:
        return relation.columns[expr.name]
    if isinstance(expr, Cast):
        below = values_of(expr.arg, relation, dtype)
        return replace(below, width=_width(expr, relation, dtype), low=None, high=None)
    if isinstance(expr, Literal):
        return Values(width_of(dtype), 1.0)
    return Values(_width(expr, relation, dtype), distinct_of(expr, relation))


def _bare(expr: ExprNode) -> ExprNode:
    while isinstance(expr, Alias) or (isinstance(expr, Over) and not expr.partition_by):
        expr = expr.arg
    return expr


def _width(expr: ExprNode, relation: Relation, dtype: pl.DataType) -> float:
    """Text and lists are about as long as those that they are made of, all of them where they are put together."""
    if not (dtype in (pl.String, pl.Binary) or dtype.is_nested()):
        return width_of(dtype)
    return max(width_of(dtype), _length(expr, relation))


_TOGETHER = {"add", "concat_str", "concat_list", "format", "list.concat", "struct"}
"""Functions whose value holds those of all their arguments."""

_PADDED = {"str.pad_start", "str.pad_end", "str.zfill"}
_REPEATED = {"repeat_by"}


def _length(expr: ExprNode, relation: Relation) -> float:
    """Bytes of an expression's value, as far as its parts tell."""
    match expr:
        case Column(name):
            return relation.columns[name].width if name in relation.columns else 0.0
        case Literal(str() | bytes() as text):
            return float(len(text))
        case Call(function, (arg, Literal(int() as size), *_)) if function in _PADDED:
            return max(_length(arg, relation), float(size))
        case Call(function, (arg, Literal(int() as times), *_)) if function in _REPEATED:
            return _length(arg, relation) * max(1, times)
        case Call(function, args) if function in _TOGETHER:
            return sum(_length(arg, relation) for arg in args)
    return max((_length(one, relation) for one in children(expr)), default=0.0)


def distinct_of(expr: ExprNode, relation: Relation) -> float:
    """How many different values an expression gives over a table, before any row was left out."""
    found = None if is_deep(expr) else _counted(expr, relation)
    if found is not None:
        return found
    read = [relation.columns[n].distinct for n in columns_read(expr) if n in relation.columns]
    return max(1.0, min(math.prod(read), max(relation.rows.guess, 1.0))) if read else 1.0


def _counted(expr: ExprNode, relation: Relation) -> float | None:
    """What is known of some kinds of expressions."""
    match expr:
        case Call(function, _) if function in _PARTS:
            return _PARTS[function]
        case Call("dt.year", (arg,)):
            return _years(_bare(arg), relation)
        case Call("mod", (arg, Literal(int() as step))) if step:
            return min(distinct_of(_bare(arg), relation), float(abs(step)))
        case Call("floordiv", (arg, Literal(int() as step))) if step:
            return max(1.0, distinct_of(_bare(arg), relation) / abs(step))
        case Call("str.head" | "str.tail" | "str.slice", (arg, *given)):
            length = given[-1].value if given and isinstance(given[-1], Literal) else None
            most = 10.0 ** min(length, 15) if isinstance(length, int) and length >= 0 else math.inf
            return min(distinct_of(_bare(arg), relation), most)
        case Case(_, thens, otherwise):
            return sum(distinct_of(_bare(e), relation) for e in (*thens, otherwise))
        case Literal():
            return 1.0
        case Column(name):
            found = relation.columns.get(name)
            return found.distinct if found else relation.rows.guess
        case Call(function, (arg, *_)) if function in _SAME:
            return distinct_of(_bare(arg), relation)
    return None


def _years(arg: ExprNode, relation: Relation) -> float:
    values = relation.columns.get(arg.name) if isinstance(arg, Column) else None
    if values is None or not isinstance(values.low, date) or not isinstance(values.high, date):
        return 10.0
    return float(values.high.year - values.low.year + 1)


def position(value: Any) -> float | None:
    """Where a value stands on the line of its type, for shares of ranges; None where it has no such line.

    Examples
    --------
    >>> position(2.5), position(date(1970, 1, 3)), position("a")
    (2.5, 2.0, None)
    """
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).toordinal() - _EPOCH + _clock(value) / 86_400
    if isinstance(value, date):
        return float(value.toordinal() - _EPOCH)
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if isinstance(value, str | bytes) or math.isnan(found) else found


_EPOCH = date(1970, 1, 1).toordinal()


def _clock(at: datetime) -> float:
    return at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6


def by_name(exprs: tuple[ExprNode, ...]) -> Mapping[str, ExprNode]:
    """Output name to expression, without its alias."""
    return {output_name(e): _bare(e) for e in exprs}
