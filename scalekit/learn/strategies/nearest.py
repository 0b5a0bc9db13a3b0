"""Rows and the centres nearest to them: what the steps of k-means are made of, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.strategies.classes import check_numbers

BLOCK = 1 << 17
"""Values of X, or distances, that are worked on at one time."""


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
    for block, _ in row_blocks(batch, x.shape[1]):
        m2 += ((block - mean) ** 2).sum(axis=0)
    return Spread(rows, mean, m2)


def wider_spread(left: Spread, right: Spread) -> Spread:
    """That of the rows of both."""
    rows = left.rows + right.rows
    apart = right.mean - left.mean
    share = right.rows / rows
    m2 = left.m2 + right.m2 + apart**2 * left.rows * share
    return Spread(rows, left.mean + apart * share, m2)


def row_blocks(batch: Batch, width: int) -> Iterator[tuple[Array, Array | None]]:
    """Dense X and weights of some rows after the other."""
    x, weight = batch.values, batch.weight
    rows = max(64, BLOCK // max(1, width, x.shape[1]))
    for start in range(0, x.shape[0], rows):
        some = slice(start, start + rows)
        block = x[some].toarray() if sparse.issparse(x) else x[some]
        yield block, None if weight is None else weight[some]


def nearest(x: Array, centers: Array) -> Array:
    """The number of the centre nearest to each row: the first of those that are equally near."""
    distances = x @ (-2.0 * centers.T)
    distances += (centers**2).sum(axis=1)
    return np.asarray(distances.argmin(axis=1))


def assigned(batch: Batch, centers: Array) -> tuple[Array, Array]:
    """The sum of the weights of the rows nearest to each centre, and of these rows."""
    count = len(centers)
    weights, sums = np.zeros(count), np.zeros_like(centers)
    for x, weight in row_blocks(batch, count):
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
    for x, weight in row_blocks(batch, count):
        found = nearest(x, centers)
        distances = ((x - centers[found]) ** 2).sum(axis=1)
        distances = distances if weight is None else distances * weight
        inertia += np.bincount(found, weights=distances, minlength=count)
        rows += np.bincount(found, minlength=count)
        if labelled:
            labels.append(found.astype(np.int32))
    return Fit(inertia, rows, tuple(labels))


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
    for x, weight in row_blocks(batch, len(centers)):
        labels = nearest(x, centers)
        distances = ((x - centers[labels]) ** 2).sum(axis=1)
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
