"""Logistic regression: scikit-learn's own solvers with a pass for each evaluation; stochastic ones by the optimum."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.classes import Classes, find_classes, numbered, weights_of
from scalekit.learn.strategies.descent import (
    Minimum,
    minimised_by_lbfgs,
    newton_cg,
    newton_cholesky,
)
from scalekit.learn.strategies.losses import Binomial, Loss, Multinomial
from scalekit.learn.strategies.objective import Objective
from scalekit.learn.strategies.proximal import OPTIMUM, optimum
from scalekit.learn.strategies.strategy import Strategy

Solver = Callable[[Objective, Array, float, int], Steps]

SAME_STEPS: Mapping[str, Solver] = {
    "lbfgs": minimised_by_lbfgs,
    "newton-cg": newton_cg,
    "newton-cholesky": newton_cholesky,
}
"""Solvers whose steps do not depend on the order of the rows."""


def logistic_regression(estimator: Any, data: Data) -> Steps:
    """A pass for classes, one that keeps the rows, and one for each evaluation of the objective."""
    found: Classes = yield from find_classes(data, type(estimator).__name__)
    template(estimator, data, found.labels)
    rows = yield from numbered(data, found.labels, estimator.class_weight, found).kept()
    total = float(found.weight @ class_factors(estimator, found))
    ratio, c = penalty_of(estimator)
    problem = problem_of(estimator, rows, loss_of(len(found.labels)), total, ratio, c)
    minimum: Minimum = yield from solved(
        estimator, problem, np.zeros(problem.objective.size), estimator.max_iter
    )
    set_coefficients(estimator, minimum, len(found.labels))
    return estimator


def template(estimator: Any, data: Data, labels: Array) -> None:
    """A genuine fit of one step on made-up rows: names, types and the checks of parameters."""
    rows, most = 2 * len(labels), estimator.max_iter
    estimator.set_params(max_iter=1)
    try:
        fitted_on(estimator, random_matrix(data, rows), np.resize(labels, rows))
    finally:
        estimator.set_params(max_iter=most)


def class_factors(estimator: Any, found: Classes) -> Array:
    """The factor of the weights of each class."""
    if estimator.class_weight is None:
        return np.ones(len(found.labels))
    return weights_of(estimator.class_weight, found)


@dataclass(frozen=True, eq=False)
class Problem:
    """An objective, and factors of the absolute values of its coefficients."""

    objective: Objective
    absolute: Array


def loss_of(classes: int) -> Loss:
    """Log loss, with one linear predictor for two classes."""
    return Binomial() if classes == 2 else Multinomial(classes)


def problem_of(
    estimator: Any, rows: Data, loss: Loss, total: float, ratio: float, c: float
) -> Problem:
    """What is minimised, divided by the sum of the weights; ``ratio`` is the share of absolute values in the penalty."""
    pull = 0.0 if math.isinf(c) else 1.0 / (c * total)
    is_liblinear = estimator.solver == "liblinear"  # it penalises the intercept, which it scales
    scaling = estimator.intercept_scaling if is_liblinear else math.inf
    objective = Objective(
        rows, loss, estimator.fit_intercept, pull * (1.0 - ratio), total,
        pull * (1.0 - ratio) / scaling**2,
    )  # fmt: skip
    absolute = np.full(objective.size, pull * ratio)
    if estimator.fit_intercept:
        absolute[-loss.outputs :] = pull * ratio / scaling
    return Problem(objective, absolute)


def penalty_of(estimator: Any) -> tuple[float, float]:
    """The share of absolute values in the penalty, and ``C``; before and since scikit-learn 1.8."""
    if estimator.penalty is None:
        return 0.0, math.inf
    ratio = {"l1": 1.0, "l2": 0.0}.get(estimator.penalty, estimator.l1_ratio)
    return float(ratio or 0.0), float(estimator.C)


def solved(estimator: Any, problem: Problem, start: Array, most: int) -> Steps:
    """The minimum that the estimator's solver finds, or approaches."""
    objective = problem.objective
    same = SAME_STEPS.get(estimator.solver)
    if same is not None:
        return (yield from same(objective, start, estimator.tol, most))
    who = type(estimator).__name__
    tol = min(estimator.tol, OPTIMUM)
    return (yield from optimum(objective, problem.absolute, start, tol, who))


def set_coefficients(estimator: Any, minimum: Minimum, classes: int) -> None:
    """Write the minimum into a fitted estimator, in the types that it has."""
    outputs = 1 if classes == 2 else classes
    shaped = minimum.point.reshape((outputs, -1), order="F").astype(estimator.coef_.dtype)
    width = estimator.coef_.shape[1]
    estimator.coef_ = shaped[:, :width].copy()
    if estimator.fit_intercept:
        estimator.intercept_ = shaped[:, width].copy()
    estimator.n_iter_ = np.full_like(estimator.n_iter_, minimum.iterations)


def _refuses(estimator: Any) -> str:
    if estimator.warm_start:
        return (
            "warm_start=True goes on from an earlier fit, and sk.fit begins anew: set it to False"
        )
    return ""


STRATEGIES: Mapping[str, Strategy] = {
    "LogisticRegression": Strategy(
        "iterative",
        "converged",
        "n_iter_ + 3",
        logistic_regression,
        refuses=_refuses,
        note=(
            "lbfgs, newton-cg and newton-cholesky take scikit-learn's own steps; sag, saga and liblinear, whose steps "
            "depend on the order of the rows, are replaced by the optimum that they approach"
        ),
    ),
}
