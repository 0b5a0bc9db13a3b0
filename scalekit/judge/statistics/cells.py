"""Sums and counts by cell: the blocks of all rows, and the blocks of each level of each slice.

A column of slices on its own would cost one more pass over the rows for each sum. Columns of few levels are
therefore counted together, by all combinations of their levels, and the small table is summed afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from scalekit.judge.metrics.arrays import Array
from scalekit.judge.statistics.layout import Layout

_ROOM = 1 << 14
"""Counters of a joint table: as many as a processor's nearest memory holds."""


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
        (n, slice columns) int64; the number of levels for rows of no level.
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

    def sums(self, values: Array) -> Array:
        """(cells,) the sum of values times weights."""
        weighted = values if self.weight is None else values * self.weight
        return self._counted(None, 1, weighted)[:, 0]

    def counts(self, code: Array | None, width: int) -> Array:
        """(cells, width) the weight of the rows of each code below ``width``; without weights their number."""
        return self._counted(code, width, self.weight)

    def counted_values(self, code: Array, width: int, values: Array) -> Array:
        """(cells, width) the sum of values times weights of the rows of each code."""
        weighted = values if self.weight is None else values * self.weight
        return self._counted(code, width, weighted)

    def rows(self, code: Array | None = None, width: int = 1) -> Array:
        """(cells, width) how many rows, whatever their weight."""
        return self._counted(code, width, None)

    def by_block(self, code: Array, width: int, values: Array | None = None) -> Array:
        """(blocks, width) of all rows only: their weight, or the sum of values times weights."""
        given = self.weight
        if values is not None:
            given = values if self.weight is None else values * self.weight
        index = self._key((), width) + code
        return np.bincount(index, given, self.layout.blocks * width).reshape(-1, width)

    def _counted(self, code: Array | None, width: int, values: Array | None) -> Array:
        layout = self.layout
        out = np.zeros((layout.cells, width), dtype=np.int64 if values is None else np.float64)
        out[: layout.blocks] = self._table((), code, width, values).reshape(layout.blocks, width)
        starts = _starts(layout)
        for columns in _groups(_radices(layout), layout.slice_blocks, max(_ROOM // width, 1)):
            table = self._table(columns, code, width, values)
            for place, column in enumerate(columns):
                others = tuple(1 + i for i in range(len(columns)) if i != place)
                levels = len(layout.slices[column][1])
                marginal = table.sum(axis=others).swapaxes(0, 1)[:levels]
                start = starts[column]
                out[start : start + levels * layout.slice_blocks] = marginal.reshape(-1, width)
        return out

    def _table(
        self, columns: tuple[int, ...], code: Array | None, width: int, values: Array | None
    ) -> Array:
        """By block and the levels of some columns."""
        radices = _radices(self.layout)
        blocks = self.layout.slice_blocks if columns else self.layout.blocks
        shape = (blocks, *(radices[c] for c in columns), width)
        key = self._key(columns, width)
        index = key if code is None else key + code
        return np.bincount(index, values, int(np.prod(shape))).reshape(shape)

    def _key(self, columns: tuple[int, ...], width: int) -> Array:
        """The place of each row in such a table, at code 0; found once."""
        if (columns, width) not in self._keys:
            key = self.block % self.layout.slice_blocks if columns else self.block
            for column in columns:
                key = key * _radices(self.layout)[column] + self.levels[:, column]
            self._keys[columns, width] = key * width if width > 1 else key
        return self._keys[columns, width]


def _radices(layout: Layout) -> tuple[int, ...]:
    """How many levels each column has, with one for rows of none."""
    return tuple(len(levels) + 1 for _, levels in layout.slices)


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
