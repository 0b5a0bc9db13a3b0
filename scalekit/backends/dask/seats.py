"""What a Dask worker runs for a gang: it meets the other members, and is one of them."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

from distributed import Worker, get_worker
from distributed.comm import get_address_host

from scalekit.backends.dask.work import Made, Places, tables_at
from scalekit.kernels.gang import Parts, Result, Seat, leave, meet, take_part

TELLING = 0.2
"""Seconds between two words of how far a member is."""


def open_seat(gang: str, packed: bytes, seats: Sequence[str], dask_worker: Worker) -> Any:
    """What the member on this worker has to say to the others."""
    return meet(gang, packed, _seat(dask_worker, seats))


def leave_seat(gang: str) -> None:
    """Undo what was done for a gang, and stop its member."""
    leave(gang)


def sit(
    topic: str,
    gang: str,
    packed: bytes,
    seats: Sequence[str],
    told: bytes,
    work: bytes,
    places: Places,
    *given: Made | bytes,
) -> Result:
    """Be a member.

    Parameters
    ----------
    topic
        Where it tells how far it is.
    gang, seats
        The gang's name, and where its members are.
    packed
        The stage, what it is told of each part, and the number of tables of each.
    told
        What the members said to each other.
    work
        What they do.
    places, given
        The tables of all parts.
    """
    worker = get_worker()
    stage, facts, counts = pickle.loads(packed)
    tables = tables_at(places, given)
    tasks = tuple(
        (one, tuple(tables[start:end]))
        for one, (start, end) in zip(facts, pairwise(accumulate(counts, initial=0)), strict=True)
    )
    number = seats.index(worker.address)
    tell = _teller(worker, topic, gang, number)
    seat = Seat(
        number, len(seats), get_address_host(worker.address), worker.state.nthreads,
        pickle.loads(told), tell=tell,
    )  # fmt: skip
    tell(0)
    return take_part(gang, work, Parts(stage, tasks), seat)


def _seat(worker: Worker, seats: Sequence[str]) -> Seat:
    host, threads = get_address_host(worker.address), worker.state.nthreads
    return Seat(seats.index(worker.address), len(seats), host, threads)


def _teller(worker: Worker, topic: str, gang: str, number: int) -> Callable[[int], None]:
    said = -TELLING

    def tell(done: int) -> None:
        nonlocal said
        if time.monotonic() - said >= TELLING:
            said = time.monotonic()
            worker.log_event(topic, ("steps", gang, worker.address, number, done))

    return tell
