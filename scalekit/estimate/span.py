"""A number that is not known yet: the least and the most that it may well be, and the best guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """From ``low`` to ``high``, most likely ``guess``; a measured number has all three the same.

    Examples
    --------
    >>> Span.of(10).is_exact, Span(1, 10, 100).is_exact
    (True, False)
    >>> Span(1, 10, 100) + Span.of(5)
    Span(low=6, guess=15, high=105)
    """

    low: float
    guess: float
    high: float

    @classmethod
    def of(cls, value: float) -> Span:
        """A number that is known."""
        return cls(value, value, value)

    @property
    def is_exact(self) -> bool:
        """Whether nothing about it is a guess."""
        return self.low == self.high

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.guess + other.guess, self.high + other.high)

    def __mul__(self, other: Span) -> Span:
        return Span(self.low * other.low, self.guess * other.guess, self.high * other.high)

    def times(self, factor: float) -> Span:
        """Each of the three times ``factor``."""
        return Span(self.low * factor, self.guess * factor, self.high * factor)

    def map(self, function: Callable[[float], float]) -> Span:
        """Each of the three through a function that never falls."""
        return Span(function(self.low), function(self.guess), function(self.high))

    def at_most(self, other: Span) -> Span:
        """Each of the three, but no more than that of ``other``."""
        return Span(
            min(self.low, other.low), min(self.guess, other.guess), min(self.high, other.high)
        )


def total(spans: list[Span]) -> Span:
    """The sum of spans.

    Examples
    --------
    >>> total([Span(1, 2, 3), Span.of(1)])
    Span(low=2.0, guess=3.0, high=4.0)
    """
    found = Span.of(0.0)
    for span in spans:
        found = found + span
    return found
