"""The memory of the processes that work for this one, several times a second; it needs psutil and nothing else."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Self

import psutil

PAUSE = 0.1
"""Seconds between two looks."""

NO_WORKERS = ("gcs_server", "raylet", "dashboard", "log_monitor", "runtime_env", "resource_tracker")
"""What belongs to a cluster and runs nobody's tasks."""


@dataclass
class Memory:
    """What one worker held: bytes of its own and its share of those that it has in common with others.

    Attributes
    ----------
    idle
        When the watch began. One that came later, as members of gangs do, counts from what those had that were there:
        the libraries are no part of a fit.
    peak
        At the most, by looks.
    """

    idle: int = 0
    peak: int = 0


@dataclass
class Watched:
    """Workers by process id, and the most that all of them and this process held at one time.

    Attributes
    ----------
    workers
        What each held.
    together
        The peak of their sum.
    here
        The peak of this process.
    """

    workers: dict[int, Memory] = field(default_factory=dict)
    together: int = 0
    here: int = 0


class Watch:
    """Watches from ``with`` to its end."""

    def __init__(self) -> None:
        self.found = Watched()
        self._stop = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._loaded = 0

    def __enter__(self) -> Self:
        self._look()
        self._loaded = max((memory.idle for memory in self.found.workers.values()), default=0)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(PAUSE):
            self._look()

    def _look(self) -> None:
        found, this = self.found, psutil.Process()
        total = 0
        for process in this.children(recursive=True):
            held = memory_of(process)
            if held is None or not _is_worker(process):
                continue
            seen = found.workers.setdefault(process.pid, Memory(max(held, self._loaded)))
            seen.peak = max(seen.peak, held)
            total += held
        found.together = max(found.together, total)
        found.here = max(found.here, memory_of(this) or 0)


def memory_of(process: psutil.Process) -> int | None:
    """Bytes of a process: what it shares counts by the number of those that share it, where the system tells."""
    with suppress(psutil.Error):  # it has ended
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    return None


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        command = " ".join(process.cmdline())
        return not any(name in command for name in NO_WORKERS)
    return False


def high_water(process: int | None = None) -> int:
    """The most that a process ever held, this one by default, by the kernel; no look is taken meanwhile."""
    status = Path("/proc") / str(process or "self") / "status"
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return int(psutil.Process(process).memory_info().rss)


def workers_high_water() -> list[int]:
    """The same of each worker of this process, since it began."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if _is_worker(process):
                found.append(high_water(process.pid))
    return found
