"""How bad it is that a rule is broken: levels, and the thresholds at which they are reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LEVELS = ("pass", "warn", "error", "critical")
"""From best to worst."""


@dataclass(frozen=True)
class Threshold:
    """Where a level begins.

    Attributes
    ----------
    level
        ``"warn"``, ``"error"`` or ``"critical"``.
    at
        A count of rows (int), a share of rows between 0 and 1 (float), or a number that a rule measures.
    above
        Whether the level begins above ``at`` rather than at it.
    """

    level: str
    at: float
    above: bool = False

    def is_reached(self, number: float) -> bool:
        """Whether a count, share or measured number is that high; NaN is."""
        return not (number <= self.at if self.above else number < self.at)


def worst(levels: Iterable[str]) -> str:
    """The most severe of some levels.

    Examples
    --------
    >>> worst(["warn", "pass"]), worst([])
    ('warn', 'pass')
    """
    return max(levels, key=LEVELS.index, default="pass")


def level_by_rows(thresholds: Iterable[Threshold], failing: int, rows: int) -> str:
    """The level that a number of failing rows reaches: whole thresholds are counts, others are shares.

    Examples
    --------
    >>> level_by_rows([Threshold("warn", 1), Threshold("error", 0.1)], 5, 100)
    'warn'
    """
    share = failing / rows if rows else 0.0
    reached = [
        threshold.level
        for threshold in thresholds
        if failing and threshold.is_reached(failing if isinstance(threshold.at, int) else share)
    ]
    return worst(reached)


def level_by_number(thresholds: Iterable[Threshold], number: float) -> str:
    """The level that a measured number reaches.

    Examples
    --------
    >>> level_by_number([Threshold("warn", 0.1), Threshold("error", 0.2)], 0.15)
    'warn'
    """
    return worst(threshold.level for threshold in thresholds if threshold.is_reached(number))
