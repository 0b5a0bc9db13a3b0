"""Logical to logical: one rule per module, applied in the order spelled here."""

from __future__ import annotations

from collections.abc import Callable

from scalekit.optimize.check_sums import check_sums
from scalekit.optimize.drop_sorts import drop_sorts
from scalekit.optimize.fold_constants import fold_constants
from scalekit.optimize.labels import label_note, refuse_unsafe
from scalekit.optimize.merge_projections import merge_projections
from scalekit.optimize.pin_order import pin_order
from scalekit.optimize.pushdown_columns import narrow_moves, pushdown_columns
from scalekit.optimize.pushdown_filters import pushdown_filters
from scalekit.optimize.pushdown_limits import pushdown_limits
from scalekit.optimize.share_subplans import share_subplans
from scalekit.plan.nodes import Plan

__all__ = [
    "RULES",
    "check_sums",
    "label_note",
    "narrow_moves",
    "optimize",
    "pin_order",
    "refuse_unsafe",
]

RULES: tuple[Callable[[Plan], Plan], ...] = (
    fold_constants,
    merge_projections,
    pushdown_filters,
    drop_sorts,
    pushdown_limits,
    pushdown_columns,
    share_subplans,
)
"""In this order: fewer steps first, then fewer rows, then fewer columns, and sharing of what is left."""


def optimize(plan: Plan) -> Plan:
    """Apply every rule once, in order. No rule changes an answer."""
    for rule in RULES:
        plan = rule(plan)
    return plan
