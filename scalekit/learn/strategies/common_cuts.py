"""What boosted trees have to know of all rows before they are trained: totals of the target, and rows that make cuts.

Feature values are cut into bins, and a tree splits between two of them. Members of a gang that cut by their own rows
grow other trees than one machine does; all who cut by the same rows grow the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gathered import stack
from scalekit.learn.passes.requests import Steps

ROWS = 200_000
"""Rows that make the cuts, about: all, where there are no more."""

ENOUGH = 50_000
"""Different rows with which cuts are good; where fewer were drawn of rows that repeat each other, more are."""

MARGIN = 1.02
"""Hashes below a bound are drawn: of this many times the rows, so that there are hardly ever fewer."""

KNOWN = 1000
"""Classes that are counted, at the most: more are no classes, and the estimator will say so."""


class StoppedError(Exception):
    """A training was stopped from without."""


@dataclass(frozen=True)
class Totals:
    """Of all rows their number, weight, and weighted sum of each target; the weight of each class by its label."""

    rows: int
    weight: float
    sums: Array
    classes: Mapping[Any, float]

    @property
    def means(self) -> Array:
        """The mean of each target."""
        return self.sums / self.weight


def totals(batch: Batch, is_classifier: bool) -> Totals:  # noqa: FBT001 - it travels by place
    """Those of some rows."""
    y, weight = np.asarray(batch.y), batch.weights.astype(np.float32).astype(np.float64)
    if not is_classifier:  # in the precision in which trees hold targets and weights
        sums = weight @ y.reshape(len(y), -1).astype(np.float32).astype(np.float64)
        return Totals(batch.height, float(weight.sum()), sums, {})
    classes, places = np.unique(y, return_inverse=True)
    each = weight if y.ndim == 1 else np.repeat(weight, y.shape[1])
    weights = np.bincount(places.ravel(), each, len(classes))
    counted = dict(zip(classes[:KNOWN].tolist(), weights.tolist(), strict=False))
    return Totals(batch.height, float(weight.sum()), np.zeros(1), counted)


def both(left: Totals, right: Totals) -> Totals:
    """Those of the rows of both."""
    labels = sorted({*left.classes, *right.classes})[:KNOWN]
    classes = {x: left.classes.get(x, 0.0) + right.classes.get(x, 0.0) for x in labels}
    return Totals(
        left.rows + right.rows, left.weight + right.weight, left.sums + right.sums, classes
    )


@dataclass(frozen=True)
class Kind:
    """How trees take X: as a sparse matrix or a dense one, of which numbers."""

    sparse: bool = False
    precision: str = "f4"

    def matrix(self, batch: Batch) -> Any:
        """X of a batch."""
        if self.sparse:
            return batch.X.tocsr().astype(self.precision)
        return batch.matrix.astype(self.precision, copy=False)


@dataclass(frozen=True)
class Reference:
    """Rows that make the cuts, and what each counts; None where all count the same."""

    X: Any
    weight: Array | None


@dataclass(frozen=True)
class Drawn:
    """Different rows in the order of their hashes, and what each counts."""

    hashes: Array
    X: Any
    weight: Array


def reference(data: Data, rows: int, precision: str = "f4") -> Steps:
    """Rows that make the cuts, of ``rows``, by a pass or two: ``found = yield from reference(data, n)``.

    Where there are few, all do, in the order of the frame, in which XGBoost itself would see them. Others are drawn
    by their hash, so that they are the same on every backend. Those that are alike in all columns are drawn
    together: where many are, the share is raised until there are enough that are not.
    """
    columns, what = data.view.table.roles.columns, "rows for common cuts"
    kind = Kind(is_sparse(data) and precision == "f4", precision)
    if rows <= ROWS and data.view.table.ordered:
        every: Reference = yield data.ask(all_rows, stacked, kind, what=what)
        return every
    share = min(1.0, ROWS * MARGIN / rows)
    while True:
        bound = min(int(share * 2.0**64), 2**64 - 1)
        found: Drawn = yield data.ask(draw, merged, columns, bound, kind, what=what)
        if share >= 1 or len(found.hashes) >= ENOUGH:
            return Reference(found.X, None if np.ptp(found.weight) == 0 else found.weight)
        share = min(1.0, share * max(2.0, ROWS / len(found.hashes)))


def all_rows(batch: Batch, kind: Kind) -> Reference:
    """The rows of a batch."""
    return Reference(kind.matrix(batch), batch.weight)


def stacked(left: Reference, right: Reference) -> Reference:
    """The rows of both, in their order."""
    x = stack([left.X, right.X])
    if left.weight is None or right.weight is None:
        return Reference(x, None)
    return Reference(x, np.concatenate([left.weight, right.weight]))


def is_sparse(data: Data) -> bool:
    """Whether X is a sparse matrix, in which what is not stored is missing to boosted trees."""
    return hasattr(data.example, "tocsr")


def draw(batch: Batch, columns: tuple[str, ...], bound: int, kind: Kind) -> Drawn:
    """The rows of a batch whose hashes are not above a bound."""
    hashes = batch.hash(columns, "cuts")
    places = np.flatnonzero(hashes <= np.uint64(bound))
    found = kind.matrix(batch)[places]
    return _different(hashes[places], found, batch.weights[places])


def merged(left: Drawn, right: Drawn) -> Drawn:
    """The rows of both."""
    return _different(
        np.concatenate([left.hashes, right.hashes]),
        stack([left.X, right.X]),
        np.concatenate([left.weight, right.weight]),
    )


def _different(hashes: Array, x: Any, weight: Array) -> Drawn:
    known, first, places = np.unique(hashes, return_index=True, return_inverse=True)
    return Drawn(known, x[first], np.bincount(places, weight, len(known)))
