"""Selection of columns by what a model makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.steps import as_matrix, selected
from scalekit.learn.passes.template import fitted_on, framed
from scalekit.learn.strategies.members import fit_whole, inner, standing_in, thawed
from scalekit.learn.strategies.scripted import Scripted, Wanted
from scalekit.learn.strategies.strategy import Strategy


def select_from_model(estimator: Any, data: Data) -> Steps:
    """The model on all columns."""
    fitted = yield from data.fit(estimator.estimator)
    with standing_in([(estimator.estimator, fitted)]):
        fit_whole(estimator, data)
    estimator.estimator_ = thawed(estimator.estimator_)
    return estimator


def recursive_elimination(estimator: Any, data: Data) -> Steps:
    """The genuine fit, which asks for the model on fewer and fewer columns.

    It is run on rows of the columns' own numbers, with a model that knows the fits so far; when it wants one more, that
    is fitted on the real rows and the genuine fit begins anew, which costs next to nothing.
    """
    member, known = estimator.estimator, Scripted()
    rows = as_matrix(data)
    numbers = framed(np.tile(np.arange(data.width), (len(data.y_example), 1)), data)
    while True:
        estimator.estimator = known.again()
        try:
            fitted_on(estimator, numbers, data.y_example)
            break
        except Wanted as wanted:
            columns = [int(place) for place in wanted.x[0]]
        finally:
            estimator.estimator = member
        known.fitted.append((yield from selected(rows, columns).fit(member)))
    estimator.estimator_ = estimator.estimator_.found
    return estimator


def _refuses_prefit(estimator: Any) -> str:
    if not estimator.prefit:
        return ""
    return "prefit=True asks for a fitted estimator, of which a fit makes a fresh copy; wrap it in FrozenEstimator"


STRATEGIES: Mapping[str, Strategy] = {
    "RFE": Strategy(
        "composed", "exact", "as its model's, for each step", recursive_elimination, members=inner
    ),
    "SelectFromModel": Strategy(
        "composed", "exact", "as its model's", select_from_model,
        refuses=_refuses_prefit, members=inner,
    ),
}  # fmt: skip
