"""Which columns of each step somebody above it reads: the others are gone before anything holds them."""

from __future__ import annotations

from collections.abc import Mapping

from scalekit.expr.analysis import columns_read, output_name
from scalekit.kernels.schema import expressions
from scalekit.plan.nodes import (
    Aggregate,
    Distinct,
    Filter,
    Join,
    Limit,
    Plan,
    Sample,
    Select,
    Sort,
    WithColumns,
)
from scalekit.tree import children, walk

Names = frozenset[str] | None
"""Columns, or None for all that there are."""


def needed_columns(plan: Plan) -> Mapping[Plan, Names]:
    """Columns of each node that the nodes above it read; all of those of the result.

    A column that only a node's own condition reads is not among what is needed of that node.
    """
    found: dict[Plan, Names] = {plan: None}
    for node in reversed(list(walk(plan))):
        asked = found.setdefault(node, None)
        for child in children(node):
            wanted = _below(node, asked)
            known = found.get(child, frozenset())
            found[child] = None if wanted is None or known is None else known | wanted
    return found


def _below(node: Plan, asked: Names) -> Names:
    read = frozenset[str]().union(*map(columns_read, expressions(node)))
    if isinstance(node, Select | Aggregate):
        return read
    if asked is None:
        return None
    if isinstance(node, WithColumns):
        return (asked - {output_name(e) for e in node.exprs}) | read
    if isinstance(node, Join):
        return asked | read | {name.removesuffix(node.suffix) for name in asked}
    if isinstance(node, Distinct):
        return None if node.subset is None else asked | set(node.subset)
    return asked | read if isinstance(node, Filter | Sort | Limit | Sample) else None
