"""Joins while they run: one side to everyone, or both by hash, or all of it as one task."""

from __future__ import annotations

from scalekit.backends.tasks.exchange import parts_for, split_by_hash
from scalekit.backends.tasks.parts import Pending, fused, gathered, shared
from scalekit.backends.tasks.run import Run
from scalekit.physical.nodes import JoinPartitions


def join_tables(node: JoinPartitions, left: Pending, right: Pending, run: Run) -> Pending:
    """Bring rows of equal keys together in the way that moves least."""
    sides = [left, right]
    if left.count == right.count == 1:
        return fused(sides, node.fragment)
    for side in _smaller_first(node, sides):
        other = sides[1 - side]
        if not node.may_broadcast[side]:
            continue
        if node.left_on and sides[side].bytes > run.config.broadcast_bytes * 32:
            continue  # nothing says that its filters leave little
        sides[side] = run.store(sides[side])
        if not node.left_on or _is_small(sides[side], other, run):
            sides[side] = shared(gathered(sides[side]))
            return fused(sides, node.fragment)
    if not node.left_on:
        return fused([gathered(run.store(side)) for side in sides], node.fragment)
    parts = parts_for(sum(side.bytes for side in sides), run)
    if parts == 1:
        return fused([gathered(run.store(side)) for side in sides], node.fragment)
    keys = (node.left_on, node.right_on)
    split = [split_by_hash(s, (), on, parts, run) for s, on in zip(sides, keys, strict=True)]
    return fused(split, node.fragment)


def _smaller_first(node: JoinPartitions, sides: list[Pending]) -> tuple[int, int]:
    left, right = (
        sides[0].bytes if node.left_bytes is None else node.left_bytes,
        sides[1].bytes if node.right_bytes is None else node.right_bytes,
    )
    return (0, 1) if left < right else (1, 0)


def _is_small(side: Pending, other: Pending, run: Run) -> bool:
    """Whether to send ``side`` to every task of ``other`` moves less than to exchange both."""
    limit = run.config.broadcast_bytes
    return side.bytes <= limit or (
        limit > 0 and side.bytes * other.count <= side.bytes + other.bytes
    )
