"""Rows and the centres nearest to them: what the steps of k-means are made of, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse
from sklearn import config_context
from sklearn.cluster import KMeans

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.strategies.classes import check_numbers

BLOCK = 1 << 17
"""Values of X that are worked on at one time."""

LARGE_BLOCK = 1 << 20
"""The same, where nothing as large as X is made of them."""


@dataclass(frozen=True, eq=False)
class Centred:
    """X as a matrix, less the means of its columns: distances are more accurate near 0."""

    mean: Array

    def __call__(self, batch: Batch) -> Batch:
        """Subtract when somebody asks for it."""
        return batch.with_x(lambda: batch.matrix - self.mean)


@dataclass(frozen=True)
class Spread:
    """Rows, the means of columns, and the sums of squared deviations."""

    rows: int
    mean: Array
    m2: Array

    @property
    def variance(self) -> Array:
        """The mean squared deviation."""
        return self.m2 / self.rows


def spread(batch: Batch, who: str) -> Spread:
    """That of some rows, none of which may have missing values; weights do not count."""
    check_numbers(batch, who)
    x = batch.values
    rows = x.shape[0]
    mean = np.asarray(x.mean(axis=0)).ravel()
    m2 = np.zeros_like(mean)
    for block, _ in row_blocks(batch, batch.values.shape[1]):
        m2 += ((block - mean) ** 2).sum(axis=0)
    return Spread(rows, mean, m2)


def wider_spread(left: Spread, right: Spread) -> Spread:
    """That of the rows of both."""
    rows = left.rows + right.rows
    apart = right.mean - left.mean
    share = right.rows / rows
    m2 = left.m2 + right.m2 + apart**2 * left.rows * share
    return Spread(rows, left.mean + apart * share, m2)


def row_blocks(batch: Batch, width: int, size: int = BLOCK) -> Iterator[tuple[Array, Array | None]]:
    """Dense X and weights of some rows after the other; ``width`` values are made of each."""
    x, weight = batch.values, batch.weight
    rows = max(64, size // max(1, width, x.shape[1]))
    for start in range(0, x.shape[0], rows):
        some = slice(start, start + rows)
        block = x[some].toarray() if sparse.issparse(x) else x[some]
        yield block, None if weight is None else weight[some]


def nearest(x: Array, centers: Array) -> Array:
    """The number of the centre nearest to each row: the first of those that are equally near."""
    if not len(x):
        return np.zeros(0, np.int32)
    with config_context(assume_finite=True):  # a pass has looked before
        return np.asarray(_labeller(centers.shape, centers.tobytes()).predict(x))


@lru_cache(maxsize=8)  # a worker sees the same centres in all its parts
def _labeller(shape: tuple[int, int], centers: bytes) -> KMeans:
    """A genuine KMeans of these centres: its compiled steps take a third of the time of NumPy's."""
    other = np.arange(float(np.prod(shape))).reshape(shape)  # distinct, or its fit would warn
    found = KMeans(shape[0], init=other, n_init=1, max_iter=1).fit(other)
    found.cluster_centers_ = np.frombuffer(centers).reshape(shape)
    return found


def assigned(batch: Batch, centers: Array) -> tuple[Array, Array]:
    """The sum of the weights of the rows nearest to each centre, and of these rows."""
    count = len(centers)
    weights, sums = np.zeros(count), np.zeros_like(centers)
    for x, weight in row_blocks(batch, 1, LARGE_BLOCK):
        labels = nearest(x, centers)
        weights += np.bincount(labels, weights=weight, minlength=count)
        sums += members(labels, weight, count) @ x
    return weights, sums


def members(labels: Array, weight: Array | None, count: int) -> Any:
    """A matrix with a row for each centre and the weights of those nearest to it."""
    values = np.ones(len(labels)) if weight is None else weight
    ends = np.arange(len(labels) + 1)
    return sparse.csc_array((values, labels, ends), shape=(count, len(labels)))


@dataclass(frozen=True, eq=False)
class Fit:
    """How well centres fit: the weighted squared distances, rows by centre, and the labels where they were asked for."""

    inertia: Array
    rows: Array
    labels: tuple[Array, ...]


def fitting(batch: Batch, centers: Array, labelled: bool) -> Fit:  # noqa: FBT001
    """That of some rows."""
    count = len(centers)
    inertia, rows, labels = np.zeros(count), np.zeros(count, np.int64), []
    for x, weight in row_blocks(batch, 1, LARGE_BLOCK):
        found = nearest(x, centers)
        distances = _distances(x, centers, found)
        distances = distances if weight is None else distances * weight
        inertia += np.bincount(found, weights=distances, minlength=count)
        rows += np.bincount(found, minlength=count)
        if labelled:
            labels.append(found.astype(np.int32))
    return Fit(inertia, rows, tuple(labels))


def _distances(x: Array, centers: Array, labels: Array) -> Array:
    """The squared distance of each row to its centre."""
    found = np.empty(len(x))
    size = max(64, BLOCK // x.shape[1])
    for start in range(0, len(x), size):
        some = slice(start, start + size)
        apart = x[some] - centers[labels[some]]
        np.einsum("ij,ij->i", apart, apart, out=found[some])
    return found


def better_known(left: Fit, right: Fit) -> Fit:
    """That of the rows of both."""
    return Fit(left.inertia + right.inertia, left.rows + right.rows, left.labels + right.labels)


@dataclass(frozen=True, eq=False)
class Far:
    """The rows that are farthest from their centres, the farthest first: distances, rows, weights, and labels."""

    distances: Array
    x: Array
    weight: Array
    labels: Array

    def first(self, count: int) -> Far:
        """Some of the farthest."""
        order = np.argsort(-self.distances, kind="stable")[:count]
        return Far(self.distances[order], self.x[order], self.weight[order], self.labels[order])


def farthest(batch: Batch, centers: Array, count: int) -> Far:
    """The farthest of some rows."""
    farther = Farther(count)
    found: Far | None = None
    for x, weight in row_blocks(batch, batch.values.shape[1]):
        labels = nearest(x, centers)
        distances = _distances(x, centers, labels)
        weights = np.ones(len(x)) if weight is None else weight
        block = Far(distances, x, weights, labels).first(count)
        found = block if found is None else farther(found, block)
    assert found is not None
    return found


@dataclass(frozen=True)
class Farther:
    """The farthest rows of both, so many."""

    count: int

    def __call__(self, left: Far, right: Far) -> Far:
        """Choose them."""
        pairs = (
            (left.distances, right.distances),
            (left.x, right.x),
            (left.weight, right.weight),
            (left.labels, right.labels),
        )
        return Far(*map(np.concatenate, pairs)).first(self.count)
