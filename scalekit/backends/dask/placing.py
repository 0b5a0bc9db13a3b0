"""On which Dask worker a task runs: where its tables are, unless that one is busy and another is not."""

from __future__ import annotations

import heapq
import threading
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakSet

import dask

from scalekit.backends.dask.flights import Flight, Piece

MOVED = 256 * 1024**2
"""Bytes that are moved in the time in which one more task is waited for, about."""

REMEMBERED = 100_000
"""Tasks of which is remembered that they were given a worker, over all queries: some 10 MB."""

Places = Mapping[str, tuple[str, ...]]
"""Workers by the keys of tasks; none where the scheduler chooses."""


class Placing:
    """Chooses workers for tasks.

    Dask sends a task to a worker that holds some of what it reads, even if that one is the only one with work: all
    tasks of a join with a small table would run where that table is. And two tasks that read no table may go
    to one worker. Dask chooses again where the worker is lost, if there is another one.

    All queries of a connection share one, so that they know of each other.

    Attributes
    ----------
    chosen
        The keys of tasks for which a worker was chosen, the latest ones.
    """

    def __init__(self) -> None:
        self.chosen: deque[str] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()
        self._name = uuid.uuid4().hex
        self._under_way: WeakSet[Flight] = WeakSet()

    def placed(self, flights: Sequence[Flight], threads: Mapping[str, int]) -> Places:
        """The workers of ``flights``, which are under way from now on, by the threads that each worker has."""
        places: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        if len(threads) < 2 or _is_chosen_by_user():
            return places
        with self._lock:
            self._place(flights, threads, places)
            self.chosen.extend(places)
        return places

    def _place(
        self,
        flights: Sequence[Flight],
        threads: Mapping[str, int],
        places: dict[str, tuple[str, ...]],
    ) -> None:
        self._under_way = WeakSet(f for f in self._under_way if not f.has_landed)
        # Dask may have moved a task since: it counts where it was seen to start.
        busy = Counter(f.started_on or f.place for f in self._under_way)
        # Of equals in an order of our own: not every session begins with the same worker.
        free = [(busy[w] / count, hash((self._name, w)), w) for w, count in threads.items()]
        heapq.heapify(free)
        for flight in flights:
            held = _held(flight.tables)
            total = sum(held.values())
            # One that holds nothing is worth a look only where no other such one is less busy.
            waits = {
                worker: busy[worker] / threads[worker] + (total - held[worker]) / MOVED
                for worker in (free[0][-1], *held)
                if worker in threads
            }
            flight.place = min(waits, key=waits.__getitem__)
            busy[flight.place] += 1
            places[flight.key] = (flight.place,)
            self._under_way.add(flight)
            while (now := busy[free[0][-1]] / threads[free[0][-1]]) > free[0][0]:
                heapq.heapreplace(free, (now, *free[0][1:]))


def _is_chosen_by_user() -> bool:
    """Whether the user said where Dask is to run tasks: a worker chosen here would take the place of that."""
    return bool({"workers", "resources"} & dask.get_annotations().keys())


def most_held_by(tables: Sequence[Any]) -> str | None:
    """The worker that holds most bytes of some tables; None where that is not known."""
    held = _held(tables)
    return max(held, key=held.__getitem__) if held else None


def _held(tables: Sequence[Any]) -> Counter[str]:
    """Bytes of some tables, by the worker that holds them."""
    held: Counter[str] = Counter()
    for table in tables:
        if not isinstance(table, Piece) or table.told is not None:
            continue
        made = table.flight
        if made.worker is not None and made.report is not None:
            held[made.worker] += made.report.bytes[table.number]
    return held
