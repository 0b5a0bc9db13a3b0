"""Linear and quadratic discriminants, from cross products of each class."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
from scipy import linalg
from sklearn.base import clone

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.by_class import ByClass, class_grams, joined_class_grams
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Gram, check_width, joined_grams
from scalekit.learn.passes.moment_data import as_features, cast_like, rows_around
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.strategy import Strategy


def asked_class_grams(estimator: Any, data: Data) -> Steps:
    """The cross products of X in each class: ``found = yield from asked_class_grams(...)``."""
    who = type(estimator).__name__
    check_width(data, who)
    found = yield data.ask(class_grams, joined_class_grams, who, what="cross products by class")
    return found


def linear_discriminant(estimator: Any, data: Data) -> Steps:
    """One pass; the solver of singular values is given rows with the same means and the same scatter in classes."""
    found: ByClass = yield from asked_class_grams(estimator, data)
    total = reduce(joined_grams, found.found)
    if total.rows == len(found.classes):
        raise ValueError("The number of samples must be more than the number of classes.")
    if estimator.solver == "svd":
        _by_singular_values(estimator, data, found, total)
    else:
        _by_covariance(estimator, data, found, total)
    cast_by_class(estimator, data, found.classes)
    return estimator


def _by_singular_values(estimator: Any, data: Data, found: ByClass, total: Gram) -> None:
    scatter = sum(part.cross for part in found.found)
    rows = np.vstack(
        [
            rows_around(Gram(total.rows, total.weight, part.mean, scatter), total.mean)
            for part in found.found
        ]
    )
    labels = np.repeat(found.classes, len(rows) // len(found.classes))
    _with_priors(estimator, as_features(rows, data), labels, found, total)
    estimator.means_ += total.mean
    estimator.xbar_ += total.mean
    estimator.intercept_ -= estimator.coef_ @ total.mean
    if estimator.store_covariance:
        estimator.covariance_ = _within(estimator, found)


def _by_covariance(estimator: Any, data: Data, found: ByClass, total: Gram) -> None:
    """What the other two solvers do with the covariance within classes."""
    classes = len(found.classes)
    rows = random_matrix(data, classes * (data.width + 2))
    _with_priors(estimator, rows, np.tile(found.classes, data.width + 2), found, total)
    means = np.array([part.mean for part in found.found])
    covariance = _within(estimator, found)
    estimator.means_, estimator.covariance_ = means, covariance
    if estimator.solver == "lsqr":
        coef = linalg.lstsq(covariance, means.T)[0].T
    else:
        between = _shrunk(total, estimator.shrinkage) - covariance
        values, vectors = linalg.eigh(between, covariance)
        kept = len(estimator.explained_variance_ratio_)
        estimator.explained_variance_ratio_ = np.sort(values / np.sum(values))[::-1][:kept]
        estimator.scalings_ = vectors[:, np.argsort(values)[::-1]]
        coef = means @ estimator.scalings_ @ estimator.scalings_.T
    intercept = -0.5 * np.diag(means @ coef.T) + np.log(estimator.priors_)
    two = classes == 2
    estimator.coef_ = coef[1:] - coef[:1] if two else coef
    estimator.intercept_ = intercept[1:] - intercept[:1] if two else intercept


def _with_priors(estimator: Any, rows: Any, labels: Array, found: ByClass, total: Gram) -> None:
    """The estimator's own fit on rows that stand for others, with the shares of classes that those have."""
    given = estimator.priors
    shares = np.array([part.rows / total.rows for part in found.found])
    estimator.priors = shares if given is None else given
    try:
        estimator.fit(rows, labels)
    finally:
        estimator.priors = given


def _within(estimator: Any, found: ByClass) -> Array:
    """The covariance within classes, weighted by the priors."""
    parts = [_shrunk(part, getattr(estimator, "shrinkage", None)) for part in found.found]
    return np.asarray(np.tensordot(estimator.priors_, np.array(parts), axes=1))


def _shrunk(part: Gram, shrinkage: float | None) -> Array:
    covariance = part.cross / part.weight
    if not shrinkage:
        return covariance
    ball = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return np.asarray((1.0 - shrinkage) * covariance + shrinkage * ball)


def quadratic_discriminant(estimator: Any, data: Data) -> Steps:
    """One pass; rows with the same mean and covariance in each class say all."""
    found: ByClass = yield from asked_class_grams(estimator, data)
    total = reduce(joined_grams, found.found)
    parts = [_rows_of_class(part, total.mean) for part in found.found]
    labels = np.repeat(found.classes, [len(part) for part in parts])
    _with_priors(estimator, as_features(np.vstack(parts), data), labels, found, total)
    estimator.means_ += total.mean
    cast_by_class(estimator, data, found.classes)
    return estimator


def _rows_of_class(part: Gram, about: Array) -> Array:
    """A class of one row stays one, which the estimator refuses."""
    return rows_around(part, about) if part.rows > 1 else (part.mean - about)[np.newaxis]


def cast_by_class(estimator: Any, data: Data, classes: Array) -> None:
    """Attributes in float32, where scikit-learn computes in it."""
    if data.dtype == np.float64:
        return
    template = clone(estimator)
    repeats = 3 * data.width + 3
    rows = random_matrix(data, repeats * len(classes))
    cast_like(estimator, fitted_on(template, rows, np.tile(classes, repeats)))


def _discriminant_refuses(estimator: Any) -> str:
    if estimator.shrinkage == "auto":
        return "shrinkage='auto' takes fourth moments of each class: give a number, which a search over a sample finds"
    if estimator.covariance_estimator is not None:
        return "covariance_estimator is fitted on the rows of each class in memory: use shrinkage= with a number"
    return ""


STRATEGIES: Mapping[str, Strategy] = {
    "LinearDiscriminantAnalysis": Strategy(
        "statistics", "exact", "1", linear_discriminant, _discriminant_refuses,
        note="the signs of the columns of scalings_ are LAPACK's choice, in memory too",
    ),
    "QuadraticDiscriminantAnalysis": Strategy(
        "statistics", "exact", "1", quadratic_discriminant, _discriminant_refuses,
        note="the signs of the columns of rotations_ are LAPACK's choice, in memory too",
    ),
}  # fmt: skip
