"""What is computed within groups of rows: the groups' aggregates joined back, or the rows of a group in one part.

::

    WITH_COLUMNS sum(x) over k      becomes  JOIN left on k (T, AGGREGATE by k: sum(x) <- T)
    WITH_COLUMNS rank(x) over k     becomes  WITH_COLUMNS rank(x) over k <- EXCHANGE by k
"""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.expr.analysis import is_scalar, output_name
from scalekit.expr.node import Alias, Column, ExprNode, Over, SortKey
from scalekit.kernels.schema import schema_of
from scalekit.physical.lookup import Table, looked_up
from scalekit.physical.lowering import Lower, goes_by_row, leaf, mapped
from scalekit.physical.nodes import HashExchange, Physical
from scalekit.physical.partials import splits
from scalekit.physical.places import PLACE, in_place_order, with_place
from scalekit.plan.nodes import Aggregate, Plan, Select, Sort, WithColumns
from scalekit.plan.order import order_dependent
from scalekit.tree import updated

_KEY = "__scalekit_key_"
_VALUE = "__scalekit_value_"


def overs(exprs: Sequence[ExprNode]) -> list[Over]:
    """The windows that ``exprs`` are, where all are over the same keys, which are there row by row."""
    found = [e.arg if isinstance(e, Alias) else e for e in exprs]
    windows = [e for e in found if isinstance(e, Over)]
    if len(windows) < len(found) or not all(map(_has_plain_keys, windows)):
        return []
    return windows if len({frozenset(w.partition_by) for w in windows}) == 1 else []


def _has_plain_keys(window: Over) -> bool:
    keys = (*window.partition_by, *(key.arg for key in window.order_by))
    return all(map(goes_by_row, keys)) and window.mapping_strategy != "explode"


def lower_overs(plan: WithColumns, lower: Lower, *, ordered: bool) -> Physical:
    """Windows over the same keys."""
    windows = overs(plan.exprs)
    if not windows[0].partition_by:
        return _along_an_order(plan, windows[0].order_by, lower, ordered=ordered)
    if _is_per_group(plan):
        return _joined_back(plan, windows, lower, ordered=ordered)
    sees_order = any(map(_sees_order, windows))
    if PLACE not in schema_of(plan) and (ordered or (sees_order and _loses_order(plan.input))):
        placed = _placed(plan)
        below, names = lower(placed, ordered=False), tuple(schema_of(plan))
        if ordered:
            return in_place_order(below, placed, names)
        return mapped(below, Select(leaf(placed), tuple(map(Column, names))))
    if ordered:
        return in_place_order(lower(plan, ordered=False), plan, tuple(schema_of(plan)))
    return _exchanged(plan, windows[0].partition_by, lower, sees_order=sees_order)


def _placed(plan: Plan) -> Plan:
    """A table with places, which are given below all steps that lose the order of rows."""
    if _loses_order(plan):
        assert isinstance(plan, WithColumns)
        return updated(plan, input=_placed(plan.input))
    return with_place(plan)


def _loses_order(plan: Plan) -> bool:
    if not isinstance(plan, WithColumns) or not overs(plan.exprs):
        return False
    return bool(overs(plan.exprs)[0].partition_by) and not _is_per_group(plan)


def _sees_order(window: Over) -> bool:
    """Whether the order of rows decides: as that of equal keys does, even where there is another order."""
    return bool(window.order_by) or any(True for _ in order_dependent(window.arg))


def _is_per_group(plan: WithColumns) -> bool:
    """Whether windows have one value for each group, which partial aggregates give."""
    windows = overs(plan.exprs)
    if any(w.order_by or w.mapping_strategy != "group_to_rows" for w in windows):
        return False
    if not all(is_scalar(w.arg) for w in windows) or any(map(_sees_order, windows)):
        return False
    if len({w.partition_by for w in windows}) > 1:
        return False  # the same keys in another order
    aggs = tuple(Alias(w.arg, f"{_VALUE}{place}") for place, w in enumerate(windows))
    return splits(Aggregate(plan.input, _named_keys(windows[0]), aggs))


def _named_keys(window: Over) -> tuple[ExprNode, ...]:
    return tuple(Alias(key, f"{_KEY}{i}") for i, key in enumerate(window.partition_by))


def _joined_back(
    plan: WithColumns, windows: Sequence[Over], lower: Lower, *, ordered: bool
) -> Physical:
    """The aggregates of each group beside its rows."""
    keys = _named_keys(windows[0])
    names = {output_name(e): f"{_VALUE}{at}" for at, e in enumerate(plan.exprs)}
    totals = zip(windows, names.values(), strict=True)
    groups = Aggregate(plan.input, keys, tuple(Alias(w.arg, name) for w, name in totals))
    has_places = PLACE in schema_of(plan.input)
    rows = with_place(plan.input) if ordered and not has_places else plan.input
    columns = tuple(
        Alias(Column(names[name]), name) if name in names else Column(name)
        for name in schema_of(plan)
    )
    return looked_up(
        Table(rows, lower(rows, ordered=ordered), windows[0].partition_by),
        Table(groups, lower(groups, ordered=False), tuple(Column(output_name(k)) for k in keys)),
        columns,
        ordered=ordered,
    )


def _exchanged(
    plan: WithColumns, keys: tuple[ExprNode, ...], lower: Lower, *, sees_order: bool
) -> Physical:
    """All rows of a group in one part, in the order in which they were."""
    again = sees_order and _loses_order(plan.input)
    below = lower(plan.input, ordered=sees_order and not again)
    rows: Plan = leaf(plan.input)
    if again:
        rows = Sort(rows, (SortKey(Column(PLACE)),))
    return mapped(HashExchange(below, keys), updated(plan, input=rows))


def _along_an_order(
    plan: WithColumns, by: tuple[SortKey, ...], lower: Lower, *, ordered: bool
) -> Physical:
    """Windows over all rows in an order: that of the sorted table."""
    placed = with_place(plan.input) if PLACE not in schema_of(plan) else plan.input
    rows = Sort(placed if ordered else plan.input, by)
    exprs = tuple(
        Alias(e.arg, output_name(named))
        for e, named in zip(overs(plan.exprs), plan.exprs, strict=True)
    )
    along = WithColumns(rows, exprs)
    below = lower(along, ordered=ordered)
    return in_place_order(below, along, tuple(schema_of(plan))) if ordered else below
