"""Make equal subplans one object, so that backends that run nodes once run them once.

::

    JOIN (FILTER p <- SCAN t, FILTER p <- SCAN t)   becomes  JOIN (#1, #1), #1 = FILTER p <- SCAN t
"""

from __future__ import annotations

from scalekit.plan.nodes import Plan
from scalekit.tree import rewrite


def share_subplans(plan: Plan) -> Plan:
    """Replace equal subplans by one object."""
    return rewrite(plan, lambda node: node)
