"""Linear support vector machines: the optimum of liblinear's objective, whose own steps depend on the order of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.strategies import logistic, targets
from scalekit.learn.strategies.classes import Classes, find_classes, numbered
from scalekit.learn.strategies.descent import Minimum
from scalekit.learn.strategies.losses import Hinge, Loss, SquaredHinge, SquaredTube, Tube
from scalekit.learn.strategies.objective import Objective
from scalekit.learn.strategies.proximal import OPTIMUM, optimum
from scalekit.learn.strategies.strategy import Strategy
from scalekit.learn.strategies.targets import Numbers, as_numbers, find_numbers

WIDTHS = tuple(10.0**-power for power in range(6))
"""Widths of the parabola that stands for the corner of a loss, one after the other, in units of the margin or of the
range of the target: the objective is off by less than an eighth of the last one."""


def linear_svc(estimator: Any, data: Data) -> Steps:
    """One machine for two classes, one for each class of more, all in the same passes."""
    found: Classes = yield from find_classes(data, type(estimator).__name__)
    logistic.template(estimator, data, found.labels)
    rows: Data = yield from numbered(data, found.labels).kept()
    minima: list[Minimum] = yield from together(
        machine(estimator, rows, loss, float(found.weight.sum()))
        for loss in _losses(estimator, found)
    )
    points = np.stack([minimum.point for minimum in minima])
    width = data.width
    estimator.coef_ = points[:, :width].copy()
    if estimator.fit_intercept:
        estimator.intercept_ = points[:, width].copy()
    estimator.n_iter_ = max(minimum.iterations for minimum in minima)
    return estimator


def _losses(estimator: Any, found: Classes) -> list[Callable[[float], Loss]]:
    """For each machine its loss by the width of the corner; liblinear weighs the others of several classes by 1."""
    factors = logistic.class_factors(estimator, found)
    labels = [1] if len(factors) == 2 else range(len(factors))
    others = [factors[0]] if len(factors) == 2 else np.ones(len(factors))
    kind = Hinge if estimator.loss == "hinge" else SquaredHinge

    def loss(label: int, other: float) -> Callable[[float], Loss]:
        weights = (float(label), float(factors[label]), float(other))
        return lambda width: kind(*weights, width) if kind is Hinge else kind(*weights)

    return [loss(label, other) for label, other in zip(labels, others, strict=True)]


def linear_svr(estimator: Any, data: Data) -> Steps:
    """One machine."""
    found: Numbers = yield from find_numbers(data, type(estimator).__name__)
    targets.template(estimator, data, found)
    rows: Data = yield from data.with_target(as_numbers).kept()
    epsilon, is_sharp = float(estimator.epsilon), estimator.loss == "epsilon_insensitive"
    scale = (found.greatest - found.least) or 1.0

    def loss(width: float) -> Loss:
        return Tube(epsilon, width * scale) if is_sharp else SquaredTube(epsilon)

    minimum: Minimum = yield from machine(estimator, rows, loss, found.weight)
    estimator.coef_ = minimum.point[: data.width].copy()
    if estimator.fit_intercept:
        estimator.intercept_ = minimum.point[data.width :].copy()
    estimator.n_iter_ = minimum.iterations
    return estimator


def machine(
    estimator: Any, rows: Data, loss: Callable[[float], Loss], total: float
) -> Steps:  # fmt: skip
    """The optimum for one target; a corner of the loss is approached from rounder ones. Returns a :class:`Minimum`."""
    pull = 1.0 / (estimator.C * total)
    is_l1 = getattr(estimator, "penalty", "l2") == "l1"
    scaling = estimator.intercept_scaling
    point: Array | None = None
    iterations = 0
    for width in WIDTHS if isinstance(loss(1.0), Hinge | Tube) else WIDTHS[-1:]:
        objective = Objective(
            rows, loss(width), estimator.fit_intercept, 0.0 if is_l1 else pull, total,
            0.0 if is_l1 else pull / scaling**2,
        )  # fmt: skip
        absolute = np.full(objective.size, pull if is_l1 else 0.0)
        if is_l1 and estimator.fit_intercept:
            absolute[-1] = pull / scaling
        start = np.zeros(objective.size) if point is None else point
        tol = min(estimator.tol, OPTIMUM) if width == WIDTHS[-1] else 1e-4
        minimum: Minimum = yield from optimum(
            objective, absolute, start, tol, type(estimator).__name__
        )
        point, iterations = minimum.point, iterations + minimum.iterations
    assert point is not None
    return Minimum(point, iterations)


def _refuses_svc(estimator: Any) -> str:
    if estimator.multi_class == "crammer_singer":
        return "multi_class='crammer_singer' has no fit by passes: take multi_class='ovr'"
    return ""


STRATEGIES: Mapping[str, Strategy] = {
    "LinearSVC": Strategy(
        "iterative",
        "converged",
        "n_iter_ + 3",
        linear_svc,
        refuses=_refuses_svc,
        note="the optimum that liblinear approaches; n_iter_ counts Newton steps",
    ),
    "LinearSVR": Strategy(
        "iterative",
        "converged",
        "n_iter_ + 3",
        linear_svr,
        note="the optimum that liblinear approaches; n_iter_ counts Newton steps",
    ),
}
