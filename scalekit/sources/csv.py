"""CSV files as a source: checked as a whole, typed by all their values, read by Polars."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, ClassVar, Literal

import polars as pl

from scalekit.errors import CorruptFileError
from scalekit.sources.align import Extra, Missing, declared_types
from scalekit.sources.csv_columns import (
    CsvFacts,
    CsvRequest,
    column_bytes,
    columns_of,
    declared_of,
    names_of,
)
from scalekit.sources.csv_dialect import Dialect, NullValues
from scalekit.sources.csv_lines import Lines, check_lines
from scalekit.sources.csv_types import check_declared, column_facts
from scalekit.sources.failures import source_errors
from scalekit.sources.paths import Paths, find_files, in_threads, look_up
from scalekit.sources.pieces import Piece, in_order
from scalekit.sources.read_options import ReadOptions, RowIndex
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.text import TextSource
from scalekit.sources.text_blocks import Blocks, Shape, find_blocks
from scalekit.sources.uri import File

SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst", ".gz")

_ROW = "__scalekit_csv_row"


@dataclass(frozen=True, eq=False, repr=False)
class CsvSource(TextSource):
    """CSV files that were checked and typed; see :func:`csv_source`."""

    form: ClassVar[str] = "csv"
    request: CsvRequest

    def describe(self) -> str:
        """Format and paths, with secrets redacted."""
        return f"CSV {self.found.describe()}"

    def scan(self, pieces: Sequence[Piece], row_index: RowIndex | None) -> pl.LazyFrame:
        """One Polars scan for each run of files that need the same handling, mostly one."""
        runs: list[pl.LazyFrame] = []
        offset = row_index.offset if row_index else 0
        for _, group in groupby(enumerate(pieces), key=_handling):
            members = [piece for _, piece in group]
            index = RowIndex(row_index.name, offset) if row_index else None
            runs.append(self._scan_alike(members, index))
            offset += sum(piece.rows or 0 for piece in members)
        return pl.concat(runs) if len(runs) > 1 else runs[0]

    @property
    def quote(self) -> bytes:
        """As the dialect has it."""
        return (self.request.dialect.quote_char or "").encode()

    def scan_text(self, piece: Piece, text: bytes, row_index: RowIndex | None) -> pl.LazyFrame:
        """Some records, below the header."""
        return self._scan_alike([piece], row_index, io.BytesIO(text))

    def _scan_alike(
        self, members: Sequence[Piece], index: RowIndex | None, text: io.BytesIO | None = None
    ) -> pl.LazyFrame:
        lines: Lines = members[0].detail
        mark = RowIndex(_ROW) if lines.blanks else index
        dialect = self.request.dialect
        # Polars does not undouble a quote in a name.
        stored = {
            name.replace('"', '""') if '"' in name else name: name for name, _ in self.columns
        }
        lazy = pl.scan_csv(
            text or [piece.file.uri for piece in members],
            schema=dict(zip(stored, (dtype for _, dtype in self.columns), strict=True)),
            skip_lines=lines.skip,
            row_index_name=mark.name if mark else None,
            row_index_offset=mark.offset if mark else 0,
            include_file_paths=None if text else self.options.file_path_column,
            storage_options=None if text else self.found.options.to_dict() or None,
            **self._leniency(members),
            **dialect.polars_options(),
        )
        if any(raw != name for raw, name in stored.items()):
            lazy = lazy.rename(stored)
        if text and (path := self.options.file_path_column) is not None:
            lazy = lazy.with_columns(pl.lit(members[0].file.uri).alias(path))
        if not lines.blanks:
            return lazy
        # A blank line comes back as a row of nulls; which rows these are is known from the pass over the lines.
        blanks = pl.Series(lines.blanks, dtype=pl.UInt32)
        lazy = lazy.filter(~pl.col(_ROW).is_in(blanks.implode())).drop(_ROW)
        return lazy.with_row_index(index.name, index.offset) if index else lazy

    def _leniency(self, members: Sequence[Piece]) -> dict[str, Any]:
        names = {name for name, _ in self.columns}
        if not self.request.dialect.has_header or all(
            set(piece.detail.header) == names for piece in members
        ):
            return {"truncate_ragged_lines": self.request.dialect.truncate_ragged_lines}
        return {"missing_columns": "insert", "extra_columns": "ignore"}

    def scanned_again(self) -> CsvSource:
        """The same request, looked up anew."""
        return _resolve(list(self.found.asked), self.request)


def _handling(numbered: tuple[int, Piece]) -> tuple[int, int]:
    """Files without blank lines and with as many lines to skip are scanned together."""
    number, piece = numbered
    return (piece.detail.skip, number if piece.detail.blanks else -1)


def csv_source(
    source: Paths,
    *,
    has_header: bool = True,
    separator: str = ",",
    quote_char: str | None = '"',
    comment_prefix: str | None = None,
    skip_rows: int = 0,
    schema: Mapping[str, Any] | None = None,
    schema_overrides: Mapping[str, Any] | None = None,
    null_values: NullValues = None,
    try_parse_dates: bool = False,
    decimal_comma: bool = False,
    encoding: Literal["utf8", "utf8-lossy"] = "utf8",
    ragged: Literal["raise", "null"] = "raise",
    truncate_ragged_lines: bool = False,
    missing_columns: Missing = "raise",
    extra_columns: Extra = "raise",
    n_rows: int | None = None,
    row_index_name: str | None = None,
    row_index_offset: int = 0,
    include_file_paths: str | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
) -> CsvSource:
    """Find CSV files, check all their lines, and learn their types from all their values.

    A file that was looked at before is not read again. Parameters as for :func:`scalekit.scan_csv`.

    Raises
    ------
    PathNotFoundError, AccessError
        When nothing is there, or it may not be read.
    EmptyInputError, CorruptFileError
        For files without content, and for text that would be read as something that it is not.
    SchemaMismatchError
        For files that differ, and for values that a declared type cannot hold.
    """
    request = CsvRequest(
        dialect=Dialect.of(
            null_values=null_values,
            has_header=has_header,
            separator=separator,
            quote_char=quote_char,
            comment_prefix=comment_prefix,
            skip_rows=skip_rows,
            encoding=encoding,
            decimal_comma=decimal_comma,
            try_parse_dates=try_parse_dates,
            ragged=ragged,
            truncate_ragged_lines=truncate_ragged_lines,
        ),
        schema=declared_types(schema, what="scan_csv") if schema is not None else None,
        overrides=declared_types(schema_overrides, what="scan_csv"),
        missing_columns=missing_columns,
        extra_columns=extra_columns,
        options=ReadOptions.of(n_rows, row_index_name, row_index_offset, include_file_paths),
        storage=StorageOptions.of(storage_options),
    )
    return _resolve(source, request)


def _resolve(source: Paths, request: CsvRequest) -> CsvSource:
    found, facts = look_up(
        lambda: find_files(source, suffixes=SUFFIXES, options=request.storage),
        lambda found: in_threads(lambda file: _facts_of(file, request), found.files),
    )
    what = f"CSV {found.describe()}"
    for hint in dict.fromkeys(fact.lines.hint for fact in facts if fact.lines.hint):
        warnings.warn(hint, UserWarning, stacklevel=5)
    columns = columns_of(found.files, facts, request, what)
    return CsvSource(
        found=found,
        pieces=in_order(
            Piece(
                file,
                fact.rows - len(fact.lines.blanks),
                fact.blocks.rows if fact.blocks else (),
                fact.blocks,
                detail=fact.lines,
            )
            for file, fact in zip(found.files, facts, strict=True)
        ),
        columns=tuple(columns.items()),
        column_bytes=column_bytes(columns, facts),
        options=request.options,
        request=request,
    ).looked_at()


@lru_cache(maxsize=4096)
def _facts_of(file: File, request: CsvRequest) -> CsvFacts:
    """The passes over one file; the same generation of a file is not read twice."""
    what = f"CSV file {redact(file.uri, request.storage)!r}"
    dialect = request.dialect
    lines = check_lines(file, dialect, request.storage, what=what)
    with source_errors(what, options=request.storage):
        texts = pl.scan_csv(
            file.uri,
            infer_schema=False,
            skip_lines=lines.skip,
            truncate_ragged_lines=True,
            storage_options=request.storage.to_dict() or None,
            **dialect.polars_options(),
        )
        names = names_of(lines, request, what)
        texts = texts.rename(dict(zip(texts.collect_schema().names(), names, strict=True)))
        declared = declared_of(names, request, what)
        columns, rows = column_facts(
            texts,
            declared,
            decimal_comma=dialect.decimal_comma,
            try_parse_dates=dialect.try_parse_dates,
        )
        check_declared(texts, declared, decimal_comma=dialect.decimal_comma, what=what)
    if rows != lines.records:
        raise CorruptFileError(
            f"{what}: quotes stand where fields do not begin or end, so that its rows cannot be told apart; "
            "repair the file, or pass quote_char=None"
        )
    return CsvFacts(lines, columns, rows, _blocks_of(file, lines, request))


def _blocks_of(file: File, lines: Lines, request: CsvRequest) -> Blocks | None:
    dialect = request.dialect
    if lines.blanks or dialect.comment_prefix:
        return None  # a line is not always a record then
    quote = (dialect.quote_char or "").encode()
    shape = Shape(lines.skip, dialect.has_header, quote)
    return find_blocks(file, request.storage, shape, lines.records)
