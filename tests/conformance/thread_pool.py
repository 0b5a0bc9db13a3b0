"""A cluster of threads: all that a backend takes, but for the line that declares it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from scalekit.backends.tasks.backend import TaskBackend
from scalekit.backends.tasks.cluster import Cluster, Ref, Resources, Submitted
from scalekit.config import Config
from scalekit.kernels.task import Facts, run_task


class ThreadPool(Cluster):
    """Tasks run in threads; a reference is a function that waits for its value, or the value itself."""

    resources = Resources(slots=4, memory=1024**3)

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.resources.slots)

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        task = self._pool.submit(lambda: run_task(packed, facts, *self.fetch(tables)))
        made = [lambda n=n: task.result()[0][n] for n in range(outputs)]
        return Submitted(made, lambda: task.result()[1])

    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        return [ref() if callable(ref) else ref for ref in refs]


class ThreadPoolBackend(TaskBackend):
    name = "threads"

    def connect(self, config: Config) -> ThreadPool:
        return ThreadPool()
