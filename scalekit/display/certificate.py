"""The outcome of comparing backends, as a value that reads well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scalekit.display.text import amount


@dataclass(frozen=True)
class Certificate:
    """Which backends were compared, and where they differ.

    Attributes
    ----------
    backends
        Their names; the first one is the reference.
    rows
        Rows of the reference's answer.
    differences
        Backend to the first difference found; empty where all agree.
    """

    backends: tuple[str, ...]
    rows: int
    differences: Mapping[str, str]

    def __bool__(self) -> bool:
        return not self.differences

    def __repr__(self) -> str:
        who = " = ".join(self.backends)
        if self:
            return f"verified: {who} ({amount(self.rows, 'row')}; values, types and column order)"
        lines = [f"NOT verified against {self.backends[0]} ({amount(self.rows, 'row')}):"]
        return "\n".join(
            [*lines, *(f"  {name}: {text}" for name, text in self.differences.items())]
        )
