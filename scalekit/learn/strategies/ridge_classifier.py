"""Ridge classifiers, from cross products of each class: regressions on indicators of classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.utils.class_weight import compute_class_weight

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.by_class import ByClass
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Gram, joined_grams
from scalekit.learn.passes.moment_data import as_features, rows_like
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.discriminants import asked_class_grams, cast_by_class
from scalekit.learn.strategies.least_squares import place, ridge_refuses
from scalekit.learn.strategies.leave_one_out import leave_one_out
from scalekit.learn.strategies.strategy import Strategy


def ridge_classifier(estimator: Any, data: Data) -> Steps:
    """One pass; a ridge regression on indicators of classes."""
    found, cross = yield from _indicated(estimator, data)
    ridge = Ridge(**{k: v for k, v in estimator.get_params().items() if k != "class_weight"})
    rows = rows_like(cross, centred=estimator.fit_intercept)
    ridge.fit(as_features(rows[:, : data.width], data), rows[:, data.width :])
    if estimator.fit_intercept:
        place(ridge, cross, data.width)
    for name in ("coef_", "intercept_", "n_iter_", "solver_"):
        setattr(estimator, name, getattr(ridge, name))
    cast_by_class(estimator, data, found.classes)
    return estimator


def ridge_classifier_cv(estimator: Any, data: Data) -> Steps:
    """Two passes: cross products, then the errors of all penalties on rows that were left out."""
    found, cross = yield from _indicated(estimator, data)
    step = Indicated(found.classes, _class_weights(estimator, found))
    yield from leave_one_out(estimator, replace(data.then(step), weighted=True), cross)
    cast_by_class(estimator, data, found.classes)
    return estimator


def _indicated(estimator: Any, data: Data) -> Steps:
    """The classes, and cross products with their indicators; the estimator is fitted to their names."""
    if np.ndim(data.y_example) > 1:
        raise NotDistributableError(
            f"{type(estimator).__name__} is fitted over partitions with one target column: fit one for each of several labels"
        )
    found: ByClass = yield from asked_class_grams(estimator, data)
    classes = len(found.classes)
    fitted_on(estimator, random_matrix(data, 2 * classes), np.tile(found.classes, 2))
    weights = _class_weights(estimator, found)
    parts = [
        _with_indicators(part, number, classes, weights[number])
        for number, part in enumerate(found.found)
    ]
    return found, reduce(joined_grams, parts)


@dataclass(frozen=True, eq=False)
class Indicated:
    """Indicators of classes as the target, and weights of classes multiplied in."""

    classes: Array
    weights: Array

    def __call__(self, batch: Batch) -> Batch:
        """Make them when somebody asks."""

        def codes() -> Array:
            return np.asarray(np.searchsorted(self.classes, batch.y))

        return batch.with_y(lambda: _signs(codes(), len(self.classes))).with_weight(
            lambda: batch.weights * self.weights[codes()]
        )


def _signs(codes: Array, classes: int) -> Array:
    """1 for a class and -1 for others, one column for each; one column for two classes."""
    signs = np.where(np.asarray(codes)[..., np.newaxis] == np.arange(classes), 1.0, -1.0)
    return signs[..., 1:] if classes == 2 else signs


def _class_weights(estimator: Any, found: ByClass) -> Array:
    if not estimator.class_weight:
        return np.ones(len(found.classes))
    rows = np.array([part.rows for part in found.found])
    if estimator.class_weight == "balanced":
        return np.asarray(rows.sum() / (len(rows) * rows))
    return np.asarray(
        compute_class_weight(estimator.class_weight, classes=found.classes, y=found.classes)
    )


def _with_indicators(part: Gram, number: int, classes: int, weight: float) -> Gram:
    """The cross products of a class with columns that are 1 for it and -1 for others; one column for two classes."""
    signs = _signs(np.array(number), classes)
    cross = np.pad(part.cross * weight, [(0, len(signs)), (0, len(signs))])
    rest = np.concatenate([np.broadcast_to(part.rest, part.mean.shape), np.zeros(len(signs))])
    mean = np.concatenate([part.mean, signs])
    return Gram(part.rows, part.weight * weight, mean, cross, rest)


def _cv_refuses(estimator: Any) -> str:
    if estimator.cv is not None or estimator.scoring is not None:
        return (
            "cv= and scoring= count right and wrong predictions of each fold: leave both None for the errors of rows "
            "that are left out one by one, or search with GridSearchCV(RidgeClassifier(), ...)"
        )
    if estimator.store_cv_results:
        return "store_cv_results keeps a number for each row: leave it False"
    return ""


STRATEGIES: Mapping[str, Strategy] = {
    "RidgeClassifier": Strategy("statistics", "exact", "1", ridge_classifier, ridge_refuses),
    "RidgeClassifierCV": Strategy("statistics", "exact", "2", ridge_classifier_cv, _cv_refuses),
}
