"""Places of rows: a column that grows in the order of rows over all parts, and brings that order back."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.expr.expr import Expr
from scalekit.expr.node import Alias, Column, ExprNode, SortKey
from scalekit.physical.lowering import Lower, leaf, mapped
from scalekit.physical.nodes import Physical, RangeExchange
from scalekit.plan.nodes import Numbered, Plan, Select, Sort
from scalekit.tree import updated

PLACE = "__scalekit_place_in_parts"


def with_place(plan: Plan) -> Numbered:
    """The rows with a first column :data:`PLACE`."""
    return Numbered(plan, PLACE, "place")


def first_place() -> ExprNode:
    """An aggregate: the place of a group's first row."""
    first: ExprNode = Expr(Column(PLACE)).min()._node
    return Alias(first, PLACE)


def in_place_order(below: Physical, plan: Plan, names: Sequence[str]) -> Physical:
    """The rows of ``plan``, which ``below`` gives in any order, in the order of their places."""
    by = (SortKey(Column(PLACE)),)
    ordered = Sort(leaf(plan), by)
    return mapped(RangeExchange(below, by), Select(ordered, tuple(map(Column, names))))


def lower_numbered(plan: Numbered, lower: Lower, *, ordered: bool) -> Physical:
    """Each part numbers its own rows."""
    del ordered
    return mapped(lower(plan.input, ordered=True), updated(plan, input=leaf(plan.input)))
