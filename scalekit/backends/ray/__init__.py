"""Ray as a backend: tasks of Ray Core on a session that is there, at an address, or started here."""

from __future__ import annotations

from scalekit.backends.ray import quiet  # noqa: F401 - before what imports Ray
from scalekit.backends.ray.cluster import RayCluster
from scalekit.backends.ray.connect import close, connect
from scalekit.backends.tasks.backend import TaskBackend
from scalekit.config import Config

__all__ = ["RayBackend", "close"]


class RayBackend(TaskBackend):
    """Polars as tasks of Ray Core, with parts in its object store; Ray Data takes no part."""

    name = "ray"

    def connect(self, config: Config) -> RayCluster:
        """The session of this process, the cluster at the configured address, or an embedded Ray."""
        return RayCluster(connect(config))
