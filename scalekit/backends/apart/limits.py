"""What a process of its own may use: limits that it sets on itself, and settings of Polars under which it needs less."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import resource

SPILL_SHARE = 0.5
"""Share of the limit from which on Polars writes what it holds to the disk, where an operator can."""

DISK_SHARE = 0.8
"""Share of the free disk that this may take."""

RESERVED = 4
"""Addresses of data that may be taken for each byte of the limit: allocators reserve more than they use, and the
process that watches counts what is used. What is past this is refused at once, however busy the machine is. Polars that
finds no memory while it reads back what it wrote to the disk may wait for ever, so this is not close."""

SPARE = 1024**3
"""Addresses for threads and libraries."""

MIB = 1024**2


def settings(limit: int, folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Variables of the process: ``environment``, and what makes Polars keep under ``limit`` where nobody said otherwise."""
    room = shutil.disk_usage(folder).free
    own = {
        "POLARS_OOC_MEMORY_BUDGET_MB": str(max(1, int(limit * SPILL_SHARE) // MIB)),
        "POLARS_OOC_DISK_BUDGET_MB": str(max(1, int(room * DISK_SHARE) // MIB)),
        # Freed memory goes back to the system rather than being kept for later.
        "_RJEM_MALLOC_CONF": "retain:false,dirty_decay_ms:100,muzzy_decay_ms:0",
    }
    spill = {"POLARS_OOC_SPILL_DIR": str(folder / "spill")}  # removed with the folder
    return {**own, **environment, **spill}


def limit_itself(limit: int) -> None:
    """Limit this process, and let the system end it before others when memory is short."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(AttributeError, OSError, ValueError):
        most = _data() + int(limit * RESERVED) + SPARE
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def used(pid: int | str = "self") -> int | None:
    """Bytes of memory that a process uses and nothing else can: without mapped files; None where nobody tells."""
    pages = _pages(pid)
    return None if pages is None else max(0, pages[1] - pages[2]) * os.sysconf("SC_PAGE_SIZE")


def most_used() -> int:
    """Bytes that this process has used at the most, where only the system itself keeps count."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _data() -> int:
    pages = _pages("self")
    return 0 if pages is None else pages[5] * os.sysconf("SC_PAGE_SIZE")


def busy(pid: int) -> float | None:
    """Seconds of the processor that a process has taken; None where nobody tells."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _pages(pid: int | str) -> list[int] | None:
    try:
        text = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
    except OSError:
        return None
    return [int(number) for number in text.split()]
