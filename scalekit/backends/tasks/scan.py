"""Sources in parts: splits by bytes for what workers can read, tables put once for what is in memory here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from scalekit.backends.tasks.parts import (
    SMALL,
    Content,
    Feed,
    Part,
    Pending,
    Splits,
    fused,
    stored,
)
from scalekit.backends.tasks.persist import in_place
from scalekit.backends.tasks.run import Run
from scalekit.expr.node import Column
from scalekit.kernels.conditions import conditions_of
from scalekit.kernels.schema import schema_of
from scalekit.kernels.tables import to_table
from scalekit.kernels.task import ReadSlot
from scalekit.physical.nodes import ScanPartitions
from scalekit.plan.nodes import Input, Limit, Scan, Select
from scalekit.sources.base import Share, Source


def scan(node: ScanPartitions, run: Run) -> Pending:
    """The parts of a source; workers read them when they run what follows."""
    plan = Scan(node.source, node.columns, node.limit)
    schema = schema_of(plan)
    if not node.source.travels():
        return in_place(plan, run) or _adopted(plan, run) or _put(plan, run)
    source = node.source.refreshed()
    shares = source.shares(schema.names())
    if node.predicate is not None and node.limit is None and _weights(shares, run)[1] > 1:
        conditions = conditions_of(node.predicate, source.schema)
        shares = source.without_excluded(shares, conditions) if conditions else shares
    groups = divide(source, shares, run)
    contents: list[Content | None] = [
        Splits(source.packed(g.splits), g.bytes, g.rows if node.limit is None else None)
        for g in groups
    ]
    slot = ReadSlot(source.shell(), node.columns, node.limit)
    return Pending(Input(0, tuple(schema.items())), (Feed(slot, contents),))


def _adopted(plan: Scan, run: Run) -> Pending | None:
    """The rows of a collection of the engine's own, which do not leave it."""
    schema = schema_of(plan)
    refs = run.cluster.adopt(plan.source, schema.names())
    if refs is None:
        return None
    # Their sizes are not known before a task has looked at them.
    unseen = stored([Part((ref,), 1, 1) for ref in refs], plan)
    leaf = unseen.fragment
    fragment = leaf if plan.limit is None else Limit(leaf, 0, plan.limit)
    return run.store(fused([unseen], Select(fragment, tuple(map(Column, schema)))))


def _put(plan: Scan, run: Run) -> Pending:
    """Rows that only this process has, handed to the cluster part by part."""
    rows = plan.source.read()
    rows = rows if plan.columns is None else rows.select(plan.columns)
    frame = (rows if plan.limit is None else rows.head(plan.limit)).collect()
    wanted = scan_parts(int(frame.estimated_size()), run)
    bounds = [frame.height * part // wanted for part in range(wanted + 1)]
    parts = []
    for start, stop in pairwise(bounds):
        table = to_table(frame.slice(start, stop - start))
        parts.append(Part((run.cluster.put(table),), stop - start, table.nbytes))
    return stored(parts, plan)


def scan_parts(size: int, run: Run) -> int:
    """Into how many parts a source of ``size`` bytes goes."""
    if run.config.partitions is not None:
        return run.config.partitions
    if size <= SMALL:
        return 1
    slots = run.slots
    return slots * max(1, -(-size // (run.part_bytes * slots)))


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbouring splits for one task, their bytes, and their rows if they are known."""

    splits: tuple[Any, ...]
    bytes: int
    rows: int | None = None


def divide(source: Source, shares: Sequence[Share], run: Run) -> list[Group]:
    """Neighbouring splits as tasks of about equal size; some may be empty.

    Tasks meet at the border of a file or block where one is near, otherwise within it where it can be cut:
    to skip into a row group costs a page of each column, to wait for an uneven task costs more.
    """
    weights, wanted = _weights(shares, run)
    total = sum(weights)
    groups: list[list[Share]] = [[] for _ in range(wanted)]
    start = number = 0
    for share, weight in zip(shares, weights, strict=True):
        taken = 0
        while number < wanted - 1 and (border := total * (number + 1) // wanted) < start + weight:
            rows = _rows_until(share, weight, border - start, near=total // wanted // NEAR)
            if rows is None:  # all of it belongs to this task, and the next one begins behind it
                break
            if rows > taken:
                groups[number].append(_cut(source, share, taken, rows))
            taken = max(taken, rows)
            number += 1
        if taken == 0:
            groups[number].append(share)
        elif taken < (share.rows or 0):
            groups[number].append(_cut(source, share, taken, share.rows or 0))
        start += weight
        while number < wanted - 1 and total * (number + 1) // wanted <= start:
            number += 1
    return list(map(_group, groups))


def _group(shares: Sequence[Share]) -> Group:
    rows = [share.rows for share in shares if share.rows is not None]
    return Group(
        tuple(share.split for share in shares),
        sum(share.bytes for share in shares),
        sum(rows) if len(rows) == len(shares) else None,
    )


def _weights(shares: Sequence[Share], run: Run) -> tuple[list[int], int]:
    """What each share counts, and the number of tasks."""
    size = sum(share.bytes for share in shares)
    if size:
        return [share.bytes for share in shares], scan_parts(size, run)
    if any(share.rows is not None for share in shares):
        return [share.rows or 0 for share in shares], scan_parts(0, run)
    # Nothing is known, as of a database: its splits are those that the user asked for.
    return [1] * len(shares), run.config.partitions or max(1, len(shares))


NEAR = 10
"""A border of blocks that is this part of a task away is taken as it is."""


def _rows_until(share: Share, weight: int, border: int, near: int) -> int | None:
    """Rows of ``share`` that belong before a border at ``border`` of its ``weight``; None for all of them."""
    if share.can_cut and share.rows and near < border < weight - near:
        return share.rows * border // weight
    return 0 if border <= weight / 2 else None


def _cut(source: Source, share: Share, start: int, stop: int) -> Share:
    rows = share.rows or 1
    if (start, stop) == (0, rows):
        return share
    split = source.cut(share.split, start, stop)
    return Share(split, share.bytes * (stop - start) // rows, stop - start, share.can_cut)
