"""Aggregates over partitions: partial ones where the rows are, final ones where the groups meet.

::

    AGGREGATE by k: mean(x)   becomes  MAP    by k: mean of partials
                                       EXCHANGE by k
                                       MAP    by k: sum(x), count(x)

    AGGREGATE median(x), n_unique(y)   becomes  one aggregate beside the other, each in the way that it needs
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import TypeGuard

from scalekit.expr.analysis import columns_read, output_name
from scalekit.expr.function import FUNCTIONS, Kind
from scalekit.expr.node import Alias, Call, Column, ExprNode
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.distinct_counts import counted_values, over_distinct_values
from scalekit.physical.levels import staged_operands
from scalekit.physical.lowering import Lower, leaf, mapped, row_by_row
from scalekit.physical.nodes import Gather, HashExchange, MapPartitions, Physical
from scalekit.physical.partials import Partials, final_call, in_any_order, split
from scalekit.physical.places import first_place, in_place_order, with_place
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import Aggregate, HorizontalUnion, Plan, Select
from scalekit.plan.order import order_dependent
from scalekit.tree import children, map_children, updated

_ONE = "__scalekit_one_"


def lower_aggregate(plan: Aggregate, lower: Lower, *, ordered: bool) -> Physical:
    """Partial and final where every aggregate splits, else the rows of a group meet and run as they stand."""
    if not row_by_row(plan.keys):
        return lower_whole(plan, lower, ordered=ordered)
    if not plan.keys:
        taken = staged_operands(plan.input, plan.aggs)
        if taken.plan is not plan.input:
            return lower(Aggregate(taken.plan, (), taken.exprs), ordered=ordered)
    if plan.keys and ordered:
        return _in_order(plan, lower)
    steps = split(plan)
    if steps is None:
        return _unsplit(plan, lower)
    partial, final = steps
    keys = final.keys
    below = mapped(lower(plan.input, ordered=_sees_order(plan.aggs)), _quicker(partial))
    met = HashExchange(below, keys) if keys else Gather(below)
    return mapped(met, _quicker(final))


def _quicker(plan: Aggregate) -> Plan:
    """A column's distinct values, which Polars 2.1 finds in half the time where it need not keep groups."""
    if plan.aggs or len(plan.keys) != 1:
        return plan
    (key,) = plan.keys
    if dtype_of(key, schema_of(plan.input)).is_nested():
        return plan
    values = Call("unique", (key,), (("maintain_order", True),))
    return Select(plan.input, (Alias(values, output_name(key)),))


def _unsplit(plan: Aggregate, lower: Lower) -> Physical:
    """Without keys over distinct values, or each apart from the others; with keys the rows of a group meet.

    Distinct values of groups would move twice, by group and value and then by group.
    """
    distinct = None if plan.keys else over_distinct_values(plan)
    if distinct is not None:
        return lower(distinct, ordered=False)
    apart = [] if plan.keys else _by_way(plan)
    if len(apart) > 1:
        return _beside_each_other(plan, apart, lower)
    return _rows_meet(plan, lower)


def _rows_meet(plan: Aggregate, lower: Lower) -> Physical:
    """All rows of a group in one part, in their order, where the node runs as it stands."""
    below = lower(plan.input, ordered=_sees_order(plan.aggs))
    read = frozenset[str]().union(*map(columns_read, (*plan.keys, *plan.aggs)))
    columns = tuple(Column(name) for name in schema_of(plan.input) if name in read)
    needed = Select(leaf(plan.input), columns) if columns else leaf(plan.input)
    below = mapped(below, needed)
    met = HashExchange(below, plan.keys) if plan.keys else Gather(below)
    return mapped(met, in_any_order(updated(plan, input=leaf(needed))))


def _by_way(plan: Aggregate) -> list[Aggregate]:
    """The aggregates without keys by the way in which each is found: all that split, each other by itself."""
    ways: dict[object, dict[ExprNode, str]] = {}
    names = map(f"{_ONE}{{}}".format, count())
    for call in dict.fromkeys(call for agg in plan.aggs for call in _calls(agg)):
        ways.setdefault(_way(call, plan.input), {})[call] = next(names)
    return [
        Aggregate(plan.input, (), tuple(Alias(call, name) for call, name in found.items()))
        for found in ways.values()
    ]


def _way(call: Call, below: Plan) -> object:
    if final_call(call, Partials(schema_of(below))) is not None:
        return "splits"
    return counted_values(call), call.args  # several quantiles of a column gather it once


def _calls(expr: ExprNode) -> list[Call]:
    """The aggregates within an expression, the outer ones."""
    if _is_aggregate(expr):
        return [expr]
    return [call for operand in children(expr) for call in _calls(operand)]


def _is_aggregate(expr: ExprNode) -> TypeGuard[Call]:
    return isinstance(expr, Call) and FUNCTIONS[expr.function].kind is Kind.AGGREGATE


def _replaced(expr: ExprNode, new: Callable[[Call], ExprNode]) -> ExprNode:
    if _is_aggregate(expr):
        return new(expr)
    return map_children(expr, lambda e: _replaced(e, new))


def _beside_each_other(plan: Aggregate, apart: Sequence[Aggregate], lower: Lower) -> Physical:
    """One row of each aggregate, and what is made of them."""
    names = {
        call.arg: Column(call.name) for one in apart for call in one.aggs if isinstance(call, Alias)
    }
    sees_order = _sees_order(plan.aggs)
    lower(plan.input, ordered=sees_order)  # once for all, in order if one of them asks for it
    rows = HorizontalUnion(tuple(leaf(one, at) for at, one in enumerate(apart)))
    exprs = (Alias(_replaced(e, names.__getitem__), output_name(e)) for e in plan.aggs)
    return MapPartitions(
        tuple(lower(one, ordered=False) for one in apart), Select(rows, tuple(exprs))
    )


def _sees_order(aggs: Sequence[ExprNode]) -> bool:
    return any(True for agg in aggs for _ in order_dependent(agg))


def _in_order(plan: Aggregate, lower: Lower) -> Physical:
    """Groups in the order of their first rows: each keeps the place of its first row until the end."""
    placed = with_place(plan.input)
    grouped = Aggregate(placed, plan.keys, (*plan.aggs, first_place()), maintain_order=True)
    below = lower_aggregate(grouped, lower, ordered=False)
    return in_place_order(below, grouped, tuple(schema_of(plan)))
