"""What a check of a model found, as a value."""

from __future__ import annotations

from dataclasses import dataclass

STATUSES = ("pass", "warn", "fail", "n/a")
"""What a finding can say; ``"n/a"`` where the check has nothing to look at."""


@dataclass(frozen=True)
class Finding:
    """What one check of a model, its data and its judgement found.

    Attributes
    ----------
    code
        ``"SKL01"`` to ``"SKL16"``.
    title
        What is checked, in a few words.
    status
        ``"pass"``, ``"warn"``, ``"fail"`` or ``"n/a"``.
    number
        The number that decides, such as a share of rows or a PSI; None for ``"n/a"``.
    message
        What was found, in one sentence with the number.
    fix
        What to do about it; empty for ``"pass"`` and ``"n/a"``.
    """

    code: str
    title: str
    status: str
    number: float | None = None
    message: str = ""
    fix: str = ""

    @property
    def is_raised(self) -> bool:
        """Whether it warns or fails."""
        return self.status in ("warn", "fail")
