"""Which plans give their rows an order, and which expressions depend on one (CONTRACT.md, section 2)."""

from __future__ import annotations

from collections.abc import Iterator

from scalekit.errors import PlanError
from scalekit.expr.analysis import is_scalar
from scalekit.expr.function import FUNCTIONS, FunctionSpec
from scalekit.expr.node import Alias, Call, Cast, ExprNode, Over
from scalekit.expr.show import show_expr
from scalekit.plan.nodes import (
    Aggregate,
    Distinct,
    DynamicAggregate,
    Join,
    Pivot,
    Plan,
    RollingAggregate,
    Select,
    Sort,
    Sql,
    Unpivot,
)
from scalekit.tree import children, memo


def has_order(plan: Plan) -> bool:
    """Whether the rows of ``plan`` have an order: from its source, a sort, or ``maintain_order``."""
    return memo(plan, "_has_order", lambda: _has_order(plan))


def has_total_order(plan: Plan) -> bool:
    """Whether every row has its place: a sort of rows without an order leaves open that of equal keys."""
    return memo(plan, "_has_total_order", lambda: _has_total_order(plan))


def _has_total_order(plan: Plan) -> bool:
    if _is_one_row(plan):
        return True
    return has_order(plan) and all(map(has_total_order, children(plan)))


def _has_order(plan: Plan) -> bool:
    match plan:
        case Sort():
            return True
        case Aggregate(_, (), _, _) | Select() if _is_one_row(plan):
            return True
        case Aggregate() | Distinct() | Pivot():
            return plan.maintain_order and has_order(plan.input)
        case Join():
            return plan.maintain_order != "none" and all(map(has_order, children(plan)))
        case DynamicAggregate() | RollingAggregate() if plan.keys:
            return False
        case Sql() | Unpivot():
            # Polars' streaming unpivot gives its rows in another order than the one in memory.
            return False
    return all(map(has_order, children(plan)))


def _is_one_row(plan: Plan) -> bool:
    if isinstance(plan, Select):
        return all(map(is_scalar, plan.exprs))
    return isinstance(plan, Aggregate) and not plan.keys


def require_order(plan: Plan, what: str) -> None:
    """Raise unless the rows of ``plan`` have an order.

    Raises
    ------
    PlanError
        That says how to give one.
    """
    if not has_order(plan):
        raise PlanError(
            f"{what} depends on the order of rows, and this frame has none (group_by, join and unique give "
            "rows in any order): sort first, or pass maintain_order=True there, or say .over(..., order_by=...)"
        )


def check_order(exprs: tuple[ExprNode, ...], plan: Plan) -> None:
    """Raise ``PlanError`` where an expression depends on an order that ``plan`` does not give."""
    if has_order(plan):
        return
    for expr in exprs:
        for call in order_dependent(expr):
            require_order(plan, show_expr(call))


def order_dependent(expr: ExprNode) -> Iterator[Call]:
    """The calls within ``expr`` whose answer depends on the frame's order."""
    stack = [expr]
    while stack:
        current = stack.pop()
        operands = children(current)
        match current:
            case Call(args=args) if _needs_order(current):
                if not _is_sorted(args[0] if args else current):
                    yield current
            case Over(_, partition_by, order_by) if order_by:
                operands = (*partition_by, *order_by)
        stack.extend(reversed(operands))


def _needs_order(call: Call) -> bool:
    spec: FunctionSpec = FUNCTIONS[call.function]
    needs = spec.needs_order
    return needs if isinstance(needs, bool) else needs(dict(call.options))


def _is_sorted(expr: ExprNode) -> bool:
    """Whether an operand has been put in an order of its own, as by ``sort_by``."""
    while True:
        match expr:
            case Alias(arg) | Cast(arg):
                expr = arg
            case Call(function, args):
                spec = FUNCTIONS[function]
                keeps = not callable(spec.needs_order) or _needs_order(expr)  # unique() may lose it
                if spec.gives_order or not keeps or not args:
                    return spec.gives_order
                expr = args[0]
            case _:
                return False
