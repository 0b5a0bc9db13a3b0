"""Moments and extremes of columns, dense or sparse; a sparse matrix stays one."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.moments import Extremes, Moments, extremes, moments_of


def any_moments(x: Any) -> Moments:
    """The moments of a matrix; values that are not stored are zeros."""
    if not hasattr(x, "tocsr"):
        return moments_of(x)
    x = x.tocsr()
    height, width = x.shape
    gaps = np.isnan(x.data)
    place, values = x.indices[~gaps], x.data[~gaps].astype(np.float64)
    rows = height - np.bincount(x.indices[gaps], minlength=width)
    some = np.maximum(rows, 1)
    mean = np.bincount(place, values, width) / some
    deviation = values - mean[place]
    zeros = rows - np.bincount(place, minlength=width)
    off = np.bincount(place, deviation, width) - zeros * mean
    m2 = np.bincount(place, deviation**2, width) + zeros * mean**2
    weight = rows.astype(np.float64)
    return Moments(rows, weight, mean + off / some, np.maximum(m2 - off**2 / some, 0.0))


def any_extremes(batch: Batch, who: str) -> Extremes:
    """The extremes of rows, whose missing values are left out."""
    if not hasattr(batch.X, "tocsc"):
        return extremes(batch, who)
    x = batch.X.tocsc()
    least, greatest = (
        _of_columns(x, function, empty)
        for function, empty in ((np.fmin, np.inf), (np.fmax, -np.inf))
    )
    return Extremes(x.shape[0], least, greatest)


def _of_columns(x: Any, function: Any, empty: float) -> Array:
    stored = np.diff(x.indptr)
    found = np.where(stored < x.shape[0], 0.0, empty)
    some = stored > 0
    if some.any():
        of_stored = function.reduceat(x.data.astype(np.float64), x.indptr[:-1][some])
        found[some] = function(found[some], of_stored)
    return found
