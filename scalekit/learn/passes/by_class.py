"""Statistics of the rows of each class, whichever classes a part has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.blocks import blocks, checked_weight
from scalekit.learn.passes.gram import Gram, gram_of, joined_grams

ROWS = 8192
"""Rows that are added up at one time."""


@dataclass(frozen=True)
class ByClass:
    """The classes that were seen, sorted, and something of the rows of each."""

    classes: Array
    found: tuple[Any, ...]


def class_grams(batch: Batch, who: str) -> ByClass:
    """Cross products of X for each class."""
    classes, codes = labels(batch)
    found: list[Gram | None] = [None] * len(classes)
    start = 0
    for rows, weight in blocks(batch, who, target=False):
        for number, chosen in by_code(codes[start : start + len(rows)]):
            part = gram_of(rows[chosen], None if weight is None else weight[chosen])
            before = found[number]
            found[number] = part if before is None else joined_grams(before, part)
        start += len(rows)
    return ByClass(classes, tuple(found))


def joined_class_grams(left: ByClass, right: ByClass) -> ByClass:
    """Those of the rows of both."""
    return joined_by_class(left, right, joined_grams)


def joined_by_class(left: ByClass, right: ByClass, join: Callable[[Any, Any], Any]) -> ByClass:
    """What two parts say of each class, of which each may lack some."""
    known = dict(zip(left.classes.tolist(), left.found, strict=True))
    for label, found in zip(right.classes.tolist(), right.found, strict=True):
        known[label] = join(known[label], found) if label in known else found
    classes = np.union1d(left.classes, right.classes)
    return ByClass(classes, tuple(known[label] for label in classes.tolist()))


@dataclass(frozen=True)
class ClassSums:
    """Of each class: the weight of its rows, and the weighted sum of each column over them."""

    classes: Array
    weight: Array
    sums: Array


def class_sums(batch: Batch, rows_of: Callable[[Batch, slice], Any]) -> ClassSums:
    """Those of the rows that ``rows_of`` makes of some of X, dense or sparse."""
    classes, codes = labels(batch)
    given = checked_weight(batch)
    weight = np.ones(batch.height) if given is None else given
    sums: Any = 0.0
    for start in range(0, batch.height, ROWS):
        some = slice(start, start + ROWS)
        found = indicators(codes[some], len(classes), weight[some]) @ rows_of(batch, some)
        sums = sums + (found.toarray() if sparse.issparse(found) else found)
    return ClassSums(classes, np.bincount(codes, weight, len(classes)), sums)


def joined_sums(left: ClassSums, right: ClassSums) -> ClassSums:
    """Those of the rows of both."""
    classes = np.union1d(left.classes, right.classes)
    weight = np.zeros(len(classes))
    sums = np.zeros((len(classes), left.sums.shape[1]))
    for part in (left, right):
        places = np.searchsorted(classes, part.classes)
        weight[places] += part.weight
        sums[places] += part.sums
    return ClassSums(classes, weight, sums)


def labels(batch: Batch) -> tuple[Array, Array]:
    """The classes of a batch, sorted, and the number of that of each row.

    Raises
    ------
    ValueError
        In scikit-learn's own words, where the target is no set of classes.
    """
    y = batch.y
    assert_all_finite(y, input_name="y")
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    return classes, codes


def by_code(codes: Array) -> Iterator[tuple[int, Array]]:
    """The places of the rows of each code that is there."""
    order = np.argsort(codes, kind="stable")
    there, starts = np.unique(codes[order], return_index=True)
    yield from zip(there.tolist(), np.split(order, starts[1:]), strict=True)


def indicators(codes: Array, classes: int, weight: Array) -> Any:
    """A sparse matrix that sums rows by class: ``indicators(...) @ rows``."""
    places = (codes, np.arange(len(codes)))
    return sparse.csr_array((weight, places), shape=(classes, len(codes)))
