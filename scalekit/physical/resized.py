"""Columns that change the number of rows, as the step of a plan that does the same to rows.

::

    SELECT unique(x)              becomes  DISTINCT x <- SELECT x
    SELECT head(x, 5), head(y, 5)     becomes  LIMIT 5 <- SELECT x, y
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scalekit.expr.analysis import columns_read, output_name
from scalekit.expr.decompose import options_of
from scalekit.expr.node import Alias, Call, Column, ExprNode, Literal, SortKey
from scalekit.physical.lowering import goes_by_row
from scalekit.plan.nodes import Distinct, Limit, Plan, Select, Sort


def resized(plan: Select) -> Plan | None:
    """The same rows by another step; None where there is none that gives them."""
    calls = [_call(e) for e in plan.exprs]
    if not calls or any(call is None or not goes_by_row(call.args[0]) for call in calls):
        return None
    first, *others = [call for call in calls if call is not None]
    rule = RULES.get(first.function)
    if rule is None or any(not _does_the_same(first, call) for call in others):
        return None
    named = zip(plan.exprs, (call for call in calls if call), strict=True)
    columns = tuple(Alias(call.args[0], output_name(e)) for e, call in named)
    if not any(map(columns_read, columns)):
        return None
    return rule(Select(plan.input, columns), **options_of(first))


def _call(expr: ExprNode) -> Call | None:
    """The function that an expression is, but for its name."""
    while isinstance(expr, Alias):
        expr = expr.arg
    return expr if isinstance(expr, Call) and expr.args else None


def _does_the_same(one: Call, other: Call) -> bool:
    return (one.function, one.args[1:], one.options) == (
        other.function,
        other.args[1:],
        other.options,
    )


def _unique(rows: Select, *, maintain_order: bool) -> Plan | None:
    del maintain_order  # in the order of the first ones in any case, as the function's kernel does
    return Distinct(rows, None, "first", maintain_order=True) if len(rows.exprs) == 1 else None


def _sorted(rows: Select, *, descending: bool, nulls_last: bool) -> Plan | None:
    name = Column(output_name(rows.exprs[0]))
    return Sort(rows, (SortKey(name, descending, nulls_last),)) if len(rows.exprs) == 1 else None


def _first(rows: Select, *, n: ExprNode) -> Plan | None:
    count = _whole_number(n)
    return None if count is None or count < 0 else Limit(rows, 0, count)


def _last(rows: Select, *, n: ExprNode) -> Plan | None:
    count = _whole_number(n)
    return None if count is None or count <= 0 else Limit(rows, -count, count)


def _whole_number(expr: ExprNode) -> int | None:
    value = expr.value if isinstance(expr, Literal) else None
    return value if type(value) is int else None


RULES: Mapping[str, Callable[..., Plan | None]] = {
    "unique": _unique,
    "sort": _sorted,
    "head": _first,
    "tail": _last,
}
"""Functions whose answer, as the columns of a select, is a step of a plan."""
