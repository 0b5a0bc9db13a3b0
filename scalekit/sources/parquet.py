"""Parquet files as a source: one or many, in folders with or without partition keys, local or remote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

import polars as pl

from scalekit.sources.align import Extra, Missing, Types, common_schema, declared_types
from scalekit.sources.base import Share
from scalekit.sources.checksums import verify_files
from scalekit.sources.conditions import Bounds, Condition, may_hold
from scalekit.sources.files import ColumnBlocks, FileSource
from scalekit.sources.footer import Footer, read_bounds, read_footers, read_metadata
from scalekit.sources.hive import HiveKeys, hive_keys, key_bounds
from scalekit.sources.parquet_columns import block_statistics
from scalekit.sources.paths import FileSet, Paths, find_files, in_threads, look_up
from scalekit.sources.pieces import Piece, in_order
from scalekit.sources.read_options import ReadOptions, RowIndex
from scalekit.sources.redact import StorageOptions, redact

SUFFIXES = (".parquet", ".pq", ".parq")

_MOST_FOOTERS = 1000
"""Files of which the footers are looked at once more for a filter; beyond, each task does it for its own."""

_WIDEN = pl.ScanCastOptions(integer_cast="upcast", float_cast="upcast", datetime_cast="upcast")


@dataclass(frozen=True)
class ParquetRequest:
    """Everything that was asked for, but the paths."""

    hive_partitioning: bool | None
    hive_schema: Types
    missing_columns: Missing
    extra_columns: Extra
    verify: bool
    options: ReadOptions
    storage: StorageOptions


@dataclass(frozen=True, eq=False, repr=False)
class ParquetSource(FileSource):
    """Parquet files whose footers were read; see :func:`parquet_source`."""

    hive: HiveKeys
    request: ParquetRequest
    uniform: bool
    """Whether every file stores exactly :attr:`columns`."""

    def describe(self) -> str:
        """Format and paths, with secrets redacted."""
        return f"Parquet {self.found.describe()}"

    def scan(self, pieces: Sequence[Piece], row_index: RowIndex | None) -> pl.LazyFrame:
        """One Polars scan over all files, so that filters and columns reach the reader."""
        stored = {name: dtype for name, dtype in self.columns if name not in self.hive.names}
        lazy = pl.scan_parquet(
            [piece.file.uri for piece in pieces],
            glob=False,
            # Told a schema, Polars does not look at the footers and knows no row counts: it then joins
            # from the larger side and filters nothing by the smaller one.
            schema=None if self.uniform else stored,
            hive_partitioning=bool(self.hive.all_types),
            hive_schema=dict(self.hive.all_types) or None,
            missing_columns=self.request.missing_columns,
            extra_columns="ignore",  # what may be extra was decided over the footers
            cast_options=_WIDEN,
            row_index_name=row_index.name if row_index else None,
            row_index_offset=row_index.offset if row_index else 0,
            include_file_paths=self.options.file_path_column,
            storage_options=self.found.options.to_dict() or None,
        )
        return lazy.select(self.schema.names()) if self.hive.all_types else lazy

    def without_excluded(
        self, shares: Sequence[Share], conditions: Sequence[Condition]
    ) -> tuple[Share, ...]:
        """The row groups that the keys of their folders, and their own least and greatest values, allow."""
        of_keys = [one for one in conditions if one.column in self.hive.names]
        of_values = [one for one in conditions if one.column not in self.hive.names]
        by_file = {
            n: list(group) for n, group in groupby(shares, key=lambda share: share.split.file)
        }
        if of_keys:
            keys = self._key_bounds(list(by_file))
            by_file = {n: group for n, group in by_file.items() if may_hold(of_keys, keys[n])}
        if of_values and len(by_file) <= _MOST_FOOTERS:
            by_file = self._by_values(by_file, of_values)
        return tuple(share for group in by_file.values() for share in group)

    def _key_bounds(self, files: Sequence[int]) -> dict[int, dict[str, Bounds]]:
        start = len(self.found.root.rstrip("/")) + 1 if self.found.root else 0
        uris = [self.pieces[n].file.uri[start:] for n in files]
        return dict(zip(files, key_bounds(uris, self.hive), strict=True))

    def _by_values(
        self, by_file: dict[int, list[Share]], conditions: Sequence[Condition]
    ) -> dict[int, list[Share]]:
        columns = tuple(dict.fromkeys(one.column for one in conditions))
        files = [self.pieces[n].file for n in by_file]
        found = in_threads(lambda file: read_bounds(file, self.request.storage, columns), files)
        kept = {}
        for (n, group), groups in zip(by_file.items(), found, strict=True):
            starts = dict(zip(accumulate((0, *self.pieces[n].blocks)), groups, strict=False))
            kept[n] = [s for s in group if may_hold(conditions, starts.get(s.split.offset, {}))]
        return kept

    def blocks_at(self, piece: Piece, columns: tuple[str, ...]) -> ColumnBlocks:
        """From the footer, without a look at the rows."""
        metadata = read_metadata(piece.file, self.request.storage)
        return {} if metadata is None else block_statistics(metadata, columns)

    def scanned_again(self) -> ParquetSource:
        """The same request, looked up anew."""
        return _resolve(list(self.found.asked), self.request)


def parquet_source(
    source: Paths,
    *,
    n_rows: int | None = None,
    row_index_name: str | None = None,
    row_index_offset: int = 0,
    include_file_paths: str | None = None,
    hive_partitioning: bool | None = None,
    hive_schema: Mapping[str, Any] | None = None,
    missing_columns: Missing = "raise",
    extra_columns: Extra = "raise",
    verify: bool = False,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
) -> ParquetSource:
    """Find Parquet files and read their footers, many at a time.

    Parameters
    ----------
    source
        A path, URI, glob or folder, or a list of these.
    n_rows
        Stop after this many rows.
    row_index_name, row_index_offset
        Add a column that numbers the rows, and its first number.
    include_file_paths
        Add a column with the path that each row came from.
    hive_partitioning
        Take folders named ``key=value`` as columns; by default where ``source`` is a folder.
    hive_schema
        Types of those columns; by default whole numbers and dates where all values are, else text.
    missing_columns
        ``"insert"`` fills columns that a file lacks with null, and takes in those that only later files have.
    extra_columns
        ``"ignore"`` drops columns that the first file lacks.
    verify
        Read every file to its end now and compare it with its checksum: the one in the name of a file
        that scalekit wrote, or those of the pages, where the writer added them.
    storage_options
        Options of the object store, as for Polars.

    Raises
    ------
    PathNotFoundError, AccessError
        When nothing is there, or it may not be read.
    CorruptFileError, SecurityError
        For a damaged or encrypted file, and for one that asks to be unpickled.
    SchemaMismatchError
        For files whose types cannot be aligned by a widening.
    """
    request = ParquetRequest(
        hive_partitioning=hive_partitioning,
        hive_schema=declared_types(hive_schema, what="scan_parquet"),
        missing_columns=missing_columns,
        extra_columns=extra_columns,
        verify=verify,
        options=ReadOptions.of(n_rows, row_index_name, row_index_offset, include_file_paths),
        storage=StorageOptions.of(storage_options),
    )
    return _resolve(source, request)


def _resolve(source: Paths, request: ParquetRequest) -> ParquetSource:
    found, footers = look_up(
        lambda: find_files(source, suffixes=SUFFIXES, options=request.storage),
        lambda found: read_footers(found.files, request.storage),
    )
    what = f"Parquet {found.describe()}"
    if request.verify:
        verify_files(found.files, request.storage)
    keys = hive_keys(found, request.hive_partitioning, request.hive_schema or found.keys, what=what)
    stored = _stored_schema(
        found, footers, keys, what, request.missing_columns, request.extra_columns
    )
    return ParquetSource(
        found=found,
        pieces=in_order(
            Piece(file, footer.rows, footer.groups, column_bytes=footer.column_bytes)
            for file, footer in zip(found.files, footers, strict=True)
        ),
        columns=tuple({**stored, **dict(keys.types)}.items()),
        column_bytes=_total_bytes(footers, stored, keys),
        options=request.options,
        hive=keys,
        request=request,
        # files of one layout share the object
        uniform=not keys.names and len({id(footer.schema) for footer in footers}) == 1,
    )


def _stored_schema(
    found: FileSet,
    footers: Sequence[Footer],
    keys: HiveKeys,
    what: str,
    missing: Missing,
    extra: Extra,
) -> pl.Schema:
    """Align the distinct schemas, most often one; a key of the path stands above a column of the file."""
    first_with: dict[tuple[tuple[str, pl.DataType], ...], str] = {}
    seen: set[int] = set()
    for file, footer in zip(found.files, footers, strict=True):
        if id(footer.schema) not in seen:  # files of one layout share the object
            seen.add(id(footer.schema))
            stored = tuple((n, t) for n, t in footer.schema.items() if n not in keys.names)
            first_with.setdefault(stored, redact(file.uri, found.options))
    schemas = [pl.Schema(items) for items in first_with]
    schema = common_schema(
        schemas, list(first_with.values()), what=what, missing=missing, extra=extra
    )
    keys.check_clash(schema, what=what)
    return schema


def _total_bytes(
    footers: Sequence[Footer], stored: pl.Schema, keys: HiveKeys
) -> tuple[tuple[str, int], ...]:
    totals = dict.fromkeys([*stored, *keys.names], 0)
    for footer in footers:
        for name, size in footer.column_bytes:
            if name in totals:
                totals[name] += size
    rows = sum(footer.rows for footer in footers)
    return (
        tuple(totals.items())
        if not keys.names
        else tuple((totals | dict.fromkeys(keys.names, 16 * rows)).items())
    )
