"""What readers have read that nobody has taken yet: blocks of rows before a slow step, and text before it is parsed."""

from __future__ import annotations

import os
from collections.abc import Mapping

from scalekit.estimate.held import NOTHING
from scalekit.estimate.relation import Relation
from scalekit.estimate.span import Span, total
from scalekit.expr.analysis import is_elementwise
from scalekit.plan.nodes import (
    Explode,
    Filter,
    Join,
    Limit,
    Plan,
    Scan,
    Select,
    Sort,
    Unpivot,
    WithColumns,
)
from scalekit.tree import children, walk

AHEAD, AHEAD_OF_JOIN = 8, 5
"""Blocks that a reader is ahead of a slow consumer, for each thread."""

PACKED = 0.35
"""Size of a block as it is in a file, compressed, over what it is in memory, where nobody knows it."""

TEXT_AHEAD = 128e6
"""Bytes of text that are read before they are parsed, for each thread."""


def ahead(plan: Plan, known: Mapping[Plan, Relation]) -> Span:
    """Blocks that were read and that nobody has taken yet, of every scan with a slow consumer."""
    parents: dict[Plan, list[Plan]] = {}
    for node in walk(plan):
        for child in children(node):
            parents.setdefault(child, []).append(node)
    waiting = [_waiting(node, parents, known) for node in walk(plan) if isinstance(node, Scan)]
    return total(waiting)


def _waiting(
    scan: Scan, parents: Mapping[Plan, list[Plan]], known: Mapping[Plan, Relation]
) -> Span:
    text = _text(scan) + _fetched(scan, known[scan])
    node: Plan = scan
    kept = known[scan]
    most = NOTHING
    while len(above := parents.get(node, [])) == 1 and _passes(above[0]):
        node = above[0]
        kept = known[node] if isinstance(node, Filter) else kept
        most = known[node].bytes if isinstance(node, Explode | Unpivot) else most
    if all(_takes_at_once(one) for one in above) and most is NOTHING:
        return text
    block, rows = scan.source.block_rows(), max(1.0, known[scan].rows.guess)
    if block is None:
        return text
    share = min(1.0, block * _ahead_of(above) / rows)
    return text + kept.bytes.times(share) + most.times(min(1.0, block * _threads() / rows))


def _fetched(scan: Scan, read: Relation) -> Span:
    """Blocks of the wanted columns that were read from the file and are not decoded yet."""
    block = scan.source.block_rows() if scan.source.form == "columns" else None
    if block is None:
        return NOTHING
    share = min(1.0, block * AHEAD * _threads() / max(1.0, read.rows.guess))
    return Span.of(read.bytes.guess * share * _packed(scan))


def _packed(scan: Scan) -> float:
    """Size of rows as they are in the files, compressed, over what they are in memory."""
    stored = [piece.file.size for piece in getattr(scan.source, "pieces", ())]
    whole = scan.source.statistics().bytes
    if not stored or not whole or None in stored:
        return PACKED
    return min(1.0, float(sum(size or 0 for size in stored)) / float(whole))


def _text(scan: Scan) -> Span:
    """Text that was read and waits to be parsed: all of a small file."""
    if scan.source.form not in ("csv", "ndjson"):
        return NOTHING
    stored = sum(piece.file.size or 0 for piece in scan.source.pieces)
    return Span.of(min(float(stored), TEXT_AHEAD * _threads()))


def _passes(node: Plan) -> bool:
    """Whether blocks go through a step one by one."""
    if isinstance(node, Select | WithColumns):
        return all(map(is_elementwise, node.exprs))
    return isinstance(node, Filter | Explode | Unpivot)


def _ahead_of(consumers: list[Plan]) -> float:
    joins = consumers and all(isinstance(one, Join) for one in consumers)
    return (AHEAD_OF_JOIN if joins else AHEAD) * _threads()


def _threads() -> int:
    return os.cpu_count() or 1


def _takes_at_once(consumer: Plan) -> bool:
    """Whether blocks do not pile up before it: it only collects them."""
    return isinstance(consumer, Sort | Limit)
