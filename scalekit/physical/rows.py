"""Operators that need each row by itself: they run where the row is."""

from __future__ import annotations

from scalekit.expr.analysis import columns_read
from scalekit.physical.limits import limited
from scalekit.physical.lowering import Lower, leaf, mapped, row_by_row
from scalekit.physical.nodes import Physical, ScanPartitions
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import Filter, Limit, Scan, Select, WithColumns
from scalekit.tree import updated


def lower_scan(plan: Scan, lower: Lower, *, ordered: bool) -> Physical:
    """The splits of the source; what follows reads them."""
    del lower, ordered  # parts and rows are always in the order of the source
    parts = ScanPartitions(plan.source, plan.columns, plan.limit)
    # Each part reads no more rows than the limit, of which the first ones of all are meant.
    return parts if plan.limit is None else limited(parts, Limit(plan, 0, plan.limit))


def lower_select(plan: Select, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row, where the expressions are and there is a column to count the rows by."""
    if row_by_row(plan.exprs) and any(map(columns_read, plan.exprs)):
        return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))
    return lower_whole(plan, lower, ordered=ordered)


def lower_with_columns(plan: WithColumns, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row, where the expressions are."""
    if row_by_row(plan.exprs):
        return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))
    return lower_whole(plan, lower, ordered=ordered)


def lower_filter(plan: Filter, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row, where the predicate is."""
    if row_by_row((plan.predicate,)):
        return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))
    return lower_whole(plan, lower, ordered=ordered)
