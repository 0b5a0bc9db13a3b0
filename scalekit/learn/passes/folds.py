"""Which rows each split of a cross-validation trains and tests on: those of scikit-learn's own splitter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from scalekit.errors import InvalidOperationError
from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps

MOST_ROWS = 50_000_000
"""Rows whose target is brought here: a splitter sees the whole target, and gives places of rows."""

NONE, TRAIN, TEST = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Splits:
    """The splits of some rows.

    Attributes
    ----------
    cv
        The splitter that made them.
    codes
        By the position of a row in the frame, the number of the split that tests on it, where each row is tested on
        once and all others train; otherwise for each split whether a row trains or tests. Numbers of one or two
        bytes, because they travel to the workers.
    count
        How many there are.
    """

    cv: Any
    codes: Array
    count: int

    @property
    def are_folds(self) -> bool:
        """Whether each row is tested on once, and trains in all other splits."""
        return self.codes.ndim == 1

    @property
    def least_tested(self) -> int:
        """The rows of the smallest test set."""
        if self.are_folds:
            return int(np.bincount(self.codes, minlength=self.count)[: self.count].min())
        return int(np.min(np.sum(self.codes == TEST, axis=1)))

    def train(self, data: Data, number: int) -> Data:
        """The rows that a split trains on."""
        if self.codes.ndim == 1:
            return data.where(_is_other, self.codes, number)
        return data.where(_has_code, self.codes[number], TRAIN)

    def test(self, data: Data, number: int) -> Data:
        """The rows that a split tests on."""
        if self.codes.ndim == 1:
            return data.where(_has_code, self.codes, number)
        return data.where(_has_code, self.codes[number], TEST)


def _has_code(batch: Batch, codes: Array, code: int) -> Array:
    return np.asarray(codes[batch.positions] == code)


def _is_other(batch: Batch, codes: Array, code: int) -> Array:
    return np.asarray(codes[batch.positions] != code)


def find_splits(data: Data, cv: Any, *, classifier: bool, **shuffled: Any) -> Steps:
    """The splits that scikit-learn makes of these rows in their order: ``splits = yield from find_splits(...)``.

    ``shuffled`` is what ``check_cv`` takes for a number of folds: ``shuffle`` and ``random_state``.
    """
    blocks = yield data.ask(_targets, _collected, what="targets, for the folds")
    positions = np.concatenate([block[0] for block in blocks])
    y = None if blocks[0][1] is None else np.concatenate([block[1] for block in blocks])
    cv = check_cv(cv, y, classifier=classifier, **shuffled)
    found = list(cv.split(np.zeros((len(positions), 1), dtype=np.int8), y))
    if not found:
        raise ValueError("No fits were performed. Was the CV iterator empty?")
    return Splits(cv, _codes(found, positions), len(found))


def _targets(batch: Batch) -> list[tuple[Array, Any]]:
    return [(batch.positions.astype(np.int64), batch.y)]


def _collected(left: list[Any], right: list[Any]) -> list[Any]:
    if sum(len(positions) for positions, _ in left) > MOST_ROWS:
        raise InvalidOperationError(
            f"scikit-learn's folds take the whole target in one memory, and there are more than {MOST_ROWS:,} rows: "
            "cross-validate on a sample (frame.filter, sk.split(..., sample=)), or fit on each of sk.split's folds"
        )
    return left + right


def _codes(found: list[tuple[Array, Array]], positions: Array) -> Array:
    rows, size = len(positions), int(positions.max()) + 1
    places = [(_places(train, rows), _places(test, rows)) for train, test in found]
    smallest = np.uint8 if len(found) < 255 else np.uint16 if len(found) < 65_535 else np.uint32
    once = np.full(size, len(found), dtype=smallest)
    for number, (_, test) in enumerate(places):
        once[positions[test]] = number
    if _is_partition(places, rows):
        return once
    codes = np.zeros((len(found), size), dtype=np.uint8)
    for number, (train, test) in enumerate(places):
        codes[number, positions[train]] = TRAIN
        codes[number, positions[test]] = TEST
    return codes


def _places(chosen: Any, rows: int) -> Array:
    """Places of rows, of places or a mask; each once."""
    places: Array = np.arange(rows)[np.asarray(chosen)]
    if np.count_nonzero(_mask(places, rows)) < len(places):
        raise InvalidOperationError(
            "a split of cv= names a row twice; over partitions a row counts once"
        )
    return places


def _mask(places: Array, rows: int) -> Array:
    mask = np.zeros(rows, dtype=bool)
    mask[places] = True
    return mask


def _is_partition(places: list[tuple[Array, Array]], rows: int) -> bool:
    """Whether each row is tested on once, and trains in all other splits."""
    if sum(len(test) for _, test in places) != rows:
        return False
    tested = np.zeros(rows, dtype=bool)
    for train, test in places:
        if len(train) + len(test) != rows or _mask(train, rows)[test].any():
            return False
        tested[test] = True
    return bool(tested.all())


def refuses_splitter(cv: Any) -> str:
    """Why a splitter cannot be used over partitions; an empty text where it can."""
    if "Group" in type(cv).__name__:
        return (
            f"cv={type(cv).__name__} asks for groups, which a fit is not given; sk.split(frame, group=..., folds=...) "
            "makes folds of whole groups, to be fitted one after the other"
        )
    return ""
