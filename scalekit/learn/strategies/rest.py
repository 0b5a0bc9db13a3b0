"""Fits of what has no strategy of its own: those that learn nothing, and those on rows that are brought here."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import has_fit_parameter

from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gathered import Gathered
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.sampling import sampled
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.strategy import Adapter


def stateless(estimator: Any, data: Data) -> Steps:
    """What learns names and types only, which the first rows have."""
    arguments = () if data.y_example is None else (data.y_example,)
    return fitted_on(estimator, data.example, *arguments)
    yield


def gathering(estimator: Any, data: Data) -> Steps:
    """Its own fit on all rows, here."""
    rows: Gathered = yield data.gathered()
    return fit_on(estimator, rows)


def sampling(rows: int) -> Adapter:
    """Its own fit on so many rows, which their values choose, here."""

    def fit(estimator: Any, data: Data) -> Steps:
        found: Gathered = yield from sampled(data, rows)
        return fit_on(estimator, found)

    return fit


def fit_on(estimator: Any, rows: Gathered) -> Any:
    """An estimator's own fit on rows that are here."""
    arguments = () if rows.y is None else (rows.y,)
    weights = {}
    if rows.weight is not None and has_fit_parameter(estimator, "sample_weight"):
        weights = {"sample_weight": rows.weight}
    return estimator.fit(rows.X, *arguments, **weights)
