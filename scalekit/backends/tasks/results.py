"""What leaves a cluster: parts are brought here a few at a time, and freed there as soon as they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import polars as pl

from scalekit.backends.tasks.answers import answers_of, is_said
from scalekit.backends.tasks.parts import Part, Pending, fused
from scalekit.backends.tasks.run import Run
from scalekit.expr.node import Cast, Column
from scalekit.kernels.schema import schema_of
from scalekit.kernels.tables import from_table
from scalekit.plan.nodes import Input, Select

FETCHED = 64 * 1024**2
"""Bytes that are on their way here at one time, about: one call for many small parts, and for each large one."""

_AHEAD = 4
"""Parts that are computed for each slot before some are brought: the cluster does not hold all of them."""


def whole(result: Pending, run: Run) -> pl.DataFrame:
    """All rows as one frame."""
    if run.ends_here(result):
        return run.ended(result)
    schema = schema_of(result.fragment)
    frames = list(frames_of(run.store(result), run)) or [pl.DataFrame(schema=schema)]
    return pl.concat(frames) if len(frames) > 1 else frames[0]


def frames_of(result: Pending, run: Run) -> Iterator[pl.DataFrame]:
    """The rows, part by part; parts without rows are passed over.

    Parts that have not run yet run while those before them are read.
    """
    if result.is_stored:
        yield from _brought(_taken(result), run)
        return
    if is_said(result):
        yield from answers_of(result, run)
        return
    at_once = max(2, _AHEAD * run.slots)
    for start in range(0, result.count, at_once):
        numbers = range(start, min(result.count, start + at_once))
        yield from _brought(run.parts(result, numbers), run)


def _taken(result: Pending) -> list[Part]:
    """The stored parts; nobody else reads those that are this result's own."""
    parts = list(result.parts)
    (feed,) = result.feeds
    if not feed.kept:
        feed.contents[:] = [None] * len(feed.contents)
    return parts


def _brought(parts: list[Part], run: Run) -> Iterator[pl.DataFrame]:
    """Frames of parts: those that were brought are not referred to any more."""
    tables = deque(
        (table, part.bytes // len(part.tables))
        for part in parts
        if part.rows
        for table in part.tables
    )
    parts.clear()
    while tables:
        table, size = tables.popleft()
        group = [table]
        del table
        while tables and (size := size + tables[0][1]) <= FETCHED:
            group.append(tables.popleft()[0])
        fetched = run.cluster.fetch(group)
        group.clear()
        yield from (frame for frame in map(from_table, fetched) if frame.height)


def pinned(pending: Pending, schema: pl.Schema) -> Pending:
    """The table with exactly the types that the plan promised."""
    found = schema_of(pending.fragment)
    if found == schema:
        return pending
    exprs = tuple(
        Column(name) if found[name] == dtype else Cast(Column(name), dtype)
        for name, dtype in schema.items()
    )
    return fused([pending], Select(Input(0, tuple(found.items())), exprs))
