"""Merge steps that only reorganise columns or filter, so that later rules see one step.

::

    SELECT a + 1 <- SELECT x.alias(a)      becomes  SELECT x + 1
    FILTER p <- FILTER q                   becomes  FILTER q & p
    SELECT a <- WITH_COLUMNS (b unused)    is left to pushdown_columns
"""

from __future__ import annotations

from scalekit.expr.analysis import columns_read, is_elementwise, output_name
from scalekit.expr.associative import LONG
from scalekit.expr.node import Call, Column, ExprNode, Literal
from scalekit.optimize.analysis import (
    conjunction,
    conjuncts,
    definitions,
    may_fail,
    named,
    substitute,
)
from scalekit.plan.nodes import Filter, Plan, Select, WithColumns
from scalekit.tree import rewrite


def merge_projections(plan: Plan) -> Plan:
    """Merge neighbouring projections and neighbouring filters."""
    return rewrite(plan, _merge)


def _merge(plan: Plan) -> Plan:
    match plan:
        case Filter(Filter(below, first), second) if _go_together(first, second):
            parts = conjuncts(first) + conjuncts(second)
            both = Call("and_", (first, second)) if len(parts) <= LONG else conjunction(parts)
            return Filter(below, both)
        case Select(Select(below, inner), outer) if _cheap(outer, inner):
            return Select(below, _through(outer, inner))
        case WithColumns(WithColumns(below, inner), outer) if _independent(outer, inner):
            return WithColumns(below, inner + outer)
        case Select(below, exprs) if _keeps_all(below, exprs):
            return below
    return plan


def _go_together(first: ExprNode, second: ExprNode) -> bool:
    """Whether two conditions may be asked of the same rows: the first may guard the second from failing."""
    return is_elementwise(first) and is_elementwise(second) and not may_fail(second)


def _through(outer: tuple[ExprNode, ...], inner: tuple[ExprNode, ...]) -> tuple[ExprNode, ...]:
    meanings = definitions(inner)
    return tuple(named(substitute(e, meanings), output_name(e)) for e in outer)


def _cheap(outer: tuple[ExprNode, ...], inner: tuple[ExprNode, ...]) -> bool:
    """Whether nothing is computed twice and rows stay as they are: inner columns are renamed at most."""
    meanings = definitions(inner)
    plain = all(isinstance(e, Column) for e in meanings.values())
    reads_rows = all(any(isinstance(e, Column) for e in _leaves(x)) for x in outer)
    return plain and reads_rows and all(map(is_elementwise, outer))


def _leaves(expr: ExprNode) -> list[ExprNode]:
    return [Column(name) for name in columns_read(expr)] or [Literal(None)]


def _independent(outer: tuple[ExprNode, ...], inner: tuple[ExprNode, ...]) -> bool:
    made = {output_name(e) for e in inner}
    return not any(columns_read(e) & made or output_name(e) in made for e in outer)


def _keeps_all(below: Plan, exprs: tuple[ExprNode, ...]) -> bool:
    """Whether a projection gives exactly the columns of a projection below it, in their order."""
    if not isinstance(below, Select):
        return False
    names = [output_name(e) for e in below.exprs]
    return [e.name for e in exprs if isinstance(e, Column)] == names and len(exprs) == len(names)
