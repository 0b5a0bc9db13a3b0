"""A plan taken apart where its sources end: what reads them, and the rest, which runs on what was read.

::

    JOIN (FILTER x > 1 & row_share(k) < 0.01 <- SCAN a, SCAN b)
    becomes
    JOIN (INPUT 0, INPUT 1)      with  FILTER ... <- SCAN a  and  SCAN b  to be read
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from scalekit.expr.analysis import is_elementwise
from scalekit.expr.node import Call, ExprNode, Literal
from scalekit.kernels.row_hash import hash_rows, unit_interval
from scalekit.kernels.schema import schema_of
from scalekit.optimize.analysis import conjunction, conjuncts
from scalekit.plan.nodes import (
    Aggregate,
    Distinct,
    DynamicAggregate,
    Filter,
    Input,
    Pivot,
    Plan,
    Sample,
    Scan,
)
from scalekit.sampling.apply import SEED
from scalekit.sampling.cuts import Cut
from scalekit.sampling.lineage import lineage
from scalekit.tree import children, map_children, walk

Floats: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


@dataclass(frozen=True)
class Leaf:
    """What reads one source.

    Parameters
    ----------
    plan
        The scan, with the filters above it.
    cut
        How its rows are sampled; None where they are all there.
    share
        The share of them that is in the sample.
    """

    plan: Plan
    cut: Cut | None
    share: float

    @property
    def scan(self) -> Scan:
        """The scan alone."""
        return next(node for node in walk(self.plan) if isinstance(node, Scan))

    @property
    def whole(self) -> Plan:
        """The same over all rows."""
        return _uncut(self.plan, self.share)

    def part(self, rows: pl.DataFrame, part: float) -> pl.DataFrame:
        """A part of what was read: by the hash that made the sample, so that keys stay together."""
        if self.cut is None or part >= 1:
            return rows
        return rows.filter(pl.Series(_places(self.cut, rows, self.share) < part, dtype=pl.Boolean))

    def rest(self, rows: pl.DataFrame, part: float) -> pl.DataFrame:
        """What :meth:`part` leaves; all of a table that stays whole."""
        if self.cut is None:
            return rows
        return rows.filter(pl.Series(_places(self.cut, rows, self.share) >= part, dtype=pl.Boolean))


def _places(cut: Cut, rows: pl.DataFrame, share: float) -> Floats:
    """A number in [0, 1) for each row of a sample, the same for rows of one key."""
    if cut.column is None or cut.column not in rows.columns:
        return np.random.default_rng(SEED).random(rows.height)
    return unit_interval(hash_rows(rows, [cut.column], purpose="sample")) / share


@dataclass(frozen=True)
class Apart:
    """A plan taken apart.

    Parameters
    ----------
    rest
        The plan over its inputs.
    leaves
        What reads these, in their order.
    thinned
        Steps of the rest that give groups of which the sample has some rows each.
    """

    rest: Plan
    leaves: tuple[Leaf, ...]
    thinned: frozenset[Plan]

    @property
    def share(self) -> float:
        """The share of the sample."""
        return min((leaf.share for leaf in self.leaves), default=1.0)


def taken_apart(plan: Plan, cuts: Sequence[Cut], share: float) -> Apart:
    """Part a plan from what reads its sources.

    Parameters
    ----------
    plan
        The optimized plan over the sample.
    cuts
        How its sources are sampled.
    share
        The share of the sample.
    """
    known = {cut.scan.source: cut for cut in cuts}
    leaves: list[Leaf] = []
    done: dict[Plan, Plan] = {}
    tops = _tops(plan)
    for node in walk(plan):
        if node in tops:
            leaf = _leaf(node, known, share)
            done[node] = Input(len(leaves), tuple(schema_of(node).items()))
            leaves.append(leaf)
        elif all(child in done for child in children(node)):
            done[node] = map_children(node, done.__getitem__)
    thinned = frozenset(done[node] for node in _thinned(plan, cuts) if node in done)
    return Apart(done[plan], tuple(leaves), thinned)


def _thinned(plan: Plan, cuts: Sequence[Cut]) -> Iterator[Plan]:
    """What groups by anything but the key of the sample."""
    keys = {(cut.scan.source, cut.column) for cut in cuts}
    found = lineage(plan)
    for node in walk(plan):
        if isinstance(node, Aggregate | Distinct | DynamicAggregate | Pivot):
            own = {name: bases for name, bases in found[node].items() if _is_key(node, name)}
            if not any((b.scan.source, b.column) in keys for bases in own.values() for b in bases):
                yield node


def _is_key(node: Plan, name: str) -> bool:
    return not isinstance(node, Distinct) or node.subset is None or name in node.subset


def _tops(plan: Plan) -> set[Plan]:
    """The last nodes that do nothing but read and filter, wherever something else reads them."""
    reading: set[Plan] = set()
    found: set[Plan] = {plan}
    for node in walk(plan):
        if isinstance(node, Scan) or (_filters(node) and all(c in reading for c in children(node))):
            reading.add(node)
        else:
            found.update(children(node))
    return found & reading


def _filters(node: Plan) -> bool:
    if isinstance(node, Sample):
        return node.seed == SEED
    return isinstance(node, Filter) and is_elementwise(node.predicate)


def _leaf(node: Plan, known: Mapping[object, Cut], share: float) -> Leaf:
    scan = next(one for one in walk(node) if isinstance(one, Scan))
    cut = known.get(scan.source)
    if cut is None:
        return Leaf(node, None, 1.0)
    return Leaf(node, cut, scan.sampled.share if cut.is_done else share)


def _uncut(plan: Plan, share: float) -> Plan:
    if isinstance(plan, Sample):
        return plan.input
    if not isinstance(plan, Filter):
        return plan
    kept = [part for part in conjuncts(plan.predicate) if not _is_cut(part, share)]
    below = _uncut(plan.input, share)
    return Filter(below, conjunction(kept)) if kept else below


def _is_cut(condition: ExprNode, share: float) -> bool:
    match condition:
        case Call("lt", (Call("row_share", _, options), Literal(value))):
            return value == share and dict(options).get("purpose") == "sample"
    return False
