"""On which Dask worker a task runs: where its tables are, unless that one is busy and another is not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from scalekit.backends.dask.flights import Flight, Piece

MOVED = 256 * 1024**2
"""Bytes that are moved in the time in which one more task is waited for, about."""

Places = Mapping[str, tuple[str, ...]]
"""Workers by the keys of tasks; none where the scheduler chooses."""


class Placing:
    """Chooses workers for tasks.

    Dask sends a task to a worker that holds some of what it reads, even if that one is the only one with work: all
    tasks of a join with a small table would run where that table is. And two tasks that read no table may go
    to one worker. Dask chooses again where the worker is lost.
    """

    def __init__(self) -> None:
        self._under_way: list[Flight] = []

    def placed(self, flights: Sequence[Flight], threads: Mapping[str, int]) -> Places:
        """The workers of ``flights``, which are under way from now on, by the threads that each worker has."""
        self._under_way = [flight for flight in self._under_way if not flight.has_landed]
        busy = Counter(flight.place for flight in self._under_way if flight.place)
        places: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        for flight in flights:
            if not threads:
                break
            held = _held(flight)
            total = sum(held.values())
            waits = {
                worker: busy[worker] / count + (total - held[worker]) / MOVED
                for worker, count in threads.items()
            }
            flight.place = min(waits, key=waits.__getitem__)
            busy[flight.place] += 1
            places[flight.key] = (flight.place,)
            self._under_way.append(flight)
        return places


def _held(flight: Flight) -> Counter[str]:
    """Bytes that a task reads, by the worker that holds them."""
    held: Counter[str] = Counter()
    for table in flight.tables:
        if not isinstance(table, Piece) or table.flight.told is not None:
            continue
        made = table.flight
        if made.worker is not None and made.report is not None:
            held[made.worker] += made.report.bytes[table.number]
    return held
