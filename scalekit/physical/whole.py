"""What sees all rows at once: the inputs are brought together and one task runs the node as it stands."""

from __future__ import annotations

from scalekit.physical.lowering import Lower, leaf
from scalekit.physical.nodes import Gather, MapPartitions, Physical
from scalekit.plan.nodes import Plan
from scalekit.tree import children, map_children


def lower_whole(plan: Plan, lower: Lower, *, ordered: bool) -> Physical:
    """Run ``plan`` as one task, whose answer is that of one machine."""
    del ordered  # one task keeps whatever order there is
    below = children(plan)
    inputs = tuple(Gather(lower(child, ordered=True)) for child in below)
    leaves = iter([leaf(child, place) for place, child in enumerate(below)])
    return MapPartitions(inputs, map_children(plan, lambda _: next(leaves)))
