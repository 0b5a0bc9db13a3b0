"""What goes wrong on Dask, in scalekit's own words: the stage, the part and the first cause."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from scalekit.backends.dask.flights import Flight
from scalekit.errors import ExecutionError, ScalekitError
from scalekit.kernels.task import located

GONE = (
    "the connection to Dask's scheduler is lost, and with it the tables of this query; run it again: "
    "scalekit connects anew, or starts a new cluster where it had started the old one"
)


def as_error(flight: Flight, cause: BaseException, others: Sequence[Flight] = ()) -> ScalekitError:
    """What to raise for a task that failed.

    Parameters
    ----------
    flight
        The task.
    cause
        What Dask gave for it.
    others
        Further tasks under way, of which one may be to blame for the death of a worker.
    """
    if isinstance(cause, ScalekitError):
        return cause.with_traceback(None)
    if isinstance(cause, KilledWorker):
        return _killed(flight, cause, others)
    if isinstance(cause, FutureCancelledError):
        return _located(flight, f"Dask cancelled the task: {cause.reason}")
    if isinstance(cause, MemoryError):
        return _located(flight, "a worker of Dask ran out of memory")
    return _located(flight, f"{type(cause).__name__} on a worker of Dask: {cause}")


def _killed(flight: Flight, cause: KilledWorker, others: Sequence[Flight]) -> ScalekitError:
    """Dask blames every task that a dead worker had before it; only one that had started is to blame."""
    last = cause.last_worker.address
    suspects = [other for other in (flight, *others) if other.started_on == last]
    blamed = suspects[0] if suspects and flight not in suspects else flight
    times = cause.allowed_failures + 1
    return _located(
        blamed,
        f"the worker process died each of the {times} times that Dask tried the task, and it is not tried again; "
        "memory is the usual reason: give workers more of it (worker_memory=), or make parts smaller "
        "(partition_bytes=)",
    )


def _located(flight: Flight, text: str) -> ScalekitError:
    try:
        stage = pickle.loads(flight.packed.value)
    except Exception:  # what a user's function holds may be what failed
        return ExecutionError(f"{text} (in part {flight.facts.part})")
    return located(ExecutionError(text), stage, flight.facts)


def cause_of(flight: Flight, told: Any) -> BaseException:
    """What Dask says of a failed task."""
    cancelled: BaseException = FutureCancelledError(
        flight.key, str([future.status for future in flight.futures])
    )
    return told if isinstance(told, BaseException) else cancelled
