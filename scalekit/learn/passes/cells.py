"""Splits of the rows by their positions, as cells: rows that are in the same training and test sets are in one cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sklearn.model_selection import (
    KFold,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    check_cv,
)

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.batch import Array, Batch

CellOf: TypeAlias = Callable[[Batch], Array]
"""The number of the cell of each row of a batch."""

BY_POSITION = (KFold, PredefinedSplit, RepeatedKFold, ShuffleSplit, TimeSeriesSplit)
"""Splitters that look at nothing but the number of rows."""

MOST_CELLS = 1_000
"""Cells whose statistics are kept at once."""


@dataclass(frozen=True)
class Split:
    """The cells that a model is fitted on, and those that it is scored on."""

    train: tuple[int, ...]
    test: tuple[int, ...]


def folds(count: int) -> list[Split]:
    """The splits of so many folds, each of which is a cell, and the test set once."""
    return [
        Split(tuple(other for other in range(count) if other != fold), (fold,))
        for fold in range(count)
    ]


@dataclass(frozen=True)
class Runs:
    """Cells that are runs of rows: ``ends`` has the position after the last row of each."""

    ends: tuple[int, ...]

    def __call__(self, batch: Batch) -> Array:
        """The cells of the rows of a batch."""
        return np.searchsorted(np.array(self.ends), batch.positions, side="right")


@dataclass(frozen=True, eq=False)
class Listed:
    """Cells of rows in no order: ``codes`` has that of each row of the frame."""

    codes: Array

    def __call__(self, batch: Batch) -> Array:
        """The cells of the rows of a batch."""
        return np.asarray(self.codes[batch.positions], dtype=np.int64)


def cells_of(cv: Any, rows: int) -> tuple[CellOf, list[Split]]:
    """The cells and splits of an estimator's ``cv`` on so many rows, as scikit-learn splits them.

    Raises
    ------
    NotDistributableError
        Where so many splits overlap in so many ways that there are too many cells.
    """
    splitter = check_cv(cv)
    if type(splitter) is KFold and not splitter.shuffle:
        return _runs(splitter.n_splits, rows)
    codes = np.zeros(rows, dtype=np.int64)
    places: list[tuple[Array, Array]] = []
    for train, test in splitter.split(np.zeros((rows, 1))):
        state = np.zeros(rows, dtype=np.int64)
        state[train], state[test] = 1, 2
        _, codes = np.unique(codes * 3 + state, return_inverse=True)
        places.append((np.asarray(train), np.asarray(test)))
    if codes.max() >= MOST_CELLS:
        raise NotDistributableError(
            f"cv={cv!r} divides the rows into {codes.max() + 1:,} parts whose statistics differ, more than "
            f"{MOST_CELLS:,}: take fewer splits, or KFold"
        )
    splits = [Split(_some(codes[train]), _some(codes[test])) for train, test in places]
    return Listed(codes.astype(np.int16)), splits


def refuses_cv(cv: Any) -> str:
    """Why a ``cv`` is not known before the rows are read; an empty text where it is."""
    if cv is None or isinstance(cv, (int, *BY_POSITION)):
        return ""
    if hasattr(cv, "split"):
        return (
            f"cv={type(cv).__name__} looks at more than the positions of rows: take one of "
            f"{', '.join(kind.__name__ for kind in BY_POSITION)}, or a number of folds"
        )
    return ""


def _runs(count: int, rows: int) -> tuple[CellOf, list[Split]]:
    """Folds of rows in order, of which the first have a row more."""
    if count > rows:
        raise ValueError(
            f"Cannot have number of splits n_splits={count} greater than the number of samples: n_samples={rows}."
        )
    sizes = np.full(count, rows // count)
    sizes[: rows % count] += 1
    return Runs(tuple(np.cumsum(sizes).tolist())), folds(count)


def _some(codes: Array) -> tuple[int, ...]:
    return tuple(np.unique(codes).tolist())
