"""Counts, means and sums of squares of columns, of which those of all rows are made; missing values are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch


@dataclass(frozen=True)
class Moments:
    """Of each column: rows and their weight, mean, sum of squared deviations from it, least and greatest value.

    ``rows`` and ``weight`` count the values that are there; without weights they are the same.
    """

    rows: Array
    weight: Array
    mean: Array
    m2: Array
    least: Array
    greatest: Array

    @property
    def variance(self) -> Array:
        """The mean squared deviation."""
        return self.m2 / np.maximum(self.weight, np.finfo(float).tiny)


def moments(batch: Batch, who: str) -> Moments:
    """Those of some rows, for the estimator ``who``, which takes missing values."""
    return moments_of(batch.numbers(who, nan=True), batch.weight)


def moments_of(x: Array, weight: Array | None = None) -> Moments:
    """Those of a matrix.

    The deviations are summed too, and their square is taken off: the mean is off by rounding, which counts where
    values are large and lie close together (Chan, Golub, LeVeque 1983, equation 1.7).
    """
    missing = np.isnan(x)
    there = ~missing
    rows = there.sum(axis=0, dtype=np.int64)
    w = there.astype(np.float64) if weight is None else there * weight[:, np.newaxis]
    total = w.sum(axis=0)
    some = np.where(total > 0, total, 1.0)
    values = np.where(missing, 0.0, x) if missing.any() else x
    mean = np.einsum("ij,ij->j", w, values) / some
    deviation = np.where(there, values - mean, 0.0)
    off = np.einsum("ij,ij->j", w, deviation)
    m2 = np.einsum("ij,ij,ij->j", w, deviation, deviation) - off**2 / some
    least = np.where(missing, np.inf, x).min(axis=0)
    greatest = np.where(missing, -np.inf, x).max(axis=0)
    return Moments(rows, total, mean + off / some, np.maximum(m2, 0.0), least, greatest)


def joined(left: Moments, right: Moments) -> Moments:
    """Those of the rows of both."""
    weight = left.weight + right.weight
    some = np.where(weight > 0, weight, 1.0)
    apart = right.mean - left.mean
    share = right.weight / some
    return Moments(
        left.rows + right.rows,
        weight,
        left.mean + apart * share,
        left.m2 + right.m2 + apart**2 * left.weight * share,
        np.minimum(left.least, right.least),
        np.maximum(left.greatest, right.greatest),
    )


def added(left: Any, right: Any) -> Any:
    """The sum of two answers, of each of their parts where they are tuples."""
    if isinstance(left, tuple):
        return tuple(added(a, b) for a, b in zip(left, right, strict=True))
    return left + right
