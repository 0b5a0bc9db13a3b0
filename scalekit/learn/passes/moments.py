"""Counts, means, sums of squares and extremes of columns; missing values are left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch

BLOCK = 8192
"""Rows that are worked on at a time: what a kernel makes of them stays in the processor's cache."""


@dataclass(frozen=True)
class Moments:
    """Of each column: rows and their weight, mean, and sum of squared deviations from it.

    ``rows`` and ``weight`` count the values that are there; without weights they are the same.
    """

    rows: Array
    weight: Array
    mean: Array
    m2: Array

    @property
    def variance(self) -> Array:
        """The mean squared deviation."""
        return self.m2 / np.where(self.weight > 0, self.weight, 1.0)


@dataclass(frozen=True)
class Extremes:
    """The number of rows, and of each column the least and the greatest value that is there; infinite where none is."""

    rows: int
    least: Array
    greatest: Array


def moments(batch: Batch, who: str) -> Moments:
    """The moments of some rows, for the estimator ``who``, which takes missing values."""
    return moments_of(batch.numbers(who, nan=True), batch.weight)


def extremes(batch: Batch, who: str) -> Extremes:
    """The extremes of some rows, for the estimator ``who``, which takes missing values."""
    x = batch.numbers(who, nan=True)
    least, greatest = x.min(axis=0), x.max(axis=0)
    if np.isnan(least).any():
        missing = np.isnan(x)
        least = np.where(missing, np.inf, x).min(axis=0)
        greatest = np.where(missing, -np.inf, x).max(axis=0)
    return Extremes(len(x), least, greatest)


def wider(left: Extremes, right: Extremes) -> Extremes:
    """The extremes of the rows of both."""
    return Extremes(
        left.rows + right.rows,
        np.minimum(left.least, right.least),
        np.maximum(left.greatest, right.greatest),
    )


def moments_of(x: Array, weight: Array | None = None) -> Moments:
    """The moments of a matrix.

    The deviations are summed too, and their square is taken off: the mean is off by rounding, which counts where
    values are large and lie close together (Chan, Golub, LeVeque 1983, equation 1.7).
    """
    ones = np.ones(len(x)) if weight is None else weight
    sums = ones @ x
    if not np.isfinite(sums).all():
        return _with_gaps(x, ones, is_plain=weight is None)
    rows = np.full(x.shape[1], len(x))
    total = np.full(x.shape[1], ones.sum())
    mean = sums / np.where(total > 0, total, 1.0)
    off, m2 = np.zeros_like(mean), np.zeros_like(mean)
    for block, w in blocks(x, ones):
        deviation = block - mean
        weighted = deviation if weight is None else deviation * w[:, np.newaxis]
        off += weighted.sum(axis=0)
        m2 += np.einsum("ij,ij->j", weighted, deviation)
    return _corrected(rows, total, mean, off, m2)


def _with_gaps(x: Array, weight: Array, *, is_plain: bool) -> Moments:
    """The same where values are missing."""
    width = x.shape[1]
    rows, total, sums = np.zeros(width, np.int64), np.zeros(width), np.zeros(width)
    for block, w in blocks(x, weight):
        there = ~np.isnan(block)
        rows += there.sum(axis=0)
        total += w @ there
        sums += w @ np.where(there, block, 0.0)
    if is_plain:
        total = rows.astype(np.float64)
    mean = sums / np.where(total > 0, total, 1.0)
    off, m2 = np.zeros(width), np.zeros(width)
    for block, w in blocks(x, weight):
        deviation = np.nan_to_num(block - mean, copy=False, nan=0.0, posinf=np.inf, neginf=-np.inf)
        off += w @ deviation
        m2 += w @ deviation**2
    return _corrected(rows, total, mean, off, m2)


def _corrected(rows: Array, total: Array, mean: Array, off: Array, m2: Array) -> Moments:
    some = np.where(total > 0, total, 1.0)
    return Moments(rows, total, mean + off / some, np.maximum(m2 - off**2 / some, 0.0))


def joined(left: Moments, right: Moments) -> Moments:
    """The moments of the rows of both."""
    weight = left.weight + right.weight
    apart = right.mean - left.mean
    share = right.weight / np.where(weight > 0, weight, 1.0)
    return Moments(
        left.rows + right.rows,
        weight,
        left.mean + apart * share,
        left.m2 + right.m2 + apart**2 * left.weight * share,
    )


def added(left: Any, right: Any) -> Any:
    """The sum of two answers, of each of their parts where they are tuples."""
    if isinstance(left, tuple):
        return tuple(added(a, b) for a, b in zip(left, right, strict=True))
    return left + right


def blocks(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Arrays of equally many rows, some rows of each at a time."""
    for start in range(0, len(arrays[0]), BLOCK):
        yield tuple(array[start : start + BLOCK] for array in arrays)
