"""Aggregates of all rows beside every row: one task's answer, which all tasks receive.

::

    WITH_COLUMNS m = mean(x) <- T      becomes  BESIDE (T, BROADCAST AGGREGATE m = mean(x) <- T)
"""

from __future__ import annotations

from scalekit.expr.analysis import is_scalar, output_name
from scalekit.expr.node import Alias, Column
from scalekit.kernels.schema import schema_of
from scalekit.physical.lowering import Lower, goes_by_row, leaf
from scalekit.physical.nodes import Broadcast, MapPartitions, Physical
from scalekit.plan.nodes import Aggregate, Beside, Select, WithColumns
from scalekit.plan.order import order_dependent

_VALUE = "__scalekit_value_"


def is_beside(plan: WithColumns) -> bool:
    """Whether all expressions are aggregates, of which none is a list that would stand in every row."""
    made = schema_of(plan)
    return all(
        is_scalar(e) and not goes_by_row(e) and not made[output_name(e)].is_nested()
        for e in plan.exprs
    )


def lower_beside(plan: WithColumns, lower: Lower, *, ordered: bool) -> Physical:
    """Aggregates of all rows as columns."""
    names = {output_name(e): f"{_VALUE}{place}" for place, e in enumerate(plan.exprs)}
    totals = Aggregate(plan.input, (), tuple(Alias(e, names[output_name(e)]) for e in plan.exprs))
    # In order if one of the two asks for it, so that the rows are computed once for both.
    ordered = ordered or any(True for e in plan.exprs for _ in order_dependent(e))
    below = lower(plan.input, ordered=ordered)
    columns = (
        Alias(Column(names[name]), name) if name in names else Column(name)
        for name in schema_of(plan)
    )
    fragment = Select(Beside(leaf(plan.input), leaf(totals, 1)), tuple(columns))
    return MapPartitions((below, Broadcast(lower(totals, ordered=False))), fragment)
