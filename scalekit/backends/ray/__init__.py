"""Ray as a backend: tasks of Ray Core on a session that is there, at an address, or started here."""

from __future__ import annotations

import ray  # noqa: F401 - a missing package is found when the backend is loaded

from scalekit.backends.ray.cluster import RayCluster
from scalekit.backends.ray.session import connect
from scalekit.backends.tasks.backend import TaskBackend
from scalekit.config import Config


class RayBackend(TaskBackend):
    """Runs plans as tasks on Ray, with parts in its object store; ``ray.data`` is not used."""

    name = "ray"

    def connect(self, config: Config) -> RayCluster:
        """The session of this process, the cluster at the configured address, or an embedded Ray."""
        return RayCluster(connect(config.address))
