"""Splits of the rows by their positions, as cells: rows that are in the same training and test sets are in one cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from scalekit.learn.passes.folds import TEST, TRAIN

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
    states = []
    for train, test in splitter.split(np.zeros((rows, 1), dtype=np.int8)):
        state = np.zeros(rows, dtype=np.uint8)
        state[train], state[test] = TRAIN, TEST
        states.append(state)
    found = cells_of_states(states)
    if found is None:
        raise NotDistributableError(
            f"cv={cv!r} divides the rows into parts whose statistics differ, more than {MOST_CELLS:,} of them: "
            "take fewer splits, or KFold"
        )
    return found


def cells_of_states(states: Sequence[Array]) -> tuple[CellOf, list[Split]] | None:
    """Cells of splits that say of each row whether it trains or tests; None where there are too many."""
    codes = np.zeros(len(states[0]), dtype=np.int64)
    for state in states:
        codes = codes * 3 + state
        there = np.bincount(codes) > 0
        if there.sum() > MOST_CELLS:
            return None
        codes = (np.cumsum(there) - 1)[codes]
    splits = [Split(_some(codes[state == TRAIN]), _some(codes[state == TEST])) for state in states]
    return Listed(codes.astype(np.int16)), splits


def at_positions(cell_of: CellOf, positions: Array) -> CellOf:
    """Cells of rows that are some of the frame's, by the positions that these have in it."""
    match cell_of:
        case Runs(ends):
            after = np.append(positions, positions[-1] + 1)
            return Runs(tuple(after[list(ends)].tolist()))
        case Listed(codes):
            found = np.zeros(int(positions[-1]) + 1, dtype=codes.dtype)
            found[positions] = codes
            return Listed(found)
    raise TypeError(f"{type(cell_of).__name__} says nothing of positions")


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
