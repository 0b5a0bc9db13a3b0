"""What a worker runs: one stage of a query on one part of its rows, from Arrow tables to Arrow tables."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

# A worker meets functions by name: this family is one that the package itself loads on request.
import scalekit.kernels.hash_function  # noqa: F401
from scalekit.errors import ScalekitError, SourceError
from scalekit.kernels.blame import failing_operator, failing_splits
from scalekit.kernels.compile import to_lazy
from scalekit.kernels.failures import execution_errors
from scalekit.kernels.outputs import PLACE_BITS, Output, answered, handed_on, sampled
from scalekit.kernels.tables import join_tables, to_table
from scalekit.plan.explain import line
from scalekit.plan.nodes import Input, Numbered, Plan, RowIndex
from scalekit.sources.base import Source
from scalekit.sources.reading import reading_errors
from scalekit.tree import rewrite, walk

if TYPE_CHECKING:
    import pyarrow as pa


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
    apart
        Whether the fragment runs on each table of its only input by itself, rather than on all of them as one.
    """

    name: str
    fragment: Plan
    slots: tuple[Slot, ...]
    output: Output
    schema: tuple[tuple[str, pl.DataType], ...]
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What one task is told of its part.

    Attributes
    ----------
    part
        Its number.
    feeds
        For each slot the splits to read, or the number of tables that belong to it.
    counts
        For each slot whose rows the fragment counts: the rows in the parts before, and in all parts.
    """

    part: int
    feeds: tuple[int | tuple[Any, ...], ...]
    counts: Mapping[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What one task says of its output: rows and bytes of each table, when it ran, and where.

    ``sample`` has keys where the stage asks for them, ``answer`` is that of a function that the rows went to.
    A report holds no frame: Polars waits for its threads while it pickles one, with the interpreter's lock, for
    which one of them may wait.
    """

    rows: tuple[int, ...]
    bytes: tuple[int, ...]
    started: float
    seconds: float
    worker: str
    sample: pa.Table | None = None
    answer: Any = None


def pack(stage: Any) -> bytes:
    """A stage, or what else tasks are given, as it travels; the user's functions go by value."""
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
    with _located(stage, facts, tables):
        frame = _run(stage, facts, tables)
        pieces = handed_on(frame, stage.output, facts.part)
        sample = sampled(frame, stage.output, facts.part)
        answer = answered(frame, stage.output, facts.part)
    made = _tables(pieces)
    return made, Report(
        rows=tuple(piece.height for piece in pieces),
        bytes=tuple(table.nbytes for table in made),
        started=started,
        seconds=time.perf_counter() - clock,
        worker=f"{os.getpid()}",
        sample=None if sample is None else to_table(sample),
        answer=answer,
    )


def _tables(pieces: Sequence[pl.DataFrame]) -> list[pa.Table]:
    """The pieces as tables; all that have no rows are one, as most are where parts are many."""
    empty = next((to_table(piece) for piece in pieces if not piece.height), None)
    return [to_table(piece) if piece.height else empty for piece in pieces]


def _run(stage: Stage, facts: Facts, tables: Sequence[pa.Table]) -> pl.DataFrame:
    if not stage.apart:
        return _rows(stage, facts, tables)
    one = replace(facts, feeds=(1,))
    return pl.concat([_rows(stage, one, (table,)) for table in tables])


def _rows(stage: Stage, facts: Facts, tables: Sequence[pa.Table]) -> pl.DataFrame:
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
        return RowIndex(plan.input, plan.name, plan.offset + _first(plan, facts))

    return rewrite(fragment, place)


def _first(plan: Numbered, facts: Facts) -> int:
    """The number of a part's first row."""
    if plan.by == "place":
        return facts.part << PLACE_BITS
    before, total = facts.counts[counted_slot(plan)]
    return before if plan.by == "row" else before - total


def counted_slot(plan: Numbered) -> int:
    """The table whose rows are counted, which is numbered as it is read."""
    (slot,) = {below.index for below in walk(plan.input) if isinstance(below, Input)}
    return slot


@contextmanager
def _located(stage: Stage, facts: Facts, tables: Sequence[pa.Table]) -> Iterator[None]:
    """Put the operator, the stage, the part and what it read before an error's message."""
    try:
        with execution_errors(), reading_errors(_unreadable(stage, facts)):
            yield
    except SourceError as error:
        raise located(error, stage, facts) from None
    except ScalekitError as error:
        failing = None
        with suppress(ScalekitError, pl.exceptions.PolarsError):
            inputs = list(_inputs(stage, facts, tables))
            failing = failing_operator(numbered(stage.fragment, facts), inputs)
        raise located(error, stage, facts, failing) from None


def located(
    error: ScalekitError, stage: Stage, facts: Facts, operator: Plan | None = None
) -> ScalekitError:
    """The error, with the operator, the stage, the part and what it read after its message."""
    where = f"in part {facts.part} of stage {stage.name!r}"
    by = "" if operator is None else f"in {line(operator)}, "
    read = [source.describe() for source in _read(stage, facts)]
    unsaid = [] if isinstance(error, SourceError) else read
    reading = f", which reads {', '.join(unsaid)}" if unsaid else ""
    named = copy(error)
    named.args = (f"{error} ({by}{where}{reading})",)
    return named


def _read(stage: Stage, facts: Facts) -> Iterator[Source]:
    """What one task reads of each source."""
    for slot, feed in _reads(stage, facts):
        yield slot.source.narrowed(feed)


def _unreadable(stage: Stage, facts: Facts) -> Iterator[Source]:
    """What of that cannot be read, looked for when something was raised."""
    for slot, feed in _reads(stage, facts):
        yield failing_splits(slot.source, slot.columns, feed)


def _reads(stage: Stage, facts: Facts) -> Iterator[tuple[ReadSlot, tuple[Any, ...]]]:
    for slot, feed in zip(stage.slots, facts.feeds, strict=True):
        if isinstance(slot, ReadSlot) and isinstance(feed, tuple):
            yield slot, feed
