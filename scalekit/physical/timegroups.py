"""Windows of time over partitions: by themselves within keys, in steps where labels are fixed, or with a halo.

::

    DYNAMIC every 1d: mean(x)   becomes   MAP    by label: mean of partials
                                          EXCHANGE by ranges of labels
                                          MAP    every 1d: sum(x), count(x)

    ROLLING 1h: sum(x)          becomes   MAP    rolling of (the last hour of the parts before, own rows)
                                          BROADCAST <- MAP last hour
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl

from scalekit.expr.analysis import output_name
from scalekit.expr.expr import Expr
from scalekit.expr.joining import concat_list
from scalekit.expr.node import Alias, Cast, Column, ExprNode, Literal, SortKey
from scalekit.expr.shortcuts import len as rows
from scalekit.kernels.bind import bind
from scalekit.kernels.outputs import PLACE_BITS
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.lowering import Lower, leaf, mapped, row_by_row
from scalekit.physical.nodes import (
    Broadcast,
    Gather,
    HashExchange,
    MapPartitions,
    Physical,
    RangeExchange,
)
from scalekit.physical.partials import split
from scalekit.physical.spans import CALENDAR, is_negative, longest, units
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import (
    Aggregate,
    DynamicAggregate,
    Explode,
    Filter,
    HorizontalUnion,
    Numbered,
    Plan,
    RollingAggregate,
    Select,
    Sort,
    Union,
)
from scalekit.tree import updated

_FIRST, _LAST, _ENDS = "__scalekit_first", "__scalekit_last", "__scalekit_ends"
_ROW, _PART, _SIDE = "__scalekit_row", "__scalekit_part", "__scalekit_side"
_BEFORE, _OWN, _AFTER = -1, 0, 1
_LOWER = "_lower_boundary"


def lower_dynamic(plan: DynamicAggregate, lower: Lower, *, ordered: bool) -> Physical:
    """Groups by themselves; without keys in steps, where every part finds the same windows."""
    if not row_by_row((plan.index, *plan.keys)):
        return lower_whole(plan, lower, ordered=ordered)
    if plan.keys:
        return _keys_meet(plan, lower)
    steps = split(Aggregate(plan.input, (), plan.aggs)) if _has_fixed_windows(plan) else None
    if steps is None:
        return lower_whole(plan, lower, ordered=ordered)
    return _in_steps(plan, *steps, lower)


def lower_rolling(plan: RollingAggregate, lower: Lower, *, ordered: bool) -> Physical:
    """Groups by themselves; without keys each part sees the rows near it that its windows reach."""
    if not row_by_row((plan.index, *plan.keys)):
        return lower_whole(plan, lower, ordered=ordered)
    if plan.keys:
        return _keys_meet(plan, lower)
    return _with_halo(plan, lower)


def _keys_meet(plan: DynamicAggregate | RollingAggregate, lower: Lower) -> Physical:
    """All rows of a group in one part, in their order, in which they have to be sorted."""
    met = HashExchange(lower(plan.input, ordered=True), plan.keys)
    return mapped(met, updated(plan, input=leaf(plan.input)))


def _has_fixed_windows(plan: DynamicAggregate) -> bool:
    """Whether a row alone tells the one window that it is in.

    Polars finds the first window by the first row, and counts on from there. That gives the same windows from
    any row on, unless steps are not always as long: months from an offset, or hours over a change of the clock.
    """
    if plan.period not in (None, plan.every) or plan.closed not in ("left", "right"):
        return False
    if plan.start_by != "window" or plan.label == "datapoint":
        return False
    dtype = dtype_of(plan.index, schema_of(plan.input))
    used = units(plan.every) | units(plan.offset)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone not in (None, "UTC"):
        return plan.offset is None and len(used) == 1 and used <= {"d", "w", *CALENDAR}
    if used & CALENDAR:
        return plan.offset is None and len(used) == 1
    return True


def _in_steps(
    plan: DynamicAggregate, partial: Aggregate, final: Aggregate, lower: Lower
) -> Physical:
    """The windows of each part, and those of all; the ends of parts tell whether the index is sorted."""
    index = Expr(plan.index)
    ends = bind(
        (index.min().alias(_FIRST)._node, index.max().alias(_LAST)._node), schema_of(plan.input)
    )
    windows = replace(
        plan,
        input=leaf(plan.input),
        aggs=(*partial.aggs, *ends),
        include_boundaries=True,
        label="left",
    )
    below = mapped(lower(plan.input, ordered=True), windows)
    by = (SortKey(Column(_LOWER)),)
    whole = _whole_windows(plan, windows, final)
    checked = Broadcast(_sorted_ends(plan, windows, below))
    return MapPartitions((RangeExchange(below, by), checked), whole)


def _whole_windows(plan: DynamicAggregate, windows: Plan, final: Aggregate) -> Plan:
    """The final aggregates of the windows that parts found, with the label that was asked for."""
    name = output_name(plan.index)
    keys = tuple(map(Column, (_LOWER, "_upper_boundary", name)))
    found = Sort(
        Aggregate(leaf(windows), keys, final.aggs, maintain_order=True),
        (SortKey(Column(_LOWER)),),
    )
    wanted = schema_of(plan)
    upper = Alias(Cast(Column("_upper_boundary"), wanted[name]), name)
    label: ExprNode = upper if plan.label == "right" else Column(name)
    return Select(found, tuple(label if c == name else Column(c) for c in wanted))


def _sorted_ends(plan: DynamicAggregate, windows: Plan, below: Physical) -> Physical:
    """The first and last index of every part through the same windows, which refuse what is not sorted."""
    first, last = Expr(Column(_FIRST)), Expr(Column(_LAST))
    ends = Aggregate(
        leaf(windows), (), (first.min().alias(_FIRST)._node, last.max().alias(_LAST)._node)
    )
    (some,) = bind((first.is_not_null()._node,), schema_of(ends))
    (both,) = bind((concat_list(_FIRST, _LAST).alias(_ENDS)._node,), schema_of(ends))
    listed = Explode(Select(Filter(leaf(ends), some), (both,)), (_ENDS,))
    again = replace(plan, input=listed, index=Column(_ENDS), aggs=(), include_boundaries=False)
    counted = Aggregate(again, (), bind((rows().alias(_ENDS)._node,), schema_of(again)))
    return mapped(Gather(mapped(below, ends)), counted)


def _with_halo(plan: RollingAggregate, lower: Lower) -> Physical:
    """Each part between the rows of others that its windows reach: those before, and those of the same time."""
    below = lower(plan.input, ordered=True)
    halo = _halo(plan)
    around = _around(plan.input, halo)
    rolled = updated(plan, input=around)
    both = HorizontalUnion((rolled, Select(around, (Column(_SIDE),))))
    own = Expr(Column(_SIDE)) == Literal(_OWN, pl.Int8())
    names = tuple(map(Column, schema_of(plan)))
    fragment = Select(Filter(both, *bind((own._node,), schema_of(both))), names)
    return MapPartitions((below, Broadcast(mapped(below, halo))), fragment)


def _halo(plan: RollingAggregate) -> Plan:
    """What a part leaves to others: its last rows to windows that reach back, its first ones to those ahead.

    Those of the time of its first row belong to every window that ends at that time.
    """
    numbered = Numbered(leaf(plan.input), _ROW, "place")
    schema = schema_of(numbered)
    index = Expr(Cast(Cast(plan.index, pl.Int64()), pl.Int128()))
    back, ahead = _reaches(plan, dtype_of(plan.index, schema))
    first, last = index.min() + ahead, index.max() - back
    sides = []
    for side, near in ((_BEFORE, index >= last), (_AFTER, index <= first)):
        (condition,) = bind((near._node,), schema)
        part = (Expr(Column(_ROW)) // 2**PLACE_BITS).alias(_PART)._node
        marks = (Alias(Literal(side, pl.Int8()), _SIDE), *bind((part,), schema))
        columns = map(Column, schema_of(plan.input))
        sides.append(Select(Filter(numbered, condition), (*marks, *columns)))
    return Union(tuple(sides))


def _reaches(plan: RollingAggregate, dtype: pl.DataType) -> tuple[int, int]:
    """How far windows reach back and ahead in steps of the index, or a little more."""
    period = _steps(plan.period, dtype)
    if plan.offset is None:
        return period, 0
    offset = _steps(plan.offset, dtype)
    return offset, period if is_negative(plan.offset) else period + offset


def _steps(span: str | timedelta, dtype: pl.DataType) -> int:
    if dtype.is_integer():
        return longest(span)
    if not isinstance(dtype, pl.Datetime):
        return -(-longest(span) // longest("1d"))
    slack = longest("1d") if dtype.time_zone else 0  # a day may have an hour more
    return -(-(longest(span) + slack) // {"ns": 1, "us": 10**3, "ms": 10**6}[dtype.time_unit])


def _around(plan: Plan, halo: Plan) -> Plan:
    """A part's own rows, between those that the parts before and after it left."""
    near = Numbered(leaf(halo, 1), _ROW, "place")
    part, side = Expr(Column(_PART)), Expr(Column(_SIDE))
    here = Expr(Column(_ROW)) // 2**PLACE_BITS
    names = tuple(map(Column, (_SIDE, *schema_of(plan))))
    before = (side == Literal(_BEFORE, pl.Int8())) & (part < here)
    after = (side == Literal(_AFTER, pl.Int8())) & (part > here)
    first, last = bind((before._node, after._node), schema_of(near))
    own = Select(leaf(plan), (Alias(Literal(_OWN, pl.Int8()), _SIDE), *names[1:]))
    return Union((Select(Filter(near, first), names), own, Select(Filter(near, last), names)))
