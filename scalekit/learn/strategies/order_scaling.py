"""Scalers from order statistics: RobustScaler from exact ones, QuantileTransformer from a sample as scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse, stats

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.columns import Features
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gathered import Gathered
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.percentiles import medians, percentiles
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.passes.thinning import count_rows, seed_of, thinned
from scalekit.learn.strategies.strategy import Strategy

FEW = 100_000
"""Rows of which the quantiles are computed here."""


def robust_scaler(estimator: Any, data: Data) -> Steps:
    """Medians and quantiles of the values that are there."""
    fitted_on(estimator, _template(data))
    source = Features(type(estimator).__name__)
    q = np.asarray(estimator.quantile_range) / 100
    center, outer = yield from together(
        [
            medians(data, source, dtype=data.dtype),
            percentiles(data, source, q, dtype=data.dtype),
        ]
    )
    if estimator.with_centering:
        estimator.center_ = center
    if estimator.with_scaling:
        estimator.scale_ = _scale(outer[:, 1] - outer[:, 0]) / _unit(estimator)
    return estimator


def _template(data: Data) -> Any:
    rows = random_matrix(data, 4)
    return sparse.csr_matrix(rows) if hasattr(data.example, "tocsr") else rows


def _scale(apart: Array) -> Array:
    """The distances, 1 where they are nothing but rounding."""
    return np.where(apart < 10 * np.finfo(apart.dtype).eps, apart.dtype.type(1), apart)


def _unit(estimator: Any) -> Any:
    """How far the quantiles of the normal distribution are apart, where these are to be 1."""
    if not estimator.unit_variance:
        return 1
    least, greatest = estimator.quantile_range
    return stats.norm.ppf(greatest / 100.0) - stats.norm.ppf(least / 100.0)


def quantile_transformer(estimator: Any, data: Data) -> Steps:
    """The genuine fit on a sample, whose rows are chosen by their hashes, where it takes one; else exact quantiles."""
    rows: int = yield data.ask(count_rows, added, what="rows")
    most = estimator.subsample
    if most is None and rows > FEW:
        return (yield from _of_all(estimator, data))
    seed = seed_of(estimator.random_state)
    found: Gathered = yield from thinned(data, rows if most is None else most, rows, seed)
    estimator.set_params(subsample=None)
    return estimator.fit(found.X).set_params(subsample=most)


def _of_all(estimator: Any, data: Data) -> Steps:
    shares = np.linspace(0, 1, estimator.n_quantiles, endpoint=True)
    rounded = shares * 100 / 100  # scikit-learn hands them over in percent
    name = type(estimator).__name__
    source = Features(name, stored=estimator.ignore_implicit_zeros)
    found: Array = yield from percentiles(data, source, rounded, dtype=data.dtype)
    estimator.set_params(n_quantiles=2)
    fitted_on(estimator, abs(_template(data)))
    estimator.set_params(n_quantiles=len(shares))
    estimator.n_quantiles_, estimator.references_ = len(shares), shares
    estimator.quantiles_ = found.T
    return estimator


STRATEGIES: Mapping[str, Strategy] = {
    "QuantileTransformer": Strategy(
        "quantiles", "in_law", "2, or 3 to 5 with subsample=None", quantile_transformer, everywhere=True,
        exact_where=lambda estimator: estimator.subsample is None,
        note="subsample= rows are chosen by the hashes of their values, so that every backend takes the same",
    ),
    "RobustScaler": Strategy("quantiles", "exact", "2 to 4", robust_scaler),
}  # fmt: skip
