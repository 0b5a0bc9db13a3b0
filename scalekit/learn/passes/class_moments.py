"""Means and variances of columns in each class, and variances of columns over all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.blocks import blocks
from scalekit.learn.passes.by_class import indicators, labels


@dataclass(frozen=True)
class Spread:
    """Of some rows in groups: the weight of each group, means of columns, and sums of squared deviations from them."""

    weight: Array
    mean: Array
    m2: Array

    def placed(self, groups: int, places: Array) -> Spread:
        """The same groups as some of more."""
        weight = np.zeros(groups)
        mean, m2 = np.zeros((2, groups, self.mean.shape[1]))
        weight[places], mean[places], m2[places] = self.weight, self.mean, self.m2
        return Spread(weight, mean, m2)


@dataclass(frozen=True)
class ClassMoments:
    """Of each class its weighted moments; of all rows those without weights, as one group."""

    classes: Array
    groups: Spread
    total: Spread

    @property
    def variance(self) -> Array:
        """The variance of each column over all rows, whatever their weights."""
        return np.asarray(self.total.m2[0] / self.total.weight[0])


def class_moments(batch: Batch, who: str) -> ClassMoments:
    """Those of a batch."""
    classes, codes = labels(batch)
    groups = total = None
    start = 0
    for rows, weight in blocks(batch, who, target=False):
        here = codes[start : start + len(rows)]
        start += len(rows)
        ones = np.ones(len(rows))
        some = _spread(rows, here, len(classes), ones if weight is None else weight)
        groups = some if groups is None else joined_spread(groups, some)
        all_of_them = _spread(rows, np.zeros_like(here), 1, ones)
        total = all_of_them if total is None else joined_spread(total, all_of_them)
    assert groups is not None
    assert total is not None
    return ClassMoments(classes, groups, total)


def joined_class_moments(left: ClassMoments, right: ClassMoments) -> ClassMoments:
    """Those of the rows of both."""
    classes = np.union1d(left.classes, right.classes)
    both = [
        part.groups.placed(len(classes), np.searchsorted(classes, part.classes))
        for part in (left, right)
    ]
    return ClassMoments(classes, joined_spread(*both), joined_spread(left.total, right.total))


def joined_spread(left: Spread, right: Spread) -> Spread:
    """Those of the rows of both, group by group (Chan, Golub, LeVeque 1983)."""
    weight = left.weight + right.weight
    share = (right.weight / np.where(weight > 0, weight, 1.0))[:, np.newaxis]
    apart = right.mean - left.mean
    m2 = left.m2 + right.m2 + apart**2 * left.weight[:, np.newaxis] * share
    return Spread(weight, left.mean + apart * share, m2)


def _spread(rows: Array, codes: Array, groups: int, weight: Array) -> Spread:
    sums = indicators(codes, groups, weight)
    total = np.bincount(codes, weight, groups)
    some = np.where(total > 0, total, 1.0)[:, np.newaxis]
    first = rows[0].copy()  # so that a constant column has no deviation at all
    mean = sums @ (rows - first) / some
    deviation = rows - first - mean[codes]
    off = sums @ deviation / some
    m2 = sums @ deviation**2 - off**2 * total[:, np.newaxis]
    known = np.where(total[:, np.newaxis] > 0, first + (mean + off), 0.0)
    return Spread(total, known, np.maximum(m2, 0.0))
