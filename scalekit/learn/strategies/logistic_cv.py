"""Logistic regression that chooses its penalty by cross-validation: all folds take their steps over the same passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.folds import find_splits, refuses_splitter
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.passes.steps import as_matrix
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.classes import find_classes
from scalekit.learn.strategies.descent import Minimum
from scalekit.learn.strategies.folded import Folds, kept_folds
from scalekit.learn.strategies.logistic import (
    SAME_STEPS,
    loss_of,
    problem_of,
    solved,
)
from scalekit.learn.strategies.losses import Loss, Without
from scalekit.learn.strategies.scorers import (
    Scoring,
    combined,
    evidence,
    find_scoring,
    refuses_scoring,
)
from scalekit.learn.strategies.strategy import Strategy


def logistic_regression_cv(estimator: Any, data: Data) -> Steps:
    """A pass for classes and folds, one that keeps the rows, one for each evaluation of all folds, one for scores."""
    who = type(estimator).__name__
    found, splits = yield from together(
        [find_classes(data, who), find_splits(data, estimator.cv, classifier=True)]
    )
    template(estimator, data, found.labels)
    folds: Folds = yield from kept_folds(estimator, data, found, splits)
    totals = yield from folds.weights()
    cs, ratios = _grid(estimator)
    paths = yield from together(
        _path(estimator, *folds.training(number), totals[number], ratio, cs)
        for number, ratio in product(range(splits.count), ratios)
    )
    shape = (splits.count, len(ratios), len(cs))
    tried = Tried(
        np.array([minimum.point for path in paths for minimum in path]).reshape(*shape, -1),
        np.array([minimum.iterations for path in paths for minimum in path]).reshape(shape),
        np.empty(shape),
    )
    yield from _score(estimator, data, folds, tried)
    yield from _choose(estimator, folds, tried, totals[-1])
    return estimator


@dataclass(frozen=True, eq=False)
class Tried:
    """By fold, ratio and ``C``: where the solver ended, after how many iterations, and the score."""

    points: Array
    iterations: Array
    scores: Array


def template(estimator: Any, data: Data, labels: Array) -> None:
    """A genuine fit of one step in two folds of made-up rows."""
    kept = {name: getattr(estimator, name) for name in ("max_iter", "cv")}
    estimator.set_params(max_iter=1, cv=2)
    try:
        rows = 6 * len(labels)
        fitted_on(estimator, random_matrix(data, rows), np.resize(labels, rows))
    finally:
        estimator.set_params(**kept)


def _grid(estimator: Any) -> tuple[Array, list[float]]:
    """The values of ``C``, and of the share of absolute values in the penalty."""
    cs = estimator.Cs
    cs = np.logspace(-4, 4, cs) if isinstance(cs, int) else np.asarray(cs, dtype=np.float64)
    given = estimator.l1_ratios
    ratios = [0.0] if given is None or isinstance(given, str) else [float(r) for r in given]
    fixed = {"l1": 1.0, "l2": 0.0}.get(estimator.penalty)
    return cs, ratios if fixed is None else [fixed] * len(ratios)


def _path(estimator: Any, rows: Data, loss: Loss, total: float, ratio: float, cs: Array) -> Steps:
    """The minima for all values of ``C``, each from the one before."""
    minima: list[Minimum] = []
    for c in cs:
        problem = problem_of(estimator, rows, loss, total, ratio, c)
        goes_on = minima and estimator.solver in SAME_STEPS
        start = minima[-1].point if goes_on else np.zeros(problem.objective.size)
        minima.append((yield from solved(estimator, problem, start, estimator.max_iter)))
    return minima


# scores


def _score(estimator: Any, data: Data, folds: Folds, tried: Tried) -> Steps:
    """The score of each model on the rows that its fold tests on, in one pass."""
    scoring = find_scoring(LogisticRegression(), _scoring(estimator), weighted=data.weighted)
    models = {
        place: _model(estimator, tried.points[place], folds.labels)
        for place in np.ndindex(tried.scores.shape)
    }
    rows = as_matrix(data)  # as it was read: weights are those of rows, without those of classes
    testing = [folds.splits.test(rows, number) for number in range(folds.splits.count)]
    found = yield from together(
        _asked(model, testing[place[0]], scoring) for place, model in models.items()
    )
    (scorer,) = scoring.scorers.values()
    for place, one in zip(models, found, strict=True):
        tried.scores[place] = one[0].score(scorer)


def _asked(model: Any, rows: Data, scoring: Scoring) -> Steps:
    return (yield rows.ask(evidence, combined, model, scoring, what="scores"))


def _scoring(estimator: Any) -> Any:
    return None if estimator.scoring == "warn" else estimator.scoring


def _model(estimator: Any, point: Array, labels: Array) -> Any:
    """A model with given coefficients; scikit-learn's own fit makes those that it scores in the same way."""
    found = LogisticRegression(solver=estimator.solver)
    outputs = 1 if len(labels) == 2 else len(labels)
    shaped = point.reshape((outputs, -1), order="F")
    found.classes_ = labels
    found.coef_ = shaped[:, :-1] if estimator.fit_intercept else shaped
    found.intercept_ = shaped[:, -1] if estimator.fit_intercept else np.zeros(outputs)
    return found


# the choice


def _choose(estimator: Any, folds: Folds, tried: Tried, total: float) -> Steps:
    """The penalty of the best mean score and a fit on all rows, or the mean of the best of each fold."""
    cs, ratios = _grid(estimator)
    by_fold = np.swapaxes(tried.scores, 1, 2).reshape(folds.splits.count, -1)
    if estimator.refit:
        c, r = np.unravel_index(np.argmax(by_fold.sum(axis=0)), (len(cs), len(ratios)))
        loss = loss_of(len(folds.labels))
        loss = Without(loss, len(folds.labels), -1) if folds.is_partition else loss
        problem = problem_of(estimator, folds.rows, loss, total, ratios[r], cs[c])
        start = tried.points[:, r, c].mean(axis=0)
        minimum: Minimum = yield from solved(estimator, problem, start, estimator.max_iter)
        point, chosen, ratio = minimum.point, cs[c], r
    else:
        best = [np.unravel_index(one, (len(cs), len(ratios))) for one in by_fold.argmax(axis=1)]
        point = np.mean([tried.points[k, r, c] for k, (c, r) in enumerate(best)], axis=0)
        chosen, ratio = np.mean([cs[c] for c, _ in best]), None
    _set(estimator, folds.labels, tried, point)
    _set_penalty(estimator, cs, chosen, ratio)


def _set(estimator: Any, labels: Array, tried: Tried, point: Array) -> None:
    """Coefficients and what was tried, in the shapes of before or after scikit-learn 1.10."""
    outputs = 1 if len(labels) == 2 else len(labels)
    shaped = point.reshape((outputs, -1), order="F")
    width = estimator.coef_.shape[1]
    estimator.coef_ = shaped[:, :width].copy()
    if estimator.fit_intercept:
        estimator.intercept_ = shaped[:, width].copy()
    folds, ratios, cs = tried.scores.shape
    paths = tried.points.reshape(
        folds, ratios, cs, -1, outputs
    )  # a feature's classes are neighbours
    kind = estimator.n_iter_.dtype
    if not is_legacy(estimator):
        estimator.coefs_paths_ = np.swapaxes(paths, 3, 4).copy()
        estimator.scores_, estimator.n_iter_ = tried.scores, tried.iterations.astype(kind)
        return
    one = 0 if estimator.l1_ratios is None or isinstance(estimator.l1_ratios, str) else slice(None)
    by_class = np.moveaxis(paths, (4, 0, 2, 1, 3), (0, 1, 2, 3, 4))[:, :, :, one]
    scores = np.swapaxes(tried.scores, 1, 2)[:, :, one]
    names = labels[1:] if outputs == 1 else labels
    estimator.coefs_paths_ = dict(zip(names, by_class.copy(), strict=True))
    estimator.scores_ = {name: scores.copy() for name in names}
    estimator.n_iter_ = np.swapaxes(tried.iterations, 1, 2)[np.newaxis, :, :, one].astype(kind)


def is_legacy(estimator: Any) -> bool:
    """Whether attributes have the shapes of before scikit-learn 1.10."""
    wished = getattr(estimator, "use_legacy_attributes", True)
    return wished == "warn" or bool(wished)


def _set_penalty(estimator: Any, cs: Array, c: Any, ratio: Any) -> None:
    """The ``C`` and the ratio that were chosen, as often as there are predictors where scikit-learn repeats them."""
    estimator.Cs_ = cs
    fitted = estimator.l1_ratios_
    chosen = 0.0 if ratio is None else fitted[ratio]
    if not is_legacy(estimator):
        estimator.C_ = float(c)
        if estimator.l1_ratios is not None and not isinstance(estimator.l1_ratios, str):
            estimator.l1_ratio_ = float(chosen)
        return
    estimator.C_ = np.full(estimator.coef_.shape[0], c)
    estimator.l1_ratio_ = np.full(estimator.coef_.shape[0], chosen, dtype=estimator.l1_ratio_.dtype)


def _refuses(estimator: Any) -> str:
    reason = refuses_splitter(estimator.cv)
    return reason or refuses_scoring(LogisticRegression(), _scoring(estimator))


STRATEGIES: Mapping[str, Strategy] = {
    "LogisticRegressionCV": Strategy(
        "iterative",
        "converged",
        "evaluations of the longest fold + 4",
        logistic_regression_cv,
        refuses=_refuses,
        positions=True,
        note="the folds are scikit-learn's own, and all take their steps over the same passes",
    ),
}
