"""Bins of columns, from extremes, quantiles or centres: KBinsDiscretizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from warnings import warn

import numpy as np
from sklearn.cluster import KMeans

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.columns import Features
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gathered import Gathered
from scalekit.learn.passes.likeness import alike, dtypes_of
from scalekit.learn.passes.moments import Extremes, extremes, wider
from scalekit.learn.passes.percentiles import percentiles, weighted_percentiles
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.passes.thinning import seed_of, thinned
from scalekit.learn.strategies.strategy import Strategy

FEW = 200_000
"""Rows of which the centres are found here."""

NARROW = 1e-8
"""Bins that are no wider are left out, as scikit-learn does."""


def k_bins_discretizer(estimator: Any, data: Data) -> Steps:
    """Edges of all rows, or of so many as ``subsample`` says."""
    name, most, strategy = type(estimator).__name__, estimator.subsample, estimator.strategy
    _check(estimator, data)
    counted = data.where(has_weight) if data.weighted else data
    asked = [_extremes(data, name), _extremes(counted, name)]
    if strategy == "quantile":
        asked.append(_quantile_edges(estimator, data))
    found, used, *edges = yield from together(asked)
    is_sample = most is not None and found.rows > most
    if is_sample or (strategy == "kmeans" and found.rows <= FEW):
        seed = seed_of(estimator.random_state)
        wanted = most if is_sample else found.rows
        rows: Gathered = yield from thinned(data, wanted, found.rows, seed)
        estimator.set_params(subsample=None).fit(rows.X, sample_weight=rows.weight)
        return estimator.set_params(subsample=most)
    if strategy == "uniform":
        return _fit(estimator, data, np.array([used.least, used.greatest]), quiet=False)
    if strategy == "quantile":
        return _with_edges(estimator, data, edges[0], found.least == found.greatest)
    between = yield from _centre_edges(estimator, data, used)
    return _with_edges(estimator, data, between, used.least == used.greatest)


def _check(estimator: Any, data: Data) -> None:
    """Let scikit-learn refuse parameters that do not go together, before the rows are read."""
    strategy = estimator.strategy
    estimator.set_params(strategy="quantile" if strategy == "quantile" else "uniform")
    ends = np.array([np.zeros(data.width), np.ones(data.width)])
    _fit(estimator, data, ends, weighted=data.weighted)
    estimator.set_params(strategy=strategy)


def _extremes(data: Data, name: str) -> Steps:
    found: Extremes = yield data.ask(finite_extremes, wider, name, what="least and greatest values")
    return found


def finite_extremes(batch: Batch, who: str) -> Extremes:
    """Those of rows of which no value may be missing."""
    batch.numbers(who)
    return extremes(batch, who)


def has_weight(batch: Batch) -> Array:
    """Rows that count."""
    return np.asarray(batch.weights != 0)


def _fit(
    estimator: Any, data: Data, rows: Array, *, weighted: bool = False, quiet: bool = True
) -> Any:
    """The genuine fit on a few rows."""
    most = estimator.subsample
    x = alike(list(rows.T), dtypes_of(data), data)
    weight = np.ones(len(rows)) if weighted else None
    estimator.set_params(subsample=None)
    if quiet:
        fitted_on(estimator, x, sample_weight=weight)
    else:
        estimator.fit(x, sample_weight=weight)
    return estimator.set_params(subsample=most)


def _quantile_edges(estimator: Any, data: Data) -> Steps:
    """The edges of each column, if the quantiles are those of all rows."""
    source = Features(type(estimator).__name__, weighted=data.weighted)
    method, most = estimator.quantile_method, estimator.subsample
    shares = [np.linspace(0, 100, count + 1) for count in _bins(estimator, data)]
    every = np.unique(np.concatenate(shares))

    def percent(rows: int) -> Array:
        return every if most is None or rows <= most else every[:0]

    if data.weighted:
        is_mean = method == "averaged_inverted_cdf"
        eps = float(np.finfo(data.dtype).eps)
        found = yield from weighted_percentiles(data, source, percent, average=is_mean, eps=eps)
    else:
        found = yield from percentiles(
            data, source, lambda rows: percent(rows) / 100, method=method, dtype=data.dtype
        )
    if not found.size:
        return []
    return [
        np.asarray(column[np.searchsorted(every, of_column)], dtype=np.float64)
        for column, of_column in zip(found, shares, strict=True)
    ]


def _bins(estimator: Any, data: Data) -> Array:
    return np.broadcast_to(estimator.n_bins, data.width)


def _centre_edges(estimator: Any, data: Data, wide: Extremes) -> Steps:
    """Each column's edges halfway between its centres, which start in the middle of equal bins."""
    fits = []
    for place, count in enumerate(_bins(estimator, data)):
        even = np.linspace(wide.least[place], wide.greatest[place], count + 1)
        first = (even[1:] + even[:-1])[:, None] * 0.5
        column = data.columns([place if data.names is None else data.names[place]])
        fits.append(column.fit(KMeans(n_clusters=int(count), init=first, n_init=1)))
    found = yield from together(fits)
    centres = [np.sort(fitted.cluster_centers_[:, 0]) for fitted in found]
    return [
        np.r_[least, (c[1:] + c[:-1]) * 0.5, greatest]
        for least, greatest, c in zip(wide.least, wide.greatest, centres, strict=True)
    ]


def _with_edges(estimator: Any, data: Data, edges: list[Array], constant: Array) -> Any:
    """The genuine fit on columns of as many bins, whose edges are then put in."""
    wanted = estimator.get_params(deep=False)
    for place, column in enumerate(edges):
        if constant[place]:
            warn(f"Feature {place} is constant and will be replaced with 0.", stacklevel=2)
            continue
        edges[place] = column[np.ediff1d(column, to_begin=np.inf) > NARROW]
        if len(edges[place]) < len(column):
            warn(
                f"Bins whose width are too small (i.e., <= {NARROW:.0e}) in feature {place} are removed. "
                "Consider decreasing the number of bins.",
                stacklevel=2,
            )
    bins = np.array([1 if c else len(e) - 1 for c, e in zip(constant, edges, strict=True)])
    estimator.set_params(strategy="uniform", n_bins=np.maximum(bins, 2))
    _fit(estimator, data, np.array([np.zeros(len(bins)), bins > 1]))
    for spot in np.flatnonzero(~constant):
        estimator.bin_edges_[spot] = edges[spot]
    return estimator.set_params(strategy=wanted["strategy"], n_bins=wanted["n_bins"])


STRATEGIES: Mapping[str, Strategy] = {
    "KBinsDiscretizer": Strategy(
        "quantiles", "in_law", "1 (uniform), 2 to 4 (quantile), 2 or as KMeans (kmeans)", k_bins_discretizer, everywhere=True,
        exact_where=lambda estimator: estimator.subsample is None,
        note="of more than subsample= rows those of the least hashes are taken, once each, with their weights",
    ),
}  # fmt: skip
