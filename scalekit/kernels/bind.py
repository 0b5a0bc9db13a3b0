"""Bind expressions to a frame: expand selections, settle names, check columns, keep the contract's types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import polars as pl
import polars.selectors as cs

from scalekit.errors import ColumnNotFoundError, InvalidOperationError, PlanError
from scalekit.expr.analysis import levels, nodes, output_name, root_name
from scalekit.expr.associative import balanced
from scalekit.expr.constants import thaw
from scalekit.expr.function import FUNCTIONS, Kind
from scalekit.expr.node import (
    Alias,
    Call,
    Column,
    ExprNode,
    Literal,
    Over,
    Selection,
    SortKey,
)
from scalekit.expr.show import show_expr
from scalekit.kernels.constants import compute_integers
from scalekit.kernels.resolve import resolve, spread
from scalekit.tree import children, memo, rewrite, walk


def bind(
    exprs: Iterable[ExprNode], schema: pl.Schema, *, hidden: Collection[str] = ()
) -> tuple[ExprNode, ...]:
    """Make expressions ready for a plan over a table of ``schema``.

    Parameters
    ----------
    exprs
        Expressions as the user built them.
    schema
        The columns that exist.
    hidden
        Columns that selections leave out, such as the keys of a group.

    Raises
    ------
    ColumnNotFoundError
        Where a column does not exist; the message lists those that do.
    InvalidOperationError
        Where several selections in one expression have different widths.
    PlanError
        Where an expression is nested too deeply.
    """
    visible = pl.Schema({n: d for n, d in schema.items() if n not in hidden}) if hidden else schema
    bound: list[ExprNode] = []
    for expr in exprs:
        whole = balanced(expr)
        check_depth(whole)
        for single in expand(whole, visible):
            check_columns(single, schema)
            _check_constants(single)
            computed = compute_integers(single)
            bound += [resolve(settle_names(one), schema) for one in spread(computed, schema)]
    return tuple(bound)


def expand(expr: ExprNode, schema: pl.Schema) -> list[ExprNode]:
    """One expression for each column that its selections name; the expression itself if it has none."""
    if not _has(expr, Selection):
        return [expr]
    expr = rewrite(expr, lambda e: _expand_inside(e, schema))
    selections = {s: _columns(s, schema) for s in walk(expr) if isinstance(s, Selection)}
    if not selections:
        return [expr]
    widths = {len(columns) for columns in selections.values()}
    if len(widths) > 1:
        raise InvalidOperationError(
            f"one expression selects different numbers of columns: {sorted(widths)}; select them apart"
        )
    return [
        rewrite(expr, lambda e, i=i: Column(selections[e][i]) if isinstance(e, Selection) else e)  # type: ignore[misc]
        for i in range(widths.pop())
    ]


def _expand_inside(expr: ExprNode, schema: pl.Schema) -> ExprNode:
    """Spread selections that stand among several operands, such as ``sum_horizontal(cs.numeric())``."""
    match expr:
        case Call(function, args, options) if FUNCTIONS[function].variadic:
            own = int(FUNCTIONS[function].is_method)
            return Call(function, args[:own] + _spread(args[own:], schema), options)
        case Over(_, partition_by, order_by, _):
            keys = tuple(
                SortKey(arg, k.descending, k.nulls_last)
                for k in order_by
                for arg in _spread((k.arg,), schema)
            )
            return replace(expr, partition_by=_spread(partition_by, schema), order_by=keys)
    return expr


def _spread(args: Sequence[ExprNode], schema: pl.Schema) -> tuple[ExprNode, ...]:
    return tuple(single for arg in args for single in expand(arg, schema))


def _columns(selection: Selection, schema: pl.Schema) -> tuple[str, ...]:
    try:
        return cs.expand_selector(schema, selection.selector)
    except pl.exceptions.ColumnNotFoundError:
        named = [n for n in _named(selection) if n not in schema]
        raise ColumnNotFoundError.missing(named, schema) from None


def _named(selection: Selection) -> list[str]:
    """The names that a selector asks for, found by asking which of them it misses."""
    text = str(selection.selector)
    return [part for part in text.split("'")[1::2]] or [part for part in text.split('"')[1::2]]


DEEPEST = 1_000
"""Levels of an expression that Polars plans in about a second; with twice as many it takes ten."""


def check_depth(expr: ExprNode) -> None:
    """Raise ``PlanError`` for an expression that is nested so deeply that Polars' time or stack would end."""
    if len(nodes(expr)) > DEEPEST and (deep := levels(expr)) > DEEPEST:
        raise PlanError(
            f"an expression of {deep} levels, one within the other, and {DEEPEST} are as many as can be planned: "
            "add columns up with sum_horizontal(), join texts with concat_str(), look values up with "
            "replace() or a join, or compute in steps with with_columns()"
        )


def check_columns(expr: ExprNode, schema: pl.Schema) -> None:
    """Raise ``ColumnNotFoundError`` unless every column exists."""
    used = memo(
        expr, "_columns_used", lambda: tuple(e.name for e in nodes(expr) if isinstance(e, Column))
    )
    missing = [name for name in dict.fromkeys(used) if name not in schema]
    if missing:
        raise ColumnNotFoundError.missing(missing, schema)


def _check_constants(expr: ExprNode) -> None:
    """Refuse aggregates of constants: Polars gives the constant whatever the rows, SQL adds it up."""
    for call in nodes(expr):
        if isinstance(call, Call) and FUNCTIONS[call.function].kind is Kind.AGGREGATE:
            leaves = [e for e in nodes(call) if not children(e)]
            if call.args and all(isinstance(leaf, Literal) for leaf in leaves):
                raise InvalidOperationError(
                    f"{show_expr(call)} aggregates a constant, which has one value and not one for each row: "
                    "use the constant itself, or sk.len() to count rows"
                )


def settle_names(expr: ExprNode) -> ExprNode:
    """Replace ``.name.suffix(...)`` and its like by the alias they stand for."""
    if not any(
        isinstance(e, Call) and FUNCTIONS[e.function].kind is Kind.NAMING for e in nodes(expr)
    ):
        return expr
    return rewrite(expr, _settle_one)


def _settle_one(expr: ExprNode) -> ExprNode:
    if not isinstance(expr, Call) or FUNCTIONS[expr.function].kind is not Kind.NAMING:
        return expr
    rename = FUNCTIONS[expr.function].kernel
    options = {k: thaw(v) for k, v in expr.options}
    arg = expr.args[0]
    name: str = rename(output_name(arg), root_name(arg), **options)  # type: ignore[assignment,misc]
    return Alias(arg.arg if isinstance(arg, Alias) else arg, name)


def _has(expr: ExprNode, kind: type[ExprNode]) -> bool:
    return memo(
        expr, f"_has_{kind.__name__}", lambda: any(isinstance(e, kind) for e in nodes(expr))
    )
