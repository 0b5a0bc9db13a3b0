"""Principal components, singular vectors and factors, from cross products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.blocks import blocks
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Cross, Gram, asked_cross
from scalekit.learn.passes.moment_data import as_features, cast_like, rows_around, rows_like
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.dimension import likeliest_dimension
from scalekit.learn.strategies.strategy import Strategy


def pca(estimator: Any, data: Data) -> Steps:
    """One pass; the solver that scikit-learn would take is given rows with the same covariance."""
    accurate = estimator.svd_solver not in ("auto", "covariance_eigh")
    cross: Cross = yield from asked_cross(estimator, data, target=False, accurate=accurate)
    rows = rows_like(cross)
    rows *= np.sqrt((len(rows) - 1) / max(cross.rows - 1, 1))
    wanted = {"svd_solver": estimator.svd_solver, "n_components": estimator.n_components}
    estimator.set_params(**_resolved(estimator, data, cross))
    try:
        estimator.fit(as_features(rows, data))
    finally:
        estimator.set_params(**wanted)
    estimator.mean_ = estimator.mean_ + cross.mean
    estimator.n_samples_ = cross.rows
    estimator.singular_values_ *= np.sqrt((cross.rows - 1) / (len(rows) - 1))
    if cross.rows < data.width and estimator._fit_svd_solver != "covariance_eigh":
        left = max(cross.rows - estimator.n_components_, 1)
        estimator.noise_variance_ *= (data.width - estimator.n_components_) / left
    if estimator.n_components == "mle":
        estimator.n_components_ = np.int64(estimator.n_components_)
    _cast(estimator, data)
    return estimator


def _resolved(estimator: Any, data: Data, cross: Cross) -> dict[str, Any]:
    """The solver and the number of components that scikit-learn would take for so many rows."""
    solver, components = estimator.svd_solver, estimator.n_components
    rows, width = cross.rows, data.width
    if hasattr(data.example, "tocsr"):  # its own rule, which looks at no number
        return {}
    if components is None and rows < width:
        components = rows - (solver == "arpack")
    if solver == "auto":
        few = min(rows, width) if components is None else components
        if width <= 1000 and rows >= 10 * width:
            solver = "covariance_eigh"
        elif max(rows, width) <= 500 or few == "mle" or not 1 <= few < 0.8 * min(rows, width):
            solver = "full"
        else:
            solver = "randomized"
    if components == "mle" and solver in ("full", "covariance_eigh") and rows >= width:
        values = np.linalg.svd(cross.factor(), compute_uv=False) ** 2 / (rows - 1)
        components = likeliest_dimension(values, rows)
    return {"svd_solver": solver, "n_components": components}


def truncated_svd(estimator: Any, data: Data) -> Steps:
    """One pass; the estimator's own algorithm on rows with the same products, and the same mean."""
    cross: Cross = yield from asked_cross(estimator, data, target=False, accurate=True)
    rows = rows_around(cross, np.zeros(data.width))
    estimator.fit(as_features(rows, data))
    estimator.singular_values_ *= np.sqrt(cross.rows / len(rows))
    _cast(estimator, data)
    return estimator


def factor_analysis(estimator: Any, data: Data) -> Steps:
    """One pass, and one for signs, which are those of the row that lies farthest along each factor."""
    cross: Gram = yield from asked_cross(estimator, data, target=False)
    rows = rows_like(cross, per_row=True)
    share, wanted = len(rows) / cross.rows, estimator.get_params()
    estimator.set_params(tol=estimator.tol * share, rotation=None)
    estimator.fit(as_features(rows, data))
    signs = np.ones(len(estimator.components_))
    if estimator.svd_method == "randomized":
        directions = estimator.components_ / (np.sqrt(estimator.noise_variance_) + 1e-12) ** 2
        farthest = yield data.ask(
            farthest_along, _farther, type(estimator).__name__, cross.mean, directions, what="signs"
        )
        signs = np.where(farthest < 0, -1.0, 1.0)
    if wanted["rotation"] is not None:
        estimator.set_params(rotation=wanted["rotation"])
        fitted_on(estimator, as_features(rows, data))
    estimator.set_params(**wanted)
    estimator.components_ = estimator.components_ * signs[:, np.newaxis]
    estimator.loglike_ = [value / share for value in estimator.loglike_]
    estimator.mean_ = cross.mean
    return estimator


def farthest_along(batch: Batch, who: str, about: Array, directions: Array) -> Array:
    """How far along each direction the row lies that is farthest, to whichever side."""
    found = np.zeros(len(directions))
    for rows, _ in blocks(batch, who, target=False):
        along = (rows - about) @ directions.T
        found = _farther(found, along[np.abs(along).argmax(axis=0), np.arange(len(directions))])
    return found


def _farther(left: Array, right: Array) -> Array:
    return np.where(np.abs(right) > np.abs(left), right, left)


def _cast(estimator: Any, data: Data) -> None:
    """Attributes in float32, where scikit-learn computes in it."""
    if data.dtype == np.float64:
        return
    template = clone(estimator)
    cast_like(estimator, fitted_on(template, random_matrix(data, 12 * data.width + 2)))


STRATEGIES: Mapping[str, Strategy] = {
    "PCA": Strategy(
        "statistics", "exact", "1", pca,
        note="arpack and randomized take the same steps as on all rows where random_state is a number",
    ),
    "TruncatedSVD": Strategy(
        "statistics", "exact", "1", truncated_svd,
        note="takes the same steps as on all rows where random_state is a number",
    ),
    "FactorAnalysis": Strategy(
        "statistics", "exact", "2", factor_analysis,
        note="with svd_method='lapack' the signs of factors are LAPACK's choice, in memory too",
    ),
}  # fmt: skip
