"""Gangs on Dask: one task on each of several workers, watched until all are done or one of them is gone."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import dask
from distributed import Lock

from scalekit.backends.dask import seats as on_worker
from scalekit.backends.dask.connection import Connection
from scalekit.backends.dask.failures import GONE
from scalekit.backends.dask.flights import LOST
from scalekit.backends.dask.graph import Graph, Inputs, places_of
from scalekit.backends.dask.work import call
from scalekit.backends.tasks.members import Gang, MemberLostError
from scalekit.errors import ExecutionError, MissingDependencyError
from scalekit.kernels.gang import Result

MEETING = 60.0
"""Seconds for all workers to prepare, which load a package for it at most."""

STARTING = 300.0
"""Seconds for all members to begin: other tasks may be before them."""

QUEUEING = 3600.0
"""Seconds to wait for gangs of other sessions on the same cluster."""

TICK = 0.05
"""Seconds between two looks at the members."""

LOOK = 1.0
"""Seconds between two looks at the workers."""

GRACE = 5.0
"""Seconds for the others to end by themselves when a member failed, or to be seen to be gone."""

Send = Callable[[Graph, list[str]], list[Any]]


class Members:
    """One attempt at a gang."""

    def __init__(
        self, connection: Connection, send: Send, gang: Gang, tell: Callable[[int], None]
    ) -> None:
        self._connection = connection
        self._send = send
        self._gang = gang
        self._tell = tell
        self._begun: set[int] = set()
        self._steps = 0

    def run(self) -> list[Result]:
        """What each member gives, as :meth:`~scalekit.backends.tasks.cluster.Cluster.gang` says."""
        futures: list[Any] = []
        tower = self._connection.tower
        with self._turn():
            tower.steps[self._gang.name] = self._hear
            try:
                told = self._met()
                futures += self._started(told)
                return self._watched(futures)
            finally:
                del tower.steps[self._gang.name]
                self._leave(futures)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for gangs of other sessions: two that have some of the workers each would wait for ever."""
        client = self._connection.client
        lock = Lock("scalekit-gang", scheduler_rpc=client.scheduler, loop=client.loop)
        deadline = time.monotonic() + QUEUEING
        try:
            while not lock.acquire(timeout=LOOK):
                self._check()
                if time.monotonic() > deadline:
                    raise ExecutionError(_QUEUED)
            yield
        finally:
            lock.refresh_leases = False  # one that an interrupt left behind ends by itself
            with suppress(Exception):
                lock.release()
            with suppress(AttributeError):  # not there where leases never end
                client.loop.add_callback(lock.refresh_callback.stop)

    def _met(self) -> list[Any]:
        """What the members have to say to each other, in order."""
        gang = self._gang
        said = self._asked(on_worker.open_seat, gang.name, gang.meet, gang.seats)
        for answer in said.values():
            if isinstance(answer, ImportError):
                raise MissingDependencyError(
                    f"the workers of Dask cannot load what this fit needs: {answer}"
                )
            if isinstance(answer, Exception):
                self._check()
                raise ExecutionError(
                    f"{type(answer).__name__} on a worker of Dask: {answer}"
                ) from None
        if len(said) < len(gang.seats):
            raise MemberLostError("a worker of Dask went away before a distributed fit began")
        return [said[seat] for seat in gang.seats]

    def _asked(self, question: Callable[..., Any], *arguments: Any) -> Mapping[str, Any]:
        """What a function gives on the workers of the gang that are there, past the queues of their tasks."""
        client = self._connection.client
        there = [seat for seat in self._gang.seats if seat in self._connection.workers()]

        async def run() -> Any:
            return await client.run(
                question, *arguments, workers=there, on_error="return", asynchronous=True
            )

        found: Mapping[str, Any] = self._connection.ask(run, MEETING) if there else {}
        return found

    def _started(self, told: Sequence[Any]) -> list[Any]:
        gang = self._gang
        graph: Graph = {}
        places: dict[str, tuple[str, ...]] = {}
        for number, seat in enumerate(gang.seats):
            key = f"{gang.name}-{number}"
            graph[key] = self._task(key, number, pickle.dumps(tuple(told)))
            places[key] = (seat,)
        with dask.annotate(workers=places.__getitem__, allow_other_workers=False, retries=0):
            return self._send(graph, list(graph))

    def _task(self, key: str, number: int, told: bytes) -> Any:
        gang, inputs = self._gang, Inputs({})
        facts = [one for one, _ in gang.shares[number]]
        counts = [len(tables) for _, tables in gang.shares[number]]
        places = places_of(
            [t for _, tables in gang.shares[number] for t in tables], inputs, picks=False
        )
        packed = pickle.dumps((gang.stage, facts, counts))
        return call(
            "sit", self._connection.tower.topic, gang.name, packed, gang.seats, told,
            gang.work.reference, places, *inputs.arguments, key=key, module=on_worker.__name__,
        )  # fmt: skip

    def _hear(self, number: int, done: int) -> None:
        self._begun.add(number)
        if number == 0:
            self._steps = done

    def _watched(self, futures: Sequence[Any]) -> list[Result]:
        """The results of all members, or of those that have one when others do not answer any more."""
        started = looked = time.monotonic()
        failed: float | None = None
        while not self._connection.tower.wait(lambda: all(map(_is_over, futures)), TICK):
            self._tell(self._steps)
            now = time.monotonic()
            if now - looked < LOOK:
                continue
            looked = now
            self._check()
            if now - started > STARTING and len(self._begun) < len(futures):
                raise ExecutionError(
                    f"not all workers of Dask began with the fit within {STARTING:.0f} s: they are busy with "
                    "other tasks, or paused because their memory is full"
                )
            if failed is None and any(result.error for result in self._results(futures)):
                failed = now
            if failed is not None and now - failed > GRACE:
                break
        results = self._results(futures)
        if any(result.torn for result in results):
            self._expect_loss()
        return results

    def _results(self, futures: Sequence[Any]) -> list[Result]:
        """Those that are there."""
        for future in futures:
            if future.status in LOST:
                self._expect_loss()
                cause = future.exception(timeout=GRACE) if future.status == "error" else None
                raise ExecutionError(
                    f"Dask gave a member of a distributed fit up: {cause or future.status}"
                )
        done = [future for future in futures if future.status == "finished"]
        client = self._connection.client
        found: list[Result] = self._connection.ask(
            lambda: client.gather(done, asynchronous=True), MEETING
        )
        return found

    def _expect_loss(self) -> None:
        """Wait a moment for word that a worker is gone: the others notice it before the scheduler."""
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline:
            self._check()
            time.sleep(4 * TICK)

    def _check(self) -> None:
        """See that all workers of the gang are there."""
        if not self._connection.is_alive:
            raise ExecutionError(GONE)
        there = self._connection.workers()
        lost = [seat for seat in self._gang.seats if seat not in there]
        if lost:
            raise MemberLostError(
                f"the worker of Dask at {lost[0]} went away during a distributed fit"
            )

    def _leave(self, futures: Sequence[Any]) -> None:
        """Stop members that still run, and undo what was done for them; whatever went wrong before counts more."""
        with suppress(Exception):
            self._asked(on_worker.leave_seat, self._gang.name)
        if not futures:
            return
        client = self._connection.client
        with suppress(Exception):
            self._connection.ask(
                lambda: client.cancel(list(futures), asynchronous=True, force=True), GRACE
            )


_QUEUED = f"other fits have had the workers of Dask for {QUEUEING / 60:.0f} minutes"


def _is_over(future: Any) -> bool:
    return bool(future.status != "pending")
