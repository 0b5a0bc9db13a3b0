"""Knots of columns, from extremes or quantiles: SplineTransformer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.columns import Features
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.likeness import alike
from scalekit.learn.passes.moments import extremes, wider
from scalekit.learn.passes.percentiles import percentiles, weighted_percentiles
from scalekit.learn.passes.requests import Joint, Steps, together
from scalekit.learn.strategies.binning import has_weight
from scalekit.learn.strategies.strategy import Strategy


def spline_transformer(estimator: Any, data: Data) -> Steps:
    """The genuine fit on rows that have the extremes, or on the knots themselves."""
    name = type(estimator).__name__
    if not isinstance(estimator.knots, str):
        return _fit(estimator, data, np.array([np.zeros(data.width), np.ones(data.width)]))
    if estimator.knots == "uniform":
        counted = data.where(has_weight) if data.weighted else data
        missing, wide = yield Joint(
            (
                data.ask(has_gaps, _either, name),
                counted.ask(extremes, wider, name, what="least and greatest values"),
            )
        )
        rows = np.array([wide.least, wide.greatest])
        return _fit(estimator, data, np.where(np.isinf(rows), np.nan, rows), gaps=missing)
    missing, knots = yield from together([_gaps(data, name), _quantiles(estimator, data, name)])
    return _on_knots(estimator, data, knots, gaps=missing)


def has_gaps(batch: Batch, who: str) -> bool:
    """Whether a value is missing."""
    return bool(np.isnan(batch.numbers(who, nan=True)).any())


def _either(left: bool, right: bool) -> bool:  # noqa: FBT001
    return left or right


def _gaps(data: Data, name: str) -> Steps:
    return (yield data.ask(has_gaps, _either, name))


def _quantiles(estimator: Any, data: Data, name: str) -> Steps:
    percent = 100 * np.linspace(0, 1, estimator.n_knots)
    source = Features(name, weighted=data.weighted)
    if data.weighted:
        found = yield from weighted_percentiles(
            data, source, percent, average=False, eps=float(np.finfo(data.dtype).eps)
        )
    else:
        found = yield from percentiles(data, source, percent / 100, dtype=data.dtype)
    return found.T


def _on_knots(estimator: Any, data: Data, knots: Array, *, gaps: bool) -> Any:
    """Knots that do not grow are those of rows of the same values, which scikit-learn takes from data alone."""
    if not np.all(np.diff(knots, axis=0) > 0):
        return _fit(estimator, data, knots, gaps=gaps)
    estimator.set_params(knots=knots)
    return _fit(estimator, data, knots, gaps=gaps).set_params(knots="quantile")


def _fit(estimator: Any, data: Data, rows: Array, *, gaps: bool = False) -> Any:
    if gaps and estimator.handle_missing == "error":
        rows = np.full_like(rows, np.nan)  # which is refused
    return estimator.fit(alike(list(rows.T), ["float64"] * data.width, data))


STRATEGIES: Mapping[str, Strategy] = {
    "SplineTransformer": Strategy("quantiles", "exact", "1; up to 4 with quantiles", spline_transformer),
}  # fmt: skip
