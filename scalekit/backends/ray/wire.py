"""Messages between this process and the one that drives Ray: pickles whose large buffers go beside them."""

from __future__ import annotations

import pickle
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import pyarrow as pa

_COUNT = 4
"""Bytes that say how many buffers follow."""


class Request(NamedTuple):
    """Something to do; ``number`` is 0 where nobody waits for an answer."""

    number: int
    name: str
    arguments: tuple[Any, ...]


class Answer(NamedTuple):
    """What came of a request: a value, or the error to raise."""

    number: int
    value: Any
    error: BaseException | None = None


def send(connection: Connection, message: Any) -> None:
    """Send a message whole; not for two threads at a time."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    connection.send_bytes(len(buffers).to_bytes(_COUNT, "big") + head)
    for buffer in buffers:
        connection.send_bytes(buffer.raw())


def receive(connection: Connection) -> Any:
    """The next message.

    Raises
    ------
    EOFError, OSError
        Where the other side is gone.
    """
    first = connection.recv_bytes()
    count = int.from_bytes(first[:_COUNT], "big")
    buffers = [connection.recv_bytes() for _ in range(count)]
    return pickle.loads(memoryview(first)[_COUNT:], buffers=buffers)


def compact(value: Any) -> Any:
    """A table without what its slices leave out, which a pickle would carry; other values as they are."""
    if not isinstance(value, pa.Table):
        return value
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, value.schema) as writer:
        writer.write_table(value)
    return pa.ipc.open_stream(sink.getvalue()).read_all()
