"""What a Ray of this process's own would have, told without Ray: who asks may have none."""

from __future__ import annotations

import os
import sys

import psutil

from scalekit.backends.tasks.cluster import Resources
from scalekit.config import Config

SHARE = 0.75
"""Of the memory that is free at the start: what Ray may use, unless a setting says it."""


def planned(config: Config) -> Resources:
    """Its slots, and the memory of one."""
    slots = config.workers or cores()
    return Resources(slots, memory(slots, config.worker_memory) // slots, ("127.0.0.1",))


def memory(slots: int, worker_memory: int | None) -> int:
    """Bytes for all workers together."""
    return worker_memory * slots if worker_memory else int(SHARE * _free_bytes())


def cores() -> int:
    """Cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def uses_tls() -> bool:
    """Whether Ray was told to encrypt its connections."""
    return os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true")


def _free_bytes() -> int:
    return int(psutil.virtual_memory().available)
