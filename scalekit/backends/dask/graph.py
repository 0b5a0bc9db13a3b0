"""Tasks of a query as a graph of Dask: who reads what, and which pieces are picked before they are moved."""

from __future__ import annotations

import pickle
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dask.task_spec import Task, TaskRef

from scalekit.backends.dask.flights import Flight, Piece, Sent
from scalekit.backends.dask.work import call

WHOLE = 256 * 1024
"""Bytes up to which a reader of one piece of a task brings all of them: cheaper than a task that picks."""

Graph = dict[str, Task]


@dataclass
class Inputs:
    """The arguments of a task, and where in them its tables are."""

    graph: Graph
    arguments: list[Any] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)

    def add(self, key: str, argument: Any) -> int:
        """The place of an argument, which is given once however many tables it has."""
        if key not in self.known:
            self.known[key] = len(self.arguments)
            self.arguments.append(argument)
        return self.known[key]


def graph_of(flights: Sequence[Flight], topic: str) -> Graph:
    """The tasks of ``flights``, which tell ``topic`` of themselves, and those that pick for them."""
    graph: Graph = {}
    for flight in flights:
        listener = (topic, flight.key, flight.tells)
        graph[flight.key] = _task(graph, flight, "perform", listener, flight.key)
    return graph


def report_graph(flight: Flight) -> tuple[Graph, str]:
    """A task that runs ``flight`` again for its report, which was not heard, and its key."""
    graph: Graph = {}
    key = f"scalekit-report-{uuid.uuid4().hex}"
    graph[key] = _task(graph, flight, "report_again", ("", key, False), key)
    return graph, key


def _task(
    graph: Graph, flight: Flight, what: str, listener: tuple[str, str, bool], key: str
) -> Task:
    inputs = Inputs(graph)
    places = places_of(flight.tables, inputs)
    facts = pickle.dumps(flight.facts)
    return call(what, listener, flight.packed.reference, facts, places, *inputs.arguments, key=key)


def places_of(
    tables: Sequence[Any], inputs: Inputs, *, picks: bool = True
) -> tuple[tuple[int, int], ...]:
    """Where each table is among the inputs of a task, to which it is added; pieces by tasks that pick them."""
    picked = _picked(tables, inputs) if picks else {}
    places = []
    for table in tables:
        if isinstance(table, Sent):
            if table.payload is None:
                places.append((inputs.add(table.future.key, TaskRef(table.future.key)), 0))
            else:
                places.append((inputs.add(str(id(table)), table.payload), 0))
        elif table.told is not None:
            places.append((inputs.add(f"{table.key} {table.number}", table.told), 0))
        elif (table.key, table.number) in picked:
            places.append(picked[table.key, table.number])
        else:
            places.append((inputs.add(table.key, TaskRef(table.key)), table.place))
    return tuple(places)


def _picked(tables: Sequence[Any], inputs: Inputs) -> dict[tuple[str, int], tuple[int, int]]:
    """One task for all pieces of one number on one worker: it moves what is needed, and is one message."""
    groups: dict[tuple[str | None, int], list[Piece]] = defaultdict(list)
    for table in tables:
        if isinstance(table, Piece) and _is_worth_picking(table.flight):
            groups[table.flight.worker, table.number].append(table)
    found = {}
    for (_, number), pieces in groups.items():
        key = f"scalekit-pick-{uuid.uuid4().hex}"
        refs = [TaskRef(piece.flight.key) for piece in pieces]
        inputs.graph[key] = call("pick", number, *refs, key=key)
        argument = inputs.add(key, TaskRef(key))
        for place, piece in enumerate(pieces):
            found[piece.flight.key, number] = (argument, place)
    return found


def _is_worth_picking(flight: Flight) -> bool:
    report = flight.report
    return (
        flight.outputs > 1
        and flight.pieces is None
        and (report is None or sum(report.bytes) > WHOLE)
    )
