"""Searches of parameters: all candidates on all folds in lockstep, then scikit-learn's own search among the scores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import parallel_config
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import ParameterGrid, ParameterSampler

from scalekit.learn.local import weight_parameter
from scalekit.learn.passes.folds import Splits, find_splits, refuses_splitter
from scalekit.learn.strategies.evaluation import Evaluated, Outcome, evaluate
from scalekit.learn.strategies.least_squares import fit_linear
from scalekit.learn.strategies.members import is_estimator
from scalekit.learn.strategies.moment_evaluation import cells_of_splits, evaluate_moments
from scalekit.learn.strategies.moment_search import can_search, scores_of
from scalekit.learn.strategies.replay import Player, played_rows, played_scoring
from scalekit.learn.strategies.scorers import Scoring, find_scoring, refuses_scoring
from scalekit.learn.strategies.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scalekit.learn.passes.data import Data
    from scalekit.learn.passes.requests import Steps


def search(estimator: Any, data: Data) -> Steps:
    """Fit and score every candidate on every fold; the best of them on all rows."""
    given_state = getattr(estimator, "random_state", None)
    if hasattr(estimator, "random_state"):
        estimator.random_state = _seed(
            given_state
        )  # candidates are drawn twice, here and in the genuine fit
    candidates = _candidates(estimator)
    _rehearse(estimator, len(candidates))
    weighted = data.weighted and weight_parameter(estimator.estimator) == "sample_weight"
    scoring = find_scoring(estimator.estimator, estimator.scoring, weighted=weighted)
    splits = yield from find_splits(
        data, estimator.cv, classifier=is_classifier(estimator.estimator)
    )
    found, total = yield from _evaluated(estimator, candidates, data, splits, scoring)
    _play(estimator, found, splits.count, scoring)
    _complete(estimator, splits.cv, scoring, given_state)
    if estimator.refit:
        start = time.time()
        estimator.best_estimator_ = yield from _refitted(estimator, data, total)
        estimator.refit_time_ = time.time() - start
        if hasattr(estimator.best_estimator_, "feature_names_in_"):
            estimator.feature_names_in_ = estimator.best_estimator_.feature_names_in_
    return estimator


def _evaluated(
    estimator: Any, candidates: list[dict[str, Any]], data: Data, splits: Splits, scoring: Scoring
) -> Steps:
    """The outcomes, and the cross products of all rows, where all follows from these."""
    model, train = estimator.estimator, estimator.return_train_score
    names = {name for chosen in candidates for name in chosen}
    if can_search(model, names, estimator.scoring) and (cells := cells_of_splits(splits)):
        scores = scores_of(estimator.scoring)
        assert scores is not None
        return (yield from evaluate_moments(model, candidates, data, cells, scores, train=train))
    models = [configured(model, chosen) for chosen in candidates]
    return (yield from evaluate(models, data, splits, scoring, train=train)), None


def _refitted(estimator: Any, data: Data, total: Any) -> Steps:
    best = configured(estimator.estimator, estimator.best_params_)
    return fit_linear(best, data, total) if total is not None else (yield from data.fit(best))


def configured(estimator: Any, chosen: Mapping[str, Any]) -> Any:
    """A fresh estimator with some parameters."""
    return clone(estimator).set_params(**clone(dict(chosen), safe=False))


def _seed(state: Any) -> Any:
    if state is None:
        return int(np.random.default_rng().integers(2**31))
    return deepcopy(state) if isinstance(state, np.random.RandomState) else state


def _candidates(estimator: Any) -> list[dict[str, Any]]:
    if hasattr(estimator, "param_grid"):
        return list(ParameterGrid(estimator.param_grid))
    state = deepcopy(estimator.random_state)
    return list(
        ParameterSampler(estimator.param_distributions, estimator.n_iter, random_state=state)
    )


def _play(estimator: Any, found: Evaluated, count: int, scoring: Scoring) -> None:
    """The genuine fit, to which the outcomes are played: it ranks them, warns of failures, and finds the best."""
    outcomes = [outcome for by_split in found.outcomes for outcome in by_split]
    x, y, splits = played_rows(count)
    changed = {"estimator": Player(outcomes), "cv": splits, "scoring": played_scoring(scoring)}
    with _changed(estimator, changed), parallel_config("sequential"):
        estimator.fit(x, y)
    results = estimator.cv_results_
    for name, seconds in (("fit", found.fit_seconds), ("score", found.score_seconds)):
        results[f"mean_{name}_time"] = np.full_like(results[f"mean_{name}_time"], seconds)
        results[f"std_{name}_time"] = np.zeros_like(results[f"std_{name}_time"])


def _rehearse(estimator: Any, candidates: int) -> None:
    """Play scores of zero, before anything is read: what the genuine fit refuses of its parameters, it refuses now."""
    if callable(estimator.refit):
        return
    scoring = find_scoring(estimator.estimator, estimator.scoring)
    scores = dict.fromkeys(scoring.scorers, 0.0)
    rows = [[Outcome(None, scores, scores), Outcome(None, scores, scores)]] * candidates
    _play(clone(estimator).set_params(verbose=0), Evaluated(rows, 0.0, 0.0), 2, scoring)


@contextmanager
def _changed(estimator: Any, changed: Mapping[str, Any]) -> Iterator[None]:
    """While it lasts, parameters have other values."""
    given = {name: getattr(estimator, name) for name in changed}
    vars(estimator).update(changed)
    try:
        yield
    finally:
        vars(estimator).update(given)


def _complete(estimator: Any, cv: Any, scoring: Scoring, random_state: Any) -> None:
    """Put what the genuine fit made of the stand-ins in the place of these."""
    if hasattr(estimator, "random_state"):
        estimator.random_state = random_state
    if hasattr(estimator, "_checked_cv_orig"):
        estimator._checked_cv_orig = cv  # what check_cv gave; nothing public says it
    if scoring.several:
        estimator.scorer_ = dict(scoring.scorers)
    else:
        estimator.scorer_ = check_scoring(estimator.estimator, estimator.scoring)


def _refuses(estimator: Any) -> str:
    return refuses_splitter(estimator.cv) or refuses_scoring(estimator.estimator, estimator.scoring)


def _members(estimator: Any) -> list[tuple[str, Any]]:
    """The estimator that is searched over, and those candidates that bring estimators of their own."""
    found = [("estimator", estimator.estimator)]
    if not hasattr(estimator, "param_grid"):
        return found
    for number, chosen in enumerate(ParameterGrid(estimator.param_grid)):
        if any(hasattr(value, "fit") and is_estimator(value) for value in chosen.values()):
            found.append((f"candidate {number}", configured(estimator.estimator, chosen)))
    return found


_SEARCH = Strategy(
    "composed", "exact", "1, then as its estimator's, shared by all candidates and folds, 1 for scores", search,
    refuses=_refuses, members=_members, positions=True,
    note="folds are scikit-learn's, of rows in the order of the frame; times are shares of what all fits took",
)  # fmt: skip

STRATEGIES: Mapping[str, Strategy] = {"GridSearchCV": _SEARCH, "RandomizedSearchCV": _SEARCH}
