"""Classes of a target: which there are, how often, and their numbers in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import assert_all_finite
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes in order, and the rows and the weight of each."""

    labels: Array
    rows: Array
    weight: Array


def find_classes(data: Data, who: str) -> Steps:
    """The classes of the target, from a pass that checks X, y and weights as scikit-learn does it for ``who``."""
    found: Classes = yield data.ask(count_classes, joined_classes, who, what="classes")
    return found


def count_classes(batch: Batch, who: str) -> Classes:
    """Those of some rows."""
    check_numbers(batch, who)
    check_classification_targets(batch.y)
    codes, labels = pd.factorize(batch.y)
    rows = np.bincount(codes, minlength=len(labels))
    weight = np.bincount(codes, weights=batch.weight, minlength=len(labels)).astype(np.float64)
    return _in_order(labels, rows, weight)


def joined_classes(left: Classes, right: Classes) -> Classes:
    """Those of the rows of both."""
    labels = np.concatenate([left.labels, right.labels])
    return _in_order(
        labels,
        np.concatenate([left.rows, right.rows]),
        np.concatenate([left.weight, right.weight]),
    )


def _in_order(labels: Array, rows: Array, weight: Array) -> Classes:
    found, codes = np.unique(labels, return_inverse=True)
    size = len(found)
    return Classes(
        found,
        np.bincount(codes, weights=rows, minlength=size).astype(np.int64),
        np.bincount(codes, weights=weight, minlength=size),
    )


def check_numbers(batch: Batch, who: str) -> None:
    """Refuse what is missing or infinite in X and in weights, in scikit-learn's words."""
    if hasattr(batch.values, "tocsr"):
        assert_all_finite(batch.values.data, estimator_name=who, input_name="X")
    else:
        batch.numbers(who)
    if batch.weight is not None:
        assert_all_finite(batch.weight, input_name="sample_weight")


def numbered(data: Data, labels: Array, weight: Mapping[Any, float] | str | None = None,
             found: Classes | None = None) -> Data:  # fmt: skip
    """The same rows with the number of its class as the target, as float64, and weights of classes multiplied in.

    ``weight`` is a ``class_weight`` of scikit-learn, for which ``found`` has to be known.
    """
    data = data.with_target(numbers_of, labels)
    if weight is None:
        return data
    assert found is not None
    return replace(data.then(ClassWeighted(weights_of(weight, found))), weighted=True)


def numbers_of(y: Array, labels: Array) -> Array:
    """The place of each label."""
    return np.asarray(pd.Index(labels).get_indexer(pd.Index(y)), dtype=np.float64)


def weights_of(weight: Mapping[Any, float] | str, found: Classes) -> Array:
    """What ``class_weight`` means for each class."""
    if isinstance(weight, str):  # "balanced"
        return np.asarray(found.weight.sum() / (len(found.labels) * found.weight))
    return np.asarray(compute_class_weight(weight, classes=found.labels, y=found.labels))


@dataclass(frozen=True, eq=False)
class ClassWeighted:
    """Weights multiplied by those of classes, whose numbers are the target."""

    by_class: Array

    def __call__(self, batch: Batch) -> Batch:
        """Weigh the rows when somebody asks for it."""
        return batch.with_weight(lambda: batch.weights * self.by_class[batch.y.astype(np.intp)])
