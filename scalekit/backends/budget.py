"""How much memory a query may use on this machine, and who says so."""

from __future__ import annotations

from dataclasses import dataclass

from scalekit import machine
from scalekit.config import Config
from scalekit.sources.sizes import size_text

SHARE = 0.7
"""Of what this process can still take: the rest is for the session, the system, and what was guessed too low."""


@dataclass(frozen=True)
class Budget:
    """Bytes that a query may use on this machine, and where they come from."""

    bytes: int
    origin: str

    def __str__(self) -> str:
        return f"{size_text(self.bytes)} ({self.origin})"


def budget_of(config: Config) -> Budget | None:
    """The budget that was given, else a share of what this process can still take; None where that is unknown.

    Examples
    --------
    >>> from scalekit.config import resolve
    >>> str(budget_of(resolve(memory_budget="2GiB")))
    '2.0 GiB (argument memory_budget=)'
    """
    if config.memory_budget is not None:
        return Budget(config.memory_budget, config.origin("memory_budget"))
    room = machine.room()
    if room is None:
        return None
    return Budget(int(room.bytes * SHARE), f"{SHARE:g} of what {room.limit} leaves")
