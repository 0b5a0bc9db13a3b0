"""How long a plan takes on a backend: its work times what that costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from scalekit.estimate.amounts import Size
from scalekit.estimate.costs import Costs, EngineCosts
from scalekit.estimate.work import Limits, Work, work_of
from scalekit.plan.nodes import Plan

ALONE = frozenset({"query", "node", "stage", "task", "result_byte", "frame_byte"})
"""Kinds of work that more workers do not make quicker."""

UNKNOWN = 1_000_000
"""Rows of what nobody knows anything of: for the order of the candidates it matters little."""

WIDTH = 64
"""Bytes of one such row."""


def seconds(
    plan: Plan,
    estimates: Mapping[Plan, Any],
    costs: Costs,
    engine: str,
    workers: int | None = None,
    limits: Limits | None = None,
) -> float:
    """Seconds that ``plan`` takes on a backend, about.

    Parameters
    ----------
    plan
        An optimized plan.
    estimates
        Rows and bytes of all of its nodes.
    costs
        The constants of this machine.
    engine
        The backend, or ``"memory"`` for Polars' engine in memory.
    workers
        Tasks that a cluster runs at one time; None for a backend in this process.
    limits
        How a cluster divides a plan.
    """
    return total(work_of(plan, sizes_of(estimates), limits), costs.of(engine), workers)


def total(work: Sequence[Work], costs: EngineCosts, workers: int | None = None) -> float:
    """Seconds of all work together."""
    found = amounts(work, costs.slots, workers)
    return sum(amount * float(getattr(costs, kind)) for kind, amount in found.items())


def amounts(work: Sequence[Work], measured: int, workers: int | None) -> dict[str, float]:
    """The work by kind, in units of what was measured with so many slots.

    On a cluster, what only one worker can do takes as much longer as there were slots, and what all share
    goes the quicker the more there are.
    """
    found: dict[str, float] = defaultdict(float)
    for one in work:
        slots = measured if workers is None else workers if one.shared else 1
        found[one.kind] += one.amount * (1.0 if one.kind in ALONE else measured / slots)
    return found


def sizes_of(estimates: Mapping[Plan, Any]) -> dict[Plan, Size]:
    """The guesses of estimates; numbers that stand for any, where nothing is known."""
    found: dict[Plan, Size] = {}
    for node, one in estimates.items():
        rows = _number(one.rows, UNKNOWN)
        found[node] = Size(rows, _number(one.bytes, WIDTH * rows))
    return found


def _number(span: Any, unknown: float) -> float:
    if span is None:
        return unknown
    return float(getattr(span, "guess", span))
