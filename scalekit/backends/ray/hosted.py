"""Ray as a :class:`Cluster` through a process of its own, whose end is an error here and not the end of the notebook."""

from __future__ import annotations

import atexit
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import psutil

from scalekit.backends.ray.machine import uses_tls
from scalekit.backends.ray.wire import Answer, Request, compact, receive, send
from scalekit.backends.tasks.cluster import Cluster, Counts, Ref, Resources, Submitted
from scalekit.backends.tasks.members import Gang
from scalekit.backends.tasks.versions import Versions
from scalekit.config import Config
from scalekit.errors import ExecutionError
from scalekit.kernels.gang import Result
from scalekit.kernels.task import Facts

T = TypeVar("T")

FRESH = 1.0
"""Seconds for which the number of slots is believed."""

NOTICE = 0.1
"""Seconds after which an interrupt is noticed at the latest."""

BATCH = 1000
"""Requests that go out together, at the most."""

CLOSING = 30.0
"""Seconds for Ray to stop by itself."""

GONE = (
    "Ray stopped, and with it the process that drives it and the tables of this query; run it again: scalekit "
    "connects anew, or starts Ray again where it had started it"
)

_numbers = count(1)
"""Of requests, values and queries: each gets one of its own."""


class Host:
    """The other process, and what is said between it and this one.

    Two threads write and read, so that an interrupt, which the main thread receives, never cuts a message in two.
    """

    def __init__(self) -> None:
        here, there = socket.socketpair()
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from scalekit.backends.ray.driver import main; main({there.fileno()})"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], pass_fds=[there.fileno()], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        there.close()
        self._connection = Connection(here.detach())
        self._outgoing: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._asked: dict[int, Future[Any]] = {}
        self._session: HostedSession | None = None
        self.asked: tuple[Any, ...] = ()
        self.is_alive = True
        for loop in (self._write, self._read):
            threading.Thread(target=loop, daemon=True, name=f"scalekit-ray{loop.__name__}").start()

    def connect(self, config: Config) -> HostedSession | None:
        """The session for a query; nothing where it takes another process."""
        variables = {k: v for k, v in os.environ.items() if k.startswith("RAY_")}
        found = self.ask("connect", config, variables)
        if found is None:
            return None
        generation, resources = found
        if self._session is None or self._session.generation != generation:
            self._session = HostedSession(self, generation, resources)
        self.asked = _asked(config)
        return self._session

    def connected(self, config: Config) -> HostedSession | None:
        """The session that is there, if it is what ``config`` asks for and answers."""
        session = self._session
        is_fit = session is not None and self.is_alive and self.asked == _asked(config)
        return session if is_fit and session is not None and not session.failure() else None

    def ask(self, name: str, *arguments: Any) -> Any:
        """The answer to a request, or its error."""
        number = next(_numbers)
        answer: Future[Any] = Future()
        self._asked[number] = answer
        if not self.is_alive:
            raise ExecutionError(GONE)
        self._outgoing.put(Request(number, name, arguments))
        try:
            while not answer.done():
                # Polars' handler of interrupts lets a wait go on: only a short one notices them.
                wait([answer], NOTICE)
            return answer.result()
        finally:
            self._asked.pop(number, None)

    def tell(self, name: str, *arguments: Any) -> None:
        """A request for whose answer nobody waits."""
        self._outgoing.put(Request(0, name, arguments))

    def close(self) -> None:
        """Let it leave Ray, or stop it where it was started there, and end."""
        self._outgoing.put(None)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(CLOSING)
        self.kill()

    def kill(self) -> None:
        """End it, and what it started: there is nothing to take leave of."""
        self._process.kill()
        self._bury()

    def _write(self) -> None:
        with suppress(OSError):
            last = False
            while not last:
                batch = [self._outgoing.get()]
                while len(batch) < BATCH and not self._outgoing.empty():
                    batch.append(self._outgoing.get())
                last = None in batch
                send(self._connection, [request for request in batch if request is not None])
            _half_close(self._connection)

    def _read(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                answer: Answer = receive(self._connection)
                asked = self._asked.get(answer.number)
                if asked is None:
                    continue
                if answer.error is None:
                    asked.set_result(answer.value)
                else:
                    asked.set_exception(answer.error)
        self.is_alive = False
        for asked in list(self._asked.values()):
            with suppress(Exception):
                asked.set_exception(ExecutionError(GONE))

    def _bury(self) -> None:
        """End what the other process started and could not stop."""
        self._process.wait()
        self.is_alive = False
        mark = f"scalekit-ray-{self._process.pid}-"
        for process in psutil.process_iter(["cmdline"]):
            with suppress(psutil.Error):
                if _names(process, mark):
                    process.kill()
        for folder in Path(tempfile.gettempdir()).glob(f"{mark}*"):
            shutil.rmtree(folder, ignore_errors=True)


def _asked(config: Config) -> tuple[Any, ...]:
    """The settings that make a session what it is."""
    if config.address:
        return config.address, config.ship
    return config.workers, config.worker_memory


def _names(process: psutil.Process, mark: str) -> bool:
    """Whether a process of Ray has ``mark`` in its command or, as workers do, in its environment."""
    command: list[str] = process.info["cmdline"] or []
    if any(mark in part for part in command):
        return True
    return command[:1] != [] and command[0].startswith("ray::") and mark in str(process.environ())


def _half_close(connection: Connection) -> None:
    """Say that no more will come."""
    with socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_WR)


class Handle:
    """A value that the other process has by its number."""

    __slots__ = ("_host", "number")

    def __init__(self, host: Host, number: int) -> None:
        self._host = host
        self.number = number

    def __del__(self) -> None:
        self._host.tell("free", [self.number])


class HostedSession:
    """A connection of the other process to Ray."""

    def __init__(self, host: Host, generation: int, resources: Resources) -> None:
        self.host = host
        self.generation = generation
        self.seen = resources
        self._looked = time.monotonic()

    def failure(self) -> str:
        """What does not answer any more, or nothing."""
        if not self.host.is_alive or self.host._session is not self:
            return "it was shut down"
        return str(self.host.ask("failure"))

    def resources(self) -> Resources:
        """Slots and memory, a moment old at the most."""
        if time.monotonic() - self._looked > FRESH:
            self.seen = self.host.ask("resources")
            self._looked = time.monotonic()
        return self.seen


class HostedCluster(Cluster):
    """The tasks of one query on a session of the other process."""

    def __init__(self, session: HostedSession) -> None:
        self._session = session
        self._host = session.host
        self._query = next(_numbers)

    def __del__(self) -> None:
        self._host.tell("end", self._query)

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        """Have the task submitted; this does not wait for it."""
        made = [Handle(self._host, next(_numbers)) for _ in range(outputs + 1)]
        given = [table.number for table in tables]
        numbers = [handle.number for handle in made]
        self._host.tell("submit", self._query, packed.number, facts, given, numbers)
        return Submitted(made[:-1], made[-1])

    def put(self, value: Any) -> Handle:
        """Have a value put into the object store."""
        made = Handle(self._host, next(_numbers))
        self._host.tell("put", made.number, compact(value))
        return made

    def any_done(self, reports: Sequence[Ref]) -> Sequence[int]:
        """Wait until some reports are there."""
        found: Sequence[int] = self._ask("any_done", reports)
        return found

    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        """Wait for values and bring them here."""
        found: list[Any] = self._ask("fetch", refs)
        return found

    def seats(self) -> list[str]:
        """One for each core."""
        return [f"core {number}" for number in range(self._session.resources().slots)]

    def gang(self, gang: Gang, tell: Callable[[int], None]) -> list[Result]:
        """Have a gang work, and look at it now and then."""
        shares = tuple(
            tuple((facts, tuple(table.number for table in tables)) for facts, tables in share)
            for share in gang.shares
        )
        found: list[Result] | None = None
        try:
            self._host.ask(
                "begin_gang", self._query, replace(gang, shares=shares, work=gang.work.number)
            )
            while found is None:
                steps, found = self._host.ask("look_at_gang", self._query)
                if found is None:
                    tell(steps)
        except KeyboardInterrupt:
            self._host.ask("cancel", self._query)
            raise
        return found

    def _ask(self, name: str, refs: Sequence[Ref]) -> Any:
        try:
            return self._host.ask(name, self._query, [ref.number for ref in refs])
        except KeyboardInterrupt:
            self._host.ask("cancel", self._query)
            raise

    @property
    def resources(self) -> Resources:
        """Cores of all nodes, and the least memory for one; one core where none is there yet."""
        found = self._session.resources()
        return replace(found, slots=max(1, found.slots))

    def counts(self) -> Counts:
        """What was counted until now."""
        found: Counts = self._host.ask("counts")
        return found

    @property
    def address(self) -> str:
        """The one that was asked for; nothing for a Ray that was started here."""
        first = self._host.asked[:1]
        return str(first[0]) if len(first) and isinstance(first[0], str) else ""

    @property
    def is_encrypted(self) -> bool:
        """Whether Ray was told to use TLS."""
        return uses_tls()

    def everywhere(self, question: Callable[[], T]) -> Mapping[str, T]:
        """What a worker of each node says."""
        found: Mapping[str, T] = self._host.ask("everywhere", question)
        return found

    def versions(self) -> Mapping[str, Versions]:
        """What the workers of each node have installed."""
        found: Mapping[str, Versions] = self._host.ask("versions")
        return found

    @property
    def session(self) -> object:
        """The connection, to which tables belong longer than to a query."""
        return self._session

    @property
    def is_alive(self) -> bool:
        """Whether the connection answers."""
        return not self._session.failure()

    def again(self) -> HostedCluster:
        """The same connection for another query."""
        return HostedCluster(self._session)


class _Open:
    """The other process: one is enough, since Ray has one session for each."""

    lock = threading.RLock()
    host: Host | None = None


def connect(config: Config) -> HostedSession:
    """The session for a query, through the process that is there or a new one."""
    config = _with_address(config)
    with _Open.lock:
        while True:
            if _Open.host is None:
                _Open.host = Host()
            host = _Open.host
            session = host.connect(config) if host.is_alive else None
            if session is not None:
                return session
            _Open.host = None
            host.kill()


def attached(config: Config) -> HostedSession | None:
    """The session with a Ray that is there; None where a query would start one."""
    config = _with_address(config)
    if config.address:
        return connect(config)
    with _Open.lock:
        return None if _Open.host is None else _Open.host.connected(config)


def _with_address(config: Config) -> Config:
    address = os.environ.get("RAY_ADDRESS")
    if config.address or not address:
        return config
    return config.given("RAY_ADDRESS", address=address)


def slots_seen() -> int | None:
    """Cores of a Ray that is connected, as it said last; nobody is asked."""
    host = _Open.host
    session = host._session if host is not None and host.is_alive else None
    return None if session is None else session.seen.slots or None


def close() -> None:
    """Leave Ray, and stop it where scalekit started it."""
    with _Open.lock:
        host, _Open.host = _Open.host, None
        if host is not None:
            host.close()


atexit.register(close)
