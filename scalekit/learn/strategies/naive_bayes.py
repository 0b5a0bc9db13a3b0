"""Naive Bayes, from sums by class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.preprocessing import binarize
from sklearn.utils.validation import check_non_negative

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.blocks import checked
from scalekit.learn.passes.by_class import ClassSums, class_sums, joined_sums
from scalekit.learn.passes.category_counts import CategoryCounts, category_counts, joined_counts
from scalekit.learn.passes.class_moments import ClassMoments, class_moments, joined_class_moments
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moment_data import as_features
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.strategy import Strategy

LEAST_ALPHA = 1e-10
"""What scikit-learn takes for a smaller alpha, unless it is told not to."""


def gaussian(estimator: Any, data: Data) -> Steps:
    """Means and variances of each class, and the greatest variance of all rows."""
    found: ClassMoments = yield data.ask(
        class_moments, joined_class_moments, type(estimator).__name__, what="moments by class"
    )
    classes, groups = found.classes, found.groups
    fitted_on(estimator, random_matrix(data, 2 * len(classes)), np.tile(classes, 2))
    dtype = estimator.theta_.dtype
    empty = np.isclose(groups.weight, 0.0)[:, np.newaxis]
    some = np.where(empty, 1.0, groups.weight[:, np.newaxis])
    estimator.epsilon_ = dtype.type(estimator.var_smoothing * found.variance.max())
    estimator.theta_ = np.where(empty, 0.0, groups.mean).astype(dtype)
    variance = np.where(empty, 0.0, groups.m2 / some)
    estimator.var_ = (variance + estimator.epsilon_).astype(dtype)
    estimator.class_count_ = groups.weight.astype(dtype)
    if estimator.priors is None:
        estimator.class_prior_ = (groups.weight / groups.weight.sum()).astype(dtype)
    return estimator


def discrete(estimator: Any, data: Data) -> Steps:
    """Two rows for each class say all: one with the sums of its columns, and one of zeros with the rest of its weight."""
    who, threshold = type(estimator).__name__, getattr(estimator, "binarize", None)
    found: ClassSums = yield data.ask(_sums, joined_sums, who, threshold, what="sums by class")
    rows, weight = _two_each(found, weighted=data.weighted)
    if hasattr(estimator, "binarize"):
        estimator.binarize = None
    estimator.fit(as_features(rows, data), np.tile(found.classes, 2), sample_weight=weight)
    if hasattr(estimator, "binarize"):
        estimator.binarize = threshold
    return estimator


def _two_each(found: ClassSums, *, weighted: bool) -> tuple[Array, Array]:
    """The rows, and their weights: counts stay whole numbers where nothing is weighted."""
    first = (
        np.where(found.weight > 0, found.weight, 1.0) if weighted else np.ones(len(found.weight))
    )
    rows = np.vstack([found.sums / first[:, np.newaxis], np.zeros_like(found.sums)])
    return rows, np.concatenate([first, found.weight - first])


def _sums(batch: Batch, who: str, threshold: float | None) -> ClassSums:
    return class_sums(batch, _Rows(who, threshold))


@dataclass(frozen=True)
class _Rows:
    """Some rows of X as an estimator counts them."""

    who: str
    threshold: float | None

    def __call__(self, batch: Batch, some: slice) -> Any:
        rows = checked(batch, self.who)[some]
        if self.who != "BernoulliNB":
            check_non_negative(rows, f"{self.who} (input X)")
        return rows if self.threshold is None else binarize(rows, threshold=self.threshold)


def categorical(estimator: Any, data: Data) -> Steps:
    """Counts of each category in each class; rows of the greatest categories give the estimator its shapes."""
    found: CategoryCounts = yield data.ask(
        category_counts, joined_counts, type(estimator).__name__, what="counts by class"
    )
    greatest = np.array([counts.shape[1] - 1 for counts in found.counts])
    rows = np.zeros((2 * len(found.classes), data.width))
    rows[: len(found.classes)] = greatest
    weight = np.concatenate([np.zeros(len(found.classes)), found.weight])
    estimator.fit(as_features(rows, data), np.tile(found.classes, 2), sample_weight=weight)
    alpha = estimator.alpha if estimator.force_alpha else max(estimator.alpha, LEAST_ALPHA)
    estimator.category_count_ = [
        np.pad(counts, [(0, 0), (0, int(wanted) - counts.shape[1])])
        for counts, wanted in zip(found.counts, estimator.n_categories_, strict=True)
    ]
    estimator.feature_log_prob_ = [_log_shares(c + alpha) for c in estimator.category_count_]
    return estimator


def _log_shares(counts: Array) -> Array:
    return np.asarray(np.log(counts) - np.log(counts.sum(axis=1, keepdims=True)))


STRATEGIES: Mapping[str, Strategy] = {
    "GaussianNB": Strategy("statistics", "exact", "1", gaussian),
    "MultinomialNB": Strategy("statistics", "exact", "1", discrete),
    "BernoulliNB": Strategy("statistics", "exact", "1", discrete),
    "ComplementNB": Strategy("statistics", "exact", "1", discrete),
    "CategoricalNB": Strategy("statistics", "exact", "1", categorical),
}
