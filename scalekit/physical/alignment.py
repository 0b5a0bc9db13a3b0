"""Tables side by side: part by part where their rows are those of one table, else they are brought in line."""

from __future__ import annotations

from scalekit.expr.analysis import columns_read, is_elementwise
from scalekit.physical.lowering import Lower, leaf
from scalekit.physical.nodes import AlignedPartitions, MapPartitions, Physical
from scalekit.plan.nodes import HorizontalUnion, Input, Plan, Select, WithColumns
from scalekit.tree import walk


def lower_side_by_side(plan: HorizontalUnion, lower: Lower, *, ordered: bool) -> Physical:
    """Rows of one place meet; they need not move where all tables are made, row by row, of the same one."""
    del ordered  # it is by their order that they meet
    below = tuple(lower(table, ordered=True) for table in plan.inputs)
    beside = HorizontalUnion(tuple(leaf(table, at) for at, table in enumerate(plan.inputs)))
    if len({_rows_of(table) for table in below}) == 1:
        return MapPartitions(below, beside)
    return AlignedPartitions(below, beside)


def _rows_of(table: Physical) -> Physical:
    """The table whose rows a table has, one by one."""
    while isinstance(table, MapPartitions) and len(table.inputs) == 1:
        if not all(map(_keeps_rows, walk(table.fragment))):
            break
        table = table.inputs[0]
    return table


def _keeps_rows(plan: Plan) -> bool:
    if isinstance(plan, Select):
        return any(is_elementwise(e) and columns_read(e) for e in plan.exprs)
    return isinstance(plan, Input | WithColumns)
