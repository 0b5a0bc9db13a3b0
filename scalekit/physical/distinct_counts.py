"""Aggregates of distinct values: each value once per group first, wherever it is; then they are counted.

No part ever holds all rows of a group, and no value is sent twice by one part::

    AGGREGATE by k: n_unique(x), sum(y)   becomes   AGGREGATE by k: len(), sum(s)
                                                      AGGREGATE by k, x: s = sum(y)
"""

from __future__ import annotations

from scalekit.expr.analysis import columns_read, is_elementwise, output_name
from scalekit.expr.expr import Expr
from scalekit.expr.function import FUNCTIONS, Kind, resizes
from scalekit.expr.node import Alias, Call, Cast, Column, ExprNode, Over
from scalekit.kernels.bind import bind
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.partials import Partials, final_call, key_columns
from scalekit.plan.nodes import Aggregate
from scalekit.plan.order import order_dependent
from scalekit.tree import children, map_children

_DISTINCT = "__scalekit_distinct"


def counted_values(expr: ExprNode) -> ExprNode | None:
    """The operand of an aggregate that is the same for each of its values once."""
    if not isinstance(expr, Call) or FUNCTIONS[expr.function].of_distinct is None:
        return None
    (operand,) = expr.args
    return operand if is_elementwise(operand) and columns_read(operand) else None


def over_distinct_values(plan: Aggregate) -> Aggregate | None:
    """The same over the distinct values of one operand; None where other aggregates need other rows."""
    if any(True for agg in plan.aggs for _ in order_dependent(agg)):
        return None
    once = _Once(Partials(schema_of(plan.input)))
    exprs = [once.over(agg) for agg in plan.aggs]
    if len(once.values) != 1 or any(e is None for e in exprs):
        return None
    (value,) = once.values
    inner = Aggregate(plan.input, (*plan.keys, Alias(value, _DISTINCT)), once.partials.exprs())
    named = [
        Alias(e, output_name(a)) for e, a in zip(exprs, plan.aggs, strict=True) if e is not None
    ]
    outer = bind(named, schema_of(inner))
    return Aggregate(inner, key_columns(plan.keys), outer, plan.maintain_order)


class _Once:
    """Aggregates over groups of rows of equal values, and what has to be known of these groups."""

    def __init__(self, partials: Partials) -> None:
        self.partials = partials
        self.values: set[ExprNode] = set()

    def over(self, expr: ExprNode) -> ExprNode | None:
        """The same over the groups; None where it needs the rows."""
        if isinstance(expr, Call) and FUNCTIONS[expr.function].kind is Kind.AGGREGATE:
            value = counted_values(expr)
            return final_call(expr, self.partials) if value is None else self._counted(expr, value)
        if isinstance(expr, Column | Over) or (isinstance(expr, Call) and not _is_plain(expr)):
            return None
        below = {child: self.over(child) for child in children(expr)}
        return None if None in below.values() else map_children(expr, below.__getitem__)

    def _counted(self, call: Call, value: ExprNode) -> ExprNode:
        self.values.add(value)
        rule = FUNCTIONS[call.function].of_distinct
        assert rule is not None
        found: ExprNode = rule(Expr(Column(_DISTINCT)))._node
        return Cast(found, dtype_of(call, self.partials.schema))


def _is_plain(call: Call) -> bool:
    spec = FUNCTIONS[call.function]
    return spec.kind is Kind.ELEMENTWISE and not resizes(call) and not spec.user_function
