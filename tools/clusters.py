"""How the conformance cases run on clusters, in a word each: read off the physical plans that they are lowered to."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from scalekit.config import resolve
from scalekit.frame.frame import Frame
from scalekit.physical.lower import lower
from scalekit.physical.nodes import (
    AlignedPartitions,
    Broadcast,
    Gather,
    HashExchange,
    Head,
    JoinPartitions,
    MapPartitions,
    Physical,
    RangeExchange,
)
from scalekit.plan.nodes import (
    Aggregate,
    Filter,
    Input,
    Limit,
    Plan,
    Scan,
    Select,
    Sort,
    WithColumns,
)
from scalekit.run import optimized_plan
from scalekit.sources.memory import MemorySource
from scalekit.testing.case import Case
from scalekit.testing.cases import CASES
from scalekit.testing.data import dataset
from scalekit.tree import walk

WAYS = ("each part", "partial/final", "exchange", "one task")
"""From what moves nothing to what moves everything to one place."""

_ROW_BY_ROW = (Select, WithColumns, Filter)


@cache
def ways_of_cases() -> dict[str, tuple[str, ...]]:
    """The ways in which the cases of each name run, those with the least movement first."""
    rows = Frame(Scan(MemorySource(dataset("ordinary"))))
    found: defaultdict[str, set[str]] = defaultdict(set)
    for case in CASES:
        ways = ways_of(lower(optimized_plan(_plan(case, rows), resolve())))
        names = {case.function, case.note} if case.note.startswith("cs.") else {case.function}
        for name in names:
            found[name].update(ways)
    return {name: tuple(way for way in WAYS if way in ways) for name, ways in found.items()}


def _plan(case: Case, rows: Frame) -> Plan:
    """What a case is about: most sort their rows in the end only so that two answers can be compared."""
    plan = case.build(rows)._plan
    while isinstance(plan, Sort) and case.function != "Frame.sort":
        plan = plan.input
    return plan


def ways_of(plan: Physical) -> set[str]:
    """How the steps of a physical plan come by their rows; that some need no others' is told where all do.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"k": [1, 2], "x": [3, 4]})
    >>> def ways(frame):
    ...     return ways_of(lower(frame._plan))
    >>> ways(frame.filter(sk.col("x") > 3))
    {'each part'}
    >>> ways(frame.group_by("k").agg(sk.col("x").sum()))
    {'partial/final'}
    >>> ways(frame.sort("x"))
    {'exchange'}
    >>> sorted(ways(frame.select(sk.col("x").ewm_mean(alpha=0.5))))
    ['exchange', 'one task']
    """
    moving = {way for node in walk(plan) if (way := _way(node)) != WAYS[0]}
    return moving or {WAYS[0]}


def _way(node: Physical) -> str:
    match node:
        case Gather(below):
            return "partial/final" if _is_reduced(below) else "one task"
        case HashExchange(below, _) | Broadcast(below):
            return "partial/final" if _is_reduced(below) else "exchange"
        case JoinPartitions():
            meets = node.left_on or node.ranges or any(node.may_broadcast)
            return "exchange" if meets else "one task"
        case RangeExchange() | AlignedPartitions():
            return "exchange"
    return "each part"


def _is_reduced(below: Physical) -> bool:
    """Whether each part is down to its groups, or to some rows of it."""
    while isinstance(below, MapPartitions):
        fragment = below.fragment
        while isinstance(fragment, _ROW_BY_ROW):
            fragment = fragment.input
        if isinstance(fragment, Aggregate | Limit):
            return True
        if not isinstance(fragment, Input):
            return False
        below = below.inputs[fragment.index]
    return isinstance(below, Head)
