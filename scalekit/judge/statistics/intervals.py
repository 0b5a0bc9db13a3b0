"""Intervals from blocks: the delete-a-block jackknife, on a scale that fits the metric, and what replaces it.

- A block is left out in turn; how much the value moves says how far it is known (Quenouille, Tukey). Rows of
  one group share a block, so that correlated rows do not count as independent ones.
- The multiple of the standard error is Student's t. Its degrees of freedom fall where few blocks carry
  most of the variance (Satterthwaite's approximation, from the fourth powers of the movements).
- Where blocks are skew, as squared errors with heavy tails are, the interval of a metric made of means is bent by Hall's (1992)
  transformation: it reaches farther to the side on which a block may be missing.
- Proportions of few cases have Wilson's interval, with as many trials as the jackknife says there are.
- What noise can only make larger (the maximum of a curve, a sum of absolute gaps) has its interval about the
  value less what noise adds. In simulations no bootstrap was better than the jackknife with these degrees of
  freedom, and one that keeps the number of rare events far worse (docs/statistics.md).
- Quantiles, for which no jackknife is valid, have Woodruff's (1952): the interval of the share of rows
  below, read off the quantile function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import atanh, cbrt, exp, isfinite, log, nan, sqrt, tanh
from typing import TypeAlias

import numpy as np

from scalekit.judge.metrics.arrays import Array
from scalekit.judge.metrics.metric import Transform
from scalekit.judge.statistics.distributions import t_quantile, t_two_sided, wilson

_FEW = 10.0
"""A proportion with fewer cases of one outcome than this has Wilson's interval."""


@dataclass(frozen=True)
class Spread:
    """How far a value is known: its standard error, the degrees of freedom of that, and how skew it is.

    ``skew`` is a sixth of the skewness of the sum of all blocks' shares in the value, within -1/6 and 1/6.
    """

    se: float
    df: float
    skew: float = 0.0

    def bent(self, t: float) -> float:
        """A studentised value of a sum that is not skew, as one of this sum (Hall, 1992)."""
        a = self.skew
        return (cbrt(1.0 + 6.0 * a * (t - a)) - 1.0) / (2.0 * a) if abs(a) > 1e-9 else t


@dataclass(frozen=True)
class Interval:
    """The ends of an interval, and how they were found; NaN and ``"none"`` where they could not be."""

    low: float
    high: float
    method: str


NONE = Interval(nan, nan, "none")


def jackknife(values: Array, *, is_of_means: bool = False) -> Spread:
    """The standard error of a value from what it is without each block.

    Parameters
    ----------
    values
        (blocks,) the value without each block that has rows.
    is_of_means
        Whether the value is made of means, whose skewness is that of the blocks. Of ranks of few events it
        is not, and bending their intervals by it was worse in simulations than leaving them straight.

    Returns
    -------
    Spread
        NaN where there are fewer than two blocks, or the value does not exist without one of them.

    Examples
    --------
    >>> rows = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> spread = jackknife((rows.sum() - rows) / 4)
    >>> bool(np.isclose(spread.se, rows.std(ddof=1) / 5**0.5))
    True
    """
    g = len(values)
    if g < 2 or not np.isfinite(values).all():
        return Spread(nan, nan)
    moved = values - values.mean()
    squares = moved**2
    total = float(squares.sum())
    if total == 0.0:
        return Spread(0.0, g - 1.0)
    excess = float((squares**2).sum()) / total**2 - 1.0 / g
    df = min(g - 1.0, 2.0 / excess) if excess > 0 else g - 1.0
    skew = -float((moved**3).sum()) / total**1.5 / 6.0  # without a large block the value is smaller
    return Spread(sqrt((g - 1.0) / g * total), max(df, 1.0), skew if is_of_means else 0.0)


def symmetric(value: float, spread: Spread, transform: Transform, level: float) -> Interval:
    """``value +- t se`` on a transformed scale, bent as the blocks are skew, and taken back."""
    if not (isfinite(value) and isfinite(spread.se)):
        return NONE
    t = t_quantile(level, round(spread.df, 2))
    if transform == "none" or not _is_inside(value, transform):
        low, high = _LIMITS[transform]
        ends = value - spread.bent(t) * spread.se, value - spread.bent(-t) * spread.se
        return Interval(max(ends[0], low), min(ends[1], high), "jackknife")
    there, back, slope = _SCALES[transform]
    step = slope(value) * spread.se  # below 0 where the scale runs the other way
    ends = back(there(value) - spread.bent(t) * step), back(there(value) - spread.bent(-t) * step)
    return Interval(min(ends), max(ends), "jackknife")


def of_proportion(
    value: float, spread: Spread, trials: float, transform: Transform, level: float
) -> Interval:
    """Wilson's interval where there are few cases of one outcome, else the symmetric one."""
    if not (isfinite(value) and trials > 0):
        return NONE
    if trials * min(value, 1.0 - value) >= _FEW:
        return symmetric(value, spread, transform, level)
    simple = value * (1.0 - value) / trials
    known = isfinite(spread.se) and spread.se > 0 and simple > 0
    effective = trials * min(1.0, simple / spread.se**2) if known else trials
    z = t_quantile(level, 1e9)
    low, high = wilson(value, max(effective, 1.0), z)
    return Interval(low, high, "wilson")


def shifted(value: float, noise: tuple[float, float], spread: Spread, level: float) -> Interval:
    """An interval about a value less what noise adds, at least and at most; of metrics within [0, 1].

    The value may lie outside: of a calibrated model, all of a calibration error is noise.
    """
    least, most = (symmetric(max(value - n, 0.0), spread, "none", level) for n in noise)
    if NONE in (least, most):
        return NONE
    return Interval(max(most.low, 0.0), min(least.high, 1.0), "debiased")


def p_value(difference: float, spread: Spread) -> float:
    """The chance of a difference this large either way, were there none."""
    if not (isfinite(difference) and isfinite(spread.se)):
        return nan
    if spread.se == 0.0:
        return 1.0 if difference == 0.0 else 0.0
    return t_two_sided(difference / spread.se, spread.df)


def _is_inside(value: float, transform: Transform) -> bool:
    low, high = _LIMITS[transform]
    return low < value < high


def _logit(v: float) -> float:
    return log(v / (1.0 - v))


def _expit(v: float) -> float:
    return 1.0 / (1.0 + exp(-v)) if v > -700 else 0.0


_Scale: TypeAlias = Callable[[float], float]
_INF = float("inf")
_LIMITS: dict[Transform, tuple[float, float]] = {
    "none": (-_INF, _INF),
    "log": (0.0, _INF),
    "logit": (0.0, 1.0),
    "log1m": (-_INF, 1.0),
    "atanh": (-1.0, 1.0),
}


def _bounded_exp(v: float) -> float:
    return exp(min(v, 700.0))


_SCALES: dict[Transform, tuple[_Scale, _Scale, _Scale]] = {
    "log": (log, _bounded_exp, lambda v: 1.0 / v),
    "logit": (_logit, _expit, lambda v: 1.0 / (v * (1.0 - v))),
    "log1m": (lambda v: log(1.0 - v), lambda v: 1.0 - _bounded_exp(v), lambda v: -1.0 / (1.0 - v)),
    "atanh": (atanh, tanh, lambda v: 1.0 / (1.0 - v * v)),
}
"""There, back and the slope there, of each scale."""
