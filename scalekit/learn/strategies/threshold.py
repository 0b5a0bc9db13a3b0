"""A classifier whose threshold is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.members import inner, refuse_weights, standing_in, thawed
from scalekit.learn.strategies.strategy import Strategy


def fixed_threshold(estimator: Any, data: Data) -> Steps:
    """The classifier on all rows; the genuine fit around it sees all classes, and refuses more than two."""
    refuse_weights(estimator, data)
    fitted = yield from data.fit(estimator.estimator)
    classes = fitted.classes_
    with standing_in([(estimator.estimator, fitted)]):
        fitted_on(estimator, random_matrix(data, len(classes)), classes)
    estimator.estimator_ = thawed(estimator.estimator_)
    return estimator


STRATEGIES: Mapping[str, Strategy] = {
    "FixedThresholdClassifier": Strategy(
        "composed", "exact", "as its classifier's", fixed_threshold, members=inner
    ),
}
