"""What the other process runs: one job, of which it tells through its end of a pair of sockets."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import polars as pl

from scalekit.backends.apart.failures import is_out_of_disk, is_out_of_memory
from scalekit.backends.apart.limits import limit_itself, most_used
from scalekit.backends.apart.messages import Job, Message, Name, Start, result_of
from scalekit.backends.apart.parcel import keep, unpack
from scalekit.backends.base import Backend
from scalekit.backends.registry import get_backend
from scalekit.backends.watch import Watch
from scalekit.errors import ExecutionError, ScalekitError
from scalekit.kernels.pin import pin_schema
from scalekit.plan.explain import line
from scalekit.plan.nodes import Plan

# A worker meets functions by name: this family is one that the package itself loads on request.
import scalekit.kernels.hash_function  # noqa: F401  isort:skip

OVER = 77
"""Exit code of a process that found itself over its limit, where nobody else can see that."""

LOOK = 0.02
"""Seconds between two looks at it."""


def main(handle: int) -> None:
    """Do the one job that is sent through the socket ``handle``."""
    line_ = Line(Connection(handle))
    start: Start = line_.receive()
    _end_with_parent(line_, start.folder)
    limit_itself(start.limit)
    if not sys.platform.startswith("linux"):
        threading.Thread(target=end_over, args=(start.limit,), daemon=True).start()
    _redirect(line_)
    try:
        job: Job = unpack(start.job, start.folder)
        answer = do(job, start.folder, line_)
    except BaseException as error:
        line_.tell("failed", portable(error), *_short_of(error))
    else:
        line_.tell("done", answer)
    os._exit(0)  # not by way of threads that may still be at it


class Line(Watch):
    """Tells the process that asked: steps of a backend, and everything else."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def receive(self) -> Any:
        """What comes next; EOFError where the other side is gone."""
        return self._connection.recv()

    def tell(self, name: Name, *arguments: Any) -> None:
        """Tell one thing; from any thread."""
        packed = pickle.dumps(Message(name, arguments), protocol=5)
        with self._lock:
            self._connection.send_bytes(packed)

    def step(self, what: Plan | str, done: int = 0, total: int = 0) -> None:
        """Tell which step has begun."""
        self.tell("step", what if isinstance(what, str) else line(what), done, total)

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:
        """Tell how far a stage is."""
        self.tell("stage", name, place, done, total, size)


def do(job: Job, folder: Path, line_: Line) -> Any:
    """Run a job: its rows go to a file, along the line in batches, or to where they are to be written."""
    backend = get_backend(job.backend)
    program = backend.lower(job.plan, job.config)
    if job.request is not None:
        return backend.write(program, job.request, job.config, line_)
    if job.rows:
        return _batches(backend, program, job, line_)
    parts = backend.parts(program, job.config, line_)
    (part,) = parts  # a backend of one machine has one
    keep(pin_schema(part, pl.Schema(job.schema)), result_of(folder))  # type: ignore[type-var]
    return None


def _batches(backend: Backend, program: Any, job: Job, line_: Line) -> None:
    for batch in backend.batches(program, job.config, job.rows):
        into = io.BytesIO()
        batch.write_ipc_stream(into)
        line_.tell("batch", into.getvalue())


def portable(error: BaseException) -> BaseException:
    """An error that can be pickled and raised elsewhere: itself, or one of its words."""
    error.__traceback__ = None
    error.__cause__ = error.__context__ = None
    try:
        again = pickle.loads(pickle.dumps(error))
    except Exception:
        again = None
    if (
        type(again) is type(error)
        and str(again) == str(error)
        and isinstance(error, Exception | pl.exceptions.PanicException)
    ):
        return error
    return ExecutionError(f"{type(error).__name__}: {error}")


def _short_of(error: BaseException) -> tuple[str, ...]:
    """What there was too little of, if that is what the error says."""
    if is_out_of_memory(error):
        return ("memory",)
    return ("disk",) if is_out_of_disk(error) and not _is_own(error) else ()


def _is_own(error: BaseException) -> bool:
    return isinstance(error, ScalekitError)  # such as of a target that is full


def end_over(
    limit: int, used: Callable[[], int] = most_used, end: Callable[[int], Any] = os._exit
) -> None:
    """End this process when it uses more than it may."""
    while used() <= limit:
        time.sleep(LOOK)
    end(OVER)


def _end_with_parent(line_: Line, folder: Path) -> None:
    """End when the process that asked is gone: nobody wants the answer any more."""

    def wait() -> None:
        try:
            line_.receive()
        except (EOFError, OSError):
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(1)

    threading.Thread(target=wait, daemon=True, name="scalekit-apart-parent").start()


class _Printed(io.TextIOBase):
    """A stream whose text is printed by the process that asked."""

    def __init__(self, line_: Line, name: str) -> None:
        self._line, self._name = line_, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._line.tell("printed", self._name, text)
        return len(text)


def _redirect(line_: Line) -> None:
    """What a user's function prints, and warnings, go to the process that asked."""
    sys.stdout, sys.stderr = _Printed(line_, "stdout"), _Printed(line_, "stderr")

    def show(message: Any, category: Any, filename: str, lineno: int, *_: Any) -> None:
        name = category.__name__ if category.__module__ == "builtins" else "UserWarning"
        line_.tell("warning", str(message), name, filename, lineno)

    warnings.showwarning = show  # type: ignore[assignment]
