"""Arrow IPC files (Feather) as a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import polars as pl

from scalekit.errors import CorruptFileError
from scalekit.sources.align import Types, common_schema
from scalekit.sources.arrow_data import check_extension_types
from scalekit.sources.failures import source_errors
from scalekit.sources.files import FileSource
from scalekit.sources.footer import width
from scalekit.sources.paths import Paths, find_files, in_threads, look_up
from scalekit.sources.pieces import Piece, in_order
from scalekit.sources.read_options import ReadOptions, RowIndex
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.remote import open_file
from scalekit.sources.uri import File

SUFFIXES = (".arrow", ".ipc", ".feather")

_MAGIC = b"ARROW1"


@dataclass(frozen=True)
class IpcFacts:
    """What the footer of one file tells."""

    schema: Types
    rows: int
    bytes: int


@dataclass(frozen=True, eq=False, repr=False)
class IpcSource(FileSource):
    """Arrow IPC files whose footers were read; see :func:`ipc_source`."""

    def describe(self) -> str:
        """Format and paths, with secrets redacted."""
        return f"IPC {self.found.describe()}"

    def scan(self, pieces: Sequence[Piece], row_index: RowIndex | None) -> pl.LazyFrame:
        """One Polars scan for each run of files with the same types, mostly one."""
        offset = row_index.offset if row_index else 0
        runs: list[pl.LazyFrame] = []
        for types, group in groupby(pieces, key=lambda piece: piece.detail):
            members = list(group)
            lazy = pl.scan_ipc(
                [piece.file.uri for piece in members],
                glob=False,
                row_index_name=row_index.name if row_index else None,
                row_index_offset=offset,
                include_file_paths=self.options.file_path_column,
                storage_options=self.found.options.to_dict() or None,
            )
            offset += sum(piece.rows or 0 for piece in members)
            casts = [pl.col(n).cast(t) for n, t in self.columns if dict(types)[n] != t]
            in_order = types == self.columns or [n for n, _ in types] == [
                n for n, _ in self.columns
            ]
            lazy = lazy.with_columns(casts) if casts else lazy
            runs.append(lazy if in_order else lazy.select(self.schema.names()))
        return pl.concat(runs) if len(runs) > 1 else runs[0]

    def scanned_again(self) -> IpcSource:
        """The same request, looked up anew."""
        return _resolve(list(self.found.asked), self.options, self.found.options)


def ipc_source(
    source: Paths,
    *,
    n_rows: int | None = None,
    row_index_name: str | None = None,
    row_index_offset: int = 0,
    include_file_paths: str | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
) -> IpcSource:
    """Find Arrow IPC files and read their footers.

    Parameters
    ----------
    source
        A path, URI, glob or folder, or a list of these.
    n_rows, row_index_name, row_index_offset, include_file_paths, storage_options
        As for Parquet.

    Raises
    ------
    PathNotFoundError, AccessError
        When nothing is there, or it may not be read.
    CorruptFileError, SecurityError
        For a damaged file, and for one that asks to be unpickled.
    SchemaMismatchError
        For files whose types differ by more than a widening.
    """
    options = ReadOptions.of(n_rows, row_index_name, row_index_offset, include_file_paths)
    return _resolve(source, options, StorageOptions.of(storage_options))


def _resolve(source: Paths, options: ReadOptions, storage: StorageOptions) -> IpcSource:
    found, facts = look_up(
        lambda: find_files(source, suffixes=SUFFIXES, options=storage),
        lambda found: in_threads(lambda file: _facts_of(file, storage), found.files),
    )
    first_with: dict[Types, str] = {}
    for file, fact in zip(found.files, facts, strict=True):
        first_with.setdefault(fact.schema, redact(file.uri, storage))
    columns = common_schema(
        [pl.Schema(types) for types in first_with],
        list(first_with.values()),
        what=f"IPC {found.describe()}",
    )
    rows = sum(fact.rows for fact in facts)
    sizes = {name: int(rows * (width(dtype) + 1 / 8)) for name, dtype in columns.items()}
    variable = [
        name
        for name, dtype in columns.items()
        if dtype.is_nested() or dtype in (pl.String, pl.Binary)
    ]
    for name in variable:
        sizes[name] += sum(fact.bytes for fact in facts) // len(variable)
    return IpcSource(
        found=found,
        pieces=in_order(
            Piece(file, fact.rows, detail=fact.schema)
            for file, fact in zip(found.files, facts, strict=True)
        ),
        columns=tuple(columns.items()),
        column_bytes=tuple(sizes.items()),
        options=options,
    )


@lru_cache(maxsize=50_000)
def _facts_of(file: File, storage: StorageOptions) -> IpcFacts:
    what = f"IPC file {redact(file.uri, storage)!r}"
    with source_errors(what, options=storage):
        size = _check_footer(file, storage, what)
        lazy = pl.scan_ipc(file.uri, glob=False, storage_options=storage.to_dict() or None)
        schema = tuple(lazy.collect_schema().items())
        return IpcFacts(schema, int(lazy.select(pl.len()).collect().item()), size)


def _check_footer(file: File, storage: StorageOptions, what: str) -> int:
    """The size of the file, once its footer is seen to be whole and to hold no code."""
    with open_file(file.uri, storage) as opened:
        size = opened.size()
        opened.seek(0)
        start = bytes(opened.read(min(size, 8)))
        if not start:
            raise CorruptFileError(f"{what}: it is empty; write it again")
        if start[:4] == b"\xff\xff\xff\xff":
            raise CorruptFileError(
                f"{what}: this is an IPC stream, not a file; read it with from_arrow"
            )
        opened.seek(max(0, size - 10))
        end = bytes(opened.read(10))
        length = int.from_bytes(end[:4], "little")
        if start[:6] != _MAGIC or end[4:] != _MAGIC or not 0 < length <= size - 18:
            raise CorruptFileError(f"{what}: it is no Arrow IPC file, or not all of it is there")
        opened.seek(size - 10 - length)
        check_extension_types(bytes(opened.read(length)), what=what)
        return size
