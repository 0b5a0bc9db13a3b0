"""Many tests at once: p values that keep the chance of any false finding, or the share of false ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scalekit.judge.metrics.arrays import Array


def holm(p: Sequence[float] | Array) -> Array:
    """Adjust p values so that any one below 0.05 is false in one of twenty families at most (Holm, 1979).

    Parameters
    ----------
    p
        p values of one family; NaN for tests that could not be made, which stay NaN and do not count.

    Returns
    -------
    numpy.ndarray of float64
        In the same order.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)[: np.isfinite(values).sum()]
    factors = len(order) - np.arange(len(order))
    return _placed(values, order, np.maximum.accumulate(values[order] * factors))


def benjamini_hochberg(p: Sequence[float] | Array) -> Array:
    """Adjust p values so that of those below 0.05 one in twenty is false on average (1995).

    Parameters
    ----------
    p
        p values of one family; NaN for tests that could not be made, which stay NaN and do not count.

    Returns
    -------
    numpy.ndarray of float64
        In the same order.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)[: np.isfinite(values).sum()]
    factors = len(order) / np.arange(1, len(order) + 1)
    adjusted = values[order] * factors
    return _placed(values, order, np.minimum.accumulate(adjusted[::-1])[::-1])


def _placed(values: Array, order: Array, adjusted: Array) -> Array:
    out = np.full(len(values), np.nan)
    out[order] = np.minimum(adjusted, 1.0)
    return out
