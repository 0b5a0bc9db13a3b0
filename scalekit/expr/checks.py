"""Checks of options, run by the method that the user called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scalekit.errors import InvalidOperationError

Check = Callable[..., None]


def choice(parameter: str, *known: str | None) -> Check:
    """Build the check that ``parameter`` is one of a closed list."""

    def check(**arguments: Any) -> None:
        given = arguments[parameter]
        if given not in known:
            listed = ", ".join(map(repr, known))
            raise InvalidOperationError(f"unknown {parameter} {given!r}; known: {listed}")

    return check


def at_least(parameter: str, smallest: int) -> Check:
    """Build the check that a number is not below ``smallest``; None and expressions pass."""

    def check(**arguments: Any) -> None:
        given = arguments[parameter]
        if isinstance(given, int | float) and given < smallest:
            raise InvalidOperationError(f"{parameter} must be at least {smallest}, got {given!r}")

    return check


def fraction(parameter: str) -> Check:
    """Build the check that a number, or each number of a list, lies between 0 and 1."""

    def check(**arguments: Any) -> None:
        given = arguments[parameter]
        numbers = given if isinstance(given, list | tuple) else (given,)
        wrong = [n for n in numbers if isinstance(n, int | float) and not 0 <= n <= 1]
        if wrong:
            raise InvalidOperationError(f"{parameter} must lie between 0 and 1, got {wrong[0]!r}")

    return check


def every(*checks: Check) -> Check:
    """Combine checks into one."""

    def check(**arguments: Any) -> None:
        for one in checks:
            one(**arguments)

    return check


QUANTILES = choice(
    "interpolation", "nearest", "higher", "lower", "midpoint", "linear", "equiprobable"
)
"""How a quantile between two values is found."""

CLOSED = choice("closed", "both", "left", "right", "none")
"""Which ends of an interval belong to it."""
