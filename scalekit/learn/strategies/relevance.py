"""Regression by automatic relevance determination, from cross products: the updates of scikit-learn's fit."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

import numpy as np
from scipy.linalg import pinvh
from sklearn.utils.extmath import fast_logdet

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Gram, asked_cross
from scalekit.learn.passes.moment_data import rows_like
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.least_squares import cast, place
from scalekit.learn.strategies.strategy import Strategy


def ard_regression(estimator: Any, data: Data) -> Steps:
    """One pass; then precisions of weights and noise in turn, as long as weights move."""
    cross: Gram = yield from asked_cross(estimator, data)
    fitted_on(estimator, random_matrix(data, 8), np.arange(8.0))
    relevance = _Relevance(estimator, cross, data.width)
    relevance.run()
    estimator.n_iter_, estimator.scores_ = relevance.n_iter, relevance.scores
    estimator.coef_, estimator.sigma_ = relevance.coef, relevance.sigma
    estimator.alpha_, estimator.lambda_ = relevance.alpha, relevance.precisions
    estimator.X_offset_ = np.zeros(data.width)
    estimator.X_scale_ = np.ones(data.width)
    if estimator.fit_intercept:
        place(estimator, cross, data.width)
    cast(estimator, data)
    return estimator


class _Relevance:
    """The state of one fit: weights, their precisions, and that of the noise."""

    def __init__(self, estimator: Any, cross: Gram, width: int) -> None:
        rows = rows_like(cross, centred=estimator.fit_intercept)
        self.settings = estimator
        self.x, self.y = rows[:, :width], rows[:, width]
        self.rows = cross.rows
        variance = cross.cross[width, width] / cross.rows
        self.alpha: Any = np.float64(1.0 / (variance + np.finfo(float).eps))
        self.precisions = np.ones(width)
        self.coef = np.zeros(width)
        self.sigma = np.empty((0, 0))
        self.scores: list[Any] = []
        self.n_iter = 0

    def run(self) -> None:
        """Update until weights move by less than the tolerance, or none is kept."""
        kept = np.ones(len(self.coef), dtype=bool)
        before: Array | None = None
        for number in range(1, self.settings.max_iter + 1):
            self.n_iter = number
            self._solve(kept)
            kept = self._weigh(kept)
            if self.settings.compute_score:
                self.scores.append(self._score())
            if before is not None and np.abs(before - self.coef).sum() < self.settings.tol:
                break
            before = self.coef.copy()
            if not kept.any():
                break
        if kept.any():
            self._solve(kept)
        else:
            self.sigma = np.array([]).reshape(0, 0)

    def _solve(self, kept: Array) -> None:
        """Weights and their covariance, given all precisions."""
        x = self.x[:, kept]
        self.sigma = pinvh(np.diag(self.precisions[kept]) + self.alpha * (x.T @ x))
        self.coef[kept] = self.alpha * (self.sigma @ (x.T @ self.y))

    def _weigh(self, kept: Array) -> Array:
        """All precisions, given the weights; gives which weights are kept."""
        s = self.settings
        self.errors = np.sum((self.y - self.x @ self.coef) ** 2)
        known = 1.0 - self.precisions[kept] * np.diag(self.sigma)
        self.precisions[kept] = (known + 2.0 * s.lambda_1) / (
            self.coef[kept] ** 2 + 2.0 * s.lambda_2
        )
        self.alpha = (self.rows - known.sum() + 2.0 * s.alpha_1) / (self.errors + 2.0 * s.alpha_2)
        still = self.precisions < s.threshold_lambda
        self.coef[~still] = 0.0
        return np.asarray(still)

    def _score(self) -> Any:
        """The logarithm of the marginal likelihood."""
        s, precisions, alpha = self.settings, self.precisions, self.alpha
        score = (s.lambda_1 * np.log(precisions) - s.lambda_2 * precisions).sum()
        score += s.alpha_1 * log(alpha) - s.alpha_2 * alpha
        score += 0.5 * (
            fast_logdet(self.sigma) + self.rows * log(alpha) + np.sum(np.log(precisions))
        )
        return score - 0.5 * (alpha * self.errors + (precisions * self.coef**2).sum())


STRATEGIES: Mapping[str, Strategy] = {
    "ARDRegression": Strategy("statistics", "exact", "1", ard_regression),
}
