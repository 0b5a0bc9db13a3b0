"""What all of a frame's methods build on: its plan, and how the next one is derived and checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Self

import polars as pl

from scalekit.errors import DuplicateError, InvalidOperationError, PlanError, SchemaError
from scalekit.expr.analysis import output_name
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Kind, flatten, to_node
from scalekit.expr.node import Alias, Call, Cast, Column, ExprNode, Literal, Over, Selection
from scalekit.kernels.bind import bind, expand
from scalekit.kernels.schema import check_runs, dtype_of, schema_of
from scalekit.plan.nodes import Plan
from scalekit.plan.order import check_order
from scalekit.tree import children


class FrameBase:
    """A lazy table: a logical plan and nothing else."""

    __slots__ = ("__weakref__", "_plan")

    _plan: Plan

    def __init__(self, plan: Plan) -> None:
        if not isinstance(plan, Plan):
            raise PlanError(
                f"a Frame is built from data with sk.from_dict, sk.from_polars, sk.scan_parquet and their like; "
                f"got {type(plan).__name__}"
            )
        check_runs(plan)
        self._plan = plan

    def _derive(self, plan: Plan) -> Self:
        return type(self)(plan)

    def _bind(
        self, positional: Iterable[Any], named: Mapping[str, Any] | None = None
    ) -> tuple[ExprNode, ...]:
        """Bind what a user passed to a method: names, expressions, values, and ``name=expression``."""
        return bind_over(self._plan, positional, named)

    def _columns(self, selected: Any) -> tuple[str, ...]:
        """The names behind a name, a selector, or a list of these."""
        return columns_of(self._plan, selected)


def bind_over(
    plan: Plan,
    positional: Iterable[Any],
    named: Mapping[str, Any] | None = None,
    *,
    hidden: Collection[str] = (),
) -> tuple[ExprNode, ...]:
    """Bind expressions to the columns of ``plan``, and check that it has the order they need."""
    nodes = [to_node(e, strings_are_columns=True) for e in flatten(tuple(positional))]
    nodes += [
        Alias(to_node(e, strings_are_columns=True), name) for name, e in (named or {}).items()
    ]
    bound = bind(nodes, schema_of(plan), hidden=hidden)
    check_order(bound, plan)
    return bound


def check_unique_names(exprs: Iterable[ExprNode]) -> None:
    """Raise ``DuplicateError`` where two expressions give a column of the same name."""
    seen: set[str] = set()
    twice = [n for n in map(output_name, exprs) if n in seen or seen.add(n)]  # type: ignore[func-returns-value]
    if twice:
        raise DuplicateError.columns(dict.fromkeys(twice))


def columns_of(plan: Plan, selected: Any) -> tuple[str, ...]:
    """The names of columns of ``plan`` that a name, a selector, or a list of these stands for."""
    schema = schema_of(plan)
    names: list[str] = []
    for one in flatten((selected,)):
        for node in expand(to_node(one, strings_are_columns=True), schema):
            if isinstance(node, Selection):
                continue
            bind((node,), schema)
            names.append(output_name(node))
    return tuple(dict.fromkeys(names))


def as_plan(other: Any, method: str) -> Plan:
    """The plan of another frame that a method was given."""
    plan = getattr(other, "_plan", None)
    if not isinstance(plan, Plan):
        hint = " (wrap it with sk.from_polars, sk.from_pandas or sk.from_arrow)"
        raise PlanError(f"{method}() takes a scalekit Frame, got {type(other).__name__}{hint}")
    return plan


def boolean_predicate(plan: Plan, predicate: ExprNode) -> ExprNode:
    """A bound predicate as Boolean, which a column of nothing but null is not by itself.

    Raises
    ------
    SchemaError
        For another type than Boolean.
    InvalidOperationError
        For an aggregate alone, which is one value for all rows.
    """
    dtype = dtype_of(predicate, schema_of(plan))
    if dtype not in (pl.Boolean, pl.Null):
        raise SchemaError(
            f"filter() needs a Boolean expression, got {dtype} from {Expr(predicate)!r}"
        )
    if _is_aggregate(predicate):
        raise InvalidOperationError(
            f"filter() needs a condition for each row, and {Expr(predicate)!r} is one value for all: compare a "
            "column with it, or collect() it first"
        )
    return Cast(predicate, pl.Boolean()) if dtype == pl.Null else predicate


def _is_aggregate(expr: ExprNode) -> bool:
    """Whether an expression gives one value for all rows, and reads them to do so."""
    if isinstance(expr, Column | Over):
        return False
    if isinstance(expr, Call) and FUNCTIONS[expr.function].kind is Kind.AGGREGATE:
        return True
    below = children(expr)
    return any(map(_is_aggregate, below)) and all(
        _is_aggregate(e) or isinstance(e, Literal) for e in below
    )
