"""What this machine and this process have: memory, the budget of a query, cores, and the settings in force."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from scalekit import machine
from scalekit.backends.budget import budget_of
from scalekit.config import Config
from scalekit.sources.sizes import size_text
from scalekit.storage.redaction import redact


@dataclass(frozen=True)
class MemoryState:
    """Memory in bytes; None where the system does not tell.

    Attributes
    ----------
    free
        What this process can still take.
    limit
        What leaves no more: the machine, a cgroup, or a limit.
    budget
        What a query may use.
    origin
        What says so.
    """

    free: int | None
    limit: str
    budget: int | None
    origin: str

    def words(self) -> str:
        """One line for a person.

        Examples
        --------
        >>> MemoryState(2**31, "this machine", 2**30, "SCALEKIT_MEMORY_BUDGET").words()
        '2.0 GiB free (this machine); a query may use 1.0 GiB (SCALEKIT_MEMORY_BUDGET)'
        """
        if self.free is None:
            free = "free memory is not known here"
        else:
            free = f"{size_text(self.free)} free ({self.limit})"
        if self.budget is None:
            return f"{free}; a query may use any amount"
        return f"{free}; a query may use {size_text(self.budget)} ({self.origin})"


def memory_state(config: Config) -> MemoryState:
    """The memory of this process and the budget of its queries."""
    room, budget = machine.room(), budget_of(config)
    return MemoryState(
        room.bytes if room else None,
        room.limit if room else "",
        budget.bytes if budget else None,
        budget.origin if budget else "",
    )


def platform_state() -> Mapping[str, Any]:
    """Python, the system, and cores."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "cores": os.cpu_count(),
    }


def settings_of(config: Config) -> list[dict[str, Any]]:
    """Every setting with its value, without secrets, and where it comes from."""
    return [
        {"name": name, "value": _shown(getattr(config, name)), "origin": config.origin(name)}
        for name in (field.name for field in fields(config))
        if name != "origins"
    ]


def _shown(value: Any) -> Any:
    return redact(value) if isinstance(value, str) else value
