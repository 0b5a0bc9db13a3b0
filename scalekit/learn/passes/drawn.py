"""Rows that were drawn by their numbers, brought here: as scikit-learn draws them, from the number of rows alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import add
from typing import Any

import numpy as np

from scalekit.errors import InvalidOperationError
from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.gathered import Gathered, listed, stacked
from scalekit.learn.passes.requests import Steps

MOST_ROWS = 50_000_000
"""Rows of which something is brought here, for draws that want something of each."""

Run = tuple[int, int]


@dataclass(frozen=True)
class Numbered:
    """The rows of a view by number: the position of each in the frame, and what a draw wants of them.

    Attributes
    ----------
    positions
        Of each row; None where the number is the position.
    count
        How many rows there are.
    y, weight
        Of each row, where they were asked for.
    """

    positions: Array | None
    count: int
    y: Any
    weight: Any

    def places(self, numbers: Array) -> Array:
        """The positions of some rows."""
        return numbers if self.positions is None else self.positions[numbers]

    def numbers(self, positions: Array) -> Array:
        """The numbers of rows at some positions."""
        if self.positions is None:
            return positions
        return np.searchsorted(self.positions, positions)


def find_numbers(data: Data, *, y: bool = False, weight: bool = False) -> Steps:
    """The rows of a view by number: ``rows = yield from find_numbers(data)``; one pass."""
    blocks = yield data.ask(_noted, _collected, y, weight, what="numbers of rows")
    count = sum(block[1] for block in blocks)
    positions = None
    expected = 0
    for start, length, places, *_ in blocks:
        if places is not None or start != expected:
            positions = np.concatenate([_positions(*block[:3]) for block in blocks])
            break
        expected += length

    def joined(place: int) -> Any:
        return None if blocks[0][place] is None else np.concatenate([b[place] for b in blocks])

    return Numbered(positions, count, joined(3), joined(4))


def _noted(batch: Batch, y: bool, weight: bool) -> list[tuple[Any, ...]]:  # noqa: FBT001
    places = batch.positions
    is_run = places[-1] - places[0] == len(places) - 1
    return [
        (
            int(places[0]),
            len(places),
            None if is_run else places.astype(np.int64),
            batch.y if y else None,
            batch.weight if weight else None,
        )
    ]


def _positions(start: int, length: int, places: Any) -> Array:
    return np.arange(start, start + length) if places is None else places


def _collected(left: list[Any], right: list[Any]) -> list[Any]:
    is_large = any(value is not None for value in right[0][2:])
    if is_large and sum(block[1] for block in left) > MOST_ROWS:
        raise InvalidOperationError(
            f"draws that are weighted, or of some rows only, want a number of each row, and there are more than "
            f"{MOST_ROWS:,} rows: fit on a sample (sk.split(..., sample=)), or without weights of rows and classes"
        )
    return left + right


def rows_at(
    data: Data,
    rows: Numbered,
    numbers: Array,
    taken: Callable[[Batch], list[Gathered]] = listed,
    what: str = "drawn rows",
) -> Steps:
    """The rows of some numbers, sorted and each once: ``found = yield from rows_at(...)``, in their order."""
    places = rows.places(numbers)
    wanted = np.zeros(int(places[-1]) + 1, dtype=bool)
    wanted[places] = True
    chosen = data.where(_is_wanted, np.packbits(wanted))
    found: list[Gathered] = yield chosen.ask(taken, add, what=what)
    return stacked(found)


def _is_wanted(batch: Batch, bits: Array) -> Array:
    places = batch.positions
    known = places < 8 * len(bits)
    inside = np.where(known, places, 0)
    bit: Array = bits[inside >> 3] >> (7 - (inside & 7)).astype(np.uint8)
    return np.asarray(known & (bit & 1).astype(bool))
