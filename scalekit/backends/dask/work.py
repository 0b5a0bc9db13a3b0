"""What a Dask worker runs: one task of a query on the tables that Dask brought, and what it says of it."""

from __future__ import annotations

import importlib
import operator
import pickle
from collections.abc import Sequence
from typing import Any, TypeAlias

import pyarrow as pa
from dask.task_spec import Task
from distributed import Status, Worker, get_worker
from distributed.protocol import dask_deserialize, dask_serialize

from scalekit.kernels.task import Report, run_task

Places: TypeAlias = Sequence[tuple[int, int]]
"""Where each table of a task is: in which of its arguments, and which table of that."""

TOLD = 16 * 1024
"""Bytes up to which a table is told with the report of its task, and read from there."""


class Made:
    """The tables that a task made: counted by their own rows, and travelling without the rows beside them.

    Dask counts the whole buffers of a slice, and pickle sends them: a task that gave 100 pieces would weigh
    as much as 100 tables, and spill or stop its worker.
    """

    __slots__ = ("tables",)

    def __init__(self, tables: Sequence[pa.Table]) -> None:
        self.tables = tuple(tables)

    def __sizeof__(self) -> int:
        return 200 + sum(200 + int(table.nbytes) for table in self.tables)

    def __reduce__(self) -> tuple[Any, ...]:
        return _read, tuple(to_bytes(table).to_pybytes() for table in self.tables)


def _read(*buffers: Any) -> Made:
    return Made([from_bytes(buffer) for buffer in buffers])


def _frames_of(made: Made) -> tuple[dict[str, Any], list[Any]]:
    return {}, [to_bytes(table) for table in made.tables]


def _from_frames(_header: dict[str, Any], frames: list[Any]) -> Made:
    return _read(*frames)


dask_serialize.register(Made, _frames_of)
dask_deserialize.register(Made, _from_frames)


def to_bytes(table: pa.Table) -> pa.Buffer:
    """A table as a stream, with its own rows only."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def from_bytes(buffer: Any) -> pa.Table:
    """The table of :func:`to_bytes`, over the same memory."""
    return pa.ipc.open_stream(pa.py_buffer(buffer)).read_all()


def perform(
    listener: tuple[str, str, bool],
    packed: bytes,
    facts: bytes,
    places: Places,
    *given: Made | bytes,
) -> Made:
    """Run one task, and tell those who listen when it starts and what it made.

    An event goes the way that Dask's own word of the task goes, and before it: the report needs no question,
    nor do tables that are small.

    Parameters
    ----------
    listener
        The topic, the task's name there, and whether small tables are told too.
    packed, facts
        What to run.
    places, given
        The tables that it reads.
    """
    topic, key, tells = listener
    worker = get_worker()
    worker.log_event(topic, ("started", key, worker.address))
    made, report = run_task(packed, pickle.loads(facts), *tables_at(places, given))
    told = _small(made) if tells and sum(report.bytes) <= TOLD else None
    worker.log_event(topic, ("done", key, worker.address, pickle.dumps((report, told))))
    return Made(made)


def _small(tables: Sequence[pa.Table]) -> list[bytes] | None:
    """The tables as bytes, unless their names and types take more room than their rows."""
    told = [to_bytes(table).to_pybytes() for table in tables[:1]]
    return told if len(tables) == 1 and len(told[0]) <= 2 * TOLD else None


def report_again(
    _listener: tuple[str, str, bool],
    packed: bytes,
    facts: bytes,
    places: Places,
    *given: Made | bytes,
) -> Report:
    """Run a task for its report: an event is lost where the client lost its connection for a moment."""
    return run_task(packed, pickle.loads(facts), *tables_at(places, given))[1]


def look_again(dask_worker: Worker) -> None:
    """Have the scheduler look for tasks that this worker can run: it does so when one that was paused goes on."""
    if dask_worker.status == Status.running:
        dask_worker.status = Status.paused
        dask_worker.status = Status.running


def tables_at(places: Places, given: Sequence[Made | bytes]) -> list[pa.Table]:
    """The tables at these places of a task's arguments."""
    held = [item if isinstance(item, Made) else Made([from_bytes(item)]) for item in given]
    return [held[argument].tables[number] for argument, number in places]


def pick(number: int, *given: Made) -> Made:
    """One piece of each of several tasks, so that its reader does not bring the others."""
    return Made([made.tables[number] for made in given])


def cut(number: int, made: Made) -> Made:
    """One piece of a task with memory of its own: what it was cut from can go."""
    return Made([from_bytes(to_bytes(made.tables[number]))])


def hold(payload: bytes) -> Made:
    """A table that came from the client, as if a task had made it: it can be made again elsewhere."""
    return Made([from_bytes(payload)])


def call(name: str, *arguments: Any, key: str | None = None, module: str = __name__) -> Task:
    """A task of Dask that calls a function of this module, or of another one.

    Its graph names the function with the standard library alone: the scheduler reads graphs, and need
    not have scalekit.
    """
    imported = Task(None, importlib.import_module, module)
    return Task(key, operator.call, Task(None, getattr, imported, name), *arguments)
