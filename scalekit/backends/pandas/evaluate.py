"""Evaluate expressions over Arrow-backed columns, whole tables and groups alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.aggregates import AGGREGATES
from scalekit.backends.pandas.checks import Level, level_of, options_of
from scalekit.backends.pandas.columns import Table, arrow_type, column
from scalekit.backends.pandas.conversions import convert
from scalekit.backends.pandas.failures import named
from scalekit.backends.pandas.functions import ELEMENTWISE, WINDOWS
from scalekit.backends.pandas.keys import Groups, Ints, Order, groups_of, one_group, sort_rows, take
from scalekit.backends.pandas.native import Datum, cast
from scalekit.backends.pandas.part_types import Types
from scalekit.backends.pandas.reductions import run_reductions
from scalekit.expr.node import Alias, Arg, Call, Case, Cast, Column, ExprNode, Literal, Opaque, Over
from scalekit.expr.show import show_expr
from scalekit.tree import children


@dataclass
class Scope:
    """Where expressions are evaluated.

    Attributes
    ----------
    table
        The rows.
    types
        The type of every expression.
    groups
        What aggregates aggregate: all rows, or the rows of each key.
    rows
        The order in which ``table``'s rows are seen, if not their own.
    known
        What was computed already.
    """

    table: Table
    types: Types
    groups: Groups
    rows: Ints | None = None
    known: dict[ExprNode, Datum] = field(default_factory=dict)


def whole(table: Table, types: Types) -> Scope:
    """All rows as one group."""
    return Scope(table, types, one_group(len(table)))


def evaluate_all(exprs: Sequence[ExprNode], scope: Scope) -> list[Datum]:
    """Evaluate expressions together, so that their aggregates share one pass over the groups.

    An answer has a value for each row, one for each group, or is a scalar, as :func:`level_of` says.
    """
    parts = _parts_first(exprs)
    for layer in _aggregate_layers(parts):
        missing = [call for call in layer if call not in scope.known]
        reductions = [_reduction(call, scope) for call in missing]
        for call, answer in zip(missing, run_reductions(reductions, scope.groups), strict=True):
            scope.known[call] = _settled(answer, scope)
    for part in parts:  # so that no expression is too deep for Python's stack
        evaluate(part, scope)
    return [evaluate(expr, scope) for expr in exprs]


def _parts_first(exprs: Sequence[ExprNode]) -> list[ExprNode]:
    """Every part of the expressions, parts before wholes; what ``over`` holds belongs to groups of its own."""
    found: dict[ExprNode, None] = {}
    stack = [(expr, False) for expr in reversed(exprs)]
    while stack:
        expr, expanded = stack.pop()
        if expr in found:
            continue
        if expanded or isinstance(expr, Over):
            found[expr] = None
        else:
            stack.append((expr, True))
            stack.extend((child, False) for child in children(expr))
    return list(found)


def _aggregate_layers(parts: Sequence[ExprNode]) -> list[list[Call]]:
    """Aggregates that can be computed together, those that others are made of first."""
    depths: dict[ExprNode, int] = {}
    layers: list[list[Call]] = []
    for part in parts:
        depth = 0 if isinstance(part, Over) else max((depths[c] for c in children(part)), default=0)
        if isinstance(part, Call) and part.function in AGGREGATES:
            layers.extend([] for _ in range(depth + 1 - len(layers)))
            layers[depth].append(part)
            depth += 1
        depths[part] = depth
    return layers


def _reduction(call: Call, scope: Scope) -> Any:
    aggregate = AGGREGATES[call.function]
    values = [evaluate(arg, scope) for arg in call.args]
    columns = zip(values[: aggregate.columns], call.args, strict=False)
    operands = [
        *(as_rows(v, level_of(arg), scope) for v, arg in columns),
        *values[aggregate.columns :],
    ]
    return _apply(call, aggregate.reduce, operands, scope, scope.groups)


def _settled(answer: pa.ChunkedArray, scope: Scope) -> Datum:
    """The answer for all rows together is a scalar, which needs no broadcasting."""
    return answer[0] if scope.groups.is_whole else answer


def evaluate(expr: ExprNode, scope: Scope) -> Datum:
    """The column, or the one value, that an expression gives; its aggregates are known already."""
    if expr not in scope.known:
        scope.known[expr] = _EVALUATORS[type(expr)](expr, scope)
    return scope.known[expr]


def as_rows(value: Datum, level: Level, scope: Scope) -> pa.ChunkedArray:
    """A value for each row."""
    if isinstance(value, pa.Scalar):
        return pa.chunked_array([pa.repeat(value, scope.groups.height)])
    return take(value, scope.groups.of_rows) if level is Level.GROUP else value


def _column(expr: Column, scope: Scope) -> Datum:
    values = column(scope.table, expr.name)
    return values if scope.rows is None else values.take(pa.array(scope.rows))


def _literal(expr: Literal, scope: Scope) -> Datum:
    value = expr.value.value if isinstance(expr.value, Opaque) else expr.value
    if isinstance(value, pl.Series):
        return pa.chunked_array([value.to_arrow()])
    dtype = scope.types[expr]
    one = pl.Series([list(value) if isinstance(value, tuple) else value], dtype=expr.dtype or dtype)
    return cast(one.to_arrow()[0], arrow_of(dtype))


def _alias(expr: Alias, scope: Scope) -> Datum:
    return evaluate(expr.arg, scope)


def _cast(expr: Cast, scope: Scope) -> Datum:
    value = evaluate(expr.arg, scope)
    with named(lambda: show_expr(expr)):
        return convert(value, scope.types[expr.arg], expr.dtype)


def _call(expr: Call, scope: Scope) -> Datum:
    values = [evaluate(arg, scope) for arg in expr.args]
    levels = [level_of(arg) for arg in expr.args]
    if expr.function in WINDOWS:
        rows = [as_rows(values[0], levels[0], scope), *values[1:]]
        return _apply(expr, WINDOWS[expr.function].run, rows, scope, scope.groups)
    aligned = [_to_level(v, a, max(levels), scope) for v, a in zip(values, levels, strict=True)]
    return cast(
        _apply(expr, ELEMENTWISE[expr.function].run, aligned, scope), arrow_of(scope.types[expr])
    )


def _to_level(value: Datum, level: Level, wanted: Level, scope: Scope) -> Datum:
    if isinstance(value, pa.Scalar) or level is wanted:
        return value
    return as_rows(value, level, scope)


def _apply(
    call: Call, run: Callable[..., Any], operands: list[Any], scope: Scope, *context: Any
) -> Any:
    options = {k: operands[v] if isinstance(v, Arg) else v for k, v in options_of(call).items()}
    by_position = operands[: len(operands) - sum(isinstance(v, Arg) for _, v in call.options)]
    with named(lambda: show_expr(call)):
        return run(arrow_of(scope.types[call]), *context, *by_position, **options)


def _case(expr: Case, scope: Scope) -> Datum:
    to = arrow_of(scope.types[expr])
    parts = (*expr.whens, *expr.thens, expr.otherwise)
    level = max(map(level_of, parts))
    values = {
        part: _to_level(evaluate(part, scope), level_of(part), level, scope) for part in parts
    }
    answer = cast(values[expr.otherwise], to)
    for when, then in zip(reversed(expr.whens), reversed(expr.thens), strict=True):
        condition = pc.fill_null(cast(values[when], pa.bool_()), fill_value=False)
        answer = pc.if_else(condition, cast(values[then], to), answer)
    return answer


def _over(expr: Over, scope: Scope) -> Datum:
    """In groups, or an order, of its own; the answers go back to the rows that they belong to."""
    rows = _rows_in_order(expr, scope)
    inner = Scope(scope.table, scope.types, scope.groups, _then(scope.rows, rows))
    if expr.partition_by:
        keys = [as_rows(v, level_of(k), inner) for k, v in _evaluated(expr.partition_by, inner)]
        inner.groups = groups_of(keys)
    (answer,) = evaluate_all([expr.arg], inner)
    answer = as_rows(answer, level_of(expr.arg), inner)
    return answer if rows is None else answer.take(pa.array(_inverse(rows)))


def _rows_in_order(expr: Over, scope: Scope) -> Ints | None:
    if not expr.order_by:
        return None
    first = expr.order_by[0]  # as in Polars, one direction for all keys
    values = _evaluated([key.arg for key in expr.order_by], scope)
    keys = [
        Order(as_rows(v, level_of(k), scope), first.descending, first.nulls_last) for k, v in values
    ]
    return sort_rows(keys)


def _evaluated(exprs: Sequence[ExprNode], scope: Scope) -> list[tuple[ExprNode, Datum]]:
    return list(zip(exprs, evaluate_all(exprs, scope), strict=True))


def _then(first: Ints | None, second: Ints | None) -> Ints | None:
    if first is None or second is None:
        return second if first is None else first
    return first[second]


def _inverse(rows: Ints) -> Ints:
    places = rows.copy()
    places[rows] = range(len(rows))
    return places


def arrow_of(dtype: pl.DataType) -> pa.DataType:
    """The Arrow type behind a type that was checked."""
    return pa.null() if dtype == pl.Null else arrow_type(dtype)


_EVALUATORS: Mapping[type[ExprNode], Callable[[Any, Scope], Datum]] = {
    Column: _column,
    Literal: _literal,
    Alias: _alias,
    Cast: _cast,
    Call: _call,
    Case: _case,
    Over: _over,
}
