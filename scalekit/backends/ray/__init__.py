"""Ray as a backend: tasks of Ray Core on a session that is there, at an address, or started here."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

from scalekit.backends.ray import hosted, machine
from scalekit.backends.tasks.backend import TaskBackend
from scalekit.backends.tasks.cluster import Cluster, Resources
from scalekit.config import Config

__all__ = ["RayBackend", "close"]

if find_spec("ray") is None:
    raise ModuleNotFoundError("Ray is not installed", name="ray")


class RayBackend(TaskBackend):
    """Polars as tasks of Ray Core, with parts in its object store; Ray Data takes no part."""

    name = "ray"

    def connect(self, config: Config) -> Cluster:
        """The session of this process, the cluster at the configured address, or an embedded Ray."""
        if not _is_here():
            return hosted.HostedCluster(hosted.connect(config))
        # These import Ray, which is there already; otherwise only the process that drives it loads it.
        found = import_module("scalekit.backends.ray.connect").connect(config)
        cluster: Cluster = import_module("scalekit.backends.ray.cluster").RayCluster(found)
        return cluster

    def attached(self, config: Config) -> Cluster | None:
        """The session of this process, the cluster at the configured address, or the embedded Ray if it runs."""
        if _is_here():
            return self.connect(config)
        session = hosted.attached(config)
        return None if session is None else hosted.HostedCluster(session)

    def planned(self, config: Config) -> Resources:
        """What the embedded Ray would have."""
        return machine.planned(config)


def _is_here() -> bool:
    """Whether this process has a session of its own."""
    ray = sys.modules.get("ray")
    return ray is not None and bool(ray.is_initialized())


def close() -> None:
    """Leave Ray, and stop it where scalekit started it; the next query starts anew."""
    hosted.close()
    if "scalekit.backends.ray.connect" in sys.modules:
        sys.modules["scalekit.backends.ray.connect"].close()
