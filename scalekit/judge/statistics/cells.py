"""Sums and counts by cell: the blocks of all rows, and the blocks of each level of each slice.

A column of slices on its own would cost one more pass over the rows for each sum. Columns of few levels are
therefore counted together, by all combinations of their levels, and the small table is summed in the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import TypeAlias

import numpy as np

from scalekit.judge.metrics.arrays import Array
from scalekit.judge.statistics.layout import Layout

Entry: TypeAlias = tuple[str, "int | None", "int | None"]
"""An array of a tally, the place of a model and of a quantile, where there are any."""

_ROOM = 1 << 14
"""Cells of a joint table: as many as a processor's nearest memory holds a few counters of."""

_FEW_CODES = 4
"""Up to so many codes, joint tables are of the same columns, so that the places of rows are found once."""

_NONE = ((-1,), 0)
"""Under this key, the block of each row within a slice."""


@dataclass(frozen=True)
class Cells:
    """The cells that some rows belong to.

    Attributes
    ----------
    layout
        Which cells there are.
    block
        (n,) int64.
    levels
        (n, slice columns) integers; the number of levels for rows of no level.
    weight
        (n,) float64, or None where all rows count as one.
    """

    layout: Layout
    block: Array
    levels: Array
    weight: Array | None = None
    _keys: dict[tuple[tuple[int, ...], int], Array] = field(default_factory=dict, repr=False)

    def of(self, rows: Array) -> Cells:
        """Those of some of the rows."""
        weight = None if self.weight is None else self.weight[rows]
        return Cells(self.layout, self.block[rows], self.levels[rows], weight)

    def weighted(self, values: Array) -> Array:
        """Values times weights."""
        return values if self.weight is None else values * self.weight

    def by_block(self, code: Array, width: int, values: Array | None = None) -> Array:
        """(blocks, width) of all rows only: their weight, or the sum of values times weights."""
        given = self.weight if values is None else self.weighted(values)
        counted = np.bincount(self.key((), width) + code, given, self.layout.blocks * width)
        return counted.reshape(-1, width)

    def key(self, columns: tuple[int, ...], width: int) -> Array:
        """The place of each row in a table by block, levels of some columns and code, at code 0; found once."""
        found = self._keys.get((columns, width))
        if found is None:
            found = self._place(columns) if width == 1 else self.key(columns, 1) * width
            self._keys[columns, width] = found
        return found

    def _place(self, columns: tuple[int, ...]) -> Array:
        """The same for tables without a code: each column's is made of that of the columns before it."""
        if not columns:
            return self.block
        if len(columns) == 1 and _NONE not in self._keys:
            self._keys[_NONE] = self.block % self.layout.slice_blocks
        before = self._keys[_NONE] if len(columns) == 1 else self.key(columns[:-1], 1)
        key = before * _radices(self.layout)[columns[-1]]
        key += self.levels[:, columns[-1]]
        return key


@dataclass(frozen=True)
class Ledger:
    """Counts of several chunks of rows, by name, in the tables in which they are made."""

    layout: Layout
    _tables: dict[Entry, dict[tuple[int, ...], Array]] = field(default_factory=dict, repr=False)
    _widths: dict[Entry, int] = field(default_factory=dict, repr=False)

    def count(self, entry: Entry, cells: Cells, code: Array | None = None, width: int = 1) -> None:
        """Add the weight of the rows of each code below ``width``; without weights their number."""
        self._add(entry, cells, code, width, cells.weight)

    def count_rows(
        self, entry: Entry, cells: Cells, code: Array | None = None, width: int = 1
    ) -> None:
        """Add how many rows there are of each code, whatever their weight."""
        self._add(entry, cells, code, width, None)

    def add(
        self, entry: Entry, cells: Cells, values: Array, code: Array | None = None, width: int = 1
    ) -> None:
        """Add the sum of values times weights of the rows of each code."""
        self._add(entry, cells, code, width, cells.weighted(values))

    def settled(self) -> Iterator[tuple[Entry, Array]]:
        """Each name, and what was counted by cell: (cells, width)."""
        for entry, tables in self._tables.items():
            yield entry, self._by_cell(tables, self._widths[entry])

    def _add(
        self, entry: Entry, cells: Cells, code: Array | None, width: int, values: Array | None
    ) -> None:
        self._widths[entry] = width
        tables = self._tables.setdefault(entry, {})
        for columns in (
            (),
            *_groups(_radices(self.layout), self.layout.slice_blocks, _room(width)),
        ):
            key = cells.key(columns, width)
            index = key if code is None else key + code
            counted = np.bincount(index, values, prod(self._shape(columns, width)))
            if columns in tables:
                tables[columns] += counted
            else:
                tables[columns] = counted

    def _shape(self, columns: tuple[int, ...], width: int) -> tuple[int, ...]:
        blocks = self.layout.slice_blocks if columns else self.layout.blocks
        radices = _radices(self.layout)
        return (blocks, *(radices[c] for c in columns), width)

    def _by_cell(self, tables: dict[tuple[int, ...], Array], width: int) -> Array:
        layout, starts = self.layout, _starts(self.layout)
        out = np.zeros((layout.cells, width), dtype=tables[()].dtype)
        out[: layout.blocks] = tables[()].reshape(layout.blocks, width)
        for columns, flat in tables.items():
            table = flat.reshape(self._shape(columns, width))
            for place, column in enumerate(columns):
                others = tuple(1 + i for i in range(len(columns)) if i != place)
                levels = len(layout.slices[column][1])
                marginal = table.sum(axis=others).swapaxes(0, 1)[:levels]
                start = starts[column]
                out[start : start + levels * layout.slice_blocks] = marginal.reshape(-1, width)
        return out


def _radices(layout: Layout) -> tuple[int, ...]:
    """How many levels each column has, with one for rows of none."""
    return tuple(len(levels) + 1 for _, levels in layout.slices)


def _room(width: int) -> int:
    return _ROOM if width <= _FEW_CODES else _ROOM // width


def _starts(layout: Layout) -> list[int]:
    """The first cell of each column of slices."""
    starts, at = [], layout.blocks
    for _, levels in layout.slices:
        starts.append(at)
        at += len(levels) * layout.slice_blocks
    return starts


@lru_cache(maxsize=64)
def _groups(radices: tuple[int, ...], blocks: int, room: int) -> tuple[tuple[int, ...], ...]:
    """Columns that are counted together: the smallest first, as many as there is room for."""
    groups: list[tuple[int, ...]] = []
    size = 0
    for column in sorted(range(len(radices)), key=radices.__getitem__):
        if groups and size * radices[column] <= room:
            groups[-1] = (*groups[-1], column)
            size *= radices[column]
        else:
            groups.append((column,))
            size = blocks * radices[column]
    return tuple(groups)
