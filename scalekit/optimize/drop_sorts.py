"""Drop sorts whose order nothing above looks at.

::

    AGGREGATE by k: sum(x) <- SORT x      becomes  AGGREGATE by k: sum(x)
    SORT a <- SORT b                      stays: a stable sort keeps b's order among equal a
"""

from __future__ import annotations

from scalekit.expr.analysis import is_elementwise
from scalekit.expr.function import FUNCTIONS, Kind
from scalekit.expr.node import Call, Column, ExprNode, Over
from scalekit.plan.nodes import Aggregate, Distinct, Filter, Join, Plan, Select, Sort, WithColumns
from scalekit.tree import children, rewrite, updated


def drop_sorts(plan: Plan) -> Plan:
    """Drop every sort below a step that neither keeps nor uses an order."""
    return rewrite(plan, _drop_below)


def _drop_below(plan: Plan) -> Plan:
    match plan:
        case Aggregate(input, keys, aggs, maintain_order) if not maintain_order or not keys:
            if all(map(is_elementwise, keys)) and not _looks_at_order(aggs):
                return updated(plan, input=_without_sort(input))
        case Distinct(input, _, keep, maintain_order) if not maintain_order and keep in (
            "any",
            "none",
        ):
            return updated(plan, input=_without_sort(input))
        case Join(left, right) if plan.maintain_order == "none":
            return updated(plan, left=_without_sort(left), right=_without_sort(right))
    return plan


def _without_sort(plan: Plan) -> Plan:
    """``plan`` without its sort, looked for below steps that treat rows one by one."""
    match plan:
        case Sort(input):
            return _without_sort(input)
        case Filter(input, predicate) if is_elementwise(predicate):
            return updated(plan, input=_without_sort(input))
        case Select(input, exprs) | WithColumns(input, exprs) if all(map(is_elementwise, exprs)):
            return updated(plan, input=_without_sort(input))
    return plan


def _looks_at_order(aggs: tuple[ExprNode, ...]) -> bool:
    """Whether any aggregate depends on the order, or collects rows into a list, which shows it."""
    return not all(map(_is_order_free, aggs))


def _is_order_free(expr: ExprNode) -> bool:
    if isinstance(expr, Column | Over):
        return False
    if isinstance(expr, Call):
        spec = FUNCTIONS[expr.function]
        if spec.needs_order or spec.gives_order or spec.user_function or spec.kind is Kind.WINDOW:
            return False
        if spec.kind is Kind.AGGREGATE:
            return all(map(is_elementwise, expr.args))
    return all(map(_is_order_free, children(expr)))
