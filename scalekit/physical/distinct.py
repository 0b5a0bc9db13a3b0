"""Distinct rows over partitions: each part drops its own repetitions before rows of equal keys meet.

::

    DISTINCT k              becomes   MAP    distinct k
                                      EXCHANGE by k
                                      MAP    distinct k
"""

from __future__ import annotations

from scalekit.expr.node import Column
from scalekit.kernels.schema import schema_of
from scalekit.physical.lowering import Lower, leaf, mapped
from scalekit.physical.nodes import HashExchange, Physical
from scalekit.physical.places import in_place_order, with_place
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import Distinct
from scalekit.tree import updated


def lower_distinct(plan: Distinct, lower: Lower, *, ordered: bool) -> Physical:
    """Partial and final; whether a row is the only one of its kind is known where all of them are."""
    names = tuple(schema_of(plan)) if plan.subset is None else plan.subset
    if not names:
        return lower_whole(plan, lower, ordered=ordered)
    if ordered:
        return _in_order(plan, names, lower)
    below = lower(plan.input, ordered=plan.keep in ("first", "last"))
    # Any row will do, but it has to be the same one when a task runs again.
    keep = "first" if plan.keep == "any" else plan.keep
    part = updated(plan, input=leaf(plan.input), keep=keep, maintain_order=True)
    few = below if keep == "none" else mapped(below, part)
    return mapped(HashExchange(few, tuple(map(Column, names))), part)


def _in_order(plan: Distinct, names: tuple[str, ...], lower: Lower) -> Physical:
    """The rows that are kept, in the order in which they came: each brings its place."""
    keep = "first" if plan.keep == "any" else plan.keep
    placed = Distinct(with_place(plan.input), names, keep, maintain_order=False)
    below = lower_distinct(placed, lower, ordered=False)
    return in_place_order(below, placed, tuple(schema_of(plan)))
