"""Check, before anything runs, that pandas keeps the contract for every part of an expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import polars as pl

from scalekit.backends.pandas.aggregates import AGGREGATES
from scalekit.backends.pandas.columns import arrow_type
from scalekit.backends.pandas.conversions import refuses_conversion
from scalekit.backends.pandas.functions import ELEMENTWISE, WINDOWS
from scalekit.backends.pandas.keys import has_codes
from scalekit.backends.pandas.native import NotNative, Site, is_mixable
from scalekit.backends.pandas.part_types import Types, part_types
from scalekit.backends.pandas.rewrites import simplify
from scalekit.expr.constants import thaw
from scalekit.expr.node import (
    Alias,
    Arg,
    Call,
    Case,
    Cast,
    Column,
    ExprNode,
    Literal,
    Opaque,
    Over,
    SortKey,
)
from scalekit.expr.show import show_expr
from scalekit.tree import children, memo, walk


class Level(IntEnum):
    """How many values an expression has."""

    CONSTANT = 0
    GROUP = 1
    ROW = 2


def level_of(expr: ExprNode) -> Level:
    """Whether an expression has one value, one for each group, or one for each row."""
    return memo(expr, "_pandas_level", lambda: _level_of(expr))


def _level_of(expr: ExprNode) -> Level:
    if isinstance(expr, Column | Over) or (isinstance(expr, Call) and expr.function in WINDOWS):
        return Level.ROW
    if isinstance(expr, Call) and expr.function in AGGREGATES:
        return Level.GROUP
    return max(map(level_of, children(expr)), default=Level.CONSTANT)


@dataclass(frozen=True)
class Checked:
    """Expressions that are native, and the type of each of their parts."""

    exprs: tuple[ExprNode, ...]
    types: Types


def check(exprs: Sequence[ExprNode], schema: pl.Schema, *, grouped: bool = False) -> Checked:
    """Simplify expressions over columns of ``schema``, and check that all their parts are native.

    Parameters
    ----------
    exprs
        Bound expressions.
    schema
        The columns.
    grouped
        Whether they are evaluated within groups.

    Raises
    ------
    NotNative
        With the reason.
    """
    exprs = tuple(simplify(expr) for expr in exprs)
    parts = list(dict.fromkeys(part for expr in exprs for part in walk(expr)))
    lists = {arg for part in parts if takes_lists(part) for arg in children(part)[1:]}
    for part in parts:
        _check_known(part, grouped=grouped, may_be_list=part in lists)
    types = _types(parts, schema)
    for part in parts:
        _check_typed(part, types)
        level_of(part)  # from the parts up, so that no expression is too deep for Python's stack
    return Checked(exprs, types)


def _types(parts: Sequence[ExprNode], schema: pl.Schema) -> Types:
    try:
        return part_types(parts, schema)
    except pl.exceptions.PolarsError as error:
        raise NotNative(
            f"its parts have no type of their own ({str(error).splitlines()[0]})"
        ) from None


def takes_lists(part: ExprNode) -> bool:
    """Whether a constant operand of this call may hold several values."""
    return (
        isinstance(part, Call) and part.function in ELEMENTWISE and ELEMENTWISE[part.function].lists
    )


def _check_known(part: ExprNode, *, grouped: bool, may_be_list: bool) -> None:
    match part:
        case Column() | Alias() | Case() | Cast() | SortKey():
            return
        case Literal(value):
            if isinstance(value, Opaque | tuple) and not may_be_list:
                raise NotNative(f"the constant {show_expr(part)} has several values")
        case Call(function):
            if translation_of(function) is None:
                raise NotNative(f"{function} has no pandas counterpart that keeps the contract")
        case Over():
            _check_over(part, grouped=grouped)
        case _:
            raise NotNative(f"{show_expr(part)} has no pandas counterpart")


def _check_over(part: Over, *, grouped: bool) -> None:
    if part.mapping_strategy != "group_to_rows":
        raise NotNative(
            f"over(mapping_strategy={part.mapping_strategy!r}) has no pandas counterpart"
        )
    if grouped:
        raise NotNative("over() within group_by() has no pandas counterpart")


def _check_typed(part: ExprNode, types: Types) -> None:
    if isinstance(part, SortKey):
        return
    if arrow_type(types[part]) is None and types[part] != pl.Null:
        raise NotNative(f"pandas cannot carry {show_expr(part)} of type {types[part]}")
    match part:
        case Case(_, thens, otherwise):
            _check_choice([types[value] for value in (*thens, otherwise)], types[part])
        case Cast(arg, dtype, strict):
            _refuse(refuses_conversion(types[arg], dtype, strict=strict))
        case Over(_, partition_by, order_by):
            keys = [*partition_by, *(key.arg for key in order_by)]
            nested = [key for key in keys if not has_codes(types[key])]
            _refuse(f"over() by {types[nested[0]]}" if nested else None)
        case Call():
            _check_call(part, types)


def _check_call(call: Call, types: Types) -> None:
    translation = translation_of(call.function)
    constants = () if translation.columns is None else call.args[translation.columns :]
    if not all(isinstance(arg, Literal) for arg in constants):
        raise NotNative(f"{call.function} with an operand of several values is not native")
    operands = tuple(types[arg] for arg in call.args)
    _refuse(translation.refuses(Site(call, operands, types[call], options_of(call))))


def _check_choice(values: Sequence[pl.DataType], result: pl.DataType) -> None:
    if result.is_nested() or isinstance(result, pl.Categorical | pl.Enum):
        raise NotNative(f"a choice between values of type {result} is not native")
    others = [dtype for dtype in values if not is_mixable(dtype, result)]
    if others:
        raise NotNative(f"a choice between values of types {others[0]} and {result} is not native")


def _refuse(reason: str | None) -> None:
    if reason:
        raise NotNative(f"{reason} is not native")


def translation_of(function: str) -> Any:
    """What pandas runs for a function, or None."""
    tables: tuple[Mapping[str, Any], ...] = (ELEMENTWISE, AGGREGATES, WINDOWS)
    return next((table[function] for table in tables if function in table), None)


def options_of(call: Call) -> dict[str, Any]:
    """A call's options as Python values; those given as operands stay positions."""
    return {name: value if isinstance(value, Arg) else thaw(value) for name, value in call.options}
