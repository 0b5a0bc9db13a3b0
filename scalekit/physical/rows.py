"""Operators that add, keep and choose rows: row by row where the rows are, and before it what needs other rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scalekit.expr.analysis import columns_read, is_scalar
from scalekit.expr.node import Column
from scalekit.kernels.schema import schema_of
from scalekit.physical.apart import is_apart, lower_apart
from scalekit.physical.beside import is_beside, lower_beside
from scalekit.physical.levels import staged
from scalekit.physical.limits import limited
from scalekit.physical.lowering import Lower, Lowering, leaf, mapped, row_by_row
from scalekit.physical.neighbours import along, lower_along
from scalekit.physical.nodes import Physical, ScanPartitions
from scalekit.physical.partials import stays_in_its_part
from scalekit.physical.resized import resized
from scalekit.physical.whole import lower_whole
from scalekit.physical.windows import lower_overs, overs
from scalekit.plan.nodes import Aggregate, Filter, Limit, Plan, Scan, Select, WithColumns
from scalekit.tree import updated


def lower_scan(plan: Scan, lower: Lower, *, ordered: bool) -> Physical:
    """The splits of the source; what follows reads them."""
    del lower, ordered  # parts and rows are always in the order of the source
    parts = ScanPartitions(plan.source, plan.columns, plan.limit)
    # Each part reads no more rows than the limit, of which the first ones of all are meant.
    return parts if plan.limit is None else limited(parts, Limit(plan, 0, plan.limit))


def lower_select(plan: Select, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row, where the expressions are and there is a column to count the rows by; else in steps."""
    if all(map(is_scalar, plan.exprs)):
        return lower(Aggregate(plan.input, (), plan.exprs), ordered=ordered)
    if row_by_row(plan.exprs) and any(map(columns_read, plan.exprs)):
        return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))
    if row_by_row(plan.exprs):
        return lower_whole(plan, lower, ordered=ordered)
    if len(plan.exprs) == 1 and stays_in_its_part(plan.exprs[0]):
        return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))
    rows = resized(plan)
    if rows is not None:
        return lower(rows, ordered=ordered)
    steps = staged(plan.input, plan.exprs)
    if steps is None:
        return lower_whole(plan, lower, ordered=ordered)
    return lower(Select(steps.plan, steps.exprs), ordered=ordered)


def lower_with_columns(plan: WithColumns, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row, where the expressions are, or all at once where one step gives them; else in steps."""
    if row_by_row(plan.exprs):
        return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))
    for belongs, lowering in _STEPS:
        if belongs(plan):
            return lowering(plan, lower, ordered=ordered)
    steps = staged(plan.input, plan.exprs)
    if steps is None:
        return lower_whole(plan, lower, ordered=ordered)
    return lower(_columns(WithColumns(steps.plan, steps.exprs), plan), ordered=ordered)


def lower_filter(plan: Filter, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row, where the predicate is; else in steps."""
    if row_by_row((plan.predicate,)):
        below = lower(plan.input, ordered=ordered)
        if isinstance(below, ScanPartitions):
            below = updated(below, predicate=plan.predicate)
        return mapped(below, updated(plan, input=leaf(plan.input)))
    steps = staged(plan.input, (plan.predicate,))
    if steps is None:
        return lower_whole(plan, lower, ordered=ordered)
    return lower(_columns(Filter(steps.plan, *steps.exprs), plan), ordered=ordered)


def _columns(steps: Plan, plan: Plan) -> Select:
    """The columns of ``plan`` alone."""
    return Select(steps, tuple(map(Column, schema_of(plan))))


_STEPS: Sequence[tuple[Callable[[WithColumns], Any], Lowering]] = (
    (is_beside, lower_beside),
    (lambda plan: overs(plan.exprs), lower_overs),
    (along, lower_along),
    (is_apart, lower_apart),
)
"""What all expressions of a step may be, and how it is lowered then."""
