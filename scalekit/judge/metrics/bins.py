"""Bins of scores, errors and values that need no look at the data: the same on every worker and machine.

Only operations that are rounded correctly (divisions, square roots, bits) are used, so that a larger
score is never in a lower bin: bounds made of bins hold to the last bit.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from scalekit.judge.metrics.arrays import Array

OCTAVES = 128
"""Errors are told apart from 2**-64 up to 2**64; smaller and larger ones are in the first and last bin."""

_MANTISSA = 52
_BIAS = 1023


def score_bins(score: Array, bins: int) -> Array:
    """Which bin a probability is in; the bins are finest, relative to the score, near 0 and near 1.

    They have equal widths in ``u = 1 / (1 + ((1 - p) / p) ** 0.25)``, a squeezed logit: with 16,384 bins
    a score near 0.5 is known to 0.00024 and one near 0.001 to a 2,000th of itself, so that rare positives
    are ranked as well as common ones (LEARN §3.4).

    Parameters
    ----------
    score
        float64 in [0, 1], without NaN.
    bins
        How many.

    Returns
    -------
    numpy.ndarray of int64
        From 0 to ``bins - 1``.

    Examples
    --------
    >>> score_bins(np.array([0.0, 0.001, 0.5, 0.999, 1.0]), 256).tolist()
    [0, 38, 128, 217, 255]
    """
    with np.errstate(divide="ignore", over="ignore"):
        odds = (1.0 - score) / (score + 0.0)  # -0.0, as rounding gives it, is 0.0
    np.sqrt(odds, out=odds)
    np.sqrt(odds, out=odds)
    odds += 1.0
    np.divide(float(bins), odds, out=odds)
    index = odds.astype(np.int64)
    return np.minimum(index, bins - 1, out=index)


@lru_cache(maxsize=8)
def score_edges(bins: int) -> Array:
    """The smallest score of each bin, exactly: ``score >= score_edges(bins)[b]`` says who is in bin b or above.

    Examples
    --------
    >>> score_edges(4).round(3).tolist()
    [0.0, 0.012, 0.5, 0.988]
    """
    low = np.zeros(bins, dtype=np.int64)
    high = np.full(bins, np.float64(1.0).view(np.int64))
    wanted = np.arange(bins)
    while (low < high).any():  # floats from 0 to 1 are ordered as their bits are
        middle = (low + high) // 2
        is_there = score_bins(middle.view(np.float64), bins) >= wanted
        high = np.where(is_there, middle, high)
        low = np.where(is_there, low, np.minimum(middle + 1, high))
    edges = low.view(np.float64)
    edges.flags.writeable = False
    return edges


@lru_cache(maxsize=8)
def score_logits(bins: int) -> Array:
    """The log odds in the middle of each bin."""
    u = (np.arange(bins) + 0.5) / bins
    logits = 4.0 * np.log(u / (1.0 - u))
    logits.flags.writeable = False
    return np.asarray(logits)


def error_bins(magnitude: Array, bins: int) -> Array:
    """Which bin a non-negative error is in; bins are ``bins / 128`` to each doubling, whatever the scale.

    Examples
    --------
    >>> error_bins(np.array([0.0, 1.0, 1.5, 2.0, np.inf]), 256).tolist()
    [0, 128, 129, 130, 255]
    """
    shift = _MANTISSA - _digits(bins)
    index = np.ascontiguousarray(magnitude, dtype=np.float64).view(np.int64) >> shift
    index -= (_BIAS - OCTAVES // 2) << _digits(bins)
    return np.clip(index, 0, bins - 1, out=index)


@lru_cache(maxsize=8)
def error_edges(bins: int) -> Array:
    """The smallest error of each bin, and behind them the end of the last one: ``bins + 1`` numbers.

    Examples
    --------
    >>> error_edges(256)[[0, 128, 129, 256]].tolist()
    [0.0, 1.0, 1.5, inf]
    """
    index = np.arange(bins + 1, dtype=np.int64) + ((_BIAS - OCTAVES // 2) << _digits(bins))
    edges = (index << (_MANTISSA - _digits(bins))).view(np.float64).copy()
    edges[0], edges[-1] = 0.0, np.inf
    edges.flags.writeable = False
    return edges


def value_bins(value: Array, centre: float, scale: float, bins: int) -> Array:
    """Which bin a finite value is in; half of the bins are within ``scale`` of the centre, none is missing.

    Examples
    --------
    >>> value_bins(np.array([-1e9, -1.0, 0.0, 1.0, 1e9]), 0.0, 1.0, 8).tolist()
    [0, 2, 4, 6, 7]
    """
    x = (value - centre) / scale
    share = 1.0 - 1.0 / (1.0 + np.abs(x))
    np.copysign(share, x, out=share)
    share *= 0.5 * bins
    share += 0.5 * bins
    index = share.astype(np.int64)
    return np.minimum(index, bins - 1, out=index)


def value_edges(centre: float, scale: float, bins: int) -> Array:
    """The ends of the bins of values, ``bins + 1`` numbers, the first and last one infinite.

    Examples
    --------
    >>> value_edges(0.0, 1.0, 4).tolist()
    [-inf, -1.0, 0.0, 1.0, inf]
    """
    t = 2.0 * np.arange(bins + 1) / bins - 1.0
    with np.errstate(divide="ignore"):
        return np.asarray(centre + scale * t / (1.0 - np.abs(t)))


def _digits(bins: int) -> int:
    """How many binary digits of an error's mantissa a bin knows."""
    return (bins // OCTAVES).bit_length() - 1
