"""Waiting without end is not waiting: how long a query may go without a worker, or without anything running."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from scalekit.backends.dask.connection import Connection
from scalekit.backends.dask.failures import GONE
from scalekit.backends.dask.flights import Flight
from scalekit.backends.dask.work import look_again
from scalekit.errors import ExecutionError

QUIET = 5.0
"""Seconds without a word after which the scheduler is asked what runs."""

PATIENCE = 50.0
"""Seconds without workers, or without any of the query's tasks on one, after which it is given up: within a minute."""

WAITING = ("no-worker", "waiting", "released")
"""States of tasks that may still wait for the worker that was chosen for them."""


class Vigil:
    """Watches over one wait: long tasks may take their time, but something has to run."""

    def __init__(self, connection: Connection, flights: Iterable[Flight]) -> None:
        self._connection = connection
        self._flights = list(flights)
        self._heard = connection.tower.heard
        self._moved = self._asked = time.monotonic()
        self._trouble = ""

    def look(self) -> None:
        """See whether there is still something to wait for.

        Raises
        ------
        ExecutionError
            Where there is not, with the reason.
        """
        if not self._connection.is_alive:
            raise ExecutionError(GONE)
        now = time.monotonic()
        if self._connection.tower.heard != self._heard:
            self._heard, self._moved, self._asked = self._connection.tower.heard, now, now
        elif now - self._asked >= min(QUIET, PATIENCE / 4):
            self._ask()
            self._asked = now = time.monotonic()
            if not self._trouble:
                self._moved = now
        if now - self._moved > PATIENCE:
            raise ExecutionError(f"given up after {PATIENCE:.0f} s: {self._trouble}")

    def _ask(self) -> None:
        try:
            running: dict[str, Any] = self._connection.ask(
                lambda: self._connection.client.scheduler.processing(workers=None), QUIET
            )
        except (OSError, TimeoutError):
            self._trouble = "Dask's scheduler does not answer"
            return
        if not running:
            self._trouble = (
                "Dask has no workers; start some, or leave the address out: scalekit then starts a cluster on this "
                "machine"
            )
            return
        busy = {key for keys in running.values() for key in keys}
        self._trouble = "" if busy or self._is_on_its_way else "no task runs on any worker of Dask"
        if any(flight.report is None and flight.key not in busy for flight in self._flights):
            with suppress(OSError, TimeoutError, KeyError):  # one that was forgotten meanwhile
                self._connection.ask(self._let_go, QUIET)

    @property
    def _is_on_its_way(self) -> bool:
        """Whether all has run, and large tables take their time to come here."""
        futures = [future for flight in self._flights for future in flight.futures]
        return bool(futures) and all(future.status == "finished" for future in futures)

    async def _let_go(self) -> None:
        """Let tasks run anywhere that wait for the worker that was chosen for them.

        Dask lets them run elsewhere where another worker is there when they are ready. Where there was none, it
        offers those that come later only the tasks that are meant for them.
        """
        client = self._connection.client
        chosen = list(self._connection.placing.chosen)
        states = await client.scheduler.get_task_status(keys=chosen)
        if "no-worker" in states.values():
            waiting = dict.fromkeys(key for key, state in states.items() if state in WAITING)
            await client.scheduler.set_restrictions(worker=waiting)
            await client.run(look_again, on_error="ignore", asynchronous=True)
