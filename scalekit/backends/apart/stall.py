"""A process that failed inside and waits for ever for the part of it that is gone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from scalekit.backends.apart.limits import busy

PAUSE = 5.0
"""Seconds between two looks."""

IDLE = 0.05
"""Share of that time below which a process does nothing."""

_FAILED = re.compile(r"panicked at|memory allocation of \d+ bytes failed")


class Stall:
    """Looks now and then whether a process has said that a thread failed, and does nothing since.

    Polars 2.1 hands a failed thread on as an error in most places, and not where it reads back what it wrote to the
    disk: the query then waits without end.

    Parameters
    ----------
    pid
        The process.
    said
        The file to which it writes its last words.
    clock
        What tells the time, in seconds.
    """

    def __init__(self, pid: int, said: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._pid, self._said, self._clock = pid, said, clock
        self._looked, self._busy = clock(), 0.0

    def words(self) -> str:
        """What it said, where it stalls; otherwise nothing."""
        now = self._clock()
        passed = now - self._looked
        if passed < PAUSE:
            return ""
        taken = busy(self._pid) or 0.0
        is_idle = taken - self._busy < IDLE * passed
        self._looked, self._busy = now, taken
        said = self._said.read_text(encoding="utf-8", errors="replace") if is_idle else ""
        return said if _FAILED.search(said) else ""
