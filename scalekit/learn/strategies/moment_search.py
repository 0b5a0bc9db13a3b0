"""Searches over the parameters of linear models, from one pass of cross products by fold.

A model of squared loss depends on its training rows through their means and cross products only, and so does the mean
of squared errors on its test rows. All candidates are fitted on all folds without a further reading of the rows, and
have the scores that :class:`sklearn.model_selection.GridSearchCV` gives them on the same folds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import clone

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.cell_crosses import Cells, asked_cells
from scalekit.learn.passes.cells import CellOf, Split
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gram import Cross
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.least_squares import NEEDS, fit_linear
from scalekit.learn.strategies.least_squares import STRATEGIES as LINEAR

SCORES = ("neg_mean_squared_error", "neg_root_mean_squared_error", "r2")
"""Scores that follow from cross products."""


@dataclass(frozen=True)
class Searched:
    """The scores of all candidates, and what a fit on all rows needs.

    Attributes
    ----------
    test, train
        For each score an array of candidates by splits; ``train`` is empty unless it was asked for.
    fit_seconds, score_seconds
        How long each fit and its scores took, candidates by splits.
    total
        Cross products of all rows: :func:`refitted` fits the best candidate from them.
    """

    test: Mapping[str, Array]
    train: Mapping[str, Array]
    fit_seconds: Array
    score_seconds: Array
    total: Cross


def can_search(estimator: Any, parameters: Iterable[str], scoring: Any) -> bool:
    """Whether candidates of an estimator can be fitted and scored from cross products by fold.

    Parameters
    ----------
    estimator
        The estimator of the search itself, not a Pipeline that ends in one.
    parameters
        The names of the parameters that are searched.
    scoring
        As the search has it: None, the name of a score, or several names, as a sequence or the values of a mapping.
    """
    kind = type(estimator)
    if kind.__name__ not in NEEDS or not kind.__module__.startswith("sklearn."):
        return False
    return set(parameters) <= set(estimator.get_params()) and scores_of(scoring) is not None


def scores_of(scoring: Any) -> dict[str, str] | None:
    """The scores by the names that a search gives them; None where one does not follow from cross products."""
    if scoring is None:
        return {"score": "r2"}
    if isinstance(scoring, str):
        scoring = {"score": scoring}
    if not isinstance(scoring, Mapping):
        if not isinstance(scoring, list | tuple | set):
            return None
        scoring = {name: name for name in scoring}
    known = all(isinstance(score, str) and score in SCORES for score in scoring.values())
    return dict(scoring) if known else None


def moment_search(
    estimator: Any,
    candidates: Sequence[Mapping[str, Any]],
    data: Data,
    cell_of: CellOf,
    splits: Sequence[Split],
    scoring: Any = None,
    *,
    train_scores: bool = False,
    error_score: Any = "raise",
) -> Steps:
    """Score candidates on splits, from one pass: ``searched = yield from moment_search(...)``.

    Parameters
    ----------
    estimator
        One for which :func:`can_search` is true.
    candidates
        Parameters to set, for each candidate.
    data
        The rows.
    cell_of
        ``cell_of(batch)`` gives each row a whole number, its cell: for K folds its fold. A function of a module or a
        frozen dataclass: it travels to the workers.
    splits
        Which cells are trained and tested on; :func:`scalekit.learn.passes.cells.folds` gives those of K folds,
        :func:`scalekit.learn.passes.cells.cells_of` both for a splitter of scikit-learn that goes by positions.
    scoring
        None for r2, or scores as a search takes them.
    train_scores
        Whether training sets are scored too.
    error_score
        The score of a fit that failed; ``"raise"`` raises its error.

    Returns
    -------
    Searched
        The scores; weights count in fits and in scores, as in a search of scikit-learn that is fitted with weights.
    """
    scores = scores_of(scoring)
    assert scores is not None, "ask can_search first"
    models = configured(estimator, candidates)
    accurate = NEEDS[type(estimator).__name__].accurate
    cells: Cells = yield from asked_cells(estimator, data, cell_of, accurate=accurate)
    found = _empty(scores, (len(models), len(splits)), cells.of(), train=train_scores)
    for column, split in enumerate(splits):
        known = cells.of(split.train)
        scored = [(found.test, cells.of(split.test))]
        if train_scores:
            scored.append((found.train, known))
        for row, model in enumerate(models):
            began = perf_counter()
            fitted = _fitted(model, data, known, error_score)
            found.fit_seconds[row, column] = perf_counter() - began
            for table, cross in scored:
                for name, score in scores.items():
                    missed = fitted is None
                    table[name][row, column] = (
                        error_score if missed else score_of(fitted, cross, score)
                    )
            found.score_seconds[row, column] = (
                perf_counter() - began - found.fit_seconds[row, column]
            )
    return found


def refitted(estimator: Any, params: Mapping[str, Any], data: Data, searched: Searched) -> Any:
    """A candidate fitted on all rows, which are not read again."""
    model = clone(estimator).set_params(**clone(params, safe=False))
    return fit_linear(model, data, searched.total)


def score_of(model: Any, cross: Cross, score: str) -> float:
    """A score of a linear model on the rows whose cross products are given; of several outputs the mean."""
    width = model.n_features_in_
    coef = np.atleast_2d(model.coef_)
    r = cross.factor()
    apart = r[:, width:] - r[:, :width] @ coef.T
    off = cross.mean[width:] - cross.mean[:width] @ coef.T - model.intercept_
    errors = np.sum(apart**2, axis=0) + cross.weight * off**2
    return score_of_errors(errors, np.sum(r[:, width:] ** 2, axis=0), cross.weight, score)


def score_of_errors(errors: Array, spread: Array, rows: float, score: str) -> float:
    """A score from sums of squares for each output: of errors, and of deviations of y from its mean."""
    match score:
        case "neg_mean_squared_error":
            return -float(np.mean(errors / rows))
        case "neg_root_mean_squared_error":
            return -float(np.mean(np.sqrt(errors / rows)))
    constant = np.where(errors == 0, 1.0, 0.0)  # what r2_score says where y does not vary
    ratio = errors / np.where(spread > 0, spread, 1.0)
    return float(np.mean(np.where(spread > 0, 1.0 - ratio, constant)))


def configured(estimator: Any, candidates: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The candidates, all of which can be fitted over partitions."""
    models = [clone(estimator).set_params(**clone(params, safe=False)) for params in candidates]
    for model in models:
        if reason := LINEAR[type(model).__name__].refuses(model):
            raise NotDistributableError(f"{model!r} cannot be fitted over partitions: {reason}")
    return models


def _empty(
    scores: Mapping[str, str], shape: tuple[int, int], total: Cross, *, train: bool
) -> Searched:
    test = {name: np.empty(shape) for name in scores}
    trained = {name: np.empty(shape) for name in scores} if train else {}
    return Searched(test, trained, np.empty(shape), np.empty(shape), total)


def _fitted(model: Any, data: Data, known: Cross, error_score: Any) -> Any:
    try:
        return fit_linear(clone(model), data, known)
    except Exception:
        if error_score == "raise":
            raise
        return None
