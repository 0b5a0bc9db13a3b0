"""Dask as a backend: partitions are Arrow tables on its workers, and its scheduler starts, moves and repeats tasks."""

from __future__ import annotations

from scalekit.backends.dask.cluster import DaskCluster
from scalekit.backends.dask.connections import attached, check, close, connect
from scalekit.backends.dask.embedded import planned
from scalekit.backends.tasks.backend import TaskBackend
from scalekit.backends.tasks.cluster import Resources
from scalekit.config import Config

__all__ = ["DaskBackend", "close"]


class DaskBackend(TaskBackend):
    """Polars on the workers of a Dask cluster: one that is there, or one that scalekit starts on this machine."""

    name = "dask"

    def connect(self, config: Config) -> DaskCluster:
        """The cluster of ``config.address``, of the session's Dask client, or an embedded one."""
        return DaskCluster(connect(config))

    def attached(self, config: Config) -> DaskCluster | None:
        """The cluster of ``config.address``, of the session's Dask client, or the embedded one if it runs."""
        found = attached(config)
        return None if found is None else DaskCluster(found)

    def planned(self, config: Config) -> Resources:
        """What the embedded cluster would have."""
        return planned(config)

    def check_address(self, config: Config) -> None:
        """Refuse what is no address of Dask, and a plain one on another machine."""
        check(config)
