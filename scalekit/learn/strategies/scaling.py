"""Scalers, from one pass of moments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import (
    Extremes,
    Moments,
    extremes,
    joined,
    moments,
    wider,
)
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, framed, random_matrix
from scalekit.learn.strategies.strategy import Strategy


def standard_scaler(estimator: Any, data: Data) -> Steps:
    """Means and variances of the values that are there."""
    found: Moments = yield data.ask(
        moments, joined, type(estimator).__name__, what="means and variances"
    )
    fitted_on(estimator, random_matrix(data, 4))
    count = found.rows if _only_counts(estimator) else found.weight
    estimator.n_samples_seen_ = count[0] if np.ptp(count) == 0 else count
    if estimator.mean_ is not None:
        estimator.mean_ = found.mean
    if estimator.with_std:
        estimator.var_ = found.variance
        estimator.scale_ = _scale(found)
    return estimator


def _only_counts(estimator: Any) -> bool:
    return not (estimator.with_mean or estimator.with_std)


def _scale(found: Moments) -> Array:
    """Standard deviations; 1 for columns that are constant but for rounding.

    The bound is scikit-learn's: the variance of a constant column is off by the square of its mean's error.
    """
    eps = np.finfo(np.float64).eps
    rounding = found.weight * eps * found.variance + (found.weight * found.mean * eps) ** 2
    return np.where(found.variance <= rounding, 1.0, np.sqrt(found.variance))


def min_max_scaler(estimator: Any, data: Data) -> Steps:
    """Least and greatest values: two rows that have them are as good as all."""
    found: Extremes = yield data.ask(
        extremes, wider, type(estimator).__name__, what="least and greatest values"
    )
    fitted_on(estimator, framed(np.array([_there(found.least), _there(found.greatest)]), data))
    estimator.n_samples_seen_ = found.rows
    return estimator


def max_abs_scaler(estimator: Any, data: Data) -> Steps:
    """The greatest absolute value: one row that has it is as good as all."""
    found: Extremes = yield data.ask(
        extremes, wider, type(estimator).__name__, what="greatest values"
    )
    greatest = np.maximum(np.abs(_there(found.least)), np.abs(_there(found.greatest)))
    fitted_on(estimator, framed(greatest[np.newaxis], data))
    estimator.n_samples_seen_ = found.rows
    return estimator


def _there(values: Array) -> Array:
    """NaN for a column of which no value is there."""
    return np.where(np.isinf(values), np.nan, values)


STRATEGIES: Mapping[str, Strategy] = {
    "StandardScaler": Strategy("statistics", "exact", "1", standard_scaler),
    "MinMaxScaler": Strategy("statistics", "exact", "1", min_max_scaler),
    "MaxAbsScaler": Strategy("statistics", "exact", "1", max_abs_scaler),
}
