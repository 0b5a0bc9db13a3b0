"""Stochastic gradient descent and neural networks: their own ``partial_fit`` on batches in the order of the frame."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import has_fit_parameter

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import framed
from scalekit.learn.strategies.classes import Classes, find_classes, weights_of
from scalekit.learn.strategies.strategy import Strategy

ROWS = 8_192
"""Rows of a batch."""


def stochastic(estimator: Any, data: Data) -> Steps:
    """Epochs of ``partial_fit`` until the loss of an epoch falls no more; a pass for classes before the first."""
    given = {}
    class_weight = getattr(estimator, "class_weight", None)
    if is_classifier(estimator):
        found: Classes = yield from find_classes(data, type(estimator).__name__)
        given = {"classes": found.labels}
        if class_weight == "balanced":  # of all rows, which partial_fit does not see at once
            estimator.set_params(class_weight=_balanced(found))
    rows: Data = yield from kept_unless_sparse(data)
    learner = Network(estimator) if hasattr(estimator, "hidden_layer_sizes") else Line(estimator)
    for epoch in range(1, estimator.max_iter + 1):
        batches = yield rows.streamed(ROWS, what=f"epoch {epoch}{learner.words}")
        if learner.epoch(as_seen(batches, data), given):
            break
    else:
        _warn(estimator.max_iter)
    if hasattr(estimator, "class_weight"):
        estimator.set_params(class_weight=class_weight)
    estimator.n_iter_ = epoch
    learner.end()
    return estimator


def _balanced(found: Classes) -> dict[Any, float]:
    """Weights of classes, without the rounding of their sums: other parts would change it, and the steps with it."""
    weights = weights_of("balanced", found)
    return {
        label: float(f"{w:.10g}") for label, w in zip(found.labels.tolist(), weights, strict=True)
    }


def kept_unless_sparse(data: Data) -> Steps:
    """The rows as a matrix for many epochs; those that are sparse as they are, since a matrix may be too large."""
    if hasattr(data.example, "tocsr"):
        return data
    return (yield from data.kept())


def as_seen(batches: Iterator[Batch], data: Data) -> Iterator[tuple[Any, Any, Any]]:
    """X with its names, y and weights of batches."""
    for batch in batches:
        x = batch.values
        yield (x if hasattr(x, "tocsr") else framed(x, data)), batch.y, batch.weight


def arguments(estimator: Any, y: Any, weight: Any) -> dict[str, Any]:
    """What ``partial_fit`` is given beside X."""
    found = {} if y is None else {"y": y}
    if weight is not None and has_fit_parameter(estimator, "sample_weight"):
        found["sample_weight"] = weight
    return found


def _warn(most: int) -> None:
    warnings.warn(
        f"Maximum number of iteration reached before convergence ({most} epochs). Consider increasing max_iter to "
        "improve the fit.",
        ConvergenceWarning,
        stacklevel=2,
    )


@dataclass
class Plateau:
    """Whether losses fall no more: none of the last few is lower than the least by a tolerance."""

    tol: float
    patience: int
    losses: list[float] = field(default_factory=list)
    least: float = math.inf
    stale: int = 0

    def reached(self, loss: float) -> bool:
        """Add the loss of an epoch."""
        self.losses.append(loss)
        self.stale = self.stale + 1 if loss > self.least - self.tol else 0
        self.least = min(self.least, loss)
        return self.stale >= self.patience


class Line:
    """Linear models: the loss of each batch is taken when it was learned."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        tol = -math.inf if estimator.tol is None else estimator.tol
        self._plateau = Plateau(tol, estimator.n_iter_no_change)

    @property
    def words(self) -> str:
        """The last loss, for the progress bar."""
        return _words(self._plateau)

    def epoch(self, batches: Iterator[tuple[Any, Any, Any]], given: Mapping[str, Any]) -> bool:
        """Learn all batches; whether that was enough."""
        total = count = 0.0
        for x, y, weight in batches:
            self._estimator.partial_fit(x, **arguments(self._estimator, y, weight), **given)
            losses = self._losses(x, y)
            total += float(losses.sum() if weight is None else losses @ weight)
            count += len(losses)
        return self._plateau.reached(total / count)

    def _losses(self, x: Any, y: Any) -> Array:
        estimator = self._estimator
        epsilon = getattr(estimator, "epsilon", 0.0)
        loss = LOSSES.get(getattr(estimator, "loss", "hinge"), LOSSES["hinge"])
        if y is None:
            return loss(
                np.ones(x.shape[0]), estimator.score_samples(x) - estimator.offset_, epsilon
            )
        if not is_classifier(estimator):
            return loss(np.asarray(y, dtype=np.float64), estimator.predict(x), epsilon)
        scores = estimator.decision_function(x)
        if scores.ndim == 1:
            return loss(np.where(y == estimator.classes_[1], 1.0, -1.0), scores, epsilon)
        sides = np.where(np.asarray(y)[:, np.newaxis] == estimator.classes_, 1.0, -1.0)
        return np.asarray(loss(sides, scores, epsilon).sum(axis=1))

    def end(self) -> None:
        """Nothing is left to do."""


class Network:
    """Neural networks: ``partial_fit`` notes the loss of each batch, of which those of epochs are made."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        self._plateau = Plateau(estimator.tol, estimator.n_iter_no_change + 1)

    @property
    def words(self) -> str:
        """The last loss, for the progress bar."""
        return _words(self._plateau)

    def epoch(self, batches: Iterator[tuple[Any, Any, Any]], given: Mapping[str, Any]) -> bool:
        """Learn all batches; whether that was enough."""
        total = count = 0.0
        for x, y, weight in batches:
            self._estimator.partial_fit(x, **arguments(self._estimator, y, weight), **given)
            total += self._estimator.loss_ * x.shape[0]
            count += x.shape[0]
        return self._plateau.reached(total / count)

    def end(self) -> None:
        """Losses of epochs stand where a fit in memory has them."""
        self._estimator.loss_curve_ = self._plateau.losses
        self._estimator.loss_ = self._plateau.losses[-1]
        self._estimator.best_loss_ = self._plateau.least


def _words(plateau: Plateau) -> str:
    return f", loss {plateau.losses[-1]:.4g}" if plateau.losses else ""


def _hinge(y: Array, p: Array, _: float) -> Array:
    return np.asarray(np.maximum(0.0, 1.0 - y * p))


def _log_loss(y: Array, p: Array, _: float) -> Array:
    return np.asarray(np.logaddexp(0.0, -y * p))


def _modified_huber(y: Array, p: Array, _: float) -> Array:
    z = y * p
    return np.asarray(np.where(z >= -1.0, np.maximum(0.0, 1.0 - z) ** 2, -4.0 * z))


def _huber(y: Array, p: Array, epsilon: float) -> Array:
    off = np.abs(p - y)
    return np.asarray(np.where(off <= epsilon, 0.5 * off**2, epsilon * (off - 0.5 * epsilon)))


LOSSES: Mapping[str, Callable[[Array, Array, float], Array]] = {
    "hinge": _hinge,
    "squared_hinge": lambda y, p, e: _hinge(y, p, e) ** 2,
    "log_loss": _log_loss,
    "modified_huber": _modified_huber,
    "perceptron": lambda y, p, _: np.maximum(0.0, -y * p),
    "squared_error": lambda y, p, _: 0.5 * (p - y) ** 2,
    "huber": _huber,
    "epsilon_insensitive": lambda y, p, e: np.maximum(0.0, np.abs(y - p) - e),
    "squared_epsilon_insensitive": lambda y, p, e: np.maximum(0.0, np.abs(y - p) - e) ** 2,
}
"""Losses of linear models by scikit-learn's names; classes are -1 and 1."""


def _refuses(estimator: Any) -> str:
    if getattr(estimator, "early_stopping", False):
        return "early_stopping=True holds rows back, which partial_fit cannot: set it to False"
    if getattr(estimator, "warm_start", False):
        return (
            "warm_start=True goes on from an earlier fit, and sk.fit begins anew: set it to False"
        )
    if getattr(estimator, "solver", "adam") == "lbfgs":
        return "solver='lbfgs' takes all rows at once: take solver='adam' or 'sgd'"
    if getattr(estimator, "learning_rate", "constant") == "adaptive":
        return "learning_rate='adaptive' needs a whole fit in memory: take another learning_rate"
    return ""


_STREAMED = Strategy(
    "streamed",
    "approximate",
    "n_iter_ + 2",
    stochastic,
    refuses=_refuses,
    note=(
        f"partial_fit on batches of {ROWS:,} rows in the order of the frame, here: the same model on every backend; rows "
        "that are sorted by the target should be shuffled first"
    ),
)

STRATEGIES: Mapping[str, Strategy] = dict.fromkeys(
    (
        "MLPClassifier",
        "MLPRegressor",
        "PassiveAggressiveClassifier",
        "PassiveAggressiveRegressor",
        "Perceptron",
        "SGDClassifier",
        "SGDOneClassSVM",
        "SGDRegressor",
    ),
    _STREAMED,
)
