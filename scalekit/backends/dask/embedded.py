"""A Dask cluster on this machine: processes of one thread each, on loopback only, stopped with the session."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker
from typing import Any

import dask.config
from dask.system import CPU_COUNT
from distributed import LocalCluster, Security, Status
from distributed.system import MEMORY_LIMIT

from scalekit.backends.dask.spawning import without_script
from scalekit.backends.tasks.cluster import Resources
from scalekit.backends.tasks.folders import private_folder
from scalekit.backends.tasks.workers import allocator, environment
from scalekit.config import Config

LOOPBACK = "127.0.0.1"

SHARE = 0.75
"""Of the machine's memory for all workers together: the rest is for this process and the system."""

CLOSING = 15.0
"""Seconds for workers to stop by themselves."""

SETTINGS = {
    "distributed.scheduler.allowed-failures": 3,
    "distributed.scheduler.no-workers-timeout": "60s",
    "distributed.scheduler.worker-ttl": "60s",
    "distributed.scheduler.dashboard.bokeh-application.allow_websocket_origin": ["localhost"],
}
"""A task is tried four times, and nothing waits for workers that do not come."""

_BEFORE = "distributed.nanny.pre-spawn-environ"
"""The setting of Dask for what workers are told before they start."""

_ENDED = (Status.closed, Status.closing, Status.failed, Status.stopped, Status.stopping)


def planned(config: Config) -> Resources:
    """What a cluster has that is started on this machine."""
    workers = config.workers or CPU_COUNT
    memory = config.worker_memory or int(MEMORY_LIMIT * SHARE / workers)
    return Resources(workers, memory, (LOOPBACK,))


class Embedded:
    """A ``LocalCluster`` and its folder for what does not fit into memory."""

    def __init__(self, config: Config) -> None:
        wanted = planned(config)
        self.workers, self.memory = wanted.slots, wanted.memory
        self._folder = str(private_folder("dask"))
        self._kept = ExitStack()
        self._kept.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._kept.enter_context(without_script())
        with ExitStack() as failing:
            failing.callback(self._kept.close)
            self.cluster = self._started()
            failing.pop_all()

    def _started(self) -> Any:
        variables = dask.config.get(_BEFORE, {}) | allocator(self.memory)
        settings = SETTINGS | {"temporary-directory": self._folder, _BEFORE: variables}
        with dask.config.set(settings), _path_kept(), _uninterrupted():
            return LocalCluster(
                host=LOOPBACK,
                dashboard_address=f"{LOOPBACK}:0",
                n_workers=self.workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=self.memory,
                security=temporary_security(),
                silence_logs=logging.CRITICAL,
                local_directory=self._folder,
                env=environment(self.memory),
            )

    def fits(self, config: Config) -> bool:
        """Whether it is what ``config`` asks for."""
        return config.workers in (None, self.workers) and config.worker_memory in (
            None,
            self.memory,
        )

    @property
    def is_alive(self) -> bool:
        """Whether it has workers, or processes that start them again."""
        return self.cluster.status == Status.running and any(self._living())

    def heal(self) -> None:
        """Start workers in the place of those that nothing starts again: a nanny gives up after some failures."""
        if sum(self._living()) < self.workers:
            self.cluster.scale(self.workers)

    def _living(self) -> list[bool]:
        return [nanny.status not in _ENDED for nanny in self.cluster.workers.values()]

    def close(self) -> None:
        """Stop its processes and remove its folder."""
        pids = [nanny.pid for nanny in self.cluster.workers.values()]
        try:
            with suppress(TimeoutError):
                self.cluster.close(timeout=CLOSING)
                return
            for pid in filter(None, pids):  # ours, and they did not listen
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        finally:
            self._kept.close()


@contextmanager
def _path_kept() -> Iterator[None]:
    """Take back that a scheduler puts its scratch folder first among those that this process imports from."""
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep interrupts from all that starts meanwhile: a stop button sends them to workers as well, which would end.

    The thread of the loop inherits what this thread blocks, and hands it on to every process that it starts.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # else it starts with the first worker, and takes the block back
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def temporary_security() -> Any:
    """Certificates for this session, where the package is there that makes them: no other user can connect."""
    try:
        return Security.temporary()
    except ImportError:
        return None
