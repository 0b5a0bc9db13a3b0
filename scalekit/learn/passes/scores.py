"""What columns of X have to do with a target: their moments by class, or their products with a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from scalekit.errors import InvalidOperationError
from scalekit.learn.passes.batch import Array, Batch, rows_of
from scalekit.learn.passes.counts import both_values, coded
from scalekit.learn.passes.moments import Extremes, Moments, joined, wider
from scalekit.learn.passes.sparse_moments import any_extremes, any_moments

MOST = 10_000
"""Classes that a target may have."""


@dataclass(frozen=True)
class ByClass:
    """The moments of each column among the rows of each class, and its extremes among all."""

    labels: Array
    moments: list[Moments]
    extremes: Extremes


def by_class(batch: Batch, who: str, *, negative: bool = True) -> ByClass:
    """Those of some rows, of which values may be less than zero or not."""
    x = checked_matrix(batch, who)
    found = any_extremes(batch, who)
    if not negative and np.any(found.least < 0):
        raise ValueError("Input X must be non-negative.")
    codes, labels = coded(np.asarray(batch.y))
    if len(labels) > MOST:
        raise InvalidOperationError(
            f"{who}: the target has more than {MOST:,} classes: for a number choose score_func=f_regression"
        )
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(labels)))
    rows = np.split(order, ends[:-1])
    return ByClass(labels, [any_moments(rows_of(x, places)) for places in rows], found)


def checked_matrix(batch: Batch, who: str) -> Any:
    """X as numbers, of which none is missing or infinite; a sparse matrix stays one."""
    if not hasattr(batch.X, "tocsr"):
        return batch.numbers(who)
    assert_all_finite(batch.X.data, estimator_name=who, input_name="X")
    return batch.X.tocsr()


def joined_by_class(left: ByClass, right: ByClass) -> ByClass:
    """Those of the rows of both."""
    codes, labels = coded(both_values(left.labels, right.labels))
    found: list[Any] = [None] * len(labels)
    for code, one in zip(codes, [*left.moments, *right.moments], strict=True):
        found[code] = one if found[code] is None else joined(found[code], one)
    return ByClass(labels, found, wider(left.extremes, right.extremes))


@dataclass(frozen=True)
class Products:
    """Of each column and the target: moments, and the sum of products of their deviations from the means."""

    x: Moments
    y: Moments
    products: Array
    extremes: Extremes


def products(batch: Batch, who: str) -> Products:
    """Those of some rows."""
    x = checked_matrix(batch, who)
    y = np.asarray(batch.y, dtype=np.float64)
    assert_all_finite(y, input_name="y")
    of_x, of_y = any_moments(x), any_moments(y[:, np.newaxis])
    deviation = y - of_y.mean[0]
    if hasattr(x, "tocsr"):
        sums = x.T @ deviation - of_x.mean * deviation.sum()
    else:
        sums = _centred_products(x, of_x.mean, deviation)
    return Products(of_x, of_y, sums, any_extremes(batch, who))


def _centred_products(x: Array, mean: Array, deviation: Array) -> Array:
    """In blocks of rows."""
    sums = np.zeros(x.shape[1])
    for start in range(0, len(x), 8192):
        rows = slice(start, start + 8192)
        sums += deviation[rows] @ (x[rows] - mean)
    return sums


def joined_products(left: Products, right: Products) -> Products:
    """Those of the rows of both."""
    apart = (right.x.mean - left.x.mean) * (right.y.mean - left.y.mean)
    share = left.x.weight * right.x.weight / (left.x.weight + right.x.weight)
    return Products(
        joined(left.x, right.x),
        joined(left.y, right.y),
        left.products + right.products + apart * share,
        wider(left.extremes, right.extremes),
    )
