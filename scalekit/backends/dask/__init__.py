"""Dask as a backend: partitions are Arrow tables on its workers, and its scheduler starts, moves and repeats tasks."""

from __future__ import annotations

from scalekit.backends.dask.cluster import DaskCluster
from scalekit.backends.dask.connections import close, connect
from scalekit.backends.tasks.backend import TaskBackend
from scalekit.config import Config

__all__ = ["DaskBackend", "close"]


class DaskBackend(TaskBackend):
    """Polars on the workers of a Dask cluster: one that is there, or one that scalekit starts on this machine."""

    name = "dask"

    def connect(self, config: Config) -> DaskCluster:
        """The cluster of ``config.address``, of the session's Dask client, or an embedded one."""
        return DaskCluster(connect(config))
