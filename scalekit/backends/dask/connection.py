"""A connection to Dask: its client, what is heard through it, and the workers that it has."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from distributed.comm import get_address_host

from scalekit.backends.dask.embedded import Embedded
from scalekit.backends.dask.flights import Tower
from scalekit.backends.dask.placing import Placing
from scalekit.backends.dask.software import checked
from scalekit.backends.tasks.cluster import Resources

CONNECTING = 15.0
"""Seconds for a scheduler to answer."""

PROMPT = 0.001
"""Seconds for which a client collects messages: Dask's 10 ms are as long as a stage of few rows takes."""

FRESH = 1.0
"""Seconds for which the list of workers is believed."""


class Connection:
    """A client of Dask, what is heard through it, and the cluster that was started for it, if one was."""

    def __init__(
        self, client: Any, *, owned: bool, embedded: Embedded | None = None, ship: bool = False
    ) -> None:
        self.client = client
        self.ship = ship
        self.tower = Tower()
        self.placing = Placing()
        self.embedded = embedded
        self.lock = threading.Lock()
        self._owned = owned
        self._checked: set[str] = set()
        self._looked = float("-inf")
        self.seen = Resources(0, 0)
        self._threads: Mapping[str, int] = {}
        with suppress(AttributeError):  # it is not public, and only a matter of time
            client.scheduler_comm.interval = PROMPT
        client.subscribe_topic(self.tower.topic, self.tower.hear)

    @property
    def is_alive(self) -> bool:
        """Whether the scheduler can be talked to, and a cluster of our own has workers."""
        return self.client.status == "running" and (self.embedded is None or self.embedded.is_alive)

    def start(self, question: Callable[[], Awaitable[Any]]) -> Future[Any]:
        """Begin what a coroutine of the client does, in the client's thread."""

        async def asked() -> Any:
            return await question()

        answer = asyncio.run_coroutine_threadsafe(asked(), self.client.loop.asyncio_loop)
        # Not at the end of the coroutine: who is woken there finds that the answer is not there yet.
        answer.add_done_callback(lambda _: self.tower.wake())
        return answer

    def ask(self, question: Callable[[], Awaitable[Any]], seconds: float) -> Any:
        """What a coroutine of the client gives, within ``seconds``.

        Raises
        ------
        TimeoutError, OSError
            Where the scheduler does not answer.
        """
        answer = self.start(question)
        try:
            return answer.result(seconds)
        except BaseException:
            answer.cancel()
            raise

    def resources(self) -> Resources:
        """Threads and the least memory of one, by the workers that are there."""
        self._look_again()
        return self.seen

    def threads(self) -> Mapping[str, int]:
        """The threads of each worker that takes tasks, by its address: none of those that are paused, or go away."""
        self._look_again()
        return self._threads

    def _look_again(self) -> None:
        if time.monotonic() - self._looked > FRESH:
            self.look()

    def workers(self) -> Mapping[str, Mapping[str, Any]]:
        """What the scheduler says of each worker, by its address."""
        identity = self.ask(lambda: self.client.scheduler.identity(n_workers=-1), CONNECTING)
        found: Mapping[str, Mapping[str, Any]] = identity["workers"]
        return found

    def look(self) -> None:
        """Ask for the workers, and compare the versions of those that are new."""
        workers = self.workers()
        if new := sorted(set(workers) - self._checked):
            self._checked |= checked(self.client, self.ask, new, ship=self.ship)
        shares = [w["memory_limit"] // w["nthreads"] for w in workers.values() if w["memory_limit"]]
        slots = sum(worker["nthreads"] for worker in workers.values())
        self._threads = {
            name: worker["nthreads"]
            for name, worker in workers.items()
            if name in self._checked and worker["nthreads"] and worker["status"] == "running"
        }
        hosts = tuple({get_address_host(name) for name in workers})
        self.seen = Resources(max(1, slots), min(shares, default=2 * 1024**3), hosts)
        self._looked = time.monotonic()

    def close(self) -> None:
        """Leave the cluster, and stop it where it was started here."""
        with suppress(Exception):
            if self.is_alive:
                self.client.unsubscribe_topic(self.tower.topic)
        if self._owned:
            with suppress(Exception):
                self.client.close(timeout=5)
        if self.embedded is not None:
            self.embedded.close()
