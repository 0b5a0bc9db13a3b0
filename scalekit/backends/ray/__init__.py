"""Ray as a backend: tasks of Ray Core on a session that is there, at an address, or started here."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from scalekit.backends.ray import hosted
from scalekit.backends.tasks.backend import TaskBackend
from scalekit.backends.tasks.cluster import Cluster
from scalekit.config import Config

__all__ = ["RayBackend", "close"]

if find_spec("ray") is None:
    raise ModuleNotFoundError("Ray is not installed", name="ray")


class RayBackend(TaskBackend):
    """Polars as tasks of Ray Core, with parts in its object store; Ray Data takes no part."""

    name = "ray"

    def connect(self, config: Config) -> Cluster:
        """The session of this process, the cluster at the configured address, or an embedded Ray."""
        ray = sys.modules.get("ray")
        if ray is None or not ray.is_initialized():
            return hosted.HostedCluster(hosted.connect(config))
        from scalekit.backends.ray import connect
        from scalekit.backends.ray.cluster import RayCluster

        return RayCluster(connect.connect(config))


def close() -> None:
    """Leave Ray, and stop it where scalekit started it; the next query starts anew."""
    hosted.close()
    if "scalekit.backends.ray.connect" in sys.modules:
        sys.modules["scalekit.backends.ray.connect"].close()
