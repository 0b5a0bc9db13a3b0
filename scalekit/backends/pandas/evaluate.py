"""Check expressions before they run, and evaluate them over Arrow-backed columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.columns import Table, arrow_type, column
from scalekit.backends.pandas.elementwise import ELEMENTWISE, cast
from scalekit.backends.pandas.native import Datum, NotNative, Site
from scalekit.expr.function import thaw
from scalekit.expr.node import Alias, Arg, Call, Case, Column, ExprNode, Literal, Opaque
from scalekit.expr.show import show_expr
from scalekit.kernels.expressions import to_expr
from scalekit.tree import children, walk

Types = Mapping[ExprNode, pl.DataType]


def typed(exprs: Sequence[ExprNode], schema: pl.Schema) -> Types:
    """The type of every expression within ``exprs``, after a check that all of them are native.

    Raises
    ------
    NotNative
        With the reason.
    """
    parts = list(dict.fromkeys(part for expr in exprs for part in walk(expr)))
    for part in parts:
        _check_known(part)
    try:
        named = [to_expr(part).alias(str(i)) for i, part in enumerate(parts)]
        found = pl.LazyFrame(schema=schema).select(named).collect_schema()
    except pl.exceptions.PolarsError as error:
        raise NotNative(
            f"its parts have no type of their own ({str(error).splitlines()[0]})"
        ) from None
    types = dict(zip(parts, found.values(), strict=True))
    for part in parts:
        _check_typed(part, types)
    return types


def _check_known(part: ExprNode) -> None:
    match part:
        case Column() | Literal() | Alias() | Case():
            return
        case Call(function) if function in ELEMENTWISE:
            return
        case Call(function):
            raise NotNative(f"{function} has no pandas counterpart that keeps the contract")
    raise NotNative(f"{type(part).__name__.lower()} is not native: {show_expr(part)}")


def _check_typed(part: ExprNode, types: Types) -> None:
    if arrow_type(types[part]) is None and types[part] != pl.Null:
        raise NotNative(f"pandas cannot carry {show_expr(part)} of type {types[part]}")
    if isinstance(part, Case) and types[part].is_nested():
        raise NotNative(f"a choice between values of type {types[part]}")
    if isinstance(part, Call):
        site = Site(part, tuple(types[a] for a in part.args), types[part], _options(part))
        if reason := ELEMENTWISE[part.function].refuses(site):
            raise NotNative(f"{reason} is not native")


def _options(call: Call) -> dict[str, Any]:
    return {name: value if isinstance(value, Arg) else thaw(value) for name, value in call.options}


@dataclass(frozen=True)
class Scope:
    """The columns and types among which expressions are evaluated."""

    table: Table
    types: Types


def evaluate(expr: ExprNode, scope: Scope) -> Datum:
    """The column, or the one value, that an expression gives."""
    return _EVALUATORS[type(expr)](expr, scope)


def _column(expr: Column, scope: Scope) -> Datum:
    return column(scope.table, expr.name)


def _literal(expr: Literal, scope: Scope) -> Datum:  # noqa: ARG001 - all evaluators are called alike
    value = expr.value.value if isinstance(expr.value, Opaque) else expr.value
    values = pl.Series([list(value) if isinstance(value, tuple) else value], dtype=expr.dtype)
    return values.to_arrow()[0]


def _alias(expr: Alias, scope: Scope) -> Datum:
    return evaluate(expr.arg, scope)


def _call(expr: Call, scope: Scope) -> Datum:
    to = _arrow(scope.types[expr])
    operands = [evaluate(arg, scope) for arg in expr.args]
    options = {k: operands[v] if isinstance(v, Arg) else v for k, v in _options(expr).items()}
    by_position = operands[: len(operands) - sum(isinstance(v, Arg) for _, v in expr.options)]
    return cast(ELEMENTWISE[expr.function].run(to, *by_position, **options), to)


def _case(expr: Case, scope: Scope) -> Datum:
    to = _arrow(scope.types[expr])
    answer = cast(evaluate(expr.otherwise, scope), to)
    for when, then in zip(reversed(expr.whens), reversed(expr.thens), strict=True):
        condition = pc.fill_null(evaluate(when, scope), fill_value=False)
        answer = pc.if_else(condition, cast(evaluate(then, scope), to), answer)
    return answer


def _arrow(dtype: pl.DataType) -> pa.DataType:
    return pa.null() if dtype == pl.Null else arrow_type(dtype)


_EVALUATORS: Mapping[type[ExprNode], Callable[[Any, Scope], Datum]] = {
    Column: _column,
    Literal: _literal,
    Alias: _alias,
    Call: _call,
    Case: _case,
}

_ = children
