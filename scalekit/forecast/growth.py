"""Rows at full size, from how many a sample gave and how many each half of it gave.

Rows that come from one key each are as many in both halves together as in the whole: they grow with the
share. Groups that both halves have are counted twice, and how many those are tells how many there are in all,
as fish that are caught twice tell of the pond (Lincoln 1930, Petersen 1896). Pairs across the halves are
in neither, and grow faster than the share.
"""

from __future__ import annotations

import math


def groups_at_full_size(whole: int, first: int, second: int, share: float, rows: int) -> float:
    """Groups at full size, of which a sample has some rows each, by how many both halves of it have.

    Up to half a group more than they share is counted, the more rows groups have: so that of three groups of
    five rows nobody concludes that there are three hundred.

    Parameters
    ----------
    whole
        Groups in the sample.
    first, second
        Groups in either half of it.
    share
        The share of the sample.
    rows
        Rows of the sample that were grouped.

    Examples
    --------
    >>> round(groups_at_full_size(3, 2, 1, 0.01, rows=15))
    5
    >>> round(groups_at_full_size(24, 12, 12, 0.01, rows=24))
    2400
    """
    if share >= 1 or whole == 0:
        return float(whole)
    both = max(0, first + second - whole) + (1 - whole / max(rows, whole)) / 2
    if not both:
        return whole / share
    return max(float(whole), _of_groups(max(first, 1 / 2), max(second, 1 / 2), both, share))


def at_full_size(whole: int, first: int, second: int, share: float) -> float:
    """Rows at full size, of steps that are not known to give groups.

    Parameters
    ----------
    whole
        Rows from the sample.
    first, second
        Rows from either half of it.
    share
        The share of the sample.

    Examples
    --------
    >>> round(at_full_size(100, 52, 48, 0.01)), round(at_full_size(25, 25, 25, 0.01))
    (10000, 25)
    >>> round(at_full_size(90, 70, 70, 0.1))  # of 98 groups, 90 are in the sample
    98
    """
    if share >= 1 or whole == 0:
        return float(whole)
    both = first + second - whole
    if both > 0 and first and second:
        return _of_groups(first, second, both, share)
    if both < 0 and first and second:
        power = math.log2(2 * whole / (first + second))
        return whole * math.pow(1 / share, _between(power, 1.0, _LARGEST_POWER))
    return whole / share


_LARGEST_POWER = 4.0
"""Pairs of pairs: nobody has seen more, and a few rows more or less would say anything."""


def _of_groups(first: float, second: float, both: float, share: float) -> float:
    """Groups at full size: each is in a half by the same chance, and in one of all halves by that of their number."""
    chance = min(1.0, both / math.sqrt(first * second))
    groups = first * second / both
    return groups * (1 - math.pow(1 - chance, 2 / share))


def _between(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
