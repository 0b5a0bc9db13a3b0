"""What a plan has to do as a whole, with what a cluster adds: stages, exchanges, and what only one worker can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scalekit.estimate.amounts import Amount, Context, Size, amounts_of, context_of
from scalekit.expr.analysis import nodes as within
from scalekit.expr.node import Over
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    Distinct,
    DynamicAggregate,
    HorizontalUnion,
    Join,
    Limit,
    Pivot,
    Plan,
    RollingAggregate,
    Scan,
    Select,
    Sort,
    Sql,
    WithColumns,
)
from scalekit.tree import children, walk

SMALL = 4 * 1024**2
"""Bytes of a source up to which one task of a cluster reads all of it."""


@dataclass(frozen=True)
class Work:
    """Some work of one kind; ``shared`` where the workers of a cluster do it together."""

    kind: str
    amount: float
    shared: bool = True


@dataclass(frozen=True)
class Limits:
    """Sizes by which a cluster decides how it goes about a plan, as in ``Config``."""

    partition_bytes: int = 128 * 1024**2
    broadcast_bytes: int = 16 * 1024**2


def work_of(
    plan: Plan, sizes: Mapping[Plan, Size], limits: Limits | None = None
) -> tuple[Work, ...]:
    """All that ``plan`` has to do, node by node.

    Parameters
    ----------
    plan
        An optimized plan.
    sizes
        What each of its nodes gives.
    limits
        How a cluster divides it.
    """
    known, limits = context_of(plan, sizes), limits or Limits()
    found: list[Work] = []
    parts: dict[Plan, bool] = {}
    for node in walk(plan):
        below = [parts[child] for child in children(node)]
        added, parts[node] = _PARTS.get(type(node), _as_before)(node, below, known, limits)
        shared = parts[node] if isinstance(node, Scan) else any(below)
        found += [Work(kind, amount, shared) for kind, amount in amounts_of(node, known) if amount]
        found += [Work(kind, amount) for kind, amount in added]
    if parts[plan] or not any(one.kind == "stage" for one in found):
        found.append(Work("stage", 1))
    return (Work("query", 1), *found, Work("result_byte", sizes[plan].bytes))


Parts = tuple[list[Amount], bool]
"""What a cluster does on top to a node, and whether its rows are in several parts then."""


def _scan(node: Scan, _below: list[bool], known: Context, limits: Limits) -> Parts:
    size = known.sizes[node].bytes
    return [("task", size / limits.partition_bytes)], size > SMALL


def _as_before(_node: Plan, below: list[bool], _known: Context, _limits: Limits) -> Parts:
    return [], any(below)


def _met(node: Any, below: list[bool], known: Context, limits: Limits) -> Parts:
    """Rows of equal keys in one part: partial results first, and little of them goes to one task."""
    if not below[0]:
        return [], False
    size = known.sizes[node].bytes
    if size <= limits.partition_bytes / 2:
        return [("stage", 1)], False
    return [("stage", 2), ("exchange_byte", size)], True


def _sorted(node: Sort, below: list[bool], known: Context, limits: Limits) -> Parts:
    if not below[0]:
        return [], False
    size = known.sizes[node.input].bytes
    if node in known.tops or size <= limits.partition_bytes / 2:
        return [("stage", 1)], False
    return [("stage", 2), ("exchange_byte", size)], True


def _together(node: Plan, below: list[bool], known: Context, _limits: Limits) -> Parts:
    """All rows in one task."""
    if not any(below):
        return [], False
    return [("stage", 1), ("exchange_byte", sum(one.bytes for one in known.below(node)))], False


def _limited(node: Limit, below: list[bool], known: Context, _limits: Limits) -> Parts:
    many = below[0]
    return ([("stage", 1)] if many else []), many and known.sizes[node].bytes > SMALL


def _exprs(node: Select | WithColumns, below: list[bool], known: Context, limits: Limits) -> Parts:
    """Row by row, unless there is a window, whose rows have to meet, or an aggregate, which leaves one row."""
    if not below[0]:
        return [], False
    if any(isinstance(one, Over) for expr in node.exprs for one in within(expr)):
        size = known.sizes[node.input].bytes
        if size <= limits.partition_bytes / 2:
            return [("stage", 1), ("exchange_byte", size)], False
        return [("stage", 2), ("exchange_byte", size)], True
    if known.sizes[node].rows <= 1 < known.sizes[node.input].rows:
        return [("stage", 1)], False
    return [], True


def _joined(node: Join, below: list[bool], known: Context, limits: Limits) -> Parts:
    """The smaller side to all tasks of the other, or both exchanged."""
    if not any(below):
        return [], False
    sizes = [one.bytes for one in known.below(node)]
    small = sizes.index(min(sizes))
    if sizes[small] <= limits.broadcast_bytes:
        return ([("stage", 1), ("exchange_byte", sizes[small])] if below[small] else []), below[
            1 - small
        ]
    if sum(sizes) <= limits.partition_bytes / 2:
        return [("stage", 2)], False
    return [("stage", 2), ("exchange_byte", sum(sizes))], True


_PARTS: Mapping[type[Plan], Callable[[Any, list[bool], Context, Limits], Parts]] = {
    Scan: _scan,
    Select: _exprs,
    WithColumns: _exprs,
    Aggregate: _met,
    DynamicAggregate: _met,
    RollingAggregate: _met,
    Distinct: _met,
    Pivot: _met,
    Sort: _sorted,
    Limit: _limited,
    Join: _joined,
    AsofJoin: _joined,
    HorizontalUnion: _together,
    Sql: _together,
}
"""What is not here works part by part."""
