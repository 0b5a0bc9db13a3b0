"""Folds of rows whose targets are classes: each trains on all rows, with a loss that leaves out those that it tests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.folds import Splits
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.strategies.classes import Classes, numbered
from scalekit.learn.strategies.logistic import loss_of
from scalekit.learn.strategies.losses import Loss, Without


@dataclass(frozen=True, eq=False)
class Folds:
    """The rows, numbered by class, and those that each fold trains and tests on."""

    rows: Data
    splits: Splits
    labels: Array

    @property
    def is_partition(self) -> bool:
        """Whether targets hold the number of the fold, too, so that no fold has to choose its rows in each pass."""
        return self.splits.codes.ndim == 1

    def training(self, number: int) -> tuple[Data, Loss]:
        """The rows of a fold, and the loss that leaves out those that it tests on."""
        loss = loss_of(len(self.labels))
        if self.is_partition:
            return self.rows, Without(loss, len(self.labels), number)
        return self.splits.train(self.rows, number), loss

    def weights(self) -> Steps:
        """The weight of the rows that each fold trains on, and of all."""
        count, classes = self.splits.count, len(self.labels)
        if self.is_partition:
            held = yield self.rows.ask(_weight_of_folds, added, count, classes, what="weights")
            return [*(held.sum() - held), held.sum()]
        parts = [self.splits.train(self.rows, number) for number in range(count)]
        return (yield from together([_weight(part) for part in (*parts, self.rows)]))


def _weight(rows: Data) -> Steps:
    held = yield rows.ask(_weight_of_folds, added, 1, 2**31, what="weights")
    return float(held.sum())


def _weight_of_folds(batch: Batch, count: int, classes: int) -> Array:
    folds = (batch.y // classes).astype(np.intp)
    return np.bincount(folds, weights=batch.weights, minlength=count)


@dataclass(frozen=True, eq=False)
class Folded:
    """The number of the fold that tests on a row, times that of classes, added to its class."""

    codes: Array
    classes: int

    def __call__(self, batch: Batch) -> Batch:
        """Add it when somebody asks for the target."""
        return batch.with_y(
            lambda: batch.y + self.classes * self.codes[batch.positions].astype(float)
        )


def kept_folds(estimator: Any, data: Data, found: Classes, splits: Splits) -> Steps:
    """The rows, kept for many passes."""
    rows = numbered(data, found.labels, estimator.class_weight, found)
    if splits.codes.ndim == 1:
        rows = rows.then(Folded(splits.codes, len(found.labels)))
    return Folds((yield from rows.kept()), splits, found.labels)
