"""A process that runs one query under a limit: started, listened to, watched, and ended."""

from __future__ import annotations

import builtins
import os
import pickle
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scalekit.backends.apart import limits
from scalekit.backends.apart.failures import ended, stalled, stopped, too_large
from scalekit.backends.apart.messages import Message, Start, result_of
from scalekit.backends.apart.stall import Stall
from scalekit.backends.apart.work import OVER
from scalekit.backends.budget import Budget
from scalekit.backends.watch import Watch
from scalekit.errors import ScalekitError
from scalekit.sources.sizes import size_text

LOOK = 0.01
"""Seconds between two looks at the memory that it uses: in that time it can take some ten megabytes."""

NOTICE = 0.1
"""Seconds after which an interrupt is noticed at the latest: Polars' handler lets a longer wait go on."""

ENDING = 5.0
"""Seconds for a process that has given its answer to end."""


def is_possible() -> bool:
    """Whether this system can run a query in a process of its own, under a limit."""
    return os.name == "posix"


class Process:
    """A process for one query; use it as a context manager, which leaves nothing behind.

    Parameters
    ----------
    folder
        The query's own folder.
    budget
        What the process may use.
    """

    def __init__(self, folder: Path, budget: Budget) -> None:
        self.reached = 0
        self._folder, self._budget = folder, budget
        self._said = folder / "said"
        here, there = socket.socketpair()
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from scalekit.backends.apart.work import main; main({there.fileno()})"
        )
        with there, self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code], pass_fds=[there.fileno()], start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                env=limits.settings(budget.bytes, folder, os.environ),
            )  # fmt: skip
        self._connection = Connection(here.detach())
        self._verdict: ScalekitError | None = None
        self._is_over = threading.Event()
        threading.Thread(target=self._watch, daemon=True, name="scalekit-apart-watch").start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(ENDING)
        self._is_over.set()
        self._process.kill()
        self._process.wait()
        self._connection.close()

    def begin(self, job: bytes) -> None:
        """Send the job; where the process is dead already, that shows when one listens."""
        with suppress(OSError):
            self._connection.send(Start(job, self._folder, self._budget.bytes))

    def listen(self, watch: Watch) -> Iterator[Any]:
        """The batches that it sends, and its answer last; what it tells otherwise is passed on.

        Raises
        ------
        MemoryBudgetError
            Where it passes its limit, or its result does.
        Exception
            That the query raised there.
        """
        has_steps = False
        while True:
            message = self._next()
            if message is None:
                if not has_steps:
                    watch.step(self._progress())
            elif message.name == "batch":
                yield message.arguments[0]
            elif message.name == "done":
                yield message.arguments[0]
                return
            elif message.name == "failed":
                raise self._failure(*message.arguments)
            else:
                has_steps = has_steps or message.name in ("step", "stage")
                _pass_on(message, watch)

    def _next(self) -> Message | None:
        """What it tells next; None where it is silent.

        Raises
        ------
        ScalekitError
            Where it has ended.
        """
        try:
            if not self._connection.poll(NOTICE):
                return None
            message: Message = pickle.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            raise self._end() from None
        return message

    def _progress(self) -> str:
        used, most = size_text(self.reached), size_text(self._budget.bytes)
        return f"in a process of its own: {used} of {most}"

    def _watch(self) -> None:
        """Stop it where it uses more than it may, writes a result that is larger, or stalls; a thread of its own."""
        stall = Stall(self._process.pid, self._said)
        while self._verdict is None and not self._is_over.wait(LOOK):
            self.reached = max(self.reached, limits.used(self._process.pid) or 0)
            self._verdict = self._judged(stall)
        if self._verdict is not None:
            self._process.kill()

    def _judged(self, stall: Stall) -> ScalekitError | None:
        if self.reached > self._budget.bytes:
            return stopped(self._budget, self.reached)
        size = _size(result_of(self._folder))
        if size > self._budget.bytes:
            return too_large(self._budget, size)
        said = stall.words()
        return stalled(said, self.reached, self._budget) if said else None

    def _end(self) -> Exception:
        code = self._process.wait()
        if self._verdict is not None:
            return self._verdict
        if code == OVER:
            return stopped(self._budget, self._budget.bytes)
        said = self._said.read_text(encoding="utf-8", errors="replace")
        return ended(code, said, self.reached, self._budget)

    def _failure(self, error: BaseException, short_of: str = "") -> BaseException:
        if short_of == "memory":
            return stopped(self._budget, self.reached, "ran out of memory")
        if short_of == "disk":
            return stopped(
                self._budget, self.reached, "found no room on the disk for what it cannot hold"
            )
        return error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # not there yet, or not any more
        return 0


def _pass_on(message: Message, watch: Watch) -> None:
    """Do here what the process would have done if it were this one."""
    name, arguments = message
    if name == "step":
        watch.step(*arguments)
    elif name == "stage":
        watch.stage(*arguments)
    elif name == "printed":
        stream, text = arguments
        getattr(sys, stream).write(text)
    elif name == "warning":
        text, category, filename, lineno = arguments
        warnings.warn_explicit(text, getattr(builtins, category), filename, lineno)
