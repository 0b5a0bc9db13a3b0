"""NDJSON files as a source: one JSON object on each line, typed by all of them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from scalekit.errors import ColumnNotFoundError, SchemaMismatchError
from scalekit.sources.align import Types, common_type, declared_types
from scalekit.sources.json_lines import JsonFacts, json_column_bytes, json_facts
from scalekit.sources.paths import (
    FileSet,
    Paths,
    find_files,
    in_threads,
    look_up,
    without_wildcards,
)
from scalekit.sources.pieces import Piece, in_order
from scalekit.sources.read_options import ReadOptions, RowIndex
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.text import TextSource

_ROW = "__scalekit_ndjson_row"

SUFFIXES = (".ndjson", ".jsonl", ".json", ".ndjson.gz", ".jsonl.gz", ".json.gz", ".zst")


@dataclass(frozen=True)
class NdjsonRequest:
    """Everything that was asked for, but the paths."""

    schema: Types | None
    overrides: Types
    options: ReadOptions
    storage: StorageOptions


@dataclass(frozen=True, eq=False, repr=False)
class NdjsonSource(TextSource):
    """NDJSON files that were checked and typed; see :func:`ndjson_source`."""

    form: ClassVar[str] = "ndjson"
    stored: Types
    request: NdjsonRequest

    def describe(self) -> str:
        """Format and paths, with secrets redacted."""
        return f"NDJSON {self.found.describe()}"

    def scan(self, pieces: Sequence[Piece], row_index: RowIndex | None) -> pl.LazyFrame:
        """One Polars scan over all files; a key that a line lacks is null."""
        has_blanks = any(piece.detail for piece in pieces)
        mark = row_index or (RowIndex(_ROW) if has_blanks else None)
        lazy = pl.scan_ndjson(
            [without_wildcards(piece.file.uri) for piece in pieces],
            schema=dict(self.stored),
            row_index_name=mark.name if mark else None,
            row_index_offset=mark.offset if mark else 0,
            include_file_paths=self.options.file_path_column,
            storage_options=self.found.options.to_dict() or None,
        )
        if mark is not None and has_blanks:
            # Polars 2.1 counts blank lines when it skips rows, and gives some rows twice; a filter stays above.
            lazy = lazy.filter(pl.col(mark.name) >= 0)
            lazy = lazy if row_index else lazy.drop(_ROW)
        return self._as_declared(lazy)

    def scan_text(self, piece: Piece, text: bytes, row_index: RowIndex | None) -> pl.LazyFrame:
        """Some lines of a file."""
        lazy = pl.scan_ndjson(
            io.BytesIO(text),
            schema=dict(self.stored),
            row_index_name=row_index.name if row_index else None,
            row_index_offset=row_index.offset if row_index else 0,
        )
        if (path := self.options.file_path_column) is not None:
            lazy = lazy.with_columns(pl.lit(piece.file.uri).alias(path))
        return self._as_declared(lazy)

    def _as_declared(self, lazy: pl.LazyFrame) -> pl.LazyFrame:
        found = dict(self.stored)
        declared = [
            _converted(name, found.get(name), dtype)
            for name, dtype in self.columns
            if found.get(name) != dtype
        ]
        return (
            lazy.with_columns(declared).select(self.schema.names())
            if declared or self._drops
            else lazy
        )

    @property
    def _drops(self) -> bool:
        return len(self.columns) != len(self.stored)

    def scanned_again(self) -> NdjsonSource:
        """The same request, looked up anew."""
        return _resolve(list(self.found.asked), self.request)


def ndjson_source(
    source: Paths,
    *,
    schema: Mapping[str, Any] | None = None,
    schema_overrides: Mapping[str, Any] | None = None,
    n_rows: int | None = None,
    row_index_name: str | None = None,
    row_index_offset: int = 0,
    include_file_paths: str | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
) -> NdjsonSource:
    """Find NDJSON files, check all their lines, and learn their types from all their values.

    Parameters
    ----------
    source
        A path, URI, glob or folder, or a list of these.
    schema
        The columns wanted, with types; other keys are passed over, and values are converted strictly.
    schema_overrides
        Types of some columns.
    n_rows, row_index_name, row_index_offset, include_file_paths, storage_options
        As for Parquet.

    Raises
    ------
    PathNotFoundError, AccessError
        When nothing is there, or it may not be read.
    EmptyInputError, CorruptFileError
        For files without content, and for lines that are no JSON object or give a key twice.
    SchemaMismatchError
        For a key whose values change their kind.
    """
    request = NdjsonRequest(
        schema=declared_types(schema, what="scan_ndjson") if schema is not None else None,
        overrides=declared_types(schema_overrides, what="scan_ndjson"),
        options=ReadOptions.of(n_rows, row_index_name, row_index_offset, include_file_paths),
        storage=StorageOptions.of(storage_options),
    )
    return _resolve(source, request)


def _resolve(source: Paths, request: NdjsonRequest) -> NdjsonSource:
    found, facts = look_up(
        lambda: find_files(source, suffixes=SUFFIXES, options=request.storage),
        lambda found: in_threads(lambda file: json_facts(file, request.storage), found.files),
    )
    what = f"NDJSON {found.describe()}"
    stored = _common_schema(found, facts, what)
    overrides = dict(request.overrides)
    columns = dict(request.schema) if request.schema is not None else dict(stored)
    unknown = [name for name in overrides if name not in columns]
    if unknown:
        raise ColumnNotFoundError.missing(unknown, columns)
    columns |= overrides
    return NdjsonSource(
        found=found,
        pieces=in_order(
            Piece(
                file,
                fact.rows,
                fact.blocks.rows if fact.blocks else (),
                fact.blocks,
                detail=fact.has_blanks,
            )
            for file, fact in zip(found.files, facts, strict=True)
        ),
        columns=tuple(columns.items()),
        column_bytes=json_column_bytes(pl.Schema(columns), facts),
        options=request.options,
        stored=tuple(stored.items()),
        request=request,
    ).looked_at()


def _common_schema(found: FileSet, facts: Sequence[JsonFacts], what: str) -> pl.Schema:
    """Keys of all files in the order in which they come up; a file need not have each."""
    result: dict[str, pl.DataType] = {}
    first: dict[str, str] = {}
    for file, fact in zip(found.files, facts, strict=True):
        shown = redact(file.uri, found.options)
        for name, dtype in fact.schema.items():
            first.setdefault(name, shown)
            common = _common_json_type(result.get(name, pl.Null()), dtype)
            if common is None:
                raise SchemaMismatchError(
                    f"{what}: {name!r} is {result[name]} in {first[name]!r} and {dtype} in {shown!r}; "
                    "write one kind of value per key"
                )
            result[name] = common
    return pl.Schema(result)


def _common_json_type(left: pl.DataType, right: pl.DataType) -> pl.DataType | None:
    """A JSON number is one kind of value, and an object need not have every key."""
    if left.is_numeric() and right.is_numeric() and left.is_float() != right.is_float():
        return pl.Float64()
    if isinstance(left, pl.List) and isinstance(right, pl.List):
        inner = _common_json_type(_full(left.inner), _full(right.inner))
        return None if inner is None else pl.List(inner)
    if isinstance(left, pl.Struct) and isinstance(right, pl.Struct):
        fields = {field.name: _full(field.dtype) for field in left.fields}
        for field in right.fields:
            common = _common_json_type(fields.get(field.name, pl.Null()), _full(field.dtype))
            if common is None:
                return None
            fields[field.name] = common
        return pl.Struct(fields)
    return common_type(left, right)


def _full(dtype: Any) -> pl.DataType:
    full: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return full


def _converted(name: str, found: pl.DataType | None, dtype: pl.DataType) -> pl.Expr:
    """A declared type over what the file holds: dates and times as ISO 8601, everything else as a strict cast."""
    if found is None:
        return pl.lit(None, dtype).alias(name)
    if found == pl.String and dtype == pl.Date:
        return pl.col(name).str.to_date("%Y-%m-%d")
    if found == pl.String and dtype == pl.Time:
        return pl.col(name).str.to_time("%H:%M:%S%.f")
    if found == pl.String and isinstance(dtype, pl.Datetime):
        layout = "%Y-%m-%dT%H:%M:%S%.f" + ("%#z" if dtype.time_zone else "")
        text = pl.col(name).str.replace(r"^(\S+) ", "${1}T")  # as Polars itself writes them
        parsed = text.str.to_datetime(layout, time_unit=dtype.time_unit)
        return parsed.dt.convert_time_zone(dtype.time_zone) if dtype.time_zone else parsed
    return pl.col(name).cast(dtype)
