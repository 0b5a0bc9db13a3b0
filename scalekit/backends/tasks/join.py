"""Joins while they run: one side to everyone, or both by hash, or all of it as one task, by true sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import TypeAlias

from scalekit.backends.tasks.exchange import coalesced, grouped, parts_for, split_by_hash
from scalekit.backends.tasks.parts import (
    Pending,
    Placement,
    fused,
    gathered,
    is_quick,
    kept,
    shared,
    stored,
)
from scalekit.backends.tasks.placement import placements
from scalekit.backends.tasks.ranges import join_ranges
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.side import Side
from scalekit.backends.tasks.skew import unskewed
from scalekit.backends.tasks.tail import as_one_task
from scalekit.physical.joins import sieved
from scalekit.physical.nodes import JoinPartitions, Reduction
from scalekit.plan.nodes import Input, Join, Numbered, Plan
from scalekit.tree import rewrite, walk

_MOVED_TWICE = 2
"""What it costs to exchange a byte, beside looking it up in one more task: it is split, then put together."""

_GUESSED = 32
"""How many times too large a guess may be for a look at the first tasks to be worth it: filters may leave little."""

_HOPELESS = 2
"""How many times too large the first tasks may show a table to be, before the others are not run to see."""

_ROOM = 8
"""The share of a slot's memory that a table may take which every task receives, with its hash table."""

_FAR_SMALLER = 4
"""How many times smaller a side of selected rows has to be in order to tell which ones of the other match."""

_VERY_FAR_SMALLER = 32
"""The same of a side of which no rows were left out: keys that refer to it all match, as a rule."""

_TINY = 1024**2
"""Bytes of a table that goes to every task even where it could go to one part for each of its keys."""

_WORTH_A_LOOK = 6
"""Tasks for each slot from which on a table is looked at before another one goes to all of them."""

_PIECES = 8
"""Tables from which on it pays to make one of them, rather than in every task."""

_AT_ONCE = 2
"""Tasks for each slot up to which every one of them computes a small table for itself."""

_Lies: TypeAlias = tuple[int, Placement, tuple[int, ...]]
"""A side, how its rows were placed, and by which of the keys."""


def join_tables(node: JoinPartitions, left: Pending, right: Pending, run: Run) -> Pending:
    """Bring rows of equal keys together in the way that moves least."""
    alone = [as_one_task(left, run), as_one_task(right, run)]
    if alone[0].count == alone[1].count == 1:
        return fused(alone, _pinned(node.fragment, 0))
    # In parts, unless it is little: where both are exchanged, every slot splits some of it.
    little = run.config.broadcast_bytes
    tables = [
        one if one.bytes <= little else many for one, many in zip(alone, (left, right), strict=True)
    ]
    sides = [*map(Side, tables, (node.left_bytes, node.right_bytes), node.nulls)]
    for place, reduction in enumerate(node.reductions):
        if reduction is not None and _pays(reduction, node, sides, place, run):
            sides[place] = _reduced(reduction, sides, place, run)
    lies = _placed_side(node, sides)
    small = _small_side(node, sides, lies, run)
    if small is not None:
        return _broadcast(node, sides, small, run)
    if lies is not None:
        return _joined_there(node, sides, *lies, run)
    parts = parts_for(sides[0].bytes + sides[1].bytes, run)
    if parts > 1 and node.ranges:
        return join_ranges(node, sides[0].finish(run), sides[1].finish(run), parts, run)
    if not node.left_on and not node.ranges:
        return _paired(node, sides, run)
    if parts == 1:
        tables = [side.alone(run) for side in sides]
        return fused(tables, _pinned(node.fragment, _larger(sides)))
    return _exchanged(node, sides, parts, run)


def _small_side(
    node: JoinPartitions, sides: Sequence[Side], lies: _Lies | None, run: Run
) -> int | None:
    """The side that goes to every task, which has run then, unless each of them computes it."""
    for place in sorted((0, 1), key=lambda place: sides[place].bytes):
        if node.may_broadcast[place] and (lies is None or lies[0] != place):
            limit = _limit(node, sides[1 - place], run)
            # It is enough to move this side, where the other one was exchanged by these keys before.
            limit = limit if lies is None else min(limit, _TINY)
            if limit and _is_read_by_each(sides[place].pending, sides[1 - place].pending, run):
                return place
            if _fits(sides[place], limit, run) and _is_worth_it(node, sides, place, run):
                return place
    return None


def _is_worth_it(node: JoinPartitions, sides: Sequence[Side], place: int, run: Run) -> bool:
    """Whether the other side is as large as was guessed when a large table was found to fit every task of it.

    A few of its many tasks tell. Where they confirm it they run again, as one with the join.
    """
    side, other = sides[place], sides[1 - place]
    is_seen = other.pending.is_stored or other.ran or isinstance(other.pending.fragment, Input)
    is_small = side.bytes <= run.config.broadcast_bytes
    if is_small or is_seen or other.pending.count < _WORTH_A_LOOK * run.slots:
        return True
    other.look(run.slots, run)
    if side.bytes > _limit(node, other, run):
        return False
    other.ran.clear()
    return True


def _paired(node: JoinPartitions, sides: Sequence[Side], run: Run) -> Pending:
    """Every part of one side beside every part of the other."""
    left, right = (side.finish(run) for side in sides)
    pairs = list(product(left.parts, right.parts))
    tables = [
        stored([pair[place] for pair in pairs], table.fragment)
        for place, table in enumerate((left, right))
    ]
    return fused(tables, _pinned(node.fragment, _larger(sides)))


def _pays(
    reduction: Reduction, node: JoinPartitions, sides: Sequence[Side], place: int, run: Run
) -> bool:
    """Whether a far smaller side, which has run then, tells every task of the other which rows match."""
    side, other = sides[place], sides[1 - place]
    limit = _limit(node, side, run)
    if limit == 0 or side.pending.count == 1 or other.bytes > side.bytes:
        return False
    if not other.pending.is_stored and other.bytes <= limit * _GUESSED:
        other.go_on(run.slots, run)
    smaller = _FAR_SMALLER if reduction.is_likely else _VERY_FAR_SMALLER
    return smaller * other.bytes <= side.bytes and _fits(other, limit, run)


def _reduced(reduction: Reduction, sides: Sequence[Side], place: int, run: Run) -> Side:
    """A side without the rows that match nothing, whose first tasks have run."""
    side, other = sides[place], sides[1 - place]
    other.pending = kept(other.pending)
    keys = run.parts(fused([gathered(other.pending)], reduction.keys), [0])
    matching = [side.pending, shared(stored(keys, reduction.keys))]
    found = Side(fused(matching, reduction.matching), side.guess, side.nulls)
    found.go_on(run.slots, run)
    return found


def _fits(side: Side, limit: int, run: Run) -> bool:
    """Whether every task gets all of ``side``, which has run then.

    Its first tasks tell whether it is hopeless: it would be stored now, and read again to be exchanged.
    """
    if limit == 0:
        return False
    while not side.pending.is_stored:
        if side.bytes > limit * (_HOPELESS if side.ran else _GUESSED):
            return False
        is_sure = side.ran and side.bytes <= limit // _HOPELESS
        side.go_on(side.pending.count if is_sure else max(run.slots, len(side.ran)), run)
    return side.bytes <= limit


def _limit(node: JoinPartitions, other: Side, run: Run) -> int:
    """Bytes up to which it costs less to look a table up in every task of the other than to exchange both."""
    room, small = run.cluster.resources.memory // _ROOM, run.config.broadcast_bytes
    if not node.left_on and not node.ranges:
        return max(room, small)  # all pairs of rows are made anyway
    if small == 0:
        return 0
    tasks = other.pending.count
    if tasks <= _MOVED_TWICE:
        worth = other.bytes
    else:
        worth = _MOVED_TWICE * other.bytes // (tasks - _MOVED_TWICE)
    return max(small, min(worth, room))


def _placed_side(node: JoinPartitions, sides: Sequence[Side]) -> _Lies | None:
    """The larger side whose rows of equal keys are in one part already, how, and by which of the keys."""
    for place in sorted((0, 1), key=lambda place: -sides[place].bytes):
        for placement, by in placements(sides[place].pending, (node.left_on, node.right_on)[place]):
            if placement.nulls != "stay" or sides[place].nulls != "meet":
                return place, placement, by
    return None


def _joined_there(
    node: JoinPartitions,
    sides: Sequence[Side],
    place: int,
    placement: Placement,
    by: tuple[int, ...],
    run: Run,
) -> Pending:
    """The other side goes to where the rows of ``place`` are, unless it is there."""
    other = sides[1 - place]
    on = (node.left_on, node.right_on)[1 - place]
    keys = tuple(on[n] for n in by)
    is_there = (replace(placement, nulls=""), by) in [
        (replace(known, keys=placement.keys, nulls=""), places)
        for known, places in placements(other.pending, on)
        if known.nulls != "stay" or other.nulls != "meet"
    ]
    larger = _larger(sides)
    if is_there:
        met = other.resumed(run)
    else:
        buckets = sum(map(len, placement.groups))
        split = split_by_hash(other.pending, other.ran, keys, buckets, run, nulls=other.nulls)
        met = grouped(split, placement.groups)
    stays = sides[place].resumed(run)
    return fused([stays, met] if place == 0 else [met, stays], _pinned(node.fragment, larger))


def _broadcast(node: JoinPartitions, sides: Sequence[Side], place: int, run: Run) -> Pending:
    """All of one side, as one table, to every task of the other, which does not move."""
    stays = sides[1 - place].resumed(run)
    fragment = _pinned(node.fragment, 1 - place)
    if _is_read_by_each(sides[place].pending, stays, run):
        table = sides[place].pending
    else:
        table = gathered(sides[place].finish(run))
        if stays.count > _PIECES and len(table.parts[0].tables) > _PIECES:
            table = stored(run.parts(table, [0]), table.fragment)
        if node.selects[place] and isinstance(fragment, Join):
            fragment = sieved(fragment, place)
    inputs = [shared(table), stays] if place == 0 else [stays, shared(table)]
    return replace(fused(inputs, fragment), in_order=node.in_order[1 - place])


def _is_read_by_each(table: Pending, other: Pending, run: Run) -> bool:
    """Whether every task of another table computes a small one for itself: sooner than a stage of its own."""
    if table.is_stored or other.count > _AT_ONCE * run.slots or not is_quick(table):
        return False
    # Each task would number the rows by a part of its own.
    return not any(isinstance(plan, Numbered) for plan in walk(table.fragment))


def _exchanged(node: JoinPartitions, sides: Sequence[Side], parts: int, run: Run) -> Pending:
    """Both sides by the hash of their keys."""
    larger = _larger(sides)
    tables = coalesced(
        [
            split_by_hash(side.pending, side.ran, keys, parts, run, nulls=side.nulls)
            for side, keys in zip(sides, (node.left_on, node.right_on), strict=True)
        ],
        run,
    )
    return fused(unskewed(node, tables, run), _pinned(node.fragment, larger))


def _larger(sides: Sequence[Side]) -> int:
    return 1 if sides[1].bytes > sides[0].bytes else 0


def _pinned(fragment: Plan, larger: int) -> Plan:
    """The fragment with rows in one order on every run: the one that costs least, by the larger side."""
    by_size = ("left_right", "right_left")[larger]
    orders = {"inner": by_size, "full": by_size, "cross": by_size, "right": "right_left"}

    def pin(plan: Plan) -> Plan:
        if isinstance(plan, Join) and plan.maintain_order == "none":
            return replace(plan, maintain_order=orders.get(plan.how, "left_right"))
        return plan

    return rewrite(fragment, pin)
