"""Exchanges that do not fit into memory: every piece by itself, which Dask spills and frees one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dask.task_spec import TaskRef

from scalekit.backends.dask.flights import Flight, Sent
from scalekit.backends.dask.graph import Graph
from scalekit.backends.dask.work import call

SHARE = 0.1
"""Of all workers' memory: what a stage may hold as tables in many pieces, of which readers pick theirs.

A reader's pieces are picked from all tables of a worker at once, which are in memory then.
"""


class Scattering:
    """Adds up what a stage has made, and says when its tables are to be taken apart as soon as they are there."""

    def __init__(self) -> None:
        self._stage: Sent | None = None
        self._bytes = 0

    def due(self, landed: Sequence[Flight], memory: int) -> list[Flight]:
        """Those of the tasks that just landed which are taken apart, for workers with ``memory`` in all."""
        found = []
        for flight in landed:
            if flight.packed is not self._stage:
                self._stage, self._bytes = flight.packed, 0
            if flight.outputs < 2 or flight.report is None:
                continue
            self._bytes += sum(flight.report.bytes)
            if self._bytes > SHARE * memory:
                found.append(flight)
        return found


def scattered_graph(flights: Sequence[Flight]) -> Graph:
    """A task for every piece of what ``flights`` made."""
    return {
        flight.key_of(number): call("cut", number, TaskRef(flight.key), key=flight.key_of(number))
        for flight in flights
        for number in range(flight.outputs)
    }


def let_go(flight: Flight, futures: Mapping[str, Any]) -> None:
    """Keep the pieces of a task instead of its tables: Dask frees those when all pieces are cut."""
    flight.pieces = {number: futures[flight.key_of(number)] for number in range(flight.outputs)}
    flight.future = None
