"""Targets that are numbers: their mean, their range, and the checks of a regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.classes import check_numbers


@dataclass(frozen=True)
class Numbers:
    """Rows, their weight, the weighted sum of their targets, and the least and the greatest of these."""

    rows: int
    weight: float
    total: float
    least: float
    greatest: float


def find_numbers(data: Data, who: str) -> Steps:
    """What is known of the target, from a pass that checks X, y and weights as scikit-learn does it for ``who``."""
    found: Numbers = yield data.ask(count_numbers, joined_numbers, who, what="targets")
    return found


def count_numbers(batch: Batch, who: str) -> Numbers:
    """That of some rows."""
    check_numbers(batch, who)
    y = as_numbers(batch.y)
    assert_all_finite(y, estimator_name=who, input_name="y")
    weights = batch.weights
    total = float(weights @ y)
    return Numbers(batch.height, float(weights.sum()), total, float(y.min()), float(y.max()))


def joined_numbers(left: Numbers, right: Numbers) -> Numbers:
    """That of the rows of both."""
    return Numbers(
        left.rows + right.rows,
        left.weight + right.weight,
        left.total + right.total,
        min(left.least, right.least),
        max(left.greatest, right.greatest),
    )


def as_numbers(y: Any) -> Array:
    """A target as float64."""
    return np.asarray(y, dtype=np.float64)


def template(estimator: Any, data: Data, found: Numbers) -> None:
    """A genuine fit of one step on made-up rows with the range of the target: names, types and checks."""
    most = estimator.max_iter
    estimator.set_params(max_iter=1)
    try:
        fitted_on(estimator, random_matrix(data, 4), np.resize([found.least, found.greatest], 4))
    finally:
        estimator.set_params(max_iter=most)
