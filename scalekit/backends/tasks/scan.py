"""Sources in parts: splits by bytes for what workers can read, tables put once for what is in memory here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from scalekit.backends.tasks.parts import Content, Feed, Part, Pending, Splits, stored
from scalekit.backends.tasks.run import Run
from scalekit.kernels.schema import schema_of
from scalekit.kernels.tables import to_table
from scalekit.kernels.task import ReadSlot
from scalekit.physical.nodes import ScanPartitions
from scalekit.plan.nodes import Input, Scan
from scalekit.sources.base import Source
from scalekit.sources.files import FileSplit


def scan(node: ScanPartitions, run: Run) -> Pending:
    """The parts of a source; workers read them when they run what follows."""
    plan = Scan(node.source, node.columns, node.limit)
    schema = schema_of(plan)
    if not node.source.travels():
        return _put(plan, run)
    size = _bytes(node.source, schema.names())
    wanted = scan_parts(size, run)
    groups = divide(node.source.splits(), wanted)
    contents: list[Content | None] = [Splits(group, size // len(groups)) for group in groups]
    slot = ReadSlot(node.source, node.columns, node.limit)
    return Pending(Input(0, tuple(schema.items())), (Feed(slot, contents),))


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
    return slots * max(1, -(-size // (run.config.partition_bytes * slots)))


SMALL = 4 * 1024**2
"""Bytes up to which one task is quicker than several."""


def _bytes(source: Source, columns: Sequence[str]) -> int:
    known = source.statistics()
    if known.column_bytes:
        sizes = dict(known.column_bytes)
        return sum(sizes.get(name, 0) for name in columns)
    return known.bytes or 0


def divide(splits: Sequence[Any], parts: int) -> list[tuple[Any, ...]]:
    """Neighbouring splits as ``parts`` groups of about the same number of rows; some may be empty."""
    if all(isinstance(split, FileSplit) and split.rows is not None for split in splits):
        return _by_rows(splits, parts)
    bounds = [len(splits) * part // parts for part in range(parts + 1)]
    return [tuple(splits[start:stop]) for start, stop in pairwise(bounds)]


def _by_rows(splits: Sequence[FileSplit], parts: int) -> list[tuple[Any, ...]]:
    total = sum(split.rows or 0 for split in splits)
    bounds = [total * part // parts for part in range(parts + 1)]
    groups: list[list[FileSplit]] = [[] for _ in range(parts)]
    start, part = 0, 0
    for split in splits:
        taken, rows = 0, split.rows or 0
        while taken < rows:
            while bounds[part + 1] <= start + taken:
                part += 1
            more = min(rows - taken, bounds[part + 1] - start - taken)
            groups[part].append(FileSplit(split.file, split.offset + taken, more, split.version))
            taken += more
        start += rows
    return [tuple(group) for group in groups]
