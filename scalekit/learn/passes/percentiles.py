"""Percentiles of all rows by the rules of NumPy and scikit-learn, to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.quantiles import Source, Tally, Wanted, order_statistics
from scalekit.learn.passes.requests import Steps

Place: TypeAlias = Callable[[float, Array], Array]
"""Where a share of so many values lies in their order, from 0, with fractions."""


def _by(alpha: float, beta: float) -> Place:
    """One of the continuous rules of Hyndman and Fan (1996)."""
    return lambda n, q: n * q + (alpha + q * (1 - alpha - beta)) - 1


def _inverted(n: float, q: Array) -> Array:
    return np.maximum(np.ceil(n * q - 1), 0)


def _closest(n: float, q: Array) -> Array:
    place = n * q - 1 - 0.5
    below = np.floor(place)
    is_even = (place == below) & (below % 2 == 1)
    return np.maximum(np.where(is_even, below, below + 1), 0)


PLACES: Mapping[str, Place] = {
    "inverted_cdf": _inverted,
    "averaged_inverted_cdf": lambda n, q: n * q - 1,
    "closest_observation": _closest,
    "interpolated_inverted_cdf": _by(0, 1),
    "hazen": _by(0.5, 0.5),
    "weibull": _by(0, 0),
    "linear": lambda n, q: (n - 1) * q,
    "median_unbiased": _by(1 / 3.0, 1 / 3.0),
    "normal_unbiased": _by(3 / 8.0, 3 / 8.0),
}
"""The methods of :func:`numpy.quantile`."""


def percentiles(
    data: Data,
    source: Source,
    q: Array | Callable[[int], Array],
    *,
    method: str = "linear",
    dtype: Any = np.float64,
) -> Steps:
    """What ``numpy.nanquantile(values, q, method=method)`` says of each column: an array of (columns, shares).

    ``q`` may depend on the number of rows. ``dtype`` is the one of the values in memory, in which NumPy interpolates.
    """
    asked: list[_Between] = []

    def wanted(column: Tally, rows: int) -> Wanted:
        shares = q(rows) if callable(q) else q
        between = _Between(float(column.weight.sum()), shares, method)
        asked.append(between)
        return Wanted(np.concatenate([between.lower, between.upper]) + 1, np.empty(0))

    found = yield from order_statistics(data, source, wanted)
    return np.array(
        [
            between.of(values.astype(dtype))
            for between, (values, _) in zip(asked, found, strict=True)
        ]
    )


class _Between:
    """The two places in order that shares lie between, and how far they are from the first."""

    def __init__(self, count: float, q: Array, method: str) -> None:
        self._is_discrete = method in ("inverted_cdf", "closest_observation")
        place = PLACES[method](count, q)
        low = np.clip(np.floor(place), 0, max(count - 1, 0))
        self.lower = np.where(place >= count - 1, max(count - 1, 0), low)
        self.upper = np.where((place < 0) | (place >= count - 1), self.lower, low + 1)
        if method == "averaged_inverted_cdf":
            self._share = np.where(place - np.floor(place) == 0, 0.5, 1.0)
        else:
            self._share = place - np.floor(place)

    def of(self, values: Array) -> Array:
        """The interpolated values, in NumPy's way: from the nearer side."""
        a, b = np.split(values, 2)
        if self._is_discrete:
            return a
        apart = b - a
        near: Array = a + apart * self._share
        far = b - apart * (1 - self._share)
        return np.where(self._share >= 0.5, far, near)


def medians(data: Data, source: Source, *, dtype: Any = np.float64) -> Steps:
    """The median of each column: the mean of the two values in the middle."""

    def wanted(column: Tally, _: int) -> Wanted:
        count = float(column.weight.sum())
        middle = np.array([(count - 1) // 2, count // 2])
        return Wanted(np.maximum(middle, 0) + 1, np.empty(0))

    found = yield from order_statistics(data, source, wanted, what="medians")
    pairs = np.array([values.astype(dtype) for values, _ in found])
    return np.where(pairs[:, 0] == pairs[:, 1], pairs[:, 0], pairs.mean(axis=1))


def weighted_percentiles(
    data: Data,
    source: Source,
    percent: Array | Callable[[int], Array],
    *,
    average: bool,
    eps: float,
) -> Steps:
    """What scikit-learn makes of weights: where the weight up to a value reaches a share, ``inverted_cdf``.

    Parameters
    ----------
    data, source, percent
        The rows, their columns with weights, and the shares in percent, which may depend on the number of rows.
    average
        Whether a value at which the share is met to ``eps`` is averaged with the next.
    eps
        The rounding of the weights' type.

    Returns
    -------
    array of (columns, shares)
    """

    def wanted(column: Tally, rows: int) -> Wanted:
        share = (percent(rows) if callable(percent) else percent) / 100 * column.weight.sum()
        share[share == 0] = np.nextafter(0.0, 1.0)
        return Wanted(share, share + eps if average else np.empty(0))

    found = yield from order_statistics(data, source, wanted)
    return np.array([(least + more) / 2 if average else least for least, more in found])
