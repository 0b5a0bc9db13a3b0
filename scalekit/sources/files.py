"""What all sources over files share: splits by row ranges, row numbers, and files that change under a plan."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any, Self, TypeAlias

import polars as pl

from scalekit.errors import DuplicateError, SchemaMismatchError, SourceError
from scalekit.sources.base import Share, Source, Statistics
from scalekit.sources.column_statistics import (
    BlockStatistics,
    ColumnStatistics,
    combined,
    spread,
)
from scalekit.sources.failures import source_errors
from scalekit.sources.paths import FileSet, in_threads
from scalekit.sources.pieces import (
    FileSplit,
    PackedSplit,
    Piece,
    Run,
    blocks_of,
    first_rows,
    is_replaced,
    pack,
    runs,
    shares_of,
    unpack,
)
from scalekit.sources.read_options import ReadOptions, RowIndex
from scalekit.sources.redact import redact

_SPLIT_BYTES = 128 * 1024**2
POLARS_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_MOST_FILES = 8
"""Files that are looked at for the values of columns: all over the source."""

ColumnBlocks: TypeAlias = Mapping[str, Sequence[BlockStatistics]]
"""Column to blocks of it, in the order of rows."""


@dataclass(frozen=True, eq=False, repr=False)
class FileSource(Source):
    """Rows of files of one format; a format adds how its files are scanned and how they are found again.

    Parameters
    ----------
    found
        The paths as given, and the files.
    pieces
        The files with their rows, in order.
    columns
        Names and types that the files hold, partition keys included.
    column_bytes
        What each column takes in memory, as far as it is known.
    options
        Row limit, row number and path column.
    """

    found: FileSet
    pieces: tuple[Piece, ...]
    columns: tuple[tuple[str, pl.DataType], ...]
    column_bytes: tuple[tuple[str, int], ...]
    options: ReadOptions

    def __post_init__(self) -> None:
        taken = {name for name, _ in self.columns}
        index = self.options.row_index.name if self.options.row_index else None
        for name in (index, self.options.file_path_column):
            if name is not None and name in taken:
                raise DuplicateError.columns(
                    [name],
                    way_out=f"{self.describe()} has that column already: choose another name",
                )
            taken.add(name or "")

    @cached_property
    def _identity(self) -> tuple[Any, ...]:
        return (type(self), *(getattr(self, f.name) for f in fields(self)))

    @cached_property
    def _hash(self) -> int:
        return hash(self._identity)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, FileSource)
            and self._hash == other._hash
            and self._identity == other._identity
        )

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @abstractmethod
    def scan(self, pieces: Sequence[Piece], row_index: RowIndex | None) -> pl.LazyFrame:
        """Whole files as Polars scans them: row number, :attr:`columns`, path column."""

    @abstractmethod
    def scanned_again(self) -> Self:
        """The same request, looked up anew."""

    @abstractmethod
    def describe(self) -> str:
        """Format and paths, with secrets redacted."""

    @cached_property
    def schema(self) -> pl.Schema:
        """Row number first, then the files' columns, then the path."""
        index, path = self.options.row_index, self.options.file_path_column
        columns = dict(self.columns)
        head = {index.name: pl.Int64()} if index else {}
        tail = {path: pl.String()} if path else {}
        return pl.Schema({**head, **columns, **tail})

    @cached_property
    def rows(self) -> int | None:
        """The number of rows, or None where a file's is unknown."""
        counts = [piece.rows for piece in self.pieces]
        if any(count is None for count in counts):
            return None
        total = sum(count for count in counts if count is not None)
        return total if self.options.n_rows is None else min(total, self.options.n_rows)

    def statistics(self) -> Statistics:
        """Rows and bytes from footers, or from a pass over the text."""
        known = sum(size for _, size in self.column_bytes) if self.column_bytes else None
        total = sum(piece.rows or 0 for piece in self.pieces)
        share = self.rows / total if self.rows is not None and total else 1.0
        by_column = {name: int(size * share) for name, size in self.column_bytes}
        rows = self.rows or 0
        index, path = self.options.row_index, self.options.file_path_column
        extra = ({index.name: 8 * rows} if index else {}) | ({path: 24 * rows} if path else {})
        return Statistics(
            rows=self.rows,
            bytes=None if known is None else int(known * share) + sum(extra.values()),
            exact=self.rows is not None,
            column_bytes=tuple((by_column | extra).items()) if self.column_bytes else (),
        )

    def column_statistics(self, columns: Sequence[str]) -> Mapping[str, ColumnStatistics]:
        """From some files, and some blocks of each; kept for whoever scans these generations of files again."""
        found = _statistics_of(self)
        unknown = tuple(name for name in columns if name not in found)
        if unknown and self.rows is not None:
            pieces = [self.pieces[n] for n in spread(len(self.pieces), _MOST_FILES)]
            try:
                blocks = in_threads(lambda piece: self.blocks_at(piece, unknown), pieces)
            except (
                SourceError,
                *POLARS_ERRORS,
            ):  # gone, replaced or faulty: whoever reads it says so
                return {}
            for name in unknown:
                all_of_it = [block for one in blocks for block in one.get(name, ())]
                found[name] = combined(all_of_it, self.rows)
        return {name: found[name] for name in columns if name in found}

    def block_rows(self) -> int | None:
        """The largest block of the first files."""
        first = self.pieces[:_MOST_FILES]
        return max((max(p.blocks, default=p.rows or 0) for p in first), default=None)

    def blocks_at(self, piece: Piece, columns: tuple[str, ...]) -> ColumnBlocks:  # noqa: ARG002
        """What some blocks of a file say of columns; nothing where that would be a pass over the file."""
        return {}

    def inputs(self) -> tuple[str, ...]:
        """Canonical identities of the folder and the files."""
        return self.found.inputs()

    def local_paths(self) -> tuple[str, ...]:
        """The paths as they were given, those of other machines left out."""
        return self.found.local_paths()

    def splits(self) -> tuple[FileSplit, ...]:
        """Files, and parts of large files at the borders of their blocks, of about equal size."""
        splits = [split for n, piece in enumerate(self.pieces) for split in self._parts(n, piece)]
        return tuple(first_rows(splits, self.options.n_rows)) or (FileSplit(0, 0, 0, ""),)

    def _parts(self, number: int, piece: Piece) -> Iterator[FileSplit]:
        version = piece.file.version
        if piece.rows is None or len(piece.blocks) < 2:
            yield FileSplit(number, 0, piece.rows, version)
            return
        total = sum(p.rows or 0 for p in self.pieces)
        row_bytes = sum(size for _, size in self.column_bytes) / max(1, total)
        start = end = 0
        for block in piece.blocks:
            end += block
            if (end - start) * row_bytes >= _SPLIT_BYTES:
                yield FileSplit(number, start, end - start, version)
                start = end
        if end > start:
            yield FileSplit(number, start, end - start, version)

    def shares(self, columns: Sequence[str]) -> tuple[Share, ...]:
        """The blocks of the files, with what ``columns`` take of each."""
        blocks = first_rows(blocks_of(self.pieces), self.options.n_rows)
        sizes = tuple((name, size) for name, size in self.column_bytes if name in set(columns))
        return tuple(shares_of(self.pieces, blocks, sizes, can_cut=self.can_cut))

    @property
    def can_cut(self) -> bool:
        """Whether a file can be read from any row for little more than the rows that follow."""
        return True

    def cut(self, split: FileSplit, start: int, stop: int) -> FileSplit:
        """Some rows of a split."""
        return FileSplit(split.file, split.offset + start, stop - start, split.version)

    def shell(self) -> Self:
        """The source without its files."""
        return replace(self, found=replace(self.found, files=()), pieces=())

    def packed(self, splits: Sequence[FileSplit]) -> tuple[PackedSplit, ...]:
        """The splits with their files."""
        return tuple(pack(self.pieces, [split for split in splits if split.rows != 0]))

    def narrowed(self, packed: Sequence[PackedSplit]) -> Self:
        """The source of the files of these splits alone."""
        pieces, _ = unpack(packed)
        rows = [f"{s.offset:,} to {s.offset + s.rows:,}" for s in packed if s.rows is not None]
        found = replace(
            self.found,
            asked=tuple(piece.file.uri for piece in pieces) or self.found.asked,
            files=tuple(piece.file for piece in pieces),
            note=f", rows {', '.join(rows[:3])}" if rows else "",
        )
        return replace(self, found=found, pieces=pieces)

    def read(self, splits: Sequence[Any] | None = None) -> pl.LazyFrame:
        """Scan the files, or the rows that ``splits`` name.

        Raises
        ------
        SourceError
            For a file that was replaced since and no longer fits; a replaced file that still has the same
            columns is read as it is now.
        """
        if splits and isinstance(splits[0], PackedSplit):
            return self._read_packed(splits)
        current = self.refreshed()
        with source_errors(self.describe(), options=self.found.options):
            if splits is None:
                lazy = current._run(Run(0, len(current.pieces), 0, self.options.n_rows))
                return lazy.select(self._pinned(lazy)) if self.options.row_index else lazy
            return self._read_splits(current, splits)

    def _read_packed(self, packed: Sequence[PackedSplit]) -> pl.LazyFrame:
        """In a task: it looks at no other files than its own, and at those but once."""
        own = self.narrowed(packed)
        if own.is_stale():
            raise SourceError(
                f"{own.describe()}: a file was replaced while the query ran; run it again"
            )
        with source_errors(own.describe(), options=self.found.options):
            return own._read_splits(own, unpack(packed)[1])

    def _read_splits(self, current: FileSource, splits: Sequence[FileSplit]) -> pl.LazyFrame:
        for split in splits:
            if split.rows != 0 and current.pieces[split.file].file.version != split.version:
                raise SourceError(
                    f"{redact(current.pieces[split.file].file.uri)!r} was replaced while the query ran; run it again"
                )
        numbered = self.options.row_index is not None
        tables = [current._run(run) for run in runs(current.pieces, splits, numbered=numbered)]
        if not tables:
            return pl.LazyFrame(schema=self.schema)
        lazy = pl.concat(tables) if len(tables) > 1 else tables[0]
        return lazy.select(self._pinned(lazy)) if self.options.row_index else lazy

    def _run(self, run: Run) -> pl.LazyFrame:
        index = self.options.row_index
        pieces = self.pieces[run.first : run.behind]
        if index is not None and pieces[0].before:
            index = RowIndex(index.name, index.offset + pieces[0].before)
        total = None if any(p.rows is None for p in pieces) else sum(p.rows or 0 for p in pieces)
        whole = run.offset == 0 and (run.rows is None or (total is not None and run.rows >= total))
        if whole:
            return self.scan(pieces, index)
        return self.scan_rows(pieces, index, run.offset, run.rows)

    def scan_rows(
        self, pieces: Sequence[Piece], row_index: RowIndex | None, offset: int, rows: int | None
    ) -> pl.LazyFrame:
        """Some rows of neighbouring files; Polars reads little more than these of Parquet and IPC."""
        return self.scan(pieces, row_index).slice(offset, rows)

    def _pinned(self, _: pl.LazyFrame) -> list[pl.Expr]:
        """The row number as Int64, which no count can make unsigned."""
        index = self.options.row_index
        return [
            pl.col(n).cast(t) if index and n == index.name else pl.col(n)
            for n, t in self.schema.items()
        ]

    def is_stale(self) -> bool:
        """Whether a local file was replaced or removed since it was looked at."""
        return any(is_replaced(piece.file) for piece in self.pieces)

    def refreshed(self) -> FileSource:
        """Look at the local files again; objects of a store keep the generation that was listed.

        Raises
        ------
        SchemaMismatchError
            When the columns are others now.
        PathNotFoundError
            When nothing is left.
        """
        if not self.is_stale():
            return self
        with source_errors(self.describe(), options=self.found.options):
            current = self.scanned_again()
        if current.schema != self.schema:
            raise SchemaMismatchError(
                f"{self.describe()} was replaced since it was scanned and has other columns now: scan it again"
            )
        return current


@lru_cache(maxsize=256)
def _statistics_of(_: FileSource) -> dict[str, ColumnStatistics]:
    """What was found of the columns of a source, and of all that are equal to it."""
    return {}
