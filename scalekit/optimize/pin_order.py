"""Make every step keep its rows in order, so that a result repeats to the last row.

::

    AGGREGATE by k <- JOIN inner      becomes  AGGREGATE by k (keeps order) <- JOIN inner (keeps order)

Not among the rules of ``optimize``: it costs time, and only ``deterministic=True`` and fragments that a
cluster may run twice ask for it (DESIGN.md, section 5).
"""

from __future__ import annotations

from dataclasses import replace

from scalekit.plan.nodes import Aggregate, Distinct, Join, Pivot, Plan
from scalekit.tree import rewrite


def pin_order(plan: Plan) -> Plan:
    """Set ``maintain_order`` wherever a step would otherwise give rows in any order."""
    return rewrite(plan, _pin)


def _pin(plan: Plan) -> Plan:
    match plan:
        case Aggregate() | Pivot():
            return replace(plan, maintain_order=True)
        case Distinct(keep=keep):
            return replace(plan, maintain_order=True, keep="first" if keep == "any" else keep)
        case Join() if plan.maintain_order == "none":
            return replace(plan, maintain_order="left_right")
    return plan
