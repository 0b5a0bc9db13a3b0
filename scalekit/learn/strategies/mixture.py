"""Gaussian mixtures: the steps of expectation and maximisation, a pass for each."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.kmeans import Known, Run, draw, known_of, lloyd
from scalekit.learn.strategies.nearest import Centred
from scalekit.learn.strategies.normals import (
    Normals,
    expected,
    factors_of,
    hard_sums,
    maximised,
    no_sums,
    random_sums,
)
from scalekit.learn.strategies.strategy import Refused, Strategy


def gaussian_mixture(estimator: Any, data: Data) -> Steps:
    """Passes for the first shares, and one for each step; runs take their steps together."""
    template(estimator, data)
    random = check_random_state(estimator.random_state)
    count, seeds = estimator.n_components, random.randint(2**31 - 1, size=estimator.n_init)
    drawn = KMeans(count, n_init=1, random_state=int(seeds[0]))
    known: Known = yield from known_of(drawn, data, 1)
    rows_there = known.spread.rows
    if rows_there < count:
        raise ValueError(
            f"Expected n_samples >= n_components but got n_components = {count}, n_samples = {rows_there}"
        )
    rows: Data = yield from data.then(Centred(known.mean)).kept(hashed=True)
    runs: list[_Run] = yield from together(
        _run(estimator, rows, known, int(seed)) for seed in seeds
    )
    best = max(runs, key=lambda run: run.bounds[-1])  # the first of equal ones
    if not best.converged:
        _warn()
    _set(estimator, best, known.mean)
    return estimator


@dataclass(frozen=True, eq=False)
class _Run:
    mixture: Normals
    bounds: list[float]
    converged: bool


def _run(estimator: Any, rows: Data, known: Known, seed: int) -> Steps:
    """From first shares to where the likelihood rises no more."""
    kind, ridge, count = estimator.covariance_type, estimator.reg_covar, known.spread.rows
    mixture: Normals = yield from _begun(estimator, rows, known, seed)
    bounds: list[float] = []
    converged = False
    while len(bounds) < estimator.max_iter and not converged:
        what = "expectation" + (f", log likelihood {bounds[-1]:.6g}" if bounds else "")
        likelihood, sums = yield rows.ask(expected, added, mixture, what=what)
        found = maximised(sums, mixture.means, kind, ridge)
        mixture = replace(found, weights=found.weights / found.weights.sum())
        last = bounds[-1] if bounds else -math.inf
        bounds.append(likelihood / count)
        converged = abs(bounds[-1] - last) < estimator.tol
    return _Run(mixture, bounds, converged)


def _begun(estimator: Any, rows: Data, known: Known, seed: int) -> Steps:
    """The first mixture: what was given of it, the rest from first shares."""
    kind = estimator.covariance_type
    if not is_given(estimator):
        found: Normals = yield from _from_shares(estimator, rows, known, seed)
        mixture = replace(found, weights=found.weights / known.spread.rows)
    else:
        nothing = np.empty(0)
        mixture = Normals(kind, nothing, nothing, None, nothing)
    weights, means, precisions = _given(estimator)
    if weights is not None:
        mixture = replace(mixture, weights=np.asarray(weights, dtype=np.float64))
    if means is not None:
        mixture = replace(mixture, means=np.asarray(means, dtype=np.float64) - known.mean)
    if precisions is not None:
        mixture = replace(mixture, factors=factors_of(np.asarray(precisions, np.float64), kind))
    return mixture


def is_given(estimator: Any) -> bool:
    """Whether the first mixture is known."""
    return all(part is not None for part in _given(estimator))


def _given(estimator: Any) -> tuple[Any, Any, Any]:
    return estimator.weights_init, estimator.means_init, estimator.precisions_init


def _from_shares(estimator: Any, rows: Data, known: Known, seed: int) -> Steps:
    """The mixture of the first shares, which clusters, chance or single rows give."""
    kind, ridge, count = estimator.covariance_type, estimator.reg_covar, estimator.n_components
    if estimator.init_params == "random":
        columns = rows.view.table.roles.columns
        sums = yield rows.ask(random_sums, added, count, kind, columns, seed, what="first shares")
        return maximised(sums, np.zeros((count, rows.width)), kind, ridge)
    assert known.sample is not None
    x = np.asarray(known.sample.X, dtype=np.float64) - known.mean
    init = "random" if estimator.init_params == "random_from_data" else "k-means++"
    centers = draw(init, x, None, count, check_random_state(seed))
    if estimator.init_params == "kmeans":
        tol = 1e-4 * float(known.spread.variance.mean())
        run: Run = yield from lloyd(rows, centers, tol, 300, labelled=False)
        sums = yield rows.ask(hard_sums, added, run.centers, kind, what="first shares")
        return maximised(sums, run.centers, kind, ridge)
    sums = (np.ones(count), *no_sums(kind, centers)[1:])  # each component is one row
    if kind == "tied":  # scikit-learn takes the products of all rows, not around their mean
        total = yield rows.ask(hard_sums, added, np.zeros((1, rows.width)), kind, what="products")
        raw = centers + known.mean
        product = total[2] + known.spread.rows * np.outer(known.mean, known.mean) - raw.T @ raw
        sums = (sums[0], sums[1], product)
    return maximised(sums, centers, kind, ridge)


def template(estimator: Any, data: Data) -> None:
    """A genuine fit of one step on made-up rows."""
    names = ("max_iter", "n_init", "random_state", "reg_covar", "init_params")
    kept = {name: getattr(estimator, name) for name in names}
    estimator.set_params(
        max_iter=1, n_init=1, random_state=0, reg_covar=1e-2, init_params="random_from_data"
    )
    try:
        fitted_on(estimator, random_matrix(data, 4 * estimator.n_components + 2))
    finally:
        estimator.set_params(**kept)


def _set(estimator: Any, run: _Run, mean: Array) -> None:
    mixture, dtype, kind = run.mixture, estimator.means_.dtype, estimator.covariance_type
    factors = mixture.factors
    if kind in ("diag", "spherical"):
        precisions = factors**2
    else:
        precisions = factors @ np.swapaxes(factors, -1, -2)
    assert mixture.covariances is not None
    estimator.weights_ = mixture.weights.astype(dtype)
    estimator.means_ = (mixture.means + mean).astype(dtype)
    estimator.covariances_ = mixture.covariances.astype(dtype)
    estimator.precisions_cholesky_ = factors.astype(dtype)
    estimator.precisions_ = precisions.astype(dtype)
    estimator.converged_ = run.converged
    estimator.n_iter_ = len(run.bounds)
    kind_of_bound = type(estimator.lower_bound_)
    estimator.lower_bounds_ = [kind_of_bound(bound) for bound in run.bounds]
    estimator.lower_bound_ = estimator.lower_bounds_[-1]


def _warn() -> None:
    warnings.warn(
        "Best performing initialization did not converge. Try different init parameters, or increase max_iter, tol, or "
        "check for degenerate data.",
        ConvergenceWarning,
        stacklevel=2,
    )


def _refuses(estimator: Any) -> str:
    if estimator.warm_start:
        return (
            "warm_start=True goes on from an earlier fit, and sk.fit begins anew: set it to False"
        )
    if estimator.max_iter == 0:
        return "max_iter=0 learns nothing from the rows: set it to 1 or more"
    return ""


STRATEGIES: Mapping[str, Strategy] = {
    "GaussianMixture": Strategy(
        "iterative",
        "in_law",
        "n_iter_ + 4, and the steps of k-means",
        gaussian_mixture,
        refuses=_refuses,
        everywhere=True,
        exact_where=is_given,
        note=(
            "exact where weights_init, means_init and precisions_init are given; else first shares are drawn by hashes "
            "of rows, the same on every backend"
        ),
    ),
}

REFUSED: Mapping[str, Refused] = {
    "BayesianGaussianMixture": Refused(
        "its variational steps are private to scikit-learn", ("GaussianMixture", "KMeans")
    ),
}
