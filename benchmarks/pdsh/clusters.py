"""Clusters for a benchmark, on this machine and loopback only: scalekit and its peers run on the same one."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.pdsh.peers import PEERS

THREADS = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""What a worker of one thread is told before it loads anything."""
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}


@dataclass(frozen=True)
class Size:
    """Workers of one thread, the memory of each, and that of Ray's object store."""

    workers: int = 2
    memory: str = "8GB"
    object_store: int = 4_000_000_000


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
        env=THREADS,
        silence_logs=logging.ERROR,
    )
    with cluster, Client(cluster):  # type: ignore[no-untyped-call]
        yield


@contextmanager
def _ray(size: Size) -> Iterator[None]:
    os.environ.update(THREADS | _LOOPBACK)  # Polars has started its threads in this process already
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
