"""How many groups there are, and how many rows a join gives: what columns tell of each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scalekit.estimate.relation import Relation, Values
from scalekit.estimate.span import Span
from scalekit.sources.column_statistics import expected

APART = 10
"""By how much a number of groups, or of matches between tables without a key, may be off."""


def combinations(columns: Sequence[Values], relation: Relation, names: Sequence[str]) -> float:
    """Different combinations of values before rows were left out: columns of one row count once.

    Parameters
    ----------
    columns
        The columns whose combinations are counted.
    relation
        The table that has them, which knows what determines what.
    names
        Their names in the table, empty for one that is computed.
    """
    keys = [n for n in names if n and relation.could_be_key(n)]
    leading = [
        n for n in keys if not relation.determined(k for k in keys if k != n) & _own(relation, n)
    ]
    known = relation.determined(leading)
    by_origin: dict[int | None, list[float]] = {}
    for name, values in zip(names, columns, strict=True):
        if values.origin not in known or (name in leading):
            by_origin.setdefault(values.origin, []).append(max(1.0, values.distinct))
    found = 1.0
    for origin, counts in by_origin.items():
        most = relation.sizes.get(origin, math.inf) if origin is not None else math.inf
        found *= min(math.prod(counts), max(1.0, most))
    return min(found, 1e18)


def _own(relation: Relation, name: str) -> set[int]:
    origin = relation.columns[name].origin
    return set() if origin is None else {origin}


def groups(values: float, rows: Span, of: float) -> Span:
    """How many of ``values`` combinations are met in some rows, left over from a table of ``of`` rows."""
    guess = met(values, rows.guess, of)
    low = min(guess, met(values, rows.low, of) / APART)
    return Span(low, guess, max(guess, min(rows.high, values * APART)))


def met(values: float, rows: float, of: float) -> float:
    """How many of ``values`` are met in ``rows`` of ``of`` rows, of which each value has as many (Yao 1977).

    Examples
    --------
    >>> met(100, 50, 100), met(10, 50, 100)
    (50, 9.990234375)
    """
    if rows <= 0 or values <= 0:
        return 0.0
    if values >= of:
        return min(rows, values) if rows <= of else expected(values, rows)
    if rows >= of:
        return values if rows == of else expected(values, rows)
    return float(values * (1 - (1 - rows / of) ** (of / values)))


def size_of(columns: Sequence[Values], relation: Relation) -> float:
    """Rows of the largest table that columns come from; those of the table itself where it is larger."""
    sizes = [relation.sizes.get(c.origin, 0.0) for c in columns if c.origin is not None]
    return max([relation.rows.guess, *sizes])


@dataclass(frozen=True, slots=True)
class Keys:
    """Both sides of a join: what is known of each pair of keys, and their names where they are plain columns."""

    left: tuple[Values, ...]
    right: tuple[Values, ...]
    left_names: tuple[str, ...]
    right_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs that a join finds, the share of each side's rows that are in one, and the side that has a key."""

    rows: Span
    left_share: float
    right_share: float
    key_side: int | None


def matches(left: Relation, right: Relation, keys: Keys) -> Matches:
    """How many pairs of rows have equal keys.

    Where one side may have each key once, a row of the other finds at most one there, and finds it as
    often as rows of that side are left. Else both sides draw from the larger of their sets of values.
    """
    universes = (
        combinations(keys.left, left, keys.left_names),
        combinations(keys.right, right, keys.right_names),
    )
    sizes = (_size(left, keys.left), _size(right, keys.right))
    unique = [
        size is not None and u >= 0.9 * size for u, size in zip(universes, sizes, strict=True)
    ]
    sides = [n for n in (0, 1) if unique[n]]
    side = min(sides, key=lambda n: universes[n]) if sides else None
    universe = max(1.0, max(universes) if side is None else universes[side])
    pairs = left.rows * right.rows
    found = pairs.times(_not_null(keys) / universe)
    if side is None:
        rows = Span(found.low / APART, found.guess, min(pairs.high, found.high * APART))
    else:
        most = (right, left)[side].rows.high * max(1.0, (left, right)[side].rows.high / universe)
        rows = Span(found.low, found.guess, max(found.guess, min(pairs.high, most)))
    return Matches(
        rows,
        _share(right, size_of(keys.right, right), universes[1], universes[0]),
        _share(left, size_of(keys.left, left), universes[0], universes[1]),
        side,
    )


def _size(relation: Relation, keys: Sequence[Values]) -> float | None:
    """Rows of the table that all keys come from; None where it is not one."""
    origins = {values.origin for values in keys}
    origin = origins.pop() if len(origins) == 1 else None
    return None if origin is None else relation.sizes.get(origin)


def _share(other: Relation, size: float, universe: float, own: float) -> float:
    """Share of rows that find a row on the other side, whose keys are some of ``universe``."""
    there = met(max(1.0, universe), other.rows.guess, max(other.rows.guess, size))
    return min(1.0, there / max(1.0, universe, own))


def _not_null(keys: Keys) -> float:
    return math.prod(1 - values.nulls for values in (*keys.left, *keys.right))
