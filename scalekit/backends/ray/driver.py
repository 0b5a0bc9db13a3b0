"""The process that drives Ray: it does what another process asks, and ends with it.

Ray ends the process of a driver from within, without an exception, where the raylet of its machine dies at the wrong
moment. It must not be the notebook's.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from scalekit.backends.ray import quiet  # noqa: F401 - before what imports Ray
from scalekit.backends.ray.cluster import RayCluster
from scalekit.backends.ray.connect import close, connect
from scalekit.backends.ray.session import Session
from scalekit.backends.ray.wire import Answer, Request, receive, send
from scalekit.backends.tasks.cluster import Counts, Ref, Resources
from scalekit.backends.tasks.members import Gang
from scalekit.backends.tasks.versions import Versions
from scalekit.config import Config
from scalekit.errors import ExecutionError, ScalekitError
from scalekit.kernels.gang import Result
from scalekit.kernels.task import Facts

WAITING = 64
"""Requests that may wait for Ray at one time."""

LOOK = 0.5
"""Seconds for which one waits for a gang before it tells how far it is."""


def main(descriptor: int) -> None:
    """Serve the other end of a connection until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the notebook, which says what it means
    Driver(Connection(descriptor)).serve()
    os._exit(0)  # threads that wait for what is gone do not keep it


class _Gang:
    """A gang under way, and how far it is."""

    results: Future[list[Result]]
    steps = 0

    def tell(self, done: int) -> None:
        """It has done so many steps."""
        self.steps = done


class Driver:
    """What one other process has on Ray: values by the numbers that it gave them, and clusters by its queries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._waiting = ThreadPoolExecutor(WAITING)
        self._session: Session | None = None
        self._generation = 0
        self._values: dict[int, Ref] = {}
        self._clusters: dict[int, RayCluster] = {}
        self._gangs: dict[int, _Gang] = {}

    def serve(self) -> None:
        """Do what is asked, in the order in which it is asked; what waits does so beside."""
        try:
            while True:
                for request in receive(self._connection):
                    if request.number:
                        self._waiting.submit(self._answer, request)
                    else:
                        getattr(self, request.name)(*request.arguments)
        except (EOFError, OSError):
            pass
        finally:
            close()

    def _answer(self, request: Request) -> None:
        try:
            answer = Answer(request.number, getattr(self, request.name)(*request.arguments))
        except ScalekitError as error:
            answer = Answer(request.number, None, error.with_traceback(None))
        except BaseException as error:
            answer = Answer(
                request.number, None, ExecutionError(f"{type(error).__name__}: {error}")
            )
        with self._sending:
            send(self._connection, answer)

    # what somebody waits for

    def connect(self, config: Config, variables: dict[str, str]) -> tuple[int, Resources] | None:
        """Join or start Ray; the number of the session, which is another one when it was lost.

        Nothing where what was started here has failed: to end this process is quicker than to take leave of it.
        """
        if self._session and self._session.kind == "started" and self._session.failure():
            return None
        os.environ.update(variables)
        session = connect(config)
        if session is not self._session:
            self._session, self._generation = session, self._generation + 1
            self._values.clear()
            self._clusters.clear()
        return self._generation, session.resources()

    def failure(self) -> str:
        """What does not answer any more, or nothing."""
        return self._session.failure() if self._session else "it was not started"

    def resources(self) -> Resources:
        """Slots and memory as they are now."""
        return self._now().resources()

    def counts(self) -> Counts:
        """What was counted until now."""
        return RayCluster(self._now()).counts()

    def everywhere(self, question: Callable[[], Any]) -> dict[str, Any]:
        """What a worker of each node says."""
        return self._now().everywhere(question)

    def versions(self) -> dict[str, Versions]:
        """What the workers of each node have installed."""
        return self._now().versions()

    def any_done(self, query: int, numbers: Sequence[int]) -> Sequence[int]:
        """Which reports are there."""
        refs = [self._values.get(number) for number in numbers]
        failed = [
            place for place, ref in enumerate(refs) if ref is None or isinstance(ref, Exception)
        ]
        return failed or self._cluster(query).any_done(refs)

    def fetch(self, query: int, numbers: Sequence[int]) -> list[Any]:
        """The values."""
        return self._cluster(query).bring([self._value(number) for number in numbers])

    def begin_gang(self, query: int, gang: Gang) -> None:
        """Have a gang begin, whose tables and work are given by their numbers."""
        shares = tuple(
            tuple((facts, tuple(map(self._value, tables))) for facts, tables in share)
            for share in gang.shares
        )
        found = replace(gang, shares=shares, work=self._value(gang.work))
        steps = _Gang()
        steps.results = self._waiting.submit(self._cluster(query).gang, found, steps.tell)
        self._gangs[query] = steps

    def look_at_gang(self, query: int) -> tuple[int, list[Result] | None]:
        """How many steps it has done, and what it gave if it is done; this waits for that, not for long."""
        gang = self._gangs[query]
        wait([gang.results], LOOK)
        if not gang.results.done():
            return gang.steps, None
        return gang.steps, self._gangs.pop(query).results.result()

    def cancel(self, query: int) -> None:
        """End what a query runs."""
        if query in self._clusters:
            self._clusters[query].cancel()

    # what nobody waits for: what goes wrong with it is told to who asks for its values

    def put(self, number: int, value: Any) -> None:
        """Keep a value."""
        self._keep([number], lambda: [RayCluster(self._now()).put(value)])

    def submit(
        self, query: int, packed: int, facts: Facts, tables: Sequence[int], numbers: Sequence[int]
    ) -> None:
        """Start a task, whose tables and report get these numbers."""

        def submitted() -> list[Ref]:
            refs = [self._value(number) for number in tables]
            outputs = len(numbers) - 1
            made, report = self._cluster(query).submit(self._value(packed), facts, refs, outputs)
            return [*made, report]

        self._keep(numbers, submitted)

    def free(self, numbers: Sequence[int]) -> None:
        """Nobody refers to these values any more."""
        for number in numbers:
            self._values.pop(number, None)

    def end(self, query: int) -> None:
        """A query is over."""
        self._clusters.pop(query, None)

    def _keep(self, numbers: Sequence[int], make: Callable[[], list[Ref]]) -> None:
        try:
            found = make()
        except ScalekitError as error:
            found = [error] * len(numbers)
        except Exception as error:
            found = [ExecutionError(f"{type(error).__name__}: {error}")] * len(numbers)
        self._values.update(zip(numbers, found, strict=True))

    def _value(self, number: int) -> Ref:
        found = self._values.get(number)
        if found is None:
            raise ExecutionError(
                "rows of an earlier session of Ray, which are gone with it: run the query again"
            )
        if isinstance(found, Exception):
            raise found
        return found

    def _cluster(self, query: int) -> RayCluster:
        if query not in self._clusters:
            self._clusters[query] = RayCluster(self._now())
        return self._clusters[query]

    def _now(self) -> Session:
        if self._session is None:
            raise ExecutionError("Ray was not started")
        return self._session
