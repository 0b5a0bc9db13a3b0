"""What one step of a plan must hold at once in Polars' streaming engine: hash tables, sorts, windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from scalekit.estimate.groups import combinations, groups, size_of
from scalekit.estimate.relation import Relation, Values
from scalekit.estimate.span import Span
from scalekit.expr.analysis import columns_read, is_elementwise, nodes
from scalekit.expr.function import FUNCTIONS, Kind
from scalekit.expr.node import Call, ExprNode, Over
from scalekit.plan.nodes import (
    Aggregate,
    Among,
    AsofJoin,
    Distinct,
    DynamicAggregate,
    HorizontalUnion,
    Join,
    Limit,
    MapBatches,
    Pivot,
    Plan,
    RollingAggregate,
    Select,
    Sort,
    Sql,
    WithColumns,
)

Held: TypeAlias = Callable[[Any, Relation, Sequence[Relation]], Span]

NOTHING = Span.of(0.0)

BUILT = 2.0
"""How often the rows of a join's table are held while it is built."""
KEY_ROW = 24.0
"""Bytes that a hash table takes for a key beside the key itself: its hash, its place, and free slots."""
SORTED = 2.5
"""How often a sort holds its rows: as they came, their keys, and as they leave."""
GROUP_ROW = 64.0
"""The same for a group, with the states of its aggregates."""


def held(plan: Plan, own: Relation, below: Sequence[Relation]) -> Span:
    """Bytes that a step holds while it runs, beside the few blocks of rows that pass through it.

    Parameters
    ----------
    plan
        The step.
    own, below
        What is known of what it gives, and of what it is given.
    """
    return _HELD.get(type(plan), _nothing)(plan, own, below)


def _nothing(_: Plan, __: Relation, ___: Sequence[Relation]) -> Span:
    return NOTHING


def _aggregate(plan: Aggregate, own: Relation, below: Sequence[Relation]) -> Span:
    if not plan.keys:
        return _of_values(plan.aggs, below[0])
    groups = own.rows.times(own.row_bytes + GROUP_ROW)
    return groups + _of_values(plan.aggs, below[0])


def _of_values(exprs: Sequence[ExprNode], relation: Relation) -> Span:
    """What aggregates keep that need all values of a column: medians, lists, distinct counts."""
    kept = [
        e for expr in exprs for e in nodes(expr) if isinstance(e, Call) and e.function in _KEEPS
    ]
    width = sum(
        max((relation.columns[n].width for n in _read(e, relation)), default=8.0) for e in kept
    )
    return relation.rows.times(width + 16.0 * len(kept)) if kept else NOTHING


def _read(expr: ExprNode, relation: Relation) -> list[str]:
    return [name for name in columns_read(expr) if name in relation.columns]


_KEEPS = {
    "median", "quantile", "implode", "n_unique", "mode", "unique", "value_counts", "sort", "sort_by", "first_distinct",
    "str.join", "qcut", "rank", "unique_counts", "entropy", "skew", "kurtosis",
}  # fmt: skip


def _join(plan: Join, _: Relation, below: Sequence[Relation]) -> Span:
    """The smaller side is the table in which rows of the other are looked up; which one, Polars finds out."""
    if plan.how == "cross":
        return min(below[0].bytes, below[1].bytes, key=lambda size: size.guess)
    if plan.how in ("semi", "anti"):
        return _as_set(plan.right_on, below[1])
    left, right = _as_table(plan.left_on, below[0]), _as_table(plan.right_on, below[1])
    if plan.how == "left":
        return right
    if plan.how == "right":
        return left
    return left if left.guess <= right.guess else right


def _as_table(keys: Sequence[ExprNode], side: Relation) -> Span:
    return side.bytes.times(BUILT) + _different(keys, side).times(KEY_ROW)


def _as_set(keys: Sequence[ExprNode], side: Relation) -> Span:
    """The keys alone, each once."""
    width = sum(values.width for values in _plain(keys, side)) or 8.0
    return _different(keys, side).times(width + KEY_ROW / 2)


def _different(keys: Sequence[ExprNode], side: Relation) -> Span:
    known = _plain(keys, side)
    if len(known) < len(keys):
        return side.rows
    return groups(combinations(known, side, [""] * len(known)), side.rows, size_of(known, side))


def _plain(keys: Sequence[ExprNode], side: Relation) -> list[Values]:
    names = [name for key in keys for name in columns_read(key)]
    return [side.columns[name] for name in names if name in side.columns]


def _sort(_: Sort, __: Relation, below: Sequence[Relation]) -> Span:
    return below[0].bytes.times(SORTED)


def _first(plan: Limit, own: Relation, _: Sequence[Relation]) -> Span:
    """The first rows of a sort are kept as they come, so that the others are not held."""
    return own.bytes if isinstance(plan.input, Sort) else NOTHING


def _whole(_: Plan, __: Relation, below: Sequence[Relation]) -> Span:
    """Everything that it is given."""
    return below[0].bytes if below else NOTHING


def _distinct(plan: Distinct, own: Relation, _: Sequence[Relation]) -> Span:
    names = plan.subset or tuple(own.columns)
    keys = sum(own.columns[name].width for name in names if name in own.columns)
    return own.rows.times(own.row_bytes + keys + GROUP_ROW)


def _columns(plan: Select | WithColumns, _: Relation, below: Sequence[Relation]) -> Span:
    """All rows where a window or a function of whole columns looks at them."""
    if all(map(is_elementwise, plan.exprs)):
        return NOTHING
    if any(map(_needs_order_of_all, plan.exprs)):
        return below[0].bytes
    return _of_values(plan.exprs, below[0])


def _needs_order_of_all(expr: ExprNode) -> bool:
    return any(
        isinstance(e, Over) or (isinstance(e, Call) and FUNCTIONS[e.function].kind is Kind.WINDOW)
        for e in nodes(expr)
    )


def _beside(_: Plan, __: Relation, below: Sequence[Relation]) -> Span:
    return below[1].bytes


_HELD: Mapping[type[Plan], Held] = {
    Aggregate: _aggregate,
    DynamicAggregate: _whole,
    RollingAggregate: _whole,
    Pivot: _whole,
    Distinct: _distinct,
    Join: _join,
    AsofJoin: lambda _, __, below: below[0].bytes + below[1].bytes,
    Sort: _sort,
    Limit: _first,
    Select: _columns,
    WithColumns: _columns,
    MapBatches: _whole,
    Sql: _whole,
    HorizontalUnion: _beside,
    Among: _beside,
}
"""Steps that hold something; all others pass blocks of rows on."""
