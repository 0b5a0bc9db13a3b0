"""Baselines that look at the target alone: DummyClassifier and DummyRegressor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from scalekit.errors import InvalidOperationError
from scalekit.learn.passes.batch import Array, Batch, rows_of
from scalekit.learn.passes.columns import Targets
from scalekit.learn.passes.counts import MOST, both_values, coded
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import Moments, joined, moments_of
from scalekit.learn.passes.percentiles import medians, percentiles, weighted_percentiles
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.strategy import Strategy


def dummy_classifier(estimator: Any, data: Data) -> Steps:
    """The classes of each target, and their shares of the weight."""
    found: list[tuple[Array, Array]] = yield data.ask(
        weigh_labels, joined_labels, what="shares of classes"
    )
    rows = max(len(labels) for labels, _ in found)
    columns = [np.resize(labels, rows) for labels, _ in found]
    y = columns[0] if data.y_example.ndim == 1 else np.column_stack(columns)
    estimator.fit(rows_of(data.example, np.zeros(rows, dtype=np.intp)), y)
    shares = [_shares(labels, weight) for labels, weight in found]
    estimator.class_prior_ = shares[0] if len(shares) == 1 else shares
    return estimator


def weigh_labels(batch: Batch) -> list[tuple[Array, Array]]:
    """The labels of each target, and the weight of each."""
    y = np.asarray(batch.y)
    found = []
    for column in y.reshape(len(y), -1).T:
        codes, labels = coded(column)
        found.append((labels, np.bincount(codes, batch.weight, len(labels)).astype(np.float64)))
    return found


def joined_labels(
    left: list[tuple[Array, Array]], right: list[tuple[Array, Array]]
) -> list[tuple[Array, Array]]:
    """Those of the rows of both."""
    found = []
    for (some, of_some), (others, of_others) in zip(left, right, strict=True):
        codes, labels = coded(both_values(some, others))
        if len(labels) > MOST:
            raise InvalidOperationError(
                f"the target has more than {MOST:,} classes: DummyRegressor is for numbers"
            )
        found.append((labels, np.bincount(codes, np.concatenate([of_some, of_others]))))
    return found


def _shares(labels: Array, weight: Array) -> Array:
    return np.asarray(weight[np.argsort(labels, kind="stable")] / weight.sum())


def dummy_regressor(estimator: Any, data: Data) -> Steps:
    """The mean, or an exact quantile, of each target."""
    weights = {"sample_weight": np.ones(len(data.y_example))} if data.weighted else {}
    fitted_on(estimator, data.example, data.y_example, **weights)  # refuses parameters
    dtype = estimator.constant_.dtype
    match estimator.strategy:
        case "mean":
            moments: Moments = yield data.ask(target_moments, joined, what="mean of the target")
            found = moments.mean
        case "median" if not data.weighted:
            found = yield from medians(data, Targets(), dtype=dtype)
        case "median" | "quantile":
            found = yield from _quantile(estimator, data)
        case _:
            return estimator
    estimator.constant_ = np.reshape(found, (1, -1)).astype(dtype)
    return estimator


def _quantile(estimator: Any, data: Data) -> Steps:
    percent = np.array([50.0 if estimator.strategy == "median" else estimator.quantile * 100.0])
    if not data.weighted:
        return (yield from percentiles(data, Targets(), percent / 100))
    source, eps = Targets(weighted=True), float(np.finfo(np.float64).eps)
    return (yield from weighted_percentiles(data, source, percent, average=False, eps=eps))


def target_moments(batch: Batch) -> Moments:
    """The moments of the targets."""
    y = np.asarray(batch.y, dtype=np.float64)
    assert_all_finite(y, input_name="y")
    return moments_of(y.reshape(len(y), -1), batch.weight)


STRATEGIES: Mapping[str, Strategy] = {
    "DummyClassifier": Strategy("statistics", "exact", "1", dummy_classifier),
    "DummyRegressor": Strategy(
        "statistics", "exact", "1; 2 to 4 for medians and quantiles", dummy_regressor
    ),
}
