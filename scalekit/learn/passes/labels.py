"""The labels of a target: which there are."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps


def find_labels(data: Data) -> Steps:
    """The labels in order; of a target of several columns a list, of each column."""
    found: list[Array] = yield data.ask(labels, all_labels, what="classes")
    return found[0] if data.y_example.ndim == 1 else found


def labels(batch: Batch) -> list[Array]:
    """The labels of some rows, by column."""
    y = batch.y
    return [np.unique(column) for column in ([y] if y.ndim == 1 else list(y.T))]


def all_labels(left: list[Array], right: list[Array]) -> list[Array]:
    """Those of the rows of both."""
    return [np.union1d(a, b) for a, b in zip(left, right, strict=True)]


def encoded(y: Any, known: Array) -> Array:
    """The place of each label, as LabelEncoder gives it."""
    return np.asarray(np.searchsorted(known, y))


def is_label(y: Any, label: Any) -> Array:
    """1 where it is a label, else 0."""
    return np.asarray(y == label, dtype=np.int64)


def column(y: Any, place: int) -> Any:
    """One column of a target of several."""
    return y[:, place]
