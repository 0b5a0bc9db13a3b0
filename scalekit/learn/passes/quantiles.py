"""Exact order statistics of columns: rows are counted by the leading bits of their value, ever more of them, in four passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TypeAlias

import numpy as np

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps

PASSES = 4
CELLS = 1 << 22
"""Cells that a pass counts, of all columns together: no worker answers more."""

FEW = 1 << 21
"""Rows in the cells that matter which are so few that their values are brought here."""

SIGN = np.uint64(1 << 63)

Source: TypeAlias = Callable[[Batch], Iterator[tuple[Array, "Array | None"]]]
"""Gives the values of each column of a batch, without missing ones, and their weights or None; it travels."""


@dataclass(frozen=True)
class Tally:
    """Cells of one column in order, and the rows and the weight in each; a cell is what leading bits have in common."""

    cells: Array
    rows: Array
    weight: Array


@dataclass(frozen=True)
class Tallies:
    """Those of all columns, and the number of rows, of which some have no value."""

    rows: int
    columns: list[Tally]


@dataclass(frozen=True)
class Wanted:
    """Of one column: the first values up to which there lies at least, or more than, so much weight."""

    least: Array
    more: Array


def key_of(values: Array) -> Array:
    """Whole numbers in the order of some floats; zeros of both signs are one."""
    bits = (np.asarray(values, dtype=np.float64) + 0.0).view(np.uint64)
    return bits ^ (SIGN | (bits.view(np.int64) >> 63).view(np.uint64))


def value_of(keys: Array) -> Array:
    """The floats of such numbers."""
    bits: Array = np.where(keys >= SIGN, keys ^ SIGN, ~keys)
    return bits.view(np.float64)


# one pass


def tally(
    batch: Batch, source: Source, within: Sequence[Array] | None, before: int, after: int
) -> Tallies:
    """Count the cells of which ``after`` bits are open, in those of ``within``, of which ``before`` bits are open."""
    cells = repeat(None) if within is None else within
    columns = [
        _counted(key_of(values), weight, parents, before, after)
        for (values, weight), parents in zip(source(batch), cells, strict=False)
    ]
    return Tallies(batch.height, columns)


def _counted(
    keys: Array, weight: Array | None, parents: Array | None, before: int, after: int
) -> Tally:
    bits, size = np.uint64(before - after), 1 << (before - after)
    place = np.zeros(len(keys), np.uint64)
    if parents is not None:
        keys, weight, place = _inside(keys, weight, parents, np.uint64(before))
        size *= len(parents)
    above = keys >> np.uint64(after)
    if size > max(1 << 16, 4 * len(keys)):  # sorting what there is costs less than so many counters
        cells, code = np.unique(above, return_inverse=True)
        return Tally(cells, *_binned(code, weight, len(cells)))
    low = np.uint64((1 << int(bits)) - 1)
    rows, sums = _binned(((place << bits) | (above & low)).astype(np.intp), weight, size)
    code = np.flatnonzero(rows)
    parent = np.uint64(0) if parents is None else parents[code >> int(bits)]
    return Tally((parent << bits) | (code.astype(np.uint64) & low), rows[code], sums[code])


def _inside(
    keys: Array, weight: Array | None, parents: Array, before: np.uint64
) -> tuple[Array, Array | None, Array]:
    """The keys in some cells, and the place of their cell."""
    if not len(parents):
        return keys[:0], None, np.empty(0, np.uint64)
    above = keys >> before
    place = np.minimum(np.searchsorted(parents, above), len(parents) - 1)
    inside = parents[place] == above
    return keys[inside], None if weight is None else weight[inside], place[inside].astype(np.uint64)


def _binned(code: Array, weight: Array | None, size: int) -> tuple[Array, Array]:
    rows = np.bincount(code, minlength=size)
    return rows, rows if weight is None else np.bincount(code, weight, size)


def added_tallies(left: Tallies, right: Tallies) -> Tallies:
    """Those of the rows of both."""
    columns = [_both(a, b) for a, b in zip(left.columns, right.columns, strict=True)]
    return Tallies(left.rows + right.rows, columns)


def _both(a: Tally, b: Tally) -> Tally:
    cells, code = np.unique(np.concatenate([a.cells, b.cells]), return_inverse=True)
    rows, weight = (
        np.bincount(code, np.concatenate(pair), len(cells))
        for pair in ((a.rows, b.rows), (a.weight, b.weight))
    )
    return Tally(cells, rows, weight)


# all passes


def order_statistics(
    data: Data, source: Source, wanted: Callable[[Tally, int], Wanted], what: str = "quantiles"
) -> Steps:
    """Values at some places in the order of each column.

    Parameters
    ----------
    data
        The rows.
    source
        Their columns.
    wanted
        What is wanted of a column, given its coarse cells, whose sums are known, and the number of all rows.

    Returns
    -------
    list of tuple of array
        Of each column the values for ``least`` and for ``more``; NaN for a column without weight.
    """
    before, after = 64, 48
    counted: Tallies = yield data.ask(tally, added_tallies, source, None, 64, after, what=what)
    searches = [_Search(column, wanted(column, counted.rows)) for column in counted.columns]
    for number in range(2, PASSES + 1):
        if not any(len(search.cells) for search in searches):
            break
        within = [search.cells for search in searches]
        before, after = after, _open_bits(searches, after, is_last=number == PASSES)
        counted = yield data.ask(tally, added_tallies, source, within, before, after, what=what)
        for search, column in zip(searches, counted.columns, strict=True):
            search.refine(column, before - after)
        if not after:
            break
    return [search.values for search in searches]


def _open_bits(searches: Sequence[_Search], before: int, *, is_last: bool) -> int:
    """How many bits the next pass leaves open: none where few rows are left."""
    if is_last or sum(search.rows for search in searches) <= FEW:
        return 0
    cells = sum(len(search.cells) for search in searches)
    return max(0, before - min(16, max(4, (CELLS // max(1, cells)).bit_length() - 1)))


class _Search:
    """The cells of one column in which the wanted values lie."""

    def __init__(self, counted: Tally, wanted: Wanted) -> None:
        self._sums = np.concatenate([wanted.least, wanted.more])
        self._is_more = np.arange(len(self._sums)) >= len(wanted.least)
        self._count = len(wanted.least)
        self._found = np.zeros(len(self._sums), dtype=np.uint64)
        self._choose(counted, np.zeros(len(self._sums), dtype=np.intp), None)

    def refine(self, counted: Tally, bits: int) -> None:
        """Go on within finer cells, of which there are ``2 ** bits`` in a cell."""
        if not len(counted.cells):
            return
        above = counted.cells >> np.uint64(bits)
        self._choose(
            counted,
            np.searchsorted(above, self._found),
            np.searchsorted(above, self._found, "right"),
        )

    def _choose(self, counted: Tally, start: Array, stop: Array | None) -> None:
        """For each sum the cell between ``start`` and ``stop`` where it is reached, and what is left of it before."""
        if not len(counted.cells) or not len(self._sums):
            self.cells, self.rows = np.empty(0, np.uint64), 0
            return
        stop = np.full_like(start, len(counted.cells)) if stop is None else stop
        upto = np.concatenate([[0.0], np.cumsum(counted.weight)])
        aim = self._sums + upto[start]
        place = np.where(
            self._is_more,
            np.searchsorted(upto[1:], aim, "right"),
            np.searchsorted(upto[1:], aim, "left"),
        )
        last = np.searchsorted(upto[1:], upto[stop], "left")  # behind it there is no weight
        place = np.clip(place, start, np.maximum(last, start))  # rounding of weights leads astray
        self._sums = aim - upto[place]
        self._found = counted.cells[place]
        self.cells, first = np.unique(self._found, return_index=True)
        self.rows = int(counted.rows[place[first]].sum())

    @property
    def values(self) -> tuple[Array, Array]:
        """The values, once no bit is open."""
        found = value_of(self._found) if len(self.cells) else np.full(len(self._sums), np.nan)
        return found[: self._count], found[self._count :]
