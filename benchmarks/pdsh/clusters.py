"""Clusters for a benchmark, on this machine and loopback only: scalekit and its peers run on the same one."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.pdsh.peers import PEERS
from scalekit.backends.tasks.workers import environment
from scalekit.config import resolve

THREADS = {"OMP_NUM_THREADS": "1"}
"""What the peers' libraries are told in a worker of one thread, beside what scalekit tells its own."""
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}


@dataclass(frozen=True)
class Size:
    """Workers of one thread, the memory of each, and that of Ray's object store."""

    workers: int = 2
    memory: str = "8GB"
    object_store: int = 4_000_000_000

    @property
    def bytes(self) -> int:
        """The memory of a worker in bytes."""
        return resolve(worker_memory=self.memory).worker_memory or 0


@contextmanager
def started(backends: list[str], size: Size) -> Iterator[None]:
    """Start the clusters that some backends need, and stop them at the end."""
    with ExitStack() as stack:
        if "dask" in backends:
            stack.enter_context(_dask(size))
        if "ray" in backends:
            stack.enter_context(_ray(size))
        for backend in backends:
            if backend in PEERS:
                PEERS[backend].prepare()
        yield


@contextmanager
def _dask(size: Size) -> Iterator[None]:
    from distributed import Client, LocalCluster

    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=size.workers,
        threads_per_worker=1,
        memory_limit=size.memory,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        env={**environment(size.bytes), **THREADS},
        silence_logs=logging.ERROR,
    )
    with cluster, Client(cluster):  # type: ignore[no-untyped-call]
        yield


@contextmanager
def _ray(size: Size) -> Iterator[None]:
    variables = environment(size.bytes)
    os.environ.update(
        {**variables, **THREADS, **_LOOPBACK}
    )  # this process has loaded Polars already
    import ray

    ray.init(
        num_cpus=size.workers,
        object_store_memory=size.object_store,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    try:
        yield
    finally:
        ray.shutdown()
