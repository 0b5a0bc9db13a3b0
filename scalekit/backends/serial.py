"""The reference of all clusters: tasks run one after the other, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scalekit.backends.tasks.backend import TaskBackend
from scalekit.backends.tasks.cluster import Cluster, Ref, Resources, Submitted
from scalekit.config import Config
from scalekit.kernels.task import Facts, run_task


class SerialCluster(Cluster):
    """Runs a task when it is submitted; a reference is the value itself."""

    resources = Resources(slots=2, memory=4 * 1024**3)
    session = "this process"

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:  # noqa: ARG002
        """Run the task."""
        return Submitted(*run_task(packed, facts, *tables))

    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        """The values themselves."""
        return list(refs)


class SerialBackend(TaskBackend):
    """Partitions without a cluster: for tests, and to see what a plan does."""

    name = "serial"

    def connect(self, config: Config) -> SerialCluster:  # noqa: ARG002 - there is one only
        """A cluster of this process."""
        return SerialCluster()

    def attached(self, config: Config) -> SerialCluster:
        """The same: it is always there."""
        return self.connect(config)
