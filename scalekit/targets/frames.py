"""Parts as a stream of frames of one schema, for targets that take rows rather than files."""

from __future__ import annotations

import itertools
import queue
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import polars as pl

from scalekit.errors import SchemaError, TargetError
from scalekit.targets.base import Part, Target


def next_write_id(write_id: str | None) -> str:
    """The given identity of a write, or a new one."""
    return write_id or uuid.uuid4().hex


def frames_of(target: Target, parts: Iterable[Part]) -> Iterator[pl.DataFrame]:
    """The rows of ``parts`` as frames; a lazy part is streamed, batch by batch.

    Raises
    ------
    TargetError
        A part is a function, which writes files.
    """
    for part in parts:
        if isinstance(part, pl.LazyFrame):
            # the schema is known even if no batch comes
            yield pl.DataFrame(schema=part.collect_schema())
            yield from part.collect_batches(maintain_order=True)
        elif isinstance(part, pl.DataFrame):
            yield part
        elif callable(part):
            raise TargetError(
                f"{target.describe()} takes rows, and a part is a function that writes a file"
            )
        else:
            yield pl.DataFrame(part)


def with_schema(
    target: Target, parts: Iterable[Part], schema: pl.Schema | None
) -> tuple[pl.Schema, Iterator[pl.DataFrame]]:
    """The schema of the first frame, and all frames, which have to agree with it.

    Raises
    ------
    TargetError
        There is no part and no schema.
    SchemaError
        While the frames are read: one of them has other columns.
    """
    frames = frames_of(target, parts)
    first = next(frames, pl.DataFrame(schema=schema) if schema is not None else None)
    if first is None:
        raise TargetError(
            f"nothing to write to {target.describe()}: give one part at least, if without rows"
        )
    return first.schema, _checked(target, first.schema, itertools.chain([first], frames))


@contextmanager
def in_own_thread(frames: Iterable[pl.DataFrame]) -> Iterator[Iterator[pl.DataFrame]]:
    """Compute ``frames`` in a thread of their own, two ahead of who takes them.

    deltalake takes batches inside its event loop, where a part that itself reads a Delta table panics.
    """
    ready: queue.Queue[pl.DataFrame | BaseException | None] = queue.Queue(maxsize=2)
    stopped = threading.Event()

    def put(item: pl.DataFrame | BaseException | None) -> None:
        while not stopped.is_set():
            with suppress(queue.Full):
                ready.put(item, timeout=0.05)
                return

    def compute() -> None:
        try:
            for frame in frames:
                put(frame)
                if stopped.is_set():
                    return
            put(None)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=compute, name="scalekit-parts", daemon=True)
    thread.start()
    try:
        yield _taken(ready)
    finally:
        stopped.set()
        thread.join()


def _taken(ready: queue.Queue[pl.DataFrame | BaseException | None]) -> Iterator[pl.DataFrame]:
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def _checked(
    target: Target, schema: pl.Schema, frames: Iterable[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    for number, frame in enumerate(frames):
        if frame.schema != schema:
            raise SchemaError(
                f"{target.describe()}: frame {number} has the columns {dict(frame.schema)}, the first has "
                f"{dict(schema)}: cast them to one schema"
            )
        yield frame
