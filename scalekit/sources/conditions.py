"""What a filter asks of one column, in a form that the least and the greatest value of a block can answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Condition:
    """A column compared with constants of its own type.

    ``operator`` is one of ``<``, ``<=``, ``>``, ``>=``, ``in``, ``null`` and ``not null``. A comparison is
    true for no null.
    """

    column: str
    operator: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Bounds:
    """What is known of a column in a block: its least and greatest value, and whether there are nulls.

    None where it is not known; ``only_nulls`` says that there is no value at all.
    """

    low: Any = None
    high: Any = None
    has_nulls: bool | None = None
    only_nulls: bool = False


UNKNOWN = Bounds()
"""Nothing is known."""


def may_hold(conditions: Iterable[Condition], bounds: Mapping[str, Bounds]) -> bool:
    """Whether a row of a block can meet all conditions, for all that is known of it.

    Examples
    --------
    >>> block = {"x": Bounds(5, 9, has_nulls=False)}
    >>> may_hold([Condition("x", "<", (5,))], block), may_hold([Condition("x", "in", (3, 7))], block)
    (False, True)
    >>> may_hold([Condition("y", "<", (5,))], block)
    True
    """
    return all(_may_hold(one, bounds.get(one.column, UNKNOWN)) for one in conditions)


def _may_hold(condition: Condition, bounds: Bounds) -> bool:
    if condition.operator == "null":
        return bounds.has_nulls is not False
    if bounds.only_nulls:
        return False
    if condition.operator == "not null" or not _are_comparable(bounds, condition.values):
        return True
    return _HOLDS[condition.operator](bounds, condition.values)


def _are_comparable(bounds: Bounds, values: tuple[Any, ...]) -> bool:
    """Whether the bounds are of the type of the constants, and no NaN, which compares with nothing."""
    low, high = bounds.low, bounds.high
    same = all(type(value) is type(low) is type(high) for value in values)
    return low is not None and high is not None and same and bool(low <= high)


_HOLDS: Mapping[str, Callable[[Bounds, tuple[Any, ...]], bool]] = {
    "<": lambda bounds, values: bool(bounds.low < values[0]),
    "<=": lambda bounds, values: bool(bounds.low <= values[0]),
    ">": lambda bounds, values: bool(bounds.high > values[0]),
    ">=": lambda bounds, values: bool(bounds.high >= values[0]),
    "in": lambda bounds, values: any(bounds.low <= value <= bounds.high for value in values),
}
