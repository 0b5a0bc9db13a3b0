"""Exchanges: who reads what from whom, and into how many parts, by sizes that were measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, count

import polars as pl

from scalekit.backends.tasks.parts import Content, Feed, Part, Pending, Placement, gathered, stored
from scalekit.backends.tasks.placement import is_placed, placed
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.stage import Done, joined
from scalekit.backends.tasks.tail import as_one_task
from scalekit.expr.node import ExprNode, SortKey
from scalekit.kernels.outputs import ByBucket, ByHash, ByRange, Whole, by_range
from scalekit.kernels.schema import schema_of
from scalekit.kernels.split import BUCKET, bounds_of
from scalekit.kernels.tables import from_table
from scalekit.kernels.task import TableSlot
from scalekit.plan.nodes import Input, Plan

TABLES = 70
"""Tables that a task leaves, on average of all rounds, from which on another round costs less."""

ONE_ROUND = 10_000
"""Objects up to which every task may leave a table for every part; engines slow down with many of them."""

_AT_ONCE = 2
"""Tasks for each slot that all run before it is decided how they are exchanged."""


def exchange(pending: Pending, keys: Sequence[ExprNode], run: Run) -> Pending:
    """Rows of equal keys in one part.

    The first tasks run before it is decided into how many parts: where all that they promise fits one
    task, nothing is split.
    """
    pending = as_one_task(pending, run)
    if pending.count == 1 or is_placed(pending, keys):
        return pending
    # A few more are run at once rather than wait in between: all of them are needed as they are, or split then.
    first = pending.count if pending.count <= _AT_ONCE * run.slots else run.slots
    probed = [] if pending.is_stored else run.parts(pending, range(first))
    rest = range(len(probed), pending.count)
    expected = _expected(pending, probed)
    parts = parts_for(expected, run)
    if parts == 1:
        found = stored([*probed, *_stored_rest(pending, rest, run)], pending.fragment)
        return gathered(found)
    (met,) = coalesced([split_by_hash(pending, probed, keys, parts, run)], run)
    return met


def split_by_hash(
    pending: Pending,
    probed: Sequence[Part],
    keys: Sequence[ExprNode],
    parts: int,
    run: Run,
    *,
    nulls: str = "meet",
) -> Pending:
    """Split every part by the hash of ``keys``; those ``probed`` have run already."""
    found = _split(pending, probed, ByHash(tuple(keys), parts, nulls=nulls), run)
    return placed(found, Placement(tuple(keys), tuple((n,) for n in range(parts)), nulls))


def sort_exchange(
    pending: Pending, by: Sequence[SortKey], run: Run, *, splits_ties: bool = False
) -> Pending:
    """Parts in the order of the keys; bounds come from keys that every part gives."""
    if pending.in_order == tuple(by):
        return pending
    pending = as_one_task(pending, run)
    if pending.count <= 1:
        return pending
    table, samples = sampled(pending, by, run)
    parts = parts_for(table.bytes, run)
    if parts == 1:
        return gathered(table)
    rows = [part.rows for part in table.parts]
    bounds = bounds_of(samples, by, parts, rows=rows, splits_ties=splits_ties)
    return split_by_range(table, by, bounds, run)


def sampled(
    pending: Pending, by: Sequence[SortKey], run: Run
) -> tuple[Pending, Sequence[pl.DataFrame]]:
    """The parts, stored, and keys of each."""
    found = run.tasks(pending, Whole(tuple(by)), range(pending.count))
    samples = [from_table(done.sample) for done in found if done.sample is not None]
    return stored([done.part(0) for done in found], pending.fragment), samples


def split_by_range(
    pending: Pending, by: Sequence[SortKey], bounds: pl.DataFrame, run: Run
) -> Pending:
    """Split every part by the ranges between ``bounds``."""
    return _split(pending, (), by_range(by, bounds), run)


def coalesced(tables: Sequence[Pending], run: Run) -> Sequence[Pending]:
    """Stored tables with small neighbouring parts as one, the same ones in each of ``tables``."""
    sizes = [sum(p.bytes for p in parts) for parts in zip(*(t.parts for t in tables), strict=True)]
    total = sum(sizes)
    wanted = parts_for(total, run)
    if run.config.partitions is not None or wanted >= len(sizes):
        return tables
    middles = [end - size / 2 for end, size in zip(accumulate(sizes), sizes, strict=True)]
    groups: dict[int, list[int]] = {}
    for number, middle in enumerate(middles):
        groups.setdefault(int(middle * wanted / max(1, total)), []).append(number)
    return [grouped(table, list(groups.values())) for table in tables]


def grouped(table: Pending, groups: Sequence[Sequence[int]]) -> Pending:
    """A stored table with parts that are several of its own."""
    placement = table.feeds[0].placed
    if placement is not None:
        held = tuple(tuple(b for n in group for b in placement.groups[n]) for group in groups)
        placement = replace(placement, groups=held)
    parts = [_joined([table.parts[n] for n in group]) for group in groups]
    return placed(stored(parts, table.fragment), placement)


def _split(pending: Pending, probed: Sequence[Part], output: ByHash | ByRange, run: Run) -> Pending:
    """The buckets of ``output`` as parts, in as many rounds as keep the number of tables small."""
    maps, buckets = pending.count, output.buckets
    rounds = _rounds(maps, buckets)
    tables = _root(buckets, rounds)
    first = output if rounds == 1 else replace(output, coarse=tables)
    made = {0: _map_all(pending, probed, first, run)}
    coarse = 1
    for left in reversed(range(rounds - 1)):
        pieces = _pieces(made, coarse, tables, _root(maps, rounds))
        made.clear()  # so that the tables of one round are freed one by one in the next
        coarse *= tables
        tables = tables if left else -(-buckets // coarse)
        again = ByBucket(coarse, tables, carries=left > 0)
        made = _next_round(pieces, again, pending.fragment, run)
    parts = [joined(made.get(n % coarse, ()), n // coarse) for n in range(buckets)]
    return stored(parts, pending.fragment)


def _rounds(maps: int, buckets: int) -> int:
    """In how many rounds ``maps`` tasks leave their rows in ``buckets`` parts.

    Every round moves all rows once more, and divides the tables that a task leaves by more.
    """
    if maps * buckets <= max(ONE_ROUND, 2 * _root(maps) * buckets):
        return 1
    return next(n for n in count(2) if n * _root(buckets, n) <= (n + 1) * TABLES)


def _map_all(
    pending: Pending, probed: Sequence[Part], output: ByHash | ByRange, run: Run
) -> list[Done]:
    done = len(probed)
    split = run.tasks(stored(probed, pending.fragment), output, range(done)) if probed else []
    return split + run.tasks(pending, output, range(done, pending.count))


def _pieces(
    made: Mapping[int, Sequence[Done]], coarse: int, tables: int, together: int
) -> list[tuple[int, Part]]:
    """What the tasks of the next round read: each table of ``together`` neighbouring tasks, and its buckets.

    Those of ``made[n]`` have the buckets that are ``n`` modulo ``coarse``. Neighbours stay in their order, so that
    rows of a bucket do, as in one round.
    """
    found = []
    for first, tasks in made.items():
        groups = [tasks[start : start + together] for start in range(0, len(tasks), together)]
        for number in range(tables):
            parts = [joined(group, number) for group in groups]
            found += [(first + coarse * number, part) for part in parts if part.rows]
    return found


def _next_round(
    pieces: list[tuple[int, Part]], output: ByBucket, plan: Plan, run: Run
) -> dict[int, list[Done]]:
    """Split every piece once more; the tasks by the buckets that they had, modulo ``output.coarse``."""
    schema = (*schema_of(plan).items(), (BUCKET, pl.UInt32()))
    contents: list[Content | None] = [part for _, part in pieces]
    firsts = [first for first, _ in pieces]
    pieces.clear()
    pending = Pending(Input(0, schema), (Feed(TableSlot(schema), contents),))
    made: dict[int, list[Done]] = {}
    for first, done in zip(firsts, run.tasks(pending, output, range(len(firsts))), strict=True):
        made.setdefault(first, []).append(done)
    return made


def _root(number: int, degree: int = 2) -> int:
    """The root, rounded up."""
    found = max(1, round(math.pow(number, 1 / degree)))
    return found if found**degree >= number else found + 1


def _joined(pieces: Sequence[Part]) -> Part:
    """Pieces as one part, without those that have no rows."""
    filled = [piece for piece in pieces if piece.rows]
    return Part(
        tuple(table for piece in filled for table in piece.tables),
        sum(piece.rows for piece in filled),
        sum(piece.bytes for piece in filled),
    )


def _stored_rest(pending: Pending, rest: range, run: Run) -> Sequence[Part]:
    return pending.parts[rest.start :] if pending.is_stored else run.parts(pending, rest)


def _expected(pending: Pending, probed: Sequence[Part]) -> int:
    if pending.is_stored:
        return pending.bytes
    seen = sum(part.bytes for part in probed)
    return seen * pending.count // len(probed)


def parts_for(size: int, run: Run) -> int:
    """Into how many parts ``size`` bytes go: enough for every slot, and each small beside its memory."""
    if run.config.partitions is not None:
        return run.config.partitions
    target = run.part_bytes
    if size <= target // 2:
        return 1
    slots = run.slots
    return slots * max(1, -(-size // (target * slots)))
