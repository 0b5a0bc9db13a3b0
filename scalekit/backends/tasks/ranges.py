"""Nearest joins of two large tables: the same ranges of both keys, each beside the edges of all others."""

from __future__ import annotations

from scalekit.backends.tasks.exchange import sampled, split_by_range
from scalekit.backends.tasks.parts import Pending, fused, gathered, kept, shared, stored
from scalekit.backends.tasks.run import Run
from scalekit.kernels.split import bounds_of
from scalekit.physical.nodes import JoinPartitions
from scalekit.plan.nodes import Input, Plan, Union
from scalekit.tree import rewrite


def join_ranges(
    node: JoinPartitions, left: Pending, right: Pending, parts: int, run: Run
) -> Pending:
    """Exchange both sides by ranges; what lies nearest beyond a range is at the edge of another one."""
    left_by, right_by = node.ranges[:1], node.ranges[1:]
    left, left_keys = sampled(left, left_by, run)
    right, right_keys = sampled(right, right_by, run)
    rows = [part.rows for part in (*left.parts, *right.parts)]
    bounds = bounds_of([*left_keys, *right_keys], left_by, parts, rows=rows)
    left = split_by_range(left, left_by, bounds, run)
    right = split_by_range(right, right_by, bounds, run)
    assert node.edges is not None
    edges = run.store(fused([kept(right)], node.edges))
    one = stored(run.parts(gathered(edges), [0]), edges.fragment)
    return fused([left, right, shared(one)], _beside_edges(node.fragment))


def _beside_edges(fragment: Plan) -> Plan:
    """The fragment with the edges, as a third input, before the rows of the second."""

    def both(plan: Plan) -> Plan:
        if isinstance(plan, Input) and plan.index == 1:
            return Union((Input(2, plan.schema), plan))
        return plan

    return rewrite(fragment, both)
