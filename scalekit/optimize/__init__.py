"""Logical to logical: one rule per module, applied in the order spelled here."""

from __future__ import annotations

from collections.abc import Callable

from scalekit.plan.nodes import Plan

RULES: tuple[Callable[[Plan], Plan], ...] = ()


def optimize(plan: Plan) -> Plan:
    """Apply every rule once, in order. No rule changes an answer."""
    for rule in RULES:
        plan = rule(plan)
    return plan
