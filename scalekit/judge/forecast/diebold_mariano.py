"""The Diebold-Mariano test: whether one forecast of a single series is better than another, errors being correlated in time."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from scalekit.errors import InvalidOperationError, MissingDependencyError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DieboldMariano:
    """What the test says.

    Attributes
    ----------
    difference
        Mean loss of the second forecast less that of the first: below 0, the second is better.
    low, high
        Confidence interval of the difference.
    statistic
        The difference over its standard error, corrected for few periods.
    p
        Two-sided: the chance of such a difference between forecasts that are equally good.
    periods
        How many.
    """

    difference: float
    low: float
    high: float
    statistic: float
    p: float
    periods: int


def diebold_mariano(
    first: Any, second: Any, *, horizon: int = 1, level: float = 0.95
) -> DieboldMariano:
    """Compare two forecasts of one series by their losses, period by period.

    Parameters
    ----------
    first, second
        Losses in the order of time, such as squared errors: one number for each period.
    horizon
        How many periods ahead the forecasts were made: errors of a forecast ``horizon`` ahead are correlated over
        ``horizon - 1`` periods, and so many autocovariances enter the standard error.
    level
        Confidence level of the interval.

    Returns
    -------
    DieboldMariano
        Difference, interval, statistic and p.

    Raises
    ------
    InvalidOperationError
        Where there are fewer than three periods or no more than ``horizon``, or lengths differ.

    Notes
    -----
    The variance of the mean loss difference is the sum of its autocovariances up to ``horizon - 1`` (Diebold and Mariano,
    1995); where that is not above 0, Bartlett's weights are taken (Newey and West, 1987). The
    statistic has the correction of Harvey, Leybourne and Newbold (1997) and t with ``periods - 1`` degrees of freedom.

    Examples
    --------
    >>> from scalekit.judge.forecast.diebold_mariano import diebold_mariano
    >>> found = diebold_mariano([1.0, 2.0, 1.0, 3.0], [0.0, 1.0, 1.0, 1.0])
    >>> round(found.difference, 3), round(found.p, 3)
    (-1.0, 0.092)
    """
    try:
        from scipy import stats
    except ImportError:
        raise MissingDependencyError.for_extra("scipy", "ml", purpose="diebold_mariano()") from None
    a, b = (np.asarray(values, dtype=np.float64) for values in (first, second))
    _check(a, b, horizon, level)
    d = b - a
    n = len(d)
    mean = float(d.mean())
    correction = sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    error = sqrt(long_run_variance(d, horizon) / n) / correction
    if error == 0:
        return DieboldMariano(
            mean, mean, mean, np.copysign(np.inf, mean) if mean else 0.0, float(mean == 0), n
        )
    statistic = mean / error
    margin = float(stats.t.ppf((1 + level) / 2, n - 1)) * error
    p = 2 * float(stats.t.sf(abs(statistic), n - 1))
    return DieboldMariano(mean, mean - margin, mean + margin, statistic, p, n)


def long_run_variance(d: Array, horizon: int) -> float:
    """The variance of a sum of correlated numbers, per number."""
    n, centred = len(d), d - d.mean()
    lags = [float(centred[lag:] @ centred[: n - lag]) / n for lag in range(horizon)]
    plain = lags[0] + 2 * sum(lags[1:])
    if plain > 0:
        return plain
    weights = [1 - lag / horizon for lag in range(horizon)]
    return max(lags[0] + 2 * sum(w * c for w, c in zip(weights[1:], lags[1:], strict=True)), 0.0)


def _check(a: Array, b: Array, horizon: int, level: float) -> None:
    if a.ndim != 1 or a.shape != b.shape:
        raise InvalidOperationError(
            f"losses of shapes {a.shape} and {b.shape}: give one number for each period, of both forecasts"
        )
    if isinstance(horizon, bool) or not isinstance(horizon, int) or horizon < 1:
        raise InvalidOperationError(f"horizon={horizon!r}: a whole number, 1 or more")
    if len(a) < max(3, 2 * horizon):
        raise InvalidOperationError(
            f"{len(a)} periods are too few for horizon={horizon}: there are at least {max(3, 2 * horizon)}"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InvalidOperationError("losses are finite numbers")
    if not 0.5 < level < 1:
        raise InvalidOperationError(f"level={level!r}: between 0.5 and 1, such as 0.95")
