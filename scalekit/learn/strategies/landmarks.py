"""Estimators that look at some rows only: those that scikit-learn itself would draw are brought here."""

from __future__ import annotations

from collections.abc import Mapping
from operator import add
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.random import sample_without_replacement

from scalekit.learn.passes.batch import Array, Batch, rows_of
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.drawn import find_numbers, rows_at
from scalekit.learn.passes.gathered import Gathered
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.forests import MOST_DRAWN
from scalekit.learn.strategies.strategy import Strategy


def nystroem(estimator: Any, data: Data) -> Steps:
    """The genuine fit on the landmarks alone, put so that it finds them in the order in which it would have drawn them."""
    rows = yield from find_numbers(data)
    given = estimator.random_state
    seed = _seed(given)
    chosen = check_random_state(seed).permutation(rows.count)[: estimator.n_components]
    order = np.argsort(chosen)
    found: Gathered = yield from rows_at(data, rows, chosen[order])
    count = len(chosen)
    places = np.empty(count, dtype=np.int64)
    places[check_random_state(seed).permutation(count)] = np.argsort(order)
    estimator.random_state = seed
    if count < estimator.n_components:
        estimator.fit(rows_of(found.X, places))  # which warns
    else:
        fitted_on(estimator, rows_of(found.X, places))
    estimator.random_state = given
    estimator.component_indices_ = chosen.astype(np.int64)
    return estimator


def isolation_forest(estimator: Any, data: Data) -> Steps:
    """The genuine fit on all rows, or on as many that were drawn: its trees see some hundred each."""
    rows = yield from find_numbers(data)
    numbers = np.arange(rows.count)
    if rows.count > MOST_DRAWN:
        state = check_random_state(_seed(estimator.random_state))
        numbers = np.sort(sample_without_replacement(rows.count, MOST_DRAWN, random_state=state))
    found: Gathered = yield from rows_at(data, rows, numbers)
    weights = {} if found.weight is None else {"sample_weight": found.weight}
    estimator.fit(found.X, **weights)
    if rows.count > MOST_DRAWN and estimator.contamination != "auto":
        scores = yield data.ask(_scores, add, estimator, what="scores")
        share = 100.0 * estimator.contamination
        estimator.offset_ = np.percentile(np.concatenate(scores), share)
    return estimator


def _scores(batch: Batch, estimator: Any) -> list[Array]:
    return [estimator.score_samples(batch.X)]


def _seed(state: Any) -> Any:
    """A seed that can be used twice."""
    if state is None:
        return int(np.random.default_rng().integers(2**31))
    return state if isinstance(state, int | np.integer) else state.randint(2**31)


def _refuses_warm_start(estimator: Any) -> str:
    return "warm_start= goes on from trees that a fit does not keep" if estimator.warm_start else ""


STRATEGIES: Mapping[str, Strategy] = {
    "IsolationForest": Strategy(
        "sampled", "in_law", "2, and 1 where contamination= is a share", isolation_forest,
        refuses=_refuses_warm_start, positions=True,
        note=f"of more than {MOST_DRAWN:,} rows so many are drawn, of which each tree draws its own",
    ),
    "Nystroem": Strategy(
        "sampled", "in_law", "2", nystroem, positions=True,
        exact_where=lambda estimator: estimator.random_state is not None,
        note="its landmarks are the rows that scikit-learn draws",
    ),
}  # fmt: skip
