"""Dask as a :class:`Cluster`: tasks go out in batches, and their reports come back by themselves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from weakref import WeakSet

import dask
import dask.config
import polars as pl
from dask.task_spec import Task

from scalekit.backends.dask.collections import adopted, lent
from scalekit.backends.dask.connection import Connection
from scalekit.backends.dask.failures import GONE, as_error, cause_of
from scalekit.backends.dask.flights import LOST, Flight, Piece, Sent
from scalekit.backends.dask.gangs import Members
from scalekit.backends.dask.graph import Graph, graph_of, report_graph
from scalekit.backends.dask.placing import most_held_by
from scalekit.backends.dask.scattering import Scattering, let_go, scattered_graph
from scalekit.backends.dask.software import LOADING, told_by
from scalekit.backends.dask.vigil import Vigil
from scalekit.backends.dask.work import call, from_bytes, to_bytes
from scalekit.backends.tasks.cluster import Cluster, Ref, Resources, Submitted
from scalekit.backends.tasks.members import Gang
from scalekit.backends.tasks.versions import Versions
from scalekit.errors import ExecutionError
from scalekit.kernels.gang import Result
from scalekit.kernels.task import Facts
from scalekit.sources.base import Source

T = TypeVar("T")

INLINE = 64 * 1024
"""Bytes up to which a value travels within each task that reads it: quicker than to fetch it from a worker."""

TICK = 0.05
"""Seconds between two looks at tasks that say nothing."""

UNHEARD = 20
"""Looks at a task that is done, after which its report is asked for: it comes before, but for a lost connection."""

CANCELLING = 5.0
"""Seconds for the scheduler to take note that tasks are not needed any more."""


class DaskCluster(Cluster):
    """What one query has on a Dask cluster."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = connection.client
        self._tower = connection.tower
        self._unsent: list[Flight] = []
        self._flying: WeakSet[Flight] = WeakSet()
        self._scattering = Scattering()

    @property
    def resources(self) -> Resources:
        """Threads of all workers, and the memory of one."""
        with self._answered():
            return self._connection.resources()

    @property
    def address(self) -> str:
        """That of the scheduler."""
        return str(self._client.scheduler.address)

    @property
    def is_encrypted(self) -> bool:
        """Whether it has TLS, or is this process."""
        return self.address.startswith(("tls://", "wss://", "inproc://"))

    def everywhere(self, question: Callable[[], T]) -> Mapping[str, T]:
        """What each worker says, past the queue of its tasks."""
        with self._answered():
            found: Mapping[str, T] = self._connection.ask(
                lambda: self._client.run(question, on_error="return", asynchronous=True), LOADING
            )
        return found

    def versions(self) -> Mapping[str, Versions]:
        """What each worker has installed, those among them that cannot run scalekit."""
        with self._answered():
            workers = list(self._connection.workers())
            return told_by(self._client, self._connection.ask, workers) if workers else {}

    @property
    def session(self) -> object:
        """The connection, to which tables belong longer than to a query."""
        return self._connection

    @property
    def is_alive(self) -> bool:
        """Whether the connection answers."""
        return self._connection.is_alive

    def again(self) -> DaskCluster:
        """The same connection for another query."""
        return DaskCluster(self._connection)

    def adopt(self, source: Source, columns: Sequence[str]) -> list[Sent] | None:
        """The partitions of a Dask DataFrame."""
        return adopted(self._client, self._send, source, columns)

    def lend(self, parts: Sequence[Sequence[Ref]], schema: pl.Schema) -> Any | None:
        """A Dask DataFrame over tables that are here."""
        self._flush()
        return lent(self._client, self._send, parts, schema)

    def put(self, value: Any) -> Sent:
        """Keep a value, on Dask as a task without inputs: a lost worker does not lose it."""
        payload = value if isinstance(value, bytes) else to_bytes(value).to_pybytes()
        if len(payload) <= INLINE:
            return Sent(value, payload)
        key = f"scalekit-put-{uuid.uuid4().hex}"
        made = Task(key, bytes, payload) if value is payload else call("hold", payload, key=key)
        return Sent(value, None, self._send({key: made}, [key])[0])

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        """Note a task; it goes out with others, before anyone waits for it."""
        flight = Flight(packed, facts, tuple(tables), outputs)
        self._unsent.append(flight)
        return Submitted([Piece(flight, number) for number in range(outputs)], flight)

    def any_done(self, reports: Sequence[Ref]) -> Sequence[int]:
        """The tasks whose reports are there, as soon as there is one."""
        self._wait(reports, any)
        landed = [place for place, flight in enumerate(reports) if flight.has_landed]
        self._scatter([reports[place] for place in landed])
        return landed

    def seats(self) -> list[str]:
        """The workers, by their addresses."""
        with self._answered():
            self._connection.look()
            return sorted(self._connection.threads())

    def holder(self, tables: Sequence[Ref]) -> str | None:
        """The worker that has most of the tables."""
        return most_held_by(tables)

    def gang(self, gang: Gang, tell: Callable[[int], None]) -> list[Result]:
        """One task on each worker."""
        self._flush()
        with self._answered():
            return Members(self._connection, self._send, gang, tell).run()

    def _scatter(self, landed: Sequence[Flight]) -> None:
        """Take apart what a large exchange has made, before there is more of it than memory."""
        room = self.resources
        due = self._scattering.due(landed, room.memory * room.slots)
        if not due:
            return
        graph = scattered_graph(due)
        futures = dict(zip(graph, self._send(graph, list(graph)), strict=True))
        for flight in due:
            let_go(flight, futures)

    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        """Reports, which came by themselves, and tables, which are brought."""
        made_by = {ref.flight.key: ref.flight for ref in refs if isinstance(ref, Piece)}
        self._wait([*(ref for ref in refs if isinstance(ref, Flight)), *made_by.values()], all)
        wanted = {ref.key: ref for ref in refs if isinstance(ref, Piece) and ref.told is None}
        futures = {key: piece.future for key, piece in wanted.items()}
        flights = {key: piece.flight for key, piece in wanted.items()}
        made = self._brought(futures, flights) if wanted else {}
        return [_value(ref, made) for ref in refs]

    def is_here(self, refs: Sequence[Ref]) -> bool:
        """Whether all of them were told with reports, or came from here: not those of Dask's own collections."""
        return all(
            ref.value is not None if isinstance(ref, Sent) else ref.told is not None for ref in refs
        )

    def _brought(self, futures: dict[str, Any], flights: dict[str, Flight]) -> dict[str, Any]:
        """What Dask holds for ``flights``, both by the names that Dask has for it."""
        vigil = Vigil(self._connection, flights.values())
        answer = self._connection.start(lambda: self._client.gather(futures, asynchronous=True))
        with self._cancelling():
            while not self._tower.wait(answer.done, TICK):
                vigil.look()
        cause = answer.exception()
        if cause is not None:
            flight = flights.get(getattr(cause, "task", ""), next(iter(flights.values())))
            raise as_error(flight, cause, list(flights.values())) from None
        made: dict[str, Any] = answer.result()
        return made

    def _wait(self, flights: Sequence[Flight], enough: Callable[[Iterable[bool]], bool]) -> None:
        self._flush()
        vigil = Vigil(self._connection, flights)
        with self._cancelling():
            while not self._tower.wait(lambda: _is_over(flights, enough), TICK):
                vigil.look()
                self._ask_again(flights)
            failed = [flight for flight in flights if flight.has_failed]
            if failed:
                told = self._told(failed[0])
                raise as_error(failed[0], cause_of(failed[0], told), failed[1:]) from None

    def _ask_again(self, flights: Sequence[Flight]) -> None:
        """Ask for reports of tasks that are done, and were not heard."""
        for flight in flights:
            if (
                flight.report is not None
                or flight.future is None
                or flight.future.status != "finished"
            ):
                flight.unheard = 0
                continue
            flight.unheard += 1
            if flight.unheard > UNHEARD:
                graph, key = report_graph(flight)
                answer = self._send(graph, [key])[0]
                self._tower.land(flight, self._brought({key: answer}, {key: flight})[key], None)

    def _told(self, flight: Flight) -> Any:
        if not self._connection.is_alive:
            raise ExecutionError(GONE)
        with suppress(Exception):
            lost = next(future for future in flight.futures if future.status in LOST)
            return lost.exception(timeout=CANCELLING)
        return None

    def _flush(self) -> None:
        flights, self._unsent = self._unsent, []
        if not flights:
            return
        for flight in flights:
            self._tower.expect(flight)
        self._flying.update(flights)
        with self._answered():
            places = self._connection.placing.placed(flights, self._connection.threads())
        graph = graph_of(flights, self._tower.topic)
        # The scheduler asks for the workers of each task, with the standard library alone.
        placed = {"workers": places.__getitem__, "allow_other_workers": True} if places else {}
        with dask.annotate(**placed):
            futures = self._send(graph, [flight.key for flight in flights])
        for flight, future in zip(flights, futures, strict=True):
            flight.future = future

    def _send(self, graph: Graph, keys: list[str]) -> list[Any]:
        if not self._connection.is_alive:
            raise ExecutionError(GONE)
        with self._connection.lock, dask.config.set(_UNLIMITED):
            return list(self._client.get(graph, keys, sync=False))

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Say what it means that the scheduler does not answer."""
        try:
            yield
        except (OSError, TimeoutError) as error:
            raise ExecutionError(f"{GONE} ({type(error).__name__}: {error})") from None

    @contextmanager
    def _cancelling(self) -> Iterator[None]:
        """Take back what runs where the query ends here: by an error, or by the user."""
        try:
            yield
        except BaseException:
            futures = [f.future for f in self._flying if f.report is None and f.future]
            if futures and self._connection.is_alive:
                with suppress(Exception):
                    self._connection.ask(
                        lambda: self._client.cancel(futures, asynchronous=True, force=True),
                        CANCELLING,
                    )
            raise


_UNLIMITED = {"distributed.admin.large-graph-warning-threshold": "1TiB"}
"""Dask warns of data in graphs; a table that is put there once is one that a lost worker does not lose."""


def _is_over(flights: Sequence[Flight], enough: Callable[[Iterable[bool]], bool]) -> bool:
    return enough(f.has_landed for f in flights) or any(f.has_failed for f in flights)


def _value(ref: Ref, made: dict[str, Any]) -> Any:
    match ref:
        case Flight():
            return ref.report
        case Sent():
            return ref.value
        case Piece(told=told) if told is not None:
            return from_bytes(told)
        case _:
            return made[ref.key].tables[ref.place]
