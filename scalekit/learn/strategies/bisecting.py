"""Bisecting k-means: the rows of one cluster are divided by Lloyd's steps, then those of the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.passes.sampling import sampled
from scalekit.learn.strategies.kmeans import (
    SAMPLE,
    Known,
    Run,
    best_of,
    draw,
    known_of,
    lloyd,
    template,
)
from scalekit.learn.strategies.nearest import Centred, Fit, better_known, fitting, nearest
from scalekit.learn.strategies.strategy import Strategy

Path = tuple[tuple[Array, int], ...]
"""How a cluster came to be: two centres each, and which of them its rows are nearer to."""


@dataclass(eq=False)
class Node:
    """A cluster, its centre, and the two that it was divided into."""

    center: Array
    score: float
    inertia: float
    path: Path = ()
    halves: tuple[Node, ...] = ()

    def leaves(self) -> Iterator[Node]:
        """Give the clusters that were not divided, from left to right."""
        if not self.halves:
            yield self
        for half in self.halves:
            yield from half.leaves()


def bisecting_kmeans(estimator: Any, data: Data) -> Steps:
    """A pass for means, one that keeps the rows, and for each division a sample and Lloyd's steps."""
    known: Known = yield from known_of(estimator, data, estimator.n_clusters)
    template(estimator, data, known.spread)
    rows: Data = yield from data.then(Centred(known.mean)).kept(hashed=True)
    nowhere, labelled = np.zeros((1, data.width)), False
    everything: Fit = yield rows.ask(fitting, better_known, nowhere, labelled, what="inertia")
    root = Node(known.spread.mean - known.mean, 0.0, float(everything.inertia.sum()))
    random = check_random_state(estimator.random_state)
    for _ in range(estimator.n_clusters - 1):
        leaf = max(root.leaves(), key=lambda node: node.score)  # the first of equal ones
        yield from _divide(estimator, rows, leaf, random)
    labels = yield from _labels(rows, root) if data.local else _no_labels()
    _set(estimator, root, known.mean, labels)
    return estimator


def _divide(estimator: Any, rows: Data, node: Node, random: Any) -> Steps:
    some = rows.where(belongs, node.path) if node.path else rows
    seed = estimator.random_state if isinstance(estimator.random_state, int) else 0
    sample = yield from sampled(some, SAMPLE, seed, what="a sample of a cluster")
    starts = [
        draw(estimator.init, sample.X, sample.weight, 2, random) for _ in range(estimator.n_init)
    ]
    runs: list[Run] = yield from together(
        lloyd(some, start, estimator.tol, estimator.max_iter, labelled=False) for start in starts
    )
    best = best_of(runs, 1e-6)
    is_inertia = estimator.bisecting_strategy == "biggest_inertia"
    scores = best.fit.inertia if is_inertia else best.fit.rows
    node.halves = tuple(
        Node(best.centers[side], float(scores[side]), float(best.fit.inertia[side]),
             (*node.path, (best.centers, side)))
        for side in (0, 1)
    )  # fmt: skip


def belongs(batch: Batch, path: Path) -> Array:
    """Which rows are in a cluster."""
    x = batch.matrix
    inside = np.ones(len(x), dtype=bool)
    for centers, side in path:
        inside[inside] = nearest(x[inside], centers) == side
    return inside


def _labels(rows: Data, root: Node) -> Steps:
    paths = tuple(leaf.path for leaf in root.leaves())
    found = yield rows.ask(labels_of, _one_after_the_other, paths, what="labels")
    return np.concatenate(found)


def _no_labels() -> Steps:
    return None
    yield


def labels_of(batch: Batch, paths: tuple[Path, ...]) -> tuple[Array]:
    """The number of the cluster of each row."""
    found = np.full(batch.height, -1, dtype=np.int32)
    for number, path in enumerate(paths):
        found[belongs(batch, path)] = number
    return (found,)


def _one_after_the_other(left: tuple[Array, ...], right: tuple[Array, ...]) -> tuple[Array, ...]:
    return left + right


def _set(estimator: Any, root: Node, mean: Array, labels: Array | None) -> None:
    """Write the clusters into the fitted estimator; its tree is made of nodes of its own kind."""
    dtype = estimator.cluster_centers_.dtype
    leaves = list(root.leaves())
    estimator.cluster_centers_ = (np.stack([leaf.center for leaf in leaves]) + mean).astype(dtype)
    estimator.inertia_ = type(estimator.inertia_)(sum(leaf.inertia for leaf in leaves))
    if labels is None:
        del estimator.labels_
    else:
        estimator.labels_ = labels
    kind = type(estimator._bisecting_tree)
    numbers = {id(leaf): number for number, leaf in enumerate(leaves)}

    def grown(node: Node) -> Any:
        found = kind(center=node.center.astype(dtype), indices=None, score=node.score)
        if node.halves:
            found.left, found.right = map(grown, node.halves)
        else:
            found.label = numbers[id(node)]
        return found

    estimator._bisecting_tree = grown(root)


STRATEGIES: Mapping[str, Strategy] = {
    "BisectingKMeans": Strategy(
        "iterative",
        "in_law",
        "steps of all divisions + 2 for each",
        bisecting_kmeans,
        everywhere=True,
        note=(
            "first centres are drawn from a sample of each cluster's rows by their hashes, the same on every backend; "
            "labels_ is set where the rows are on this machine"
        ),
    ),
}
