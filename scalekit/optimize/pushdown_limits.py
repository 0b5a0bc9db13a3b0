"""Move limits toward the data, past steps that keep rows one by one.

::

    LIMIT 5 <- SELECT a + 1        becomes  SELECT a + 1 <- LIMIT 5
    LIMIT 5 <- LIMIT 9             becomes  LIMIT 5
    LIMIT 5 <- UNION (A, B)        becomes  LIMIT 5 <- UNION (LIMIT 5 <- A, LIMIT 5 <- B)
    LIMIT 5 <- SCAN                becomes  SCAN first 5
"""

from __future__ import annotations

from scalekit.expr.analysis import columns_read, is_elementwise
from scalekit.plan.nodes import Limit, Plan, Scan, Select, Union, WithColumns
from scalekit.tree import map_children, rewrite, updated


def pushdown_limits(plan: Plan) -> Plan:
    """Push every limit from the start of a table as far down as it goes."""
    return rewrite(plan, _push_from)


def _push_from(plan: Plan) -> Plan:
    if isinstance(plan, Limit) and plan.offset == 0 and plan.length is not None:
        return _place(plan.input, plan.length)
    return plan


def _place(below: Plan, n: int) -> Plan:
    match below:
        case Select(input, exprs) if _row_by_row(exprs) and any(columns_read(e) for e in exprs):
            return updated(below, input=_place(input, n))
        case WithColumns(input, exprs) if _row_by_row(exprs):
            return updated(below, input=_place(input, n))
        case Limit(input, 0, length) if length is not None:
            return _place(input, min(n, length))
        case Union():
            return Limit(map_children(below, lambda child: _place(child, n)), 0, n)
        case Scan():
            return updated(below, limit=n if below.limit is None else min(n, below.limit))
    return Limit(below, 0, n)


def _row_by_row(exprs: tuple[object, ...]) -> bool:
    return all(is_elementwise(e) for e in exprs)  # type: ignore[arg-type]
