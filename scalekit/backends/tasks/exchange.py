"""Exchanges: who reads what from whom, and into how many parts, by sizes that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from math import isqrt

import polars as pl

from scalekit.backends.tasks.parts import Content, Feed, Part, Pending, Placement, gathered, stored
from scalekit.backends.tasks.placement import is_placed, placed
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.stage import Done, joined
from scalekit.backends.tasks.tail import as_one_task
from scalekit.expr.node import ExprNode, SortKey
from scalekit.kernels.outputs import ByBucket, ByHash, ByRange, Whole
from scalekit.kernels.schema import schema_of
from scalekit.kernels.split import BUCKET, bounds_of
from scalekit.kernels.task import TableSlot
from scalekit.plan.nodes import Input, Plan

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
    samples = [done.sample for done in found if done.sample is not None]
    return stored([done.part(0) for done in found], pending.fragment), samples


def split_by_range(
    pending: Pending, by: Sequence[SortKey], bounds: pl.DataFrame, run: Run
) -> Pending:
    """Split every part by the ranges between ``bounds``."""
    return _split(pending, (), ByRange(tuple(by), bounds), run)


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
    """The buckets of ``output`` as parts, in one round or two."""
    maps, groups = pending.count, _root(pending.count)
    if maps * output.buckets <= max(ONE_ROUND, 2 * groups * output.buckets):
        split = _map_all(pending, probed, output, run)
        parts = [joined(split, n) for n in range(output.buckets)]
    else:
        coarse = _root(output.buckets)
        split = _map_all(pending, probed, replace(output, coarse=coarse), run)
        coarse_parts = _coarse_parts(split, groups, coarse)
        del split  # so that coarse tables are freed one by one in the second round
        parts = _second_round(coarse_parts, output.buckets, coarse, pending.fragment, run)
    return stored(parts, pending.fragment)


def _map_all(
    pending: Pending, probed: Sequence[Part], output: ByHash | ByRange, run: Run
) -> list[Done]:
    done = len(probed)
    split = run.tasks(stored(probed, pending.fragment), output, range(done)) if probed else []
    return split + run.tasks(pending, output, range(done, pending.count))


def _coarse_parts(split: Sequence[Done], groups: int, coarse: int) -> list[list[Part]]:
    """The coarse tables of neighbouring tasks as one, for each of ``groups`` of tasks."""
    bounds = [len(split) * group // groups for group in range(groups + 1)]
    return [
        [joined(tasks, number) for number in range(coarse)]
        for tasks in (split[start:stop] for start, stop in pairwise(bounds))
    ]


def _second_round(
    grouped: list[list[Part]], buckets: int, coarse: int, plan: Plan, run: Run
) -> list[Part]:
    """Every coarse table of every group of tasks into its buckets, and each bucket's pieces as a part.

    Groups come in the order of their tasks, so rows of a bucket keep their order, as in one round.
    """
    firsts = [first for group in grouped for first, part in enumerate(group) if part.rows]
    contents: list[Content | None] = [part for group in grouped for part in group if part.rows]
    grouped.clear()
    schema = (*schema_of(plan).items(), (BUCKET, pl.UInt32()))
    pending = Pending(Input(0, schema), (Feed(TableSlot(schema), contents),))
    split = run.tasks(pending, ByBucket(coarse, -(-buckets // coarse)), range(len(firsts)))
    made: dict[int, list[Done]] = {}
    for first, done in zip(firsts, split, strict=True):
        made.setdefault(first, []).append(done)
    return [joined(made.get(bucket % coarse, ()), bucket // coarse) for bucket in range(buckets)]


def _root(number: int) -> int:
    """The square root, rounded up."""
    return isqrt(max(0, number - 1)) + 1


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
