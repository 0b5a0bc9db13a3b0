"""Logical to physical: one table from plan nodes to the functions that say how rows have to meet."""

from __future__ import annotations

from collections.abc import Mapping

from scalekit.physical.aggregates import lower_aggregate
from scalekit.physical.alignment import lower_side_by_side
from scalekit.physical.distinct import lower_distinct
from scalekit.physical.joins import lower_asof_join, lower_join
from scalekit.physical.limits import lower_limit
from scalekit.physical.lowering import Lowering
from scalekit.physical.nodes import Physical
from scalekit.physical.numbering import lower_row_index, lower_sample
from scalekit.physical.ordering import lower_sort
from scalekit.physical.places import lower_numbered
from scalekit.physical.reshaping import lower_explode, lower_map_batches, lower_pivot, lower_unpivot
from scalekit.physical.rows import lower_filter, lower_scan, lower_select, lower_with_columns
from scalekit.physical.timegroups import lower_dynamic, lower_rolling
from scalekit.physical.unions import lower_union
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    Distinct,
    DynamicAggregate,
    Explode,
    Filter,
    HorizontalUnion,
    Join,
    Limit,
    MapBatches,
    Numbered,
    Pivot,
    Plan,
    RollingAggregate,
    RowIndex,
    Sample,
    Scan,
    Select,
    Sort,
    Union,
    Unpivot,
    WithColumns,
)
from scalekit.plan.order import has_order

LOWERINGS: Mapping[type[Plan], Lowering] = {
    Scan: lower_scan,
    Select: lower_select,
    WithColumns: lower_with_columns,
    Filter: lower_filter,
    Aggregate: lower_aggregate,
    Numbered: lower_numbered,
    Sort: lower_sort,
    Limit: lower_limit,
    Join: lower_join,
    AsofJoin: lower_asof_join,
    HorizontalUnion: lower_side_by_side,
    Distinct: lower_distinct,
    Union: lower_union,
    RowIndex: lower_row_index,
    Sample: lower_sample,
    Explode: lower_explode,
    Unpivot: lower_unpivot,
    Pivot: lower_pivot,
    MapBatches: lower_map_batches,
    DynamicAggregate: lower_dynamic,
    RollingAggregate: lower_rolling,
}
"""Each plan node's way over partitions; what is not here runs as one task, see ``physical.whole``."""


def lower(plan: Plan) -> Physical:
    """Lower an optimized plan; its rows come in order where the plan gives them one.

    Raises
    ------
    UnsupportedError
        For what cannot keep the contract over partitions, with the way out.
    """
    done: dict[tuple[Plan, bool], Physical] = {}

    def below(node: Plan, *, ordered: bool) -> Physical:
        ordered = ordered and has_order(node)
        found = done.get((node, True)) or done.get((node, ordered))
        if found is None:
            found = LOWERINGS.get(type(node), lower_whole)(node, below, ordered=ordered)
            done[node, ordered] = found
        return found

    return below(plan, ordered=True)
