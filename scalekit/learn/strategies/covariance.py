"""Covariances, shrunk or not, from cross products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.covariance import ShrunkCovariance

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.blocks import blocks
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Gram, asked_cross
from scalekit.learn.passes.moment_data import as_features, cast_like, rows_like
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.strategy import Refused, Strategy


def empirical(estimator: Any, data: Data) -> Steps:
    """One pass; the estimator's own fit on rows with the same covariance."""
    cross: Gram = yield from asked_cross(estimator, data, target=False)
    return _fit(estimator, data, cross)


def _fit(estimator: Any, data: Data, cross: Gram) -> Any:
    centred = not estimator.assume_centered
    estimator.fit(as_features(rows_like(cross, centred=centred, per_row=True), data))
    if centred:
        estimator.location_ = cross.mean
    return _cast(estimator, data)


def _cast(estimator: Any, data: Data) -> Any:
    """Attributes in float32, where scikit-learn computes in it."""
    if data.dtype != np.float64:
        template = clone(estimator)
        cast_like(estimator, fitted_on(template, random_matrix(data, 3 * data.width + 3)))
    return estimator


def oas(estimator: Any, data: Data) -> Steps:
    """One pass; how much is shrunk depends on the covariance and the number of rows."""
    cross: Gram = yield from asked_cross(estimator, data, target=False)
    covariance = _covariance(estimator, cross)
    size = np.mean(covariance**2)
    ball = (np.trace(covariance) / len(covariance)) ** 2
    below = (cross.rows + 1) * (size - ball / len(covariance))
    shrinkage = 1.0 if below == 0 else min((size + ball) / below, 1.0)
    return _shrunk(estimator, data, cross, shrinkage)


def ledoit_wolf(estimator: Any, data: Data) -> Steps:
    """Two passes: covariance, then squared distances from the mean, whose squares say how uncertain it is."""
    cross: Gram = yield from asked_cross(estimator, data, target=False)
    about = np.zeros_like(cross.mean) if estimator.assume_centered else cross.mean
    fourth = yield data.ask(
        fourth_powers, added, type(estimator).__name__, about, what="distances from the mean"
    )
    covariance, width = _covariance(estimator, cross), data.width
    delta_ = np.sum(covariance**2)
    mu = np.trace(covariance) / width
    beta = 1.0 / (width * cross.rows) * (fourth / cross.rows - delta_)
    delta = (delta_ - 2.0 * mu * np.trace(covariance) + width * mu**2) / width
    beta = min(beta, delta)
    return _shrunk(estimator, data, cross, 0 if beta == 0 else beta / delta)


def fourth_powers(batch: Batch, who: str, about: Array) -> float:
    """The sum of the fourth powers of distances from a point."""
    found = 0.0
    for rows, _ in blocks(batch, who, target=False):
        squares = np.sum((rows - about) ** 2, axis=1)
        found += float(squares @ squares)
    return found


def _shrunk(estimator: Any, data: Data, cross: Gram, shrinkage: Any) -> Any:
    """The covariance and its inverse come from the estimator that is told how much to shrink."""
    shrinkage = 0.0 if data.width == 1 else shrinkage
    told = ShrunkCovariance(
        store_precision=estimator.store_precision,
        assume_centered=estimator.assume_centered,
        shrinkage=float(shrinkage),
    )
    _fit(told, data, cross)
    _fit(estimator, data, cross)
    estimator.shrinkage_ = shrinkage
    estimator.covariance_, estimator.precision_ = told.covariance_, told.precision_
    return _cast(estimator, data)


def _covariance(estimator: Any, cross: Gram) -> Array:
    found = cross.cross / cross.rows
    return found + np.outer(cross.mean, cross.mean) if estimator.assume_centered else found


STRATEGIES: Mapping[str, Strategy] = {
    "EmpiricalCovariance": Strategy("statistics", "exact", "1", empirical),
    "ShrunkCovariance": Strategy("statistics", "exact", "1", empirical),
    "OAS": Strategy("statistics", "exact", "1", oas),
    "LedoitWolf": Strategy("statistics", "exact", "2", ledoit_wolf),
}

REFUSED: Mapping[str, Refused] = {
    "MinCovDet": Refused(
        "it looks for the half of the rows that lie closest together, and sorts all of them again and again",
        ("EmpiricalCovariance", "LedoitWolf"),
    ),
}
