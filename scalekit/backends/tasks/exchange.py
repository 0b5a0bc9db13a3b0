"""Exchanges: who reads what from whom, and into how many parts, by sizes that were measured."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.backends.tasks.parts import Part, Pending, gathered, stored
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.stage import Done
from scalekit.expr.node import ExprNode, SortKey
from scalekit.kernels.split import bounds_of
from scalekit.kernels.task import ByHash, ByRange, Output, Whole


def exchange(pending: Pending, keys: Sequence[ExprNode], run: Run) -> Pending:
    """Rows of equal keys in one part.

    The first tasks run before it is decided into how many parts: where all that they promise fits one
    task, nothing is split.
    """
    if pending.count == 1:
        return pending
    probed = [] if pending.is_stored else run.parts(pending, range(min(run.slots, pending.count)))
    rest = range(len(probed), pending.count)
    expected = _expected(pending, probed)
    parts = parts_for(expected, run)
    if parts == 1:
        found = stored([*probed, *_stored_rest(pending, rest, run)], pending.fragment)
        return gathered(found)
    return split_by_hash(pending, probed, keys, parts, run)


def split_by_hash(
    pending: Pending, probed: Sequence[Part], keys: Sequence[ExprNode], parts: int, run: Run
) -> Pending:
    """Split every part by the hash of ``keys``; those ``probed`` have run already."""
    output = ByHash(tuple(keys), parts)
    first = stored(probed, pending.fragment)
    split = run.tasks(first, output, range(len(probed))) if probed else []
    split += run.tasks(pending, output, range(len(probed), pending.count))
    return stored(_columns(split, parts), pending.fragment)


def sort_exchange(pending: Pending, by: Sequence[SortKey], run: Run) -> Pending:
    """Parts in the order of the keys; bounds come from keys that every part gives."""
    if pending.count == 1:
        return pending
    sampled = run.tasks(pending, Whole(tuple(by)), range(pending.count))
    table = stored([done.parts[0] for done in sampled], pending.fragment)
    parts = parts_for(table.bytes, run)
    if parts == 1:
        return gathered(table)
    samples = [done.report.sample for done in sampled if done.report.sample is not None]
    output: Output = ByRange(tuple(by), bounds_of(samples, by, parts))
    split = run.tasks(table, output, range(table.count))
    return stored(_columns(split, output.parts), pending.fragment)


def _columns(split: Sequence[Done], parts: int) -> list[Part]:
    """The pieces of all tasks as parts: the first of each, the second of each, in the order of the tasks."""
    return [_joined([done.parts[number] for done in split]) for number in range(parts)]


def _joined(pieces: Sequence[Part]) -> Part:
    filled = [piece for piece in pieces if piece.rows] or pieces[:1]
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
    target = run.config.partition_bytes
    if size <= target // 2:
        return 1
    slots = run.slots
    return slots * max(1, -(-size // (target * slots)))
