"""The first rows, the last ones, or those between: parts give no more than could be among them.

::

    LIMIT 5                    becomes   MAP    limit 5
                                         GATHER
                                         HEAD   parts until 5 rows
                                         MAP    limit 5

    LIMIT 5 <- SORT k          becomes   MAP    sort k, limit 5
                                         GATHER
                                         MAP    sort k, limit 5

    LIMIT from 1,000,000       becomes   MAP    rows with a number of 1,000,000 or more
                                         COUNTED
"""

from __future__ import annotations

from scalekit.expr.analysis import columns_read
from scalekit.expr.expr import Expr
from scalekit.expr.node import Column, ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.physical.lowering import Lower, leaf, mapped, row_by_row
from scalekit.physical.nodes import Counted, Gather, Head, Physical
from scalekit.physical.ordering import has_plain_keys
from scalekit.plan.nodes import Filter, Limit, Numbered, Plan, Select, Sort, WithColumns
from scalekit.tree import updated

FEW = 100_000
"""Rows that one task may well hold: so many are sorted, or handed on, as one part."""

_ROW = "__scalekit_row"


def lower_limit(plan: Limit, lower: Lower, *, ordered: bool) -> Physical:
    """Rows up to the last wanted one from either end, by parts, of which most need not run."""
    match plan.input:
        case Sort(input) if _is_top_k(plan) and has_plain_keys(plan.input):
            return _top_k(plan, plan.input, lower(input, ordered=True))
        case Select(input, exprs) if row_by_row(exprs) and any(map(columns_read, exprs)):
            below = updated(plan, input=input)
            return lower(updated(plan.input, input=below), ordered=ordered)
        case WithColumns(input, exprs) if row_by_row(exprs):
            below = updated(plan, input=input)
            return lower(updated(plan.input, input=below), ordered=ordered)
    return limited(lower(plan.input, ordered=True), plan)


def limited(below: Physical, plan: Limit) -> Physical:
    """The limit of ``plan`` over the rows that ``below`` gives."""
    reach = _reach(plan)
    if reach is None:
        return _by_number(Counted(below), plan)
    ends = mapped(below, _end(leaf(plan.input), plan))
    found = Head(ends, reach, last=plan.offset < 0)
    if reach > FEW:
        return _by_number(Counted(found), plan)
    return mapped(Gather(found), updated(plan, input=leaf(plan.input)))


def _is_top_k(plan: Limit) -> bool:
    reach = _reach(plan)
    return reach is not None and reach <= FEW


def _top_k(plan: Limit, sort: Sort, below: Physical) -> Physical:
    """The ends of sorted parts, and of all of them; a stable sort takes the rows that one of all would."""
    first = _end(updated(sort, input=leaf(sort.input)), plan)
    ends = Gather(mapped(below, first))
    return mapped(ends, updated(plan, input=updated(sort, input=leaf(sort.input))))


def _reach(plan: Limit) -> int | None:
    """How many rows from the start, or from the end, hold all that are wanted."""
    if plan.offset < 0:
        return -plan.offset
    return None if plan.length is None else plan.offset + plan.length


def _end(rows: Plan, plan: Limit) -> Limit:
    """As many rows of one part as can be wanted of it."""
    reach = _reach(plan) or 0
    return Limit(rows, -reach, None) if plan.offset < 0 else Limit(rows, 0, reach)


def _by_number(below: Physical, plan: Limit) -> Physical:
    """The wanted rows of each part by their numbers, from the start or from the end."""
    by = "end" if plan.offset < 0 else "row"
    number = Expr(Column(_ROW))
    wanted = number >= plan.offset
    if plan.length is not None:
        wanted = wanted & (number < plan.offset + plan.length)
    predicate: ExprNode = wanted._node
    rows = Filter(Numbered(leaf(plan.input), _ROW, by), predicate)
    return mapped(below, Select(rows, tuple(map(Column, schema_of(plan)))))
