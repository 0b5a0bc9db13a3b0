"""How often columns of whole numbers 0, 1, 2... hold each of these, in each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.utils.validation import check_non_negative

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.blocks import checked_weight
from scalekit.learn.passes.by_class import labels

MOST = 50_000_000
"""Counts that are kept for one column: 400 MB."""


@dataclass(frozen=True)
class CategoryCounts:
    """The weight of each class, and for each column the weight of each category in each class."""

    classes: Array
    weight: Array
    counts: tuple[Array, ...]


def category_counts(batch: Batch, who: str) -> CategoryCounts:
    """Those of a batch."""
    classes, codes = labels(batch)
    found = batch.numbers(who).astype(np.int64)
    check_non_negative(found, f"{who} (input X)")
    weight = checked_weight(batch)
    counts = tuple(_counts(codes, len(classes), column, weight) for column in found.T)
    return CategoryCounts(classes, np.bincount(codes, weight, len(classes)).astype(float), counts)


def joined_counts(left: CategoryCounts, right: CategoryCounts) -> CategoryCounts:
    """Those of the rows of both."""
    classes = np.union1d(left.classes, right.classes)
    weight = np.zeros(len(classes))
    shapes = [
        (len(classes), max(a.shape[1], b.shape[1]))
        for a, b in zip(left.counts, right.counts, strict=True)
    ]
    counts = tuple(np.zeros(shape) for shape in shapes)
    for part in (left, right):
        places = np.searchsorted(classes, part.classes)
        weight[places] += part.weight
        for total, some in zip(counts, part.counts, strict=True):
            total[places, : some.shape[1]] += some
    return CategoryCounts(classes, weight, counts)


def _counts(codes: Array, classes: int, column: Array, weight: Array | None) -> Array:
    categories = int(column.max()) + 1
    if classes * categories > MOST:
        raise NotDistributableError(
            f"CategoricalNB counts every category from 0 to the greatest, and a column holds {categories - 1:,}: "
            "number its categories with OrdinalEncoder first"
        )
    cells = np.bincount(codes * categories + column, weight, classes * categories)
    return cells.reshape(classes, categories).astype(float)
