"""What numbers the rows of all parts: the rows before each part are counted first.

::

    SAMPLE 5                becomes   MAP    sample 5
                                      GATHER
                                      MAP    number rows, sample 5
                                      COUNTED
"""

from __future__ import annotations

from scalekit.expr.node import Column
from scalekit.kernels.schema import schema_of
from scalekit.physical.lowering import Lower, leaf, mapped
from scalekit.physical.nodes import Counted, Gather, Physical
from scalekit.plan.nodes import Numbered, RowIndex, Sample, Select
from scalekit.tree import updated

_ROW = "__scalekit_row"


def lower_row_index(plan: RowIndex, lower: Lower, *, ordered: bool) -> Physical:
    """Each part goes on where the one before ends."""
    del ordered  # a row's number tells the order, whether or not the rows are in it
    below = Counted(lower(plan.input, ordered=True))
    return mapped(below, Numbered(leaf(plan.input), plan.name, "row", plan.offset))


def lower_sample(plan: Sample, lower: Lower, *, ordered: bool) -> Physical:
    """By the hash of a row's number; each part gives no more rows than are wanted of all."""
    del ordered
    below = Counted(lower(plan.input, ordered=True))
    part = updated(plan, input=Numbered(leaf(plan.input), _ROW, "row"), place=_ROW)
    chosen = mapped(below, part)
    columns = tuple(map(Column, schema_of(plan)))
    if plan.n is None:
        return mapped(chosen, Select(leaf(part), columns))
    return mapped(Gather(chosen), Select(updated(part, input=leaf(part)), columns))
