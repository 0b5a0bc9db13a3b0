"""Tasks that a query has under way on Dask, and what was heard of them."""

from __future__ import annotations

import pickle
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from dask.task_spec import TaskRef

from scalekit.kernels.task import Facts, Report

LOST = ("error", "cancelled")
"""States of a future whose task gives nothing any more; one that is ``"lost"`` is made again."""

TELLING = 32
"""Tasks of a stage that may tell what they made with their reports."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A value of this process: within each task that reads it where it is small, or held by Dask."""

    value: Any
    payload: bytes | None
    future: Any = None

    @property
    def reference(self) -> Any:
        """The value within a task, or Dask's word for where it is."""
        return self.payload or TaskRef(self.future.key)


@dataclass(eq=False, slots=True, weakref_slot=True)
class Flight:
    """A task under way, and what was heard of it.

    Attributes
    ----------
    key
        Its name in Dask, which carries nothing of the query.
    packed, facts, tables
        What it runs; the tables are kept while Dask may still ask for them.
    outputs
        The number of its tables.
    future
        Dask's, which keeps the tables; None while the task waits to be sent.
    report, worker
        What it made and where; None before it is done.
    place
        The worker that it was sent to; None where Dask chooses.
    started_on
        Where it was last seen to start.
    unheard
        How often it was seen to be done without a report.
    pieces
        Dask's futures of its tables by number, where they were taken apart.
    told
        Its tables, where they were so small that it told them with its report.
    """

    packed: Sent
    facts: Facts
    tables: Sequence[Any]
    outputs: int
    key: str = field(default_factory=lambda: f"scalekit-task-{uuid.uuid4().hex}")
    future: Any = None
    report: Report | None = None
    worker: str | None = None
    place: str | None = None
    started_on: str | None = None
    unheard: int = 0
    pieces: dict[int, Any] | None = None
    told: Sequence[bytes] | None = None

    def key_of(self, number: int) -> str:
        """The name in Dask of one of its tables, where they were taken apart."""
        return f"{self.key}-{number}"

    @property
    def tells(self) -> bool:
        """Whether it tells its tables with its report where they are small: of many tasks not all do."""
        return self.facts.part < TELLING

    @property
    def futures(self) -> Sequence[Any]:
        """What Dask keeps for it: its tables, or the pieces of them; nothing before it is sent."""
        if self.pieces is not None:
            return tuple(self.pieces.values())
        return () if self.future is None else (self.future,)

    @property
    def has_failed(self) -> bool:
        """Whether Dask gave it up, and its tables are not here: they may be lost and made again in vain."""
        return self.told is None and any(future.status in LOST for future in self.futures)

    @property
    def has_landed(self) -> bool:
        """Whether its report is there, or never will be."""
        return self.report is not None or self.has_failed


@dataclass(frozen=True, slots=True)
class Piece:
    """One table of a task, for as long as it is referred to."""

    flight: Flight
    number: int

    @property
    def key(self) -> str:
        """The name in Dask of what holds it: its task, or itself where the tables of that were taken apart."""
        return self.flight.key if self.flight.pieces is None else self.flight.key_of(self.number)

    @property
    def place(self) -> int:
        """Where it is in what has that name."""
        return self.number if self.flight.pieces is None else 0

    @property
    def future(self) -> Any:
        """Dask's, which keeps it."""
        pieces = self.flight.pieces
        return self.flight.future if pieces is None else pieces[self.number]

    @property
    def told(self) -> bytes | None:
        """The table itself, where it came with the report of its task."""
        return None if self.flight.told is None else self.flight.told[self.number]


class Tower:
    """Hears what tasks say, in the thread of Dask's client, and wakes those who wait for it.

    ``steps`` are told, by the names of gangs, which member has done how many.
    """

    def __init__(self) -> None:
        self.topic = f"scalekit-{uuid.uuid4().hex}"
        self.changed = threading.Condition()
        self.heard = 0
        self.steps: dict[str, Callable[[int, int], None]] = {}
        self._flights: WeakValueDictionary[str, Flight] = WeakValueDictionary()

    def expect(self, flight: Flight) -> None:
        """Listen for a task that is about to be sent."""
        with self.changed:
            self._flights[flight.key] = flight

    def hear(self, event: tuple[float, Sequence[Any]]) -> None:
        """Take up what a task said."""
        what, key, worker, *more = event[1]
        with self.changed:
            flight = self._flights.get(key)
            self.heard += 1
            if what == "steps" and key in self.steps:
                self.steps[key](*more)
            if flight is None:
                return
            if what == "started":
                flight.started_on = worker
                return
        report, told = pickle.loads(more[0])
        self.land(flight, report, worker, told)

    def land(
        self,
        flight: Flight,
        report: Report,
        worker: str | None,
        told: Sequence[bytes] | None = None,
    ) -> None:
        """Take up a report."""
        with self.changed:
            flight.report, flight.worker, flight.told = report, worker, told
            flight.tables = ()  # what it read may go: Dask keeps what it needs to make it again
            self.changed.notify_all()

    def wake(self) -> None:
        """Let those who wait look again."""
        with self.changed:
            self.changed.notify_all()

    def wait(self, is_over: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is over, for ``seconds`` at the longest, and say whether it is."""
        with self.changed:
            return self.changed.wait_for(is_over, seconds)
