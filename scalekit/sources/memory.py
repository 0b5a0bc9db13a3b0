"""Rows that are in memory already: one Polars frame, whatever object it came from."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import polars as pl

from scalekit.sources.base import Source, Statistics
from scalekit.sources.column_statistics import ColumnStatistics, combined, of_rows, spread
from scalekit.sources.sizes import counted, size_text

_SPLIT_BYTES = 128 * 1024**2
_BLOCKS, _BLOCK_ROWS = 8, 512
"""Runs of rows that are looked at for the values of columns, and the length of each."""


@dataclass(frozen=True)
class RowRange:
    """A run of rows of a frame."""

    offset: int
    rows: int


@dataclass(frozen=True, eq=False)
class MemorySource(Source):
    """A frame in memory, equal to another scan of the same frame and to nothing else.

    Build it with :func:`memory_source`, which recognises a frame that was scanned before.

    Parameters
    ----------
    frame
        The rows. The source keeps its own handle on the columns, so that later changes of the user's
        frame in place do not reach a plan that stands already.
    origin
        What the rows came from: ``"polars"``, ``"pandas"``, ``"arrow"``, ``"numpy"`` or ``"python"``.
    token
        The identity of the rows; a pickled copy keeps it.
    """

    form: ClassVar[str] = "frame"
    frame: pl.DataFrame = field(repr=False)
    origin: str = "polars"
    token: str = field(default_factory=lambda: uuid.uuid4().hex, repr=False)

    def __hash__(self) -> int:
        return hash(self.token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MemorySource) and self.token == other.token

    def __getstate__(self) -> dict[str, Any]:
        return {"frame": self.frame, "origin": self.origin, "token": self.token}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @property
    def schema(self) -> pl.Schema:
        """Names and types of the columns."""
        return self.frame.schema

    def splits(self) -> tuple[RowRange, ...]:
        """Ranges of rows of about 128 MB."""
        height = self.frame.height
        parts = max(1, min(height, -(-int(self.frame.estimated_size()) // _SPLIT_BYTES)))
        bounds = [height * part // parts for part in range(parts + 1)]
        return tuple(RowRange(start, stop - start) for start, stop in pairwise(bounds))

    def read(self, splits: Sequence[Any] | None = None) -> pl.LazyFrame:
        """The rows, without copying them."""
        if splits is None:
            return self.frame.lazy()
        runs = [self.frame.slice(run.offset, run.rows) for run in merged(splits)]
        return (pl.concat(runs) if runs else self.frame.clear()).lazy()

    def statistics(self) -> Statistics:
        """The height, and the size as Polars reports it."""
        return Statistics(
            rows=self.frame.height,
            bytes=int(self.frame.estimated_size()),
            exact=True,
            column_bytes=tuple(
                (s.name, int(s.estimated_size())) for s in self.frame.iter_columns()
            ),
        )

    def column_statistics(self, columns: Sequence[str]) -> Mapping[str, ColumnStatistics]:
        """From a few thousand rows all over the frame; kept, so that they are looked at once."""
        found = self.__dict__.setdefault("_column_statistics", {})
        unknown = [name for name in columns if name not in found and name in self.frame.columns]
        if unknown:
            starts = spread(max(1, self.frame.height // _BLOCK_ROWS), _BLOCKS)
            blocks = [
                of_rows(self.frame.slice(n * _BLOCK_ROWS, _BLOCK_ROWS), unknown) for n in starts
            ]
            for name in unknown:
                mine = [block[name] for block in blocks if name in block]
                found[name] = combined(mine, self.frame.height)
        return {name: found[name] for name in columns if name in found}

    def travels(self) -> bool:
        """No: the rows are in this process."""
        return False

    def describe(self) -> str:
        """Rows, columns and origin."""
        height, width = self.frame.shape
        if self.origin.startswith("persisted"):
            size = size_text(int(self.frame.estimated_size()))
            return f"{self.origin}: 1 part, {counted(height, 'row')}, {size}"
        return f"frame from {self.origin} ({height:,} x {width})"


def merged(ranges: Sequence[RowRange]) -> Iterator[RowRange]:
    """Join neighbours, so that reading all splits is one slice."""
    current: RowRange | None = None
    for item in ranges:
        if current is not None and item.offset == current.offset + current.rows:
            current = RowRange(current.offset, current.rows + item.rows)
            continue
        if current is not None:
            yield current
        current = item
    if current is not None:
        yield current


# By the identity of the user's frame; the frame is kept beside it, so that an identity is not reused.
_SEEN: WeakValueDictionary[int, MemorySource] = WeakValueDictionary()


def memory_source(
    frame: pl.DataFrame, *, origin: str = "polars", given: object = None
) -> MemorySource:
    """The source over ``frame``; the same one where ``given`` was scanned before and is unchanged.

    Parameters
    ----------
    frame
        The rows.
    origin
        What they came from.
    given
        The object that the user holds, if it is not ``frame`` itself.

    Examples
    --------
    >>> df = pl.DataFrame({"a": [1, 2]})
    >>> memory_source(df) == memory_source(df)
    True
    >>> memory_source(df) == memory_source(pl.DataFrame({"a": [1, 2]}))
    False
    """
    given = frame if given is None else given
    known = _SEEN.get(id(given))
    if known is not None and known.frame.schema == frame.schema and known.frame.equals(frame):
        return known
    source = MemorySource(frame.clone(), origin)
    object.__setattr__(source, "_given", given)
    _SEEN[id(given)] = source
    return source


@dataclass(frozen=True, eq=False)
class LazySource(Source):
    """A Polars LazyFrame: it stays lazy, so that Polars optimizes through it."""

    form: ClassVar[str] = "frame"
    frame: pl.LazyFrame = field(repr=False)
    token: str = field(default_factory=lambda: uuid.uuid4().hex, repr=False)
    fields: tuple[tuple[str, pl.DataType], ...] = ()

    @property
    def origin(self) -> str:
        """Always ``"polars"``."""
        return "polars"

    def __hash__(self) -> int:
        return hash(self.token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LazySource) and self.token == other.token

    @property
    def schema(self) -> pl.Schema:
        """Names and types of the columns, as Polars resolved them when the frame was handed over."""
        return pl.Schema(self.fields)

    def splits(self) -> tuple[None]:
        """One piece: a lazy frame has no parts until it runs."""
        return (None,)

    def read(self, splits: Sequence[Any] | None = None) -> pl.LazyFrame:
        """The lazy frame itself."""
        return self.frame if splits is None or len(splits) else self.frame.clear()

    def statistics(self) -> Statistics:
        """Nothing is known before it runs."""
        return Statistics()

    def travels(self) -> bool:
        """No: it may refer to frames in this process."""
        return False

    def describe(self) -> str:
        """What it is, and how wide."""
        return f"Polars LazyFrame ({len(self.fields)} columns)"
