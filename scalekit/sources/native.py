"""Collections of other libraries as sources: read piece by piece when a query runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from scalekit.sources.align import Types
from scalekit.sources.announced_types import conformed
from scalekit.sources.base import Source


@dataclass(frozen=True, eq=False, repr=False)
class CollectionSource(Source):
    """A collection of another library, equal to a source of the same token.

    Parameters
    ----------
    data
        The collection.
    fields
        Names and types of its columns.
    declared
        Names of the columns whose types the user gave: what they hold is cast.
    token
        The identity of the rows; a pickled copy keeps it.
    """

    data: Any = field(repr=False)
    fields: Types = ()
    declared: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: uuid.uuid4().hex, repr=False)

    def __hash__(self) -> int:
        return hash(self.token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CollectionSource) and self.token == other.token

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    @property
    def schema(self) -> pl.Schema:
        """Names and types of the columns, as they were when the collection was handed over."""
        return pl.Schema(self.fields)

    def travels(self) -> bool:
        """No: the collection belongs to this process' connection."""
        return False

    def has_cheap_head(self) -> bool:
        """No: the first row may be the last step of a long computation."""
        return False

    def read(self, splits: Sequence[Any] | None = None) -> pl.LazyFrame:
        """The rows, computed when the query runs; only the columns and the number of rows that it needs."""
        wanted = self.splits() if splits is None else tuple(splits)

        def rows(
            columns: list[str] | None,
            predicate: pl.Expr | None,
            n_rows: int | None,
            _batch: int | None,
        ) -> Iterator[pl.DataFrame]:
            # Polars trusts a source to stop at n_rows, which counts before the predicate.
            for frame in self._first_rows(wanted, columns, n_rows):
                yield frame if predicate is None else frame.filter(predicate)

        return register_io_source(rows, schema=dict(self.schema), is_pure=True)

    def _first_rows(
        self, splits: tuple[Any, ...], columns: list[str] | None, limit: int | None
    ) -> Iterator[pl.DataFrame]:
        names = self.schema.names() if columns is None else columns
        # rows are counted by a column, also where a query needs none
        fields = [f for f in self.fields if f[0] in names] or list(self.fields[:1])
        left = limit
        if not splits or left == 0:
            return
        for what, piece in self._pieces(splits, [name for name, _ in fields], left):
            frame = conformed(piece, fields, self.declared, what=what)
            frame = frame if left is None else frame.head(left)
            left = None if left is None else left - frame.height
            yield frame.select(names) if names else frame
            if left == 0:
                return

    def _pieces(
        self, splits: tuple[Any, ...], names: list[str], limit: int | None
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        """What each piece is called, and its rows, of these columns at least."""
        raise NotImplementedError
