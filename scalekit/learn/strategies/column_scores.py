"""Selection of columns by their variance, or by what they have to do with the target; from one pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from warnings import warn

import numpy as np
from scipy import special, stats
from sklearn.feature_selection import chi2, f_classif, f_regression, r_regression
from sklearn.preprocessing import LabelBinarizer

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import Extremes, Moments, joined, wider
from scalekit.learn.passes.requests import Joint, Steps
from scalekit.learn.passes.scores import (
    ByClass,
    Products,
    by_class,
    joined_by_class,
    joined_products,
    products,
)
from scalekit.learn.passes.sparse_moments import any_extremes, any_moments
from scalekit.learn.passes.template import fitted_on, framed
from scalekit.learn.strategies.strategy import Strategy


def variance_threshold(estimator: Any, data: Data) -> Steps:
    """Variances of the values that are there; for a threshold of 0 no more than the range."""
    name = type(estimator).__name__
    found: Moments
    wide: Extremes
    found, wide = yield Joint(
        (
            data.ask(column_moments, joined, name, what="variances"),
            data.ask(any_extremes, wider, name),
        )
    )
    threshold, spread = estimator.threshold, np.array([np.zeros(data.width), np.ones(data.width)])
    fitted_on(estimator.set_params(threshold=0.0), framed(spread, data))
    variances = np.where(found.rows > 0, found.variance, np.nan)
    if threshold == 0:
        with np.errstate(invalid="ignore"):
            ranges = np.where(found.rows == wide.rows, wide.greatest - wide.least, np.nan)
        variances = np.fmin(variances, ranges)
    if np.all(~np.isfinite(variances) | (variances <= threshold)):
        alone = " (X contains only one sample)" if wide.rows == 1 else ""
        raise ValueError(f"No feature in X meets the variance threshold {threshold:.5f}{alone}")
    estimator.variances_ = variances
    return estimator.set_params(threshold=threshold)


def column_moments(batch: Batch, who: str) -> Moments:
    """The moments of columns, dense or sparse."""
    return any_moments(batch.X if hasattr(batch.X, "tocsr") else batch.numbers(who, nan=True))


def univariate(estimator: Any, data: Data) -> Steps:
    """The scores of each column, by the same function."""
    if data.y_example is None or data.y_example.ndim != 1:
        return estimator.fit(data.example, data.y_example)  # which is refused
    rows = np.random.default_rng(0).uniform(1.0, 2.0, size=(4, data.width))
    estimator.fit(framed(rows, data), [0, 1, 0, 1])  # warns of parameters
    found = yield from _SCORES[estimator.score_func](data, type(estimator).__name__)
    estimator.scores_, estimator.pvalues_ = found
    return estimator


# scores: the rules are those of scikit-learn's functions, on sums about the means


def _f_classif(data: Data, name: str) -> Steps:
    found: ByClass = yield data.ask(by_class, joined_by_class, name, what="means by class")
    rows, mean = (np.array([getattr(one, f) for one in found.moments]) for f in ("weight", "mean"))
    total = rows.sum(axis=0)
    between = (rows * (mean - (rows * mean).sum(axis=0) / total) ** 2).sum(axis=0)
    within = np.sum([one.m2 for one in found.moments], axis=0)
    constant = _is_constant(found.extremes)
    between[constant] = within[constant] = 0.0
    if constant.any():
        warn(f"Features {np.flatnonzero(constant)} are constant.", UserWarning, stacklevel=2)
    degrees, rest = len(found.labels) - 1, float(total[0]) - len(found.labels)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = (between / float(degrees)) / (within / float(rest))
    return f, special.fdtrc(degrees, rest, f)


def _chi2(data: Data, name: str) -> Steps:
    found: ByClass = yield data.ask(
        non_negative_by_class, joined_by_class, name, what="sums by class"
    )
    LabelBinarizer().fit(found.labels)  # refuses a target that is no class
    rows, mean = (np.array([getattr(one, f) for one in found.moments]) for f in ("weight", "mean"))
    observed = rows * mean
    if len(observed) == 1:
        observed, rows = np.vstack([observed, 0 * observed]), np.vstack([rows, 0 * rows])
    expected = rows[:, :1] / rows[:, 0].sum() * observed.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = ((observed - expected) ** 2 / expected).sum(axis=0)
    return scores, special.chdtrc(len(observed) - 1, scores)


def non_negative_by_class(batch: Batch, who: str) -> ByClass:
    """Moments by class of values that may not be negative."""
    return by_class(batch, who, negative=False)


def _correlations(data: Data, name: str) -> Steps:
    found: Products = yield data.ask(
        products, joined_products, name, what="products with the target"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        r = found.products / np.sqrt(found.x.m2) / np.sqrt(found.y.m2)
    return np.where(_is_constant(found.extremes) | np.isnan(r), 0.0, r), int(found.x.rows[0])


def _r_regression(data: Data, name: str) -> Steps:
    r, _ = yield from _correlations(data, name)
    return r, None


def _f_regression(data: Data, name: str) -> Steps:
    r, rows = yield from _correlations(data, name)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = r**2 / (1 - r**2) * (rows - 2)
        p = stats.f.sf(f, 1, rows - 2)
    missing = np.isnan(f)
    f[np.isinf(f)] = np.finfo(f.dtype).max
    f[missing], p[missing] = 0.0, 1.0
    return f, p


def _is_constant(found: Extremes) -> Array:
    return np.asarray(found.least == found.greatest)


_SCORES: Mapping[Any, Any] = {
    chi2: _chi2,
    f_classif: _f_classif,
    f_regression: _f_regression,
    r_regression: _r_regression,
}


def _refuses(estimator: Any) -> str:
    if estimator.score_func in _SCORES:
        return ""
    name = getattr(estimator.score_func, "__name__", repr(estimator.score_func))
    return f"score_func={name} takes all rows at once: f_classif, chi2, f_regression and r_regression are known"


_UNIVARIATE = Strategy("statistics", "exact", "1", univariate, refuses=_refuses)

STRATEGIES: Mapping[str, Strategy] = {
    "GenericUnivariateSelect": _UNIVARIATE,
    "SelectFdr": _UNIVARIATE,
    "SelectFpr": _UNIVARIATE,
    "SelectFwe": _UNIVARIATE,
    "SelectKBest": _UNIVARIATE,
    "SelectPercentile": _UNIVARIATE,
    "VarianceThreshold": Strategy("statistics", "exact", "1", variance_threshold),
}
