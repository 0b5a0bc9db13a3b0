"""What a predicate asks of single columns: its parts that statistics of files can decide, exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import lru_cache

import polars as pl

from scalekit.expr.node import Call, Column, ExprNode, Literal
from scalekit.sources.conditions import Condition

_COMPARED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "in"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "in": "in"}
_BETWEEN = {"both": (">=", "<="), "left": (">=", "<"), "right": (">", "<="), "none": (">", "<")}


def conditions_of(predicate: ExprNode, schema: Mapping[str, pl.DataType]) -> tuple[Condition, ...]:
    """Conditions that every row meets for which ``predicate`` is true; what is not understood is left out."""
    return tuple(
        condition
        for part in _conjuncts(predicate)
        for condition in _conditions(part)
        if _is_exact(condition, schema.get(condition.column))
    )


def _conjuncts(predicate: ExprNode) -> Iterator[ExprNode]:
    stack = [predicate]
    while stack:
        part = stack.pop()
        is_all = isinstance(part, Call) and part.function in ("and_", "all_horizontal")
        if isinstance(part, Call) and is_all and not part.options:
            stack.extend(reversed(part.args))
        else:
            yield part


def _conditions(part: ExprNode) -> Iterator[Condition]:
    match part:
        case Call("is_null", (Column(name),)):
            yield Condition(name, "null")
        case Call("is_not_null", (Column(name),)):
            yield Condition(name, "not null")
        case Call(function, (Column(name), Literal(value))) if function in _COMPARED:
            yield Condition(name, _COMPARED[function], (value,))
        case Call(function, (Literal(value), Column(name))) if function in _COMPARED:
            yield Condition(name, _MIRRORED[_COMPARED[function]], (value,))
        case Call("is_between", (Column(name), Literal(low), Literal(high)), options):
            above, below = _BETWEEN[dict(options).get("closed", "both")]
            yield Condition(name, above, (low,))
            yield Condition(name, below, (high,))
        case Call("is_in", (Column(name), Literal(tuple(values))), options):
            if not dict(options).get("nulls_equal", False):
                given = tuple(value for value in values if value is not None)
                yield Condition(name, "in", given)


@lru_cache(maxsize=16)
def _range_of(dtype: pl.DataType) -> tuple[int, int]:
    found: tuple[int, int] = pl.select(low=dtype.min(), high=dtype.max()).row(0)  # type: ignore[attr-defined]
    return found


def _is_exact(condition: Condition, dtype: pl.DataType | None) -> bool:
    """Whether Polars compares these values as Python does.

    Not so for narrow floats, to which a constant is rounded, and for text that is stored as something else;
    and NaN, which is greater than every number, is left out of the greatest value of a block.
    """
    if dtype is None:
        return False
    if condition.operator in ("null", "not null"):
        return not dtype.is_nested()
    if dtype.is_integer():
        low, high = _range_of(dtype)
        return all(type(v) is int and low <= v <= high for v in condition.values)
    if dtype == pl.Float64:
        kind: type = float
        if condition.operator in (">", ">=") or any(v != v for v in condition.values):
            return False
    elif dtype == pl.String:
        kind = str
    elif dtype == pl.Date:
        kind = dt.date
    elif dtype == pl.Datetime("us"):
        kind = dt.datetime
        if any(getattr(v, "tzinfo", None) is not None for v in condition.values):
            return False
    else:
        return False
    return all(type(v) is kind for v in condition.values)
