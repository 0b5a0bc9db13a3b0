"""Linear models of squared loss, from cross products: scikit-learn's own fit on a few rows that have the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Cross, asked_cross
from scalekit.learn.passes.moment_data import (
    as_features,
    as_target,
    cast_like,
    is_one_output,
    rows_around,
    rows_like,
)
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.strategy import Strategy


@dataclass(frozen=True)
class Needs:
    """What the rows have to have for an estimator's own fit to give the same on them.

    Attributes
    ----------
    accurate
        The accuracy of X itself: where small singular values decide.
    per_row
        Cross products divided by the number of rows; otherwise the products themselves.
    weight
        A sum of weights that is the number of rows, because the fit asks for it.
    """

    accurate: bool = False
    per_row: bool = False
    weight: bool = False


NEEDS: Mapping[str, Needs] = {
    "LinearRegression": Needs(accurate=True),
    "Ridge": Needs(),
    "Lasso": Needs(per_row=True),
    "ElasticNet": Needs(per_row=True),
    "MultiTaskLasso": Needs(per_row=True),
    "MultiTaskElasticNet": Needs(per_row=True),
    "Lars": Needs(per_row=True),
    "LassoLars": Needs(per_row=True),
    "OrthogonalMatchingPursuit": Needs(),
    "BayesianRidge": Needs(per_row=True, weight=True),
}
"""Estimators whose fit depends on means and cross products only."""


def linear(estimator: Any, data: Data) -> Steps:
    """One pass of cross products, then the estimator's own fit."""
    accurate = NEEDS[type(estimator).__name__].accurate
    cross: Cross = yield from asked_cross(estimator, data, accurate=accurate)
    return fit_linear(estimator, data, cross)


def fit_linear(estimator: Any, data: Data, cross: Cross) -> Any:
    """Fit in place from cross products of X and y.

    Rows around 0 are what is fitted, so that large means cost no digits; the intercept follows from the means.
    """
    needs, width = NEEDS[type(estimator).__name__], data.width
    if needs.weight and not estimator.fit_intercept:  # the variance of y is centred all the same
        rows = rows_around(cross, np.zeros_like(cross.mean))
    else:
        rows = rows_like(cross, centred=estimator.fit_intercept, per_row=needs.per_row)
    weights = {}
    if needs.weight:
        weights = {"sample_weight": np.full(len(rows), cross.weight / len(rows))}
    estimator.fit(as_features(rows[:, :width], data), as_target(rows[:, width:], data), **weights)
    if estimator.fit_intercept:
        place(estimator, cross, width)
    if hasattr(estimator, "singular_"):
        estimator.singular_ = estimator.singular_[: min(cross.rows, width)]
    if hasattr(estimator, "eps_"):  # the tolerance times the sum of squares of y
        estimator.eps_ *= cross.rows / len(rows)
    cast(estimator, data)
    return estimator


def place(estimator: Any, cross: Cross, width: int) -> None:
    """Move a model that was fitted around 0 to the means."""
    found = cross.mean[width:] - estimator.coef_ @ cross.mean[:width]
    estimator.intercept_ = np.reshape(found, np.shape(estimator.intercept_))[()]
    if hasattr(estimator, "X_offset_"):
        estimator.X_offset_ = cross.mean[:width].copy()


def cast(fitted: Any, data: Data) -> None:
    """Attributes in float32, where scikit-learn computes in it."""
    if data.dtype == np.float64:
        return
    outputs = 1 if is_one_output(data) else data.y_example.shape[1]
    y = np.random.default_rng(1).normal(size=(3 * data.width + 10, outputs))
    template = clone(fitted)
    fitted_on(template, random_matrix(data, len(y)), as_target(y, data))
    cast_like(fitted, template)


_GIVEN = (
    "precompute={} is made of all rows in one memory: leave it at its default, the Gram matrix is "
    "what a fit over partitions computes anyway"
)


def ridge_refuses(estimator: Any) -> str:
    """Solvers that take single rows at random are refused; all others find the same optimum from cross products."""
    if estimator.solver in ("sag", "saga"):
        return (
            f"solver={estimator.solver!r} draws single rows at random; solver='auto' gives the optimum that it "
            "approaches"
        )
    return ""


def given_gram(estimator: Any) -> str:
    """A Gram matrix that the user gives is refused: scikit-learn would compare it with the rows."""
    given = getattr(estimator, "precompute", None)
    return _GIVEN.format("a matrix") if hasattr(given, "__array__") else ""


def lars_refuses(estimator: Any) -> str:
    """Noise on single rows is refused too."""
    if getattr(estimator, "jitter", None) is not None:
        return "jitter adds noise to the target row by row: leave it None"
    return given_gram(estimator)


STRATEGIES: Mapping[str, Strategy] = {
    "LinearRegression": Strategy(
        "statistics", "exact", "1", linear, note="by a QR of partitions, as accurate as in memory"
    ),
    "Ridge": Strategy("statistics", "exact", "1", linear, ridge_refuses),
    "Lasso": Strategy("statistics", "exact", "1", linear, given_gram),
    "ElasticNet": Strategy("statistics", "exact", "1", linear, given_gram),
    "MultiTaskLasso": Strategy("statistics", "exact", "1", linear),
    "MultiTaskElasticNet": Strategy("statistics", "exact", "1", linear),
    "Lars": Strategy("statistics", "exact", "1", linear, lars_refuses),
    "LassoLars": Strategy("statistics", "exact", "1", linear, lars_refuses),
    "OrthogonalMatchingPursuit": Strategy("statistics", "exact", "1", linear),
    "BayesianRidge": Strategy("statistics", "exact", "1", linear),
}
