"""Regression with Poisson, gamma and Tweedie deviances, and Huber's: scikit-learn's own steps, a pass for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.descent import (
    Minimum,
    iterations_of,
    lbfgs,
    minimised_by_lbfgs,
    newton_cholesky,
)
from scalekit.learn.strategies.losses import Gamma, Loss, Poisson, TweedieIdentity, tweedie
from scalekit.learn.strategies.objective import Objective, blocks, predictor
from scalekit.learn.strategies.strategy import Refused, Strategy
from scalekit.learn.strategies.targets import Numbers, as_numbers, find_numbers, template

SOLVERS = {"lbfgs": minimised_by_lbfgs, "newton-cholesky": newton_cholesky}


def generalized_linear(estimator: Any, data: Data) -> Steps:
    """A pass for the mean of the target, one that keeps the rows, and one for each evaluation."""
    found: Numbers = yield from find_numbers(data, type(estimator).__name__)
    template(estimator, data, found)
    rows = yield from data.with_target(as_numbers).kept()
    loss = loss_of(estimator)
    objective = Objective(rows, loss, estimator.fit_intercept, estimator.alpha, found.weight)
    start = np.zeros(objective.size)
    if estimator.fit_intercept:
        mean = found.total / found.weight
        start[-1] = mean if isinstance(loss, TweedieIdentity) else math.log(mean)
    minimum: Minimum = yield from SOLVERS[estimator.solver](
        objective, start, estimator.tol, estimator.max_iter
    )
    _set(estimator, minimum.point, minimum.iterations)
    return estimator


def loss_of(estimator: Any) -> Loss:
    """The deviance."""
    match type(estimator).__name__:
        case "PoissonRegressor":
            return Poisson()
        case "GammaRegressor":
            return Gamma()
    is_log = estimator.power > 0 if estimator.link == "auto" else estimator.link == "log"
    return tweedie(float(estimator.power), log=is_log)


def _set(estimator: Any, point: Array, iterations: int) -> None:
    shaped = point.astype(estimator.coef_.dtype)
    width = estimator.coef_.shape[0]
    estimator.coef_ = shaped[:width].copy()
    if estimator.fit_intercept:
        estimator.intercept_ = shaped[width]
    estimator.n_iter_ = iterations


def huber(estimator: Any, data: Data) -> Steps:
    """The coefficients, the intercept and the scale of the noise, by L-BFGS-B with a bound on the latter."""
    found: Numbers = yield from find_numbers(data, type(estimator).__name__)
    template(estimator, data, found)
    rows: Data = yield from data.with_target(as_numbers).kept()
    start = np.zeros(data.width + estimator.fit_intercept + 1)
    start[-1] = 1.0
    bounds = np.tile([-np.inf, np.inf], (start.size, 1))
    bounds[-1][0] = np.finfo(np.float64).eps * 10
    objective = _Huber(rows, estimator, found.weight)
    result = yield from lbfgs(
        objective.slope, start, estimator.tol, estimator.max_iter, bounds=bounds
    )
    if result.status == 2:
        raise ValueError(
            f"HuberRegressor convergence failed: l-BFGS-b solver terminated with {result.message}"
        )
    _set(estimator, result.x[:-1], iterations_of(result, estimator.max_iter))
    estimator.scale_ = result.x[-1]
    del estimator.outliers_  # one for each row
    return estimator


class _Huber:
    """Huber's objective, a sum over rows, as scikit-learn scales it."""

    def __init__(self, rows: Data, estimator: Any, weight: float) -> None:
        self._rows = rows
        self._estimator = estimator
        self._weight = weight
        self._last = ""

    def slope(self, point: Array) -> Steps:
        estimator, width = self._estimator, self._rows.width
        total, gradient = yield self._rows.ask(
            huber_slope, added, point.copy(), float(estimator.epsilon), estimator.fit_intercept,
            what=f"gradient{self._last}",
        )  # fmt: skip
        weights = point[:width]
        gradient = gradient.copy()
        gradient[:width] += 2.0 * estimator.alpha * weights
        gradient[-1] += self._weight
        value = total + self._weight * point[-1] + estimator.alpha * float(weights @ weights)
        self._last = f", objective {value:.6g}"
        return value, gradient


def huber_slope(
    batch: Batch, point: Array, epsilon: float, intercept: bool  # noqa: FBT001
) -> tuple[float, Array]:  # fmt: skip
    """The sum of the losses of some rows, and its gradient; the last of which is the scale's."""
    scale, coef = point[-1], point[:-1]
    total, gradient = 0.0, np.zeros_like(point)
    for x, y, weight in blocks(batch):
        off = y - predictor(x, coef, intercept)
        weights = np.ones_like(off) if weight is None else weight
        far = np.abs(off) > epsilon * scale
        near = np.where(far, 0.0, off)
        squares = float((weights * near) @ near) / scale
        outside = float(weights[far].sum())
        total += squares - scale * outside * epsilon**2
        total += 2.0 * epsilon * float(weights[far] @ np.abs(off[far]))
        slope = weights * np.where(far, -2.0 * epsilon * np.sign(off), -2.0 / scale * off)
        gradient[: x.shape[1]] += slope @ x
        if intercept:
            gradient[-2] += slope.sum()
        gradient[-1] -= outside * epsilon**2 + squares / scale
    return total, gradient


def _refuses(estimator: Any) -> str:
    if estimator.warm_start:
        return (
            "warm_start=True goes on from an earlier fit, and sk.fit begins anew: set it to False"
        )
    if getattr(estimator, "solver", "lbfgs") not in SOLVERS:
        return f"solver={estimator.solver!r} is not known: take 'lbfgs' or 'newton-cholesky'"
    return ""


_GENERALIZED = Strategy(
    "iterative", "converged", "n_iter_ + 3", generalized_linear, refuses=_refuses
)

STRATEGIES: Mapping[str, Strategy] = {
    "GammaRegressor": _GENERALIZED,
    "HuberRegressor": Strategy(
        "iterative",
        "converged",
        "n_iter_ + 3",
        huber,
        refuses=_refuses,
        note="outliers_, which has a value for each row, is not set: sk.predict gives what it is made of",
    ),
    "PoissonRegressor": _GENERALIZED,
    "TweedieRegressor": _GENERALIZED,
}

REFUSED: Mapping[str, Refused] = {
    "QuantileRegressor": Refused(
        "its linear program takes all rows at once",
        ("HuberRegressor", "XGBRegressor(objective='reg:quantileerror')"),
    ),
}
