"""Student's t, Wilson's interval and the binomial test, without scipy: judging needs numpy alone."""

from __future__ import annotations

from functools import lru_cache
from math import erfc, exp, inf, isfinite, lgamma, log, log1p, sqrt
from statistics import NormalDist

_NORMAL = 1e6
"""From so many degrees of freedom on, Student's t is taken as normal."""


def t_two_sided(t: float, df: float) -> float:
    """The chance of a value of at least ``|t|`` either way under Student's t.

    Examples
    --------
    >>> round(t_two_sided(2.086, 20), 4)
    0.05
    """
    if not isfinite(t):
        return 0.0 if t in (inf, -inf) else t
    if df >= _NORMAL:
        return erfc(abs(t) / sqrt(2.0))
    return incomplete_beta(df / 2.0, 0.5, df / (df + t * t))


@lru_cache(maxsize=4096)
def t_quantile(level: float, df: float) -> float:
    """What ``|t|`` stays below with a chance of ``level``, by bisection.

    Examples
    --------
    >>> round(t_quantile(0.95, 199.0), 3), round(t_quantile(0.95, 19.0), 3)
    (1.972, 2.093)
    """
    low, high = 0.0, NormalDist().inv_cdf(0.5 + level / 2.0)
    while t_two_sided(high, df) > 1.0 - level:
        low, high = high, 2.0 * high
    for _ in range(100):
        middle = (low + high) / 2.0
        low, high = (middle, high) if t_two_sided(middle, df) > 1.0 - level else (low, middle)
        if high - low <= 1e-13 * high:
            break
    return (low + high) / 2.0


def wilson(share: float, trials: float, z: float) -> tuple[float, float]:
    """Wilson's score interval of a proportion (1927): of use where it is near 0 or 1.

    Examples
    --------
    >>> tuple(round(end, 4) for end in wilson(1.0, 50, 1.96))
    (0.9286, 1.0)
    """
    spread = z * z / trials
    centre = (share + spread / 2.0) / (1.0 + spread)
    half = (
        z
        / (1.0 + spread)
        * sqrt(max(share * (1.0 - share), 0.0) / trials + spread / (4.0 * trials))
    )
    return max(centre - half, 0.0), min(centre + half, 1.0)


def binomial_two_sided(successes: float, trials: float) -> float:
    """The chance of a split at least as uneven as this one between two equally likely outcomes.

    Examples
    --------
    >>> round(binomial_two_sided(8, 10), 6)
    0.109375
    """
    if trials == 0:
        return 1.0
    more = max(successes, trials - successes)
    if 2 * more == trials:
        return 1.0
    return min(1.0, 2.0 * incomplete_beta(more, trials - more + 1.0, 0.5))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Lentz, 1976).

    Examples
    --------
    >>> round(incomplete_beta(2.0, 3.0, 0.5), 6)
    0.6875
    """
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front * _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0) or tiny)
    value = d
    for m in range(1, 10_000):
        for top in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / (1.0 + top * d or tiny)
            c = 1.0 + top / c or tiny
            value *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return value
