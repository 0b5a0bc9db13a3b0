"""k-means: Lloyd's steps, each a pass; centres are drawn from a sample that is the same on every backend."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.cluster import kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gathered import Gathered
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.passes.sampling import sampled
from scalekit.learn.passes.template import fitted_on, framed
from scalekit.learn.strategies.nearest import (
    Centred,
    Farther,
    Fit,
    Spread,
    assigned,
    better_known,
    farthest,
    fitting,
    spread,
    wider_spread,
)
from scalekit.learn.strategies.strategy import Strategy

SAMPLE = 20_000
"""Rows from which centres are drawn, and a hundred for each cluster at the least."""


def kmeans(estimator: Any, data: Data) -> Steps:
    """A pass that keeps the rows, one for means and a sample, one for each step, and one for the inertia."""
    about = inside(data)
    hashed = not is_given(estimator)  # a sample is drawn by the values of the columns
    rows: Data = yield from data.then(Centred(about)).kept(hashed=hashed)
    known: Known = yield from known_of(estimator, rows, estimator.n_clusters)
    template(estimator, data, known.spread)
    starts = starting_centers(estimator, known, about, runs_of(estimator))
    tol = estimator.tol * float(known.spread.variance.mean())
    runs: list[Run] = yield from together(
        lloyd(rows, start, tol, estimator.max_iter, labelled=data.local) for start in starts
    )
    best = best_of(runs, 1e-10)
    _warn_of_empty(best, estimator.n_clusters)
    _set(estimator, best, about)
    return estimator


def inside(data: Data) -> Array:
    """A point among the first rows: distances are as accurate near it as near the mean, which takes a reading of all."""
    if hasattr(
        data.example, "tocsr"
    ):  # scikit-learn does not move sparse rows, which would fill them
        return np.zeros(data.width)
    try:
        first = np.asarray(data.example, dtype=np.float64)
    except ValueError:  # of what a pass will say that it is no number
        return np.zeros(data.width)
    return np.median(np.nan_to_num(first, posinf=0.0, neginf=0.0), axis=0)


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the rows before the first step."""

    spread: Spread
    mean: Array
    sample: Gathered | None


def known_of(estimator: Any, data: Data, clusters: int) -> Steps:
    """Means, variances, and a sample where centres are drawn from one, in one pass."""
    who = type(estimator).__name__
    asked: list[Steps] = [_spread(data, who)]
    if not is_given(estimator):
        rows = max(SAMPLE, 100 * clusters)
        seed = estimator.random_state if isinstance(estimator.random_state, int) else 0
        asked.append(sampled(data, rows, seed, what="a sample for the first centres"))
    found, *sample = yield from together(asked)
    if found.rows < clusters:
        raise ValueError(f"n_samples={found.rows} should be >= n_clusters={clusters}.")
    # scikit-learn does not move sparse rows, which would fill them
    mean = np.zeros(data.width) if hasattr(data.example, "tocsr") else found.mean
    return Known(found, mean, sample[0] if sample else None)


def _spread(data: Data, who: str) -> Steps:
    return (yield data.ask(spread, wider_spread, who, what="means and variances"))


def is_given(estimator: Any) -> bool:
    """Whether the first centres are known."""
    return not isinstance(estimator.init, str) and not callable(estimator.init)


def runs_of(estimator: Any) -> int:
    """How often it begins anew; the number that scikit-learn takes for ``"auto"``."""
    if is_given(estimator):
        return 1
    if estimator.n_init != "auto":
        return int(estimator.n_init)
    return 1 if estimator.init == "k-means++" else 10


def starting_centers(estimator: Any, known: Known, about: Array, runs: int) -> list[Array]:
    """The first centres of each run, less ``about`` as the rows are; drawn as scikit-learn draws them, from the sample."""
    if known.sample is None:
        return [np.asarray(estimator.init, dtype=np.float64) - about]
    x, clusters = known.sample.X, estimator.n_clusters
    x = x.tocsr() if hasattr(x, "tocsr") else np.asarray(x, dtype=np.float64)
    random = check_random_state(estimator.random_state)
    return [draw(estimator.init, x, known.sample.weight, clusters, random) for _ in range(runs)]


def draw(init: Any, x: Any, weight: Array | None, clusters: int, random: Any) -> Array:
    """Centres from some rows."""
    if callable(init):
        found = init(x, clusters, random_state=random)
    elif init == "k-means++":
        found, _ = kmeans_plusplus(x, clusters, sample_weight=weight, random_state=random)
    else:
        chance = None if weight is None else weight / weight.sum()
        found = x[random.choice(x.shape[0], size=clusters, replace=False, p=chance)]
    return np.asarray(found.toarray() if hasattr(found, "toarray") else found, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Run:
    """Where a run ended, after how many steps."""

    centers: Array
    iterations: int
    fit: Fit

    @property
    def inertia(self) -> float:
        """The sum of squared distances."""
        return float(self.fit.inertia.sum())


def lloyd(rows: Data, centers: Array, tol: float, most: int, *, labelled: bool) -> Steps:
    """Lloyd's steps until centres move no farther than ``tol``, as the sum of their squares; returns a :class:`Run`.

    scikit-learn stops where no label changes, too: then no centre moves.
    """
    iteration = 0
    moved = np.inf
    while iteration < most and moved > tol:
        what = f"step {iteration + 1}" + (f", centres moved {moved:.3g}" if iteration else "")
        weights, sums = yield rows.ask(assigned, added, centers, what=what)
        weights, sums = weights.copy(), sums.copy()
        if not weights.all():
            yield from _relocate(rows, centers, weights, sums)
        new = _averaged(weights, sums)
        moved = float(((new - centers) ** 2).sum())
        centers = new
        iteration += 1
    fit: Fit = yield rows.ask(fitting, better_known, centers, labelled, what="inertia")
    return Run(centers, iteration, fit)


def _relocate(rows: Data, centers: Array, weights: Array, sums: Array) -> Steps:
    """Move centres of no row to the rows that are farthest from theirs, in place, as scikit-learn does it."""
    empty = np.flatnonzero(weights == 0)
    count = len(empty)
    far = yield rows.ask(farthest, Farther(count), centers, count, what="rows far from all centres")
    if not far.distances.any():
        return
    for new, x, weight, old in zip(empty, far.x, far.weight, far.labels, strict=False):
        sums[old] -= x * weight
        sums[new] = x * weight
        weights[new] = weight
        weights[old] -= weight


def _averaged(weights: Array, sums: Array) -> Array:
    """The means; a centre of no row goes where that of the largest cluster is."""
    largest = int(np.argmax(weights))
    for number, weight in enumerate(weights):
        sums[number] = sums[number] * (1.0 / weight) if weight > 0 else sums[largest]
    return sums


def best_of(runs: list[Run], margin: float) -> Run:
    """The run of the least inertia; the first of those that differ by rounding, whose clusters are the same."""
    best = runs[0]
    for run in runs[1:]:
        if run.inertia < best.inertia * (1.0 - margin):
            best = run
    return best


def _warn_of_empty(run: Run, clusters: int) -> None:
    distinct = int(np.count_nonzero(run.fit.rows))
    if distinct < clusters:
        warnings.warn(
            f"Number of distinct clusters ({distinct}) found smaller than n_clusters ({clusters}). Possibly due to "
            "duplicate points in X.",
            ConvergenceWarning,
            stacklevel=2,
        )


def template(estimator: Any, data: Data, found: Spread) -> None:
    """A genuine fit on rows of the same variances, of which its tolerance is made; its random state is not used up."""
    normal = np.random.default_rng(0).normal(size=(2 * estimator.n_clusters + 2, data.width))
    normal = (normal - normal.mean(axis=0)) / normal.std(axis=0)
    rows = framed(found.mean + np.sqrt(found.variance) * normal, data)
    kept = {name: getattr(estimator, name) for name in ("max_iter", "random_state", "init")}
    stand_in = {"init": _first_rows} if callable(kept["init"]) else {}
    estimator.set_params(max_iter=1, random_state=0, **stand_in)
    try:
        fitted_on(estimator, rows)
    finally:
        estimator.set_params(**kept)


def _first_rows(x: Any, count: int, random_state: Any) -> Any:  # noqa: ARG001
    return x[:count]


def _set(estimator: Any, run: Run, mean: Array) -> None:
    dtype = estimator.cluster_centers_.dtype
    estimator.cluster_centers_ = (run.centers + mean).astype(dtype)
    estimator.inertia_ = type(estimator.inertia_)(run.inertia)
    estimator.n_iter_ = run.iterations
    if run.fit.labels:
        estimator.labels_ = np.concatenate(run.fit.labels)
    else:
        del estimator.labels_


STRATEGIES: Mapping[str, Strategy] = {
    "KMeans": Strategy(
        "iterative",
        "in_law",
        "n_iter_ + 3",
        kmeans,
        everywhere=True,
        exact_where=is_given,
        note=(
            "exact where init gives the first centres; else these are drawn from a sample of rows by their hashes, the "
            "same on every backend; labels_ is set where the rows are on this machine"
        ),
    ),
}
