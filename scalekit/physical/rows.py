"""Operators that need each row by itself: they run where the row is."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from scalekit.expr.analysis import columns_read, is_elementwise, nodes
from scalekit.expr.node import ExprNode, Literal, Opaque
from scalekit.physical.lowering import Lower, leaf, mapped
from scalekit.physical.nodes import Physical, ScanPartitions
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import Filter, Scan, Select, WithColumns
from scalekit.tree import updated


def lower_scan(plan: Scan, lower: Lower, *, ordered: bool) -> Physical:
    """The splits of the source; what follows reads them."""
    del lower, ordered  # parts and rows are always in the order of the source
    return ScanPartitions(plan.source, plan.columns, plan.limit)


def lower_select(plan: Select, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row, where the expressions are and there is a column to count the rows by."""
    if _row_by_row(plan.exprs) and any(map(columns_read, plan.exprs)):
        return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))
    return lower_whole(plan, lower, ordered=ordered)


def lower_with_columns(plan: WithColumns, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row, where the expressions are."""
    if _row_by_row(plan.exprs):
        return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))
    return lower_whole(plan, lower, ordered=ordered)


def lower_filter(plan: Filter, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row, where the predicate is."""
    if _row_by_row((plan.predicate,)):
        return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))
    return lower_whole(plan, lower, ordered=ordered)


def _row_by_row(exprs: Iterable[ExprNode]) -> bool:
    return all(is_elementwise(e) and not _holds_series(e) for e in exprs)


def _holds_series(expr: ExprNode) -> bool:
    """Whether a constant of many rows stands in an expression: it would meet other rows in every part."""
    values = (e.value for e in nodes(expr) if isinstance(e, Literal))
    return any(isinstance(v, Opaque) and isinstance(v.value, pl.Series) for v in values)
