"""What sources over text share: a part of a large file is read by its bytes, not by counting its lines."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Self

import polars as pl

from scalekit.sources.column_statistics import BlockStatistics, of_rows, spread
from scalekit.sources.files import ColumnBlocks, FileSource
from scalekit.sources.pieces import Piece
from scalekit.sources.read_options import RowIndex
from scalekit.sources.text_blocks import heads, window

_HEADS, _HEAD_BYTES, _HEAD = 8, 32 * 1024, 2_000
"""Blocks that are looked at for the values of columns, bytes of each, and rows of a file without blocks."""


class TextSource(FileSource):
    """Files of text, of which large ones are known in blocks of whole records."""

    def looked_at(self) -> Self:
        """The same, with the values of its columns known: a moment beside the pass over the text that was made."""
        self.column_statistics(self.schema.names())
        return self

    @property
    def can_cut(self) -> bool:
        """No: a reader has to count lines up to where it begins."""
        return False

    @property
    def quote(self) -> bytes:
        """What stands around a field in which a line may end."""
        return b""

    @abstractmethod
    def scan_text(self, piece: Piece, text: bytes, row_index: RowIndex | None) -> pl.LazyFrame:
        """Some records of a file, below all that stands above its first one."""

    def scan_rows(
        self, pieces: Sequence[Piece], row_index: RowIndex | None, offset: int, rows: int | None
    ) -> pl.LazyFrame:
        """Some rows of neighbouring files, of large ones only the blocks that hold them."""
        if not any(piece.blocks for piece in pieces):
            return super().scan_rows(pieces, row_index, offset, rows)
        tables = []
        before, stop = 0, None if rows is None else offset + rows
        for piece in pieces:
            height = piece.rows or 0
            low, high = (
                max(0, offset - before),
                height if stop is None else min(height, stop - before),
            )
            if low < high:
                index = replace(row_index, offset=row_index.offset + before) if row_index else None
                tables.append(self._rows_of(piece, index, low, high))
            before += height
        return pl.concat(tables) if tables else pl.LazyFrame(schema=self.schema)

    def blocks_at(self, piece: Piece, columns: tuple[str, ...]) -> ColumnBlocks:
        """From a few records at the beginning of some blocks."""
        few = None if len(self.pieces) == 1 else _HEAD
        heads = self._heads(piece) if piece.text else [self.scan([piece], None).slice(0, few)]
        found: dict[str, list[BlockStatistics]] = {name: [] for name in columns}
        for head in heads:
            for name, block in of_rows(head.collect(), columns).items():
                found[name].append(block)
        return found

    def _heads(self, piece: Piece) -> Iterator[pl.LazyFrame]:
        assert piece.text is not None
        numbers = spread(len(piece.blocks), _HEADS)
        options = self.found.options
        for text in heads(piece.file, options, piece.text, numbers, _HEAD_BYTES, self.quote):
            yield self.scan_text(piece, text, None)

    def _rows_of(
        self, piece: Piece, row_index: RowIndex | None, low: int, high: int
    ) -> pl.LazyFrame:
        if (low, high) == (0, piece.rows):
            return self.scan([piece], row_index)
        if piece.text is None:
            return self.scan([piece], row_index).slice(low, high - low)
        ends = list(accumulate(piece.blocks))
        first, behind = bisect_right(ends, low), bisect_left(ends, high) + 1
        start = ends[first - 1] if first else 0
        above, text = window(piece.file, self.found.options, piece.text, first, behind)
        index = replace(row_index, offset=row_index.offset + start) if row_index else None
        lazy = self.scan_text(piece, above + text, index)
        if (low, high) == (start, ends[behind - 1]):
            return lazy
        return lazy.slice(low - start, high - low)
