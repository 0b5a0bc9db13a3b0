"""What one rule found, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What one rule found.

    Attributes
    ----------
    rule
        Its name, such as ``"age: between 0 and 120"``; no two rules of a report have the same.
    column
        The column that it is about; None for a rule of the whole frame.
    kind
        What it tests, such as ``"between"``.
    level
        ``"pass"``, ``"warn"``, ``"error"`` or ``"critical"``.
    failing
        Rows that break it; None for a rule that measures one thing of all rows, or that could not be tested.
    rows
        Rows that were tested.
    value
        What was measured, as text.
    note
        Why it could not be tested, or how its number is to be read.
    """

    rule: str
    column: str | None
    kind: str
    level: str
    failing: int | None = None
    rows: int | None = None
    value: str = ""
    note: str = ""

    @property
    def share(self) -> float | None:
        """Failing rows as a share of those that were tested."""
        if self.failing is None or self.rows is None:
            return None
        return self.failing / self.rows if self.rows else 0.0
