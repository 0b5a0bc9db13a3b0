"""What the types decide: conversions that CONTRACT.md asks for, and functions that stand for several."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scalekit.errors import ColumnNotFoundError, InvalidOperationError
from scalekit.expr.analysis import nodes
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.node import Call, Cast, Column, ExprNode
from scalekit.expr.show import show_expr
from scalekit.kernels.casts import check_cast
from scalekit.kernels.schema import dtype_of
from scalekit.tree import map_children, memo, rewrite, walk


def resolve(expr: ExprNode, schema: pl.Schema) -> ExprNode:
    """Check operands' types, and insert what they ask for, such as sums of integers in 64 bits.

    Raises
    ------
    SchemaError
        Where an operand has a type that its function does not take.
    InvalidOperationError
        Where a type cannot be cast to another.
    """
    if not _has(expr, "resolve", "scope") and not _has_cast(expr):
        return expr
    if not _has(expr, "scope"):
        return rewrite(expr, lambda e: _apply_rule(e, schema))

    def one(e: ExprNode) -> ExprNode:
        if isinstance(e, Call) and FUNCTIONS[e.function].scope is not None:
            return _resolve_scoped(e, schema)
        return _apply_rule(map_children(e, one), schema)

    return one(expr)


def _apply_rule(expr: ExprNode, schema: pl.Schema) -> ExprNode:
    if isinstance(expr, Cast):
        check_cast(dtype_of(expr.arg, schema), expr.dtype, show_expr(expr.arg))
        return expr
    rule = FUNCTIONS[expr.function].resolve if isinstance(expr, Call) else None
    if rule is None:
        return expr
    assert isinstance(expr, Call)
    return rule(expr, tuple(dtype_of(a, schema) for a in expr.args))


def spread(expr: ExprNode, schema: pl.Schema) -> list[ExprNode]:
    """One expression for each field of the structs that it takes apart, as ``struct.unnest`` does."""
    if not _has(expr, "spread"):
        return [expr]
    calls = [e for e in walk(expr) if _stands_for_several(e)]
    lowest = [c for c in calls if not any(map(_stands_for_several, _below(c)))]
    parts = {c: _parts(c, schema) for c in lowest}
    widths = {len(p) for p in parts.values()}
    if len(widths) > 1:
        raise InvalidOperationError(
            f"one expression takes structs of different widths apart: {sorted(widths)}; select them apart"
        )
    singles = (_replace(expr, {c: p[i] for c, p in parts.items()}) for i in range(widths.pop()))
    return [deeper for single in singles for deeper in spread(single, schema)]


def _stands_for_several(expr: ExprNode) -> bool:
    return isinstance(expr, Call) and FUNCTIONS[expr.function].spread is not None


def _below(expr: ExprNode) -> list[ExprNode]:
    return [e for e in walk(expr) if e != expr]


def _parts(call: ExprNode, schema: pl.Schema) -> list[ExprNode]:
    assert isinstance(call, Call)
    rule = FUNCTIONS[call.function].spread
    assert rule is not None
    return list(rule(call, dtype_of(resolve(call.args[0], schema), schema)))


def _replace(expr: ExprNode, by: Mapping[ExprNode, ExprNode]) -> ExprNode:
    def one(e: ExprNode) -> ExprNode:
        return by[e] if e in by else map_children(e, one)

    return one(expr)


def _resolve_scoped(call: Call, schema: pl.Schema) -> Call:
    """Resolve a call some of whose operands see more than the frame's columns.

    Columns of names that nobody has stand in for what they see, so that their types are known.
    """
    scope = FUNCTIONS[call.function].scope
    assert scope is not None
    first = resolve(call.args[0], schema)
    leaves = scope(call, dtype_of(first, schema))
    columns = {leaf: Column(f"\0{i}") for i, leaf in enumerate(leaves)}
    names = {c.name: leaves[leaf] for leaf, c in columns.items()}
    back = {c: leaf for leaf, c in columns.items()}

    def inside(e: ExprNode) -> ExprNode:
        typed = resolve(_stand_in(e, columns), pl.Schema({**schema, **names}))
        return rewrite(typed, lambda x: back.get(x, x))  # type: ignore[call-overload]

    options = tuple((k, inside(v) if isinstance(v, ExprNode) else v) for k, v in call.options)
    return Call(call.function, (first, *map(inside, call.args[1:])), options)


def _stand_in(expr: ExprNode, columns: Mapping[ExprNode, Column]) -> ExprNode:
    """Put columns in the place of leaves, except where an inner scope has leaves of its own."""
    leaf_functions = {leaf.function for leaf in columns if isinstance(leaf, Call)}

    def one(e: ExprNode) -> ExprNode:
        if e in columns:
            return columns[e]
        if isinstance(e, Call) and e.function in leaf_functions:
            raise ColumnNotFoundError.missing(
                [_leaf_name(e)], map(_leaf_name, columns), what="field"
            )
        if isinstance(e, Call) and FUNCTIONS[e.function].scope is not None:
            return Call(e.function, (one(e.args[0]), *e.args[1:]), e.options)
        return map_children(e, one)

    return one(expr)


def _leaf_name(leaf: ExprNode) -> str:
    assert isinstance(leaf, Call)
    return str(dict(leaf.options).get("name", leaf.function))


def _has_cast(expr: ExprNode) -> bool:
    return memo(expr, "_has_cast", lambda: any(isinstance(e, Cast) for e in nodes(expr)))


def _has(expr: ExprNode, *fields: str) -> bool:
    """Whether any function within ``expr`` fills one of these fields of its declaration."""

    def find() -> bool:
        specs = (FUNCTIONS[e.function] for e in nodes(expr) if isinstance(e, Call))
        return any(getattr(s, f) is not None for s in specs for f in fields)

    return memo(expr, f"_has_{'_'.join(fields)}", find)
