"""Partial least squares and canonical correlations, from cross products of X and y."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Cross, asked_cross
from scalekit.learn.passes.moment_data import as_features, as_target, rows_like
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.strategy import Strategy

SCORES = ("_x_scores", "_y_scores", "x_scores_", "y_scores_")
"""A number for each row: what ``transform`` gives, and is left out."""


def partial_least_squares(estimator: Any, data: Data) -> Steps:
    """One pass; the estimator's own fit on rows with the same means and covariances."""
    cross: Cross = yield from asked_cross(estimator, data, accurate=True)
    rows = rows_like(cross)
    rows *= np.sqrt((len(rows) - 1) / max(cross.rows - 1, 1))
    rows += cross.mean
    width = data.width
    estimator.fit(as_features(rows[:, :width], data), as_target(rows[:, width:], data))
    for name in SCORES:
        if hasattr(estimator, name):
            delattr(estimator, name)
    return estimator


_NOTE = "without x_scores_ and y_scores_, a number for each row: sk.predict(method='transform') gives them"

STRATEGIES: Mapping[str, Strategy] = {
    name: Strategy("statistics", "exact", "1", partial_least_squares, note=_NOTE)
    for name in ("PLSRegression", "PLSCanonical", "CCA", "PLSSVD")
}
