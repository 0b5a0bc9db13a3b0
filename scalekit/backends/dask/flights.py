"""Tasks that a query has under way on Dask, and what was heard of them."""

from __future__ import annotations

import pickle
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from scalekit.kernels.task import Facts, Report

LOST = ("error", "cancelled")
"""States of a future whose task gives nothing any more; one that is ``"lost"`` is made again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A value of this process: within each task that reads it where it is small, or held by Dask."""

    value: Any
    payload: bytes | None
    future: Any = None


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
    started_on
        Where it was last seen to start.
    unheard
        How often it was seen to be done without a report.
    """

    packed: Sent
    facts: Facts
    tables: Sequence[Any]
    outputs: int
    key: str = field(default_factory=lambda: f"scalekit-task-{uuid.uuid4().hex}")
    future: Any = None
    report: Report | None = None
    worker: str | None = None
    started_on: str | None = None
    unheard: int = 0

    @property
    def has_failed(self) -> bool:
        """Whether Dask gave it up."""
        return self.future is not None and self.future.status in LOST

    @property
    def has_landed(self) -> bool:
        """Whether its report is there, or never will be."""
        return self.report is not None or self.has_failed


@dataclass(frozen=True, slots=True)
class Piece:
    """One table of a task, for as long as it is referred to."""

    flight: Flight
    number: int


class Tower:
    """Hears what tasks say, in the thread of Dask's client, and wakes those who wait for it."""

    def __init__(self) -> None:
        self.topic = f"scalekit-{uuid.uuid4().hex}"
        self.changed = threading.Condition()
        self.heard = 0
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
            if flight is None:
                return
            if what == "started":
                flight.started_on = worker
                return
        self.land(flight, pickle.loads(more[0]), worker)

    def land(self, flight: Flight, report: Report, worker: str | None) -> None:
        """Take up a report."""
        with self.changed:
            flight.report, flight.worker = report, worker
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
