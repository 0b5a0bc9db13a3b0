"""What numbers the rows of all parts: the rows before each part are counted first.

::

    SAMPLE 5                becomes   SORT row <- LIMIT 5 <- SORT hash of row
                                      MAP    number rows
                                      COUNTED
"""

from __future__ import annotations

import polars as pl

from scalekit.expr.builders import lit
from scalekit.expr.counter import mixed_with
from scalekit.expr.expr import Expr
from scalekit.expr.node import Alias, Column, ExprNode, SortKey
from scalekit.kernels.bind import bind
from scalekit.kernels.schema import schema_of
from scalekit.physical.lowering import Lower, leaf, mapped
from scalekit.physical.nodes import Counted, Physical
from scalekit.plan.nodes import (
    Filter,
    Limit,
    Numbered,
    Plan,
    RowIndex,
    Sample,
    Select,
    Sort,
    WithColumns,
)

_ROW = "__scalekit_sampled"
_HASH = "__scalekit_hash"


def lower_row_index(plan: RowIndex, lower: Lower, *, ordered: bool) -> Physical:
    """Each part goes on where the one before ends."""
    del ordered  # a row's number tells the order, whether or not the rows are in it
    below = Counted(lower(plan.input, ordered=True))
    return mapped(below, Numbered(leaf(plan.input), plan.name, "row", plan.offset))


def lower_sample(plan: Sample, lower: Lower, *, ordered: bool) -> Physical:
    """The rows of the smallest hashes, as ``kernels.sampling`` chooses them, in steps that scale."""
    hashed = _hashed(plan)
    if plan.fraction is None:
        least = Sort(hashed, (SortKey(Column(_HASH)), SortKey(Column(_ROW))))
        chosen: Plan = Sort(Limit(least, 0, plan.n), (SortKey(Column(_ROW)),))
    else:
        below = Expr(Column(_HASH)) < lit(int(plan.fraction * 2**63), dtype=pl.UInt64)
        chosen = Filter(hashed, *bind((below._node,), schema_of(hashed)))
    columns = tuple(map(Column, schema_of(plan)))
    return lower(Select(chosen, columns), ordered=ordered)


def _hashed(plan: Sample) -> Plan:
    """The rows with their numbers, and the hashes of these."""
    numbered = RowIndex(plan.input, _ROW, 0)
    found: ExprNode = mixed_with(Expr(Column(_ROW)), plan.seed, lit)._node
    return WithColumns(numbered, bind((Alias(found, _HASH),), schema_of(numbered)))
