"""Rows and bytes of every node, from what sources know of themselves; a guess is never shown as a measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scalekit.estimate.relation import Relation
from scalekit.estimate.rules import RULES, unknown_rule
from scalekit.estimate.scans import scanned, wanted_columns
from scalekit.estimate.span import Span
from scalekit.plan.nodes import Plan, Scan
from scalekit.tree import children, walk


@dataclass(frozen=True)
class Estimate:
    """What one node gives: None where nothing is known, ``exact`` where it was measured."""

    rows: Span | None
    bytes: Span | None
    exact: bool


def estimate(plan: Plan) -> dict[Plan, Estimate]:
    """Rows and bytes of every node of a plan, inputs first; nothing runs.

    Examples
    --------
    >>> import polars as pl
    >>> from scalekit.plan.nodes import Limit, Scan
    >>> from scalekit.sources.memory import memory_source
    >>> plan = Limit(Scan(memory_source(pl.DataFrame({"x": [1, 2, 3]}))), 0, 2)
    >>> estimate(plan)[plan].rows
    Span(low=2, guess=2, high=2)
    """
    return shown(relations(plan))


def shown(known: Mapping[Plan, Relation | None]) -> dict[Plan, Estimate]:
    """Rows and bytes of relations."""
    return {node: _shown(found) for node, found in known.items()}


def _shown(found: Relation | None) -> Estimate:
    if found is None:
        return Estimate(None, None, exact=False)
    return Estimate(found.rows, found.bytes, found.rows.is_exact)


def relations(plan: Plan) -> dict[Plan, Relation | None]:
    """What is known of the table that each node gives; None where nothing is."""
    done: dict[Plan, Relation | None] = {}
    wanted = wanted_columns(plan)
    for node in walk(plan):
        if isinstance(node, Scan):
            done[node] = scanned(node, wanted)
            continue
        below = [done[child] for child in children(node)]
        done[node] = RULES.get(type(node), unknown_rule)(node, below)
    return done
