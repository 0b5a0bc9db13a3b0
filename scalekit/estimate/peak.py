"""The most memory that a plan will hold at once on one machine, by engine: what its steps hold, and what is on its way.

The model is fitted on measured peaks (``python -m benchmarks memory``): a query of Polars' streaming engine takes
what the process needs to run any query, the blocks that its readers are ahead of their consumers, what hash
tables, sorts and windows hold (:mod:`scalekit.estimate.held`), and the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scalekit.estimate.ahead import ahead
from scalekit.estimate.held import NOTHING, held
from scalekit.estimate.needed import Names, needed_columns
from scalekit.estimate.relation import Relation
from scalekit.estimate.rows import relations
from scalekit.estimate.span import Span, total
from scalekit.expr.node import Column
from scalekit.plan.explain import title
from scalekit.plan.nodes import Aggregate, Distinct, Limit, Plan, Scan, Select, Sort
from scalekit.tree import children, memo, walk

BASE = 18e6
"""Bytes that any query takes: threads, their buffers, code that is loaded when it is first used."""

TRUSTED = 4.0
"""By how much a peak may be off, where nothing about the plan is unknown."""

PANDAS = 3.5
"""What pandas takes for what Polars takes once (TRUST: section 4.2)."""


@dataclass(frozen=True)
class Peaks:
    """Bytes above those of an idle process; None where nothing is known of the plan's size.

    Parameters
    ----------
    polars, memory, pandas
        With Polars' streaming engine, with Polars in memory, and with pandas.
    result
        What comes back.
    largest
        The name of the step that holds most, and what it holds.
    unknown
        Whether sizes cannot be known: lists of unknown lengths, joins of many to many, functions of users.
    is_lent
        Whether what is unknown is the size of lazy frames and collections that the user made here.
    """

    polars: Span | None
    memory: Span | None
    pandas: Span | None
    result: Span | None
    largest: tuple[str, Span] | None
    unknown: bool
    is_lent: bool = False

    def of(self, engine: str) -> Span | None:
        """What an engine of this machine holds: ``"streaming"``, ``"in-memory"`` or ``"pandas"``."""
        return {"streaming": self.polars, "in-memory": self.memory, "pandas": self.pandas}[engine]


def peaks(plan: Plan, found: Mapping[Plan, Relation | None] | None = None) -> Peaks:
    """Peak memory of an optimized plan, by engine.

    Parameters
    ----------
    plan
        The plan.
    found
        What is known of its nodes, where that was asked before.
    """
    return memo(plan, "_peaks", lambda: _peaks(plan, relations(plan) if found is None else found))


def _peaks(plan: Plan, found: Mapping[Plan, Relation | None]) -> Peaks:
    known = {node: one for node, one in found.items() if one is not None}
    result = known.get(plan)
    if len(known) < len(found) or result is None:
        bytes_ = None if result is None else result.bytes
        dark = [n for n, one in found.items() if isinstance(n, Scan) and one is None]
        is_lent = bool(dark) and not any(scan.source.travels() for scan in dark)
        return Peaks(None, None, None, bytes_, None, unknown=True, is_lent=is_lent)
    narrow = _narrowed(known, needed_columns(plan))
    cut = {node.input for node in narrow if isinstance(node, Limit) and node.offset >= 0}
    holding = {n: step_held(n, narrow) for n in narrow if not (isinstance(n, Sort) and n in cut)}
    most, size = max(holding.items(), key=lambda item: item[1].guess)
    steps, reading, rows = total(list(holding.values())), ahead(plan, narrow), result.bytes
    unknown = any(one.is_unknown for one in known.values())
    rows = NOTHING if _is_there(plan) else rows
    streaming = steps + reading + (NOTHING if _is_held(plan) else rows)
    streaming, memory = (
        Span.of(BASE) + _trusted(span, unknown=unknown)
        for span in (streaming, _in_memory(plan, narrow))
    )
    return Peaks(
        streaming,
        memory,
        memory.times(PANDAS),
        rows,
        (title(most), size) if size.guess > 0 else None,
        unknown,
    )


def _trusted(span: Span, *, unknown: bool) -> Span:
    """Not every step is as far off as it may be at the same time."""
    low, high = max(span.low, span.guess / TRUSTED), min(span.high, span.guess * TRUSTED)
    return Span(low, span.guess, span.high if unknown else high)


def step_held(node: Plan, known: Mapping[Plan, Relation]) -> Span:
    """What one step holds, beside the blocks that pass through it."""
    return held(node, known[node], [known[child] for child in children(node)])


def _narrowed(known: Mapping[Plan, Relation], needed: Mapping[Plan, Names]) -> dict[Plan, Relation]:
    found = {}
    for node, one in known.items():
        names = needed[node]
        found[node] = one if names is None else one.only(names)
    return found


def _is_there(plan: Plan) -> bool:
    """Whether the result shares its memory with a frame that the session has anyway."""
    while isinstance(plan, Limit) or (
        isinstance(plan, Select) and all(isinstance(e, Column) for e in plan.exprs)
    ):
        plan = plan.input
    return isinstance(plan, Scan) and hasattr(plan.source, "frame")


def _is_held(plan: Plan) -> bool:
    """Whether the result is what a step holds anyway, handed on as it is."""
    while isinstance(plan, Select) and all(isinstance(e, Column) for e in plan.exprs):
        plan = plan.input
    return isinstance(plan, Sort | Aggregate | Distinct)


def _in_memory(plan: Plan, known: Mapping[Plan, Relation]) -> Span:
    """Polars in memory gives each step's whole table to the next: the worst of them, its inputs and what it holds."""
    worst = known[plan].bytes
    for node in walk(plan):
        tables = total([known[node].bytes, *(known[child].bytes for child in children(node))])
        here = tables + step_held(node, known)
        worst = here if here.guess > worst.guess else worst
    return worst
