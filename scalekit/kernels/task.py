"""What a worker runs: one stage of a query on one part of its rows, from Arrow tables to Arrow tables."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from scalekit.errors import ScalekitError
from scalekit.expr.node import ExprNode, SortKey
from scalekit.kernels.compile import to_lazy
from scalekit.kernels.failures import execution_errors
from scalekit.kernels.split import hash_split, key_sample, range_split
from scalekit.kernels.tables import join_tables, to_table
from scalekit.plan.nodes import Numbered, Plan, RowIndex
from scalekit.sources.base import Source
from scalekit.sources.reading import reading_errors
from scalekit.tree import rewrite

if TYPE_CHECKING:
    import pyarrow as pa

PLACE_BITS = 40
"""Bits of a place that number the rows of one part; those above are the part's number."""

_SAMPLED = 100
"""Keys of each part that go into the bounds of ranges."""


@dataclass(frozen=True)
class ReadSlot:
    """An input that is read from a source; each task is told its splits."""

    source: Source
    columns: tuple[str, ...] | None
    limit: int | None


@dataclass(frozen=True)
class TableSlot:
    """An input that arrives as tables, of which there may be several, or none."""

    schema: tuple[tuple[str, pl.DataType], ...]


Slot: TypeAlias = ReadSlot | TableSlot


@dataclass(frozen=True)
class Whole:
    """One table with all rows; ``sample`` asks for keys of this order in the report."""

    sample: tuple[SortKey, ...] = ()

    @property
    def parts(self) -> int:
        """Always one."""
        return 1


@dataclass(frozen=True)
class ByHash:
    """One table for each of ``parts``, by the hash of the keys."""

    keys: tuple[ExprNode, ...]
    parts: int


@dataclass(frozen=True)
class ByRange:
    """One table for each range of an order."""

    by: tuple[SortKey, ...]
    bounds: pl.DataFrame

    @property
    def parts(self) -> int:
        """One more than there are bounds."""
        return self.bounds.height + 1


Output: TypeAlias = Whole | ByHash | ByRange


@dataclass(frozen=True)
class Stage:
    """What all tasks of a stage share.

    Attributes
    ----------
    name
        What it does, for reports and errors.
    fragment
        A plan over ``Input`` leaves.
    slots
        Where each input comes from, by position.
    output
        How the rows are handed on.
    schema
        The columns of the fragment, to which its rows are pinned.
    """

    name: str
    fragment: Plan
    slots: tuple[Slot, ...]
    output: Output
    schema: tuple[tuple[str, pl.DataType], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What one task is told of its part.

    Attributes
    ----------
    part
        Its number.
    before
        Rows in the parts before it, where the fragment counts rows.
    feeds
        For each slot the splits to read, or the number of tables that belong to it.
    """

    part: int
    before: int
    feeds: tuple[int | tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What one task says of its output: rows and bytes of each table, when it ran, and where."""

    rows: tuple[int, ...]
    bytes: tuple[int, ...]
    started: float
    seconds: float
    worker: str
    sample: pl.DataFrame | None = None


def pack(stage: Stage) -> bytes:
    """A stage as it travels; the user's functions go by value."""
    try:
        import cloudpickle  # noqa: PLC0415 - comes with every cluster, and only they need it
    except ModuleNotFoundError:
        return pickle.dumps(stage, protocol=5)
    return bytes(cloudpickle.dumps(stage, protocol=5))


@lru_cache(maxsize=64)
def _unpack(packed: bytes) -> Stage:
    stage: Stage = pickle.loads(packed)
    return stage


def run_task(packed: bytes, facts: Facts, *tables: pa.Table) -> tuple[list[pa.Table], Report]:
    """Run a stage on one part.

    Parameters
    ----------
    packed
        The stage, from :func:`pack`.
    facts
        What is particular to this part.
    tables
        The tables of all slots, one after the other.

    Returns
    -------
    tables, report
        As many tables as the stage's output has parts.

    Raises
    ------
    ExecutionError, SourceError
        That name the stage, the part and what it read.
    """
    started, clock = time.time(), time.perf_counter()
    stage = _unpack(packed)
    with _located(stage, facts):
        frame = _run(stage, facts, tables)
        pieces = _split(frame, stage.output)
        sample = _sample(frame, stage.output)
    made = [to_table(piece) for piece in pieces]
    return made, Report(
        rows=tuple(piece.height for piece in pieces),
        bytes=tuple(table.nbytes for table in made),
        started=started,
        seconds=time.perf_counter() - clock,
        worker=f"{os.getpid()}",
        sample=sample,
    )


def _run(stage: Stage, facts: Facts, tables: Sequence[pa.Table]) -> pl.DataFrame:
    inputs = list(_inputs(stage, facts, tables))
    # In memory: the streaming engine gives rows in another order on each run, see kernels.run.
    rows = to_lazy(numbered(stage.fragment, facts), inputs)
    result = rows.collect(engine="in-memory")
    schema = pl.Schema(stage.schema)
    if result.schema == schema:
        return result
    return result.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def _inputs(stage: Stage, facts: Facts, tables: Sequence[pa.Table]) -> Iterator[pl.LazyFrame]:
    counts = [feed if isinstance(feed, int) else 0 for feed in facts.feeds]
    ends = accumulate(counts)
    for slot, feed, count, end in zip(stage.slots, facts.feeds, counts, ends, strict=True):
        if isinstance(slot, TableSlot):
            yield join_tables(tables[end - count : end], dict(slot.schema)).lazy()
        else:
            rows = slot.source.read(feed if isinstance(feed, tuple) else ())
            rows = rows if slot.columns is None else rows.select(slot.columns)
            yield rows if slot.limit is None else rows.head(slot.limit)


def numbered(fragment: Plan, facts: Facts) -> Plan:
    """Replace every :class:`Numbered` by the numbers of this part."""

    def place(plan: Plan) -> Plan:
        if not isinstance(plan, Numbered):
            return plan
        before = facts.part << PLACE_BITS if plan.by == "place" else facts.before
        return RowIndex(plan.input, plan.name, plan.offset + before)

    return rewrite(fragment, place)


def _split(frame: pl.DataFrame, output: Output) -> list[pl.DataFrame]:
    match output:
        case ByHash(keys, parts):
            return hash_split(frame, keys, parts)
        case ByRange(by, bounds):
            return range_split(frame, by, bounds)
        case Whole():
            return [frame]


def _sample(frame: pl.DataFrame, output: Output) -> pl.DataFrame | None:
    if isinstance(output, Whole) and output.sample:
        return key_sample(frame, output.sample, _SAMPLED)
    return None


@contextmanager
def _located(stage: Stage, facts: Facts) -> Iterator[None]:
    """Put the stage, the part and what it read before an error's message."""
    sources = [slot.source for slot in stage.slots if isinstance(slot, ReadSlot)]
    try:
        with execution_errors(), reading_errors(sources):
            yield
    except ScalekitError as error:
        raise located(error, stage, facts) from None


def located(error: ScalekitError, stage: Stage, facts: Facts) -> ScalekitError:
    """The error, with the stage, the part and what it read after its message."""
    read = [slot.source.describe() for slot in stage.slots if isinstance(slot, ReadSlot)]
    where = f"in part {facts.part} of stage {stage.name!r}"
    reading = f", which reads {', '.join(read)}" if read else ""
    named = copy(error)
    named.args = (f"{error} ({where}{reading})",)
    return named
