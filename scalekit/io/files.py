"""Frames from files: Parquet, CSV, NDJSON, Arrow IPC; on disk, in object stores, on the web."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.plan.nodes import Scan
from scalekit.sources.align import Extra, Missing
from scalekit.sources.csv import csv_source
from scalekit.sources.csv_dialect import NullValues
from scalekit.sources.ipc import ipc_source
from scalekit.sources.ndjson import ndjson_source
from scalekit.sources.parquet import parquet_source
from scalekit.sources.paths import Paths


@folded
def scan_parquet(
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
    storage_options: Mapping[str, Any] | None = None,
) -> Frame:
    """Read Parquet files. Their footers are read now, their rows when a result is asked for.

    Parameters
    ----------
    source
        A path, URI (``s3://``, ``gs://``, ``az://``, ``http://``), glob or folder, or a list of these.
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
        ``"insert"`` fills columns that a file lacks with null, and takes in those that only later files
        have.
    extra_columns
        ``"ignore"`` drops columns that the first file lacks.
    verify
        Read every file to its end now and compare it with its checksum: the one in the name of a file
        that scalekit wrote, or those of the pages, where the writer added them.
    storage_options
        Options of the object store, as for Polars. Their values are never printed.

    Raises
    ------
    PathNotFoundError, AccessError
        When nothing is there, or it may not be read.
    CorruptFileError, SecurityError
        For a damaged or encrypted file, and for one that asks to be unpickled.
    SchemaMismatchError
        For files whose types differ by more than a widening.

    Examples
    --------
    >>> import tempfile, polars as pl
    >>> import scalekit as sk
    >>> folder = tempfile.mkdtemp()
    >>> pl.DataFrame({"x": [1, 2]}).write_parquet(f"{folder}/a.parquet")
    >>> sk.scan_parquet(f"{folder}/*.parquet").collect()["x"].to_list()
    [1, 2]
    """
    return Frame(
        Scan(
            parquet_source(
                source,
                n_rows=n_rows,
                row_index_name=row_index_name,
                row_index_offset=row_index_offset,
                include_file_paths=include_file_paths,
                hive_partitioning=hive_partitioning,
                hive_schema=hive_schema,
                missing_columns=missing_columns,
                extra_columns=extra_columns,
                verify=verify,
                storage_options=storage_options,
            )
        )
    )


@folded
def scan_csv(
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
    storage_options: Mapping[str, Any] | None = None,
) -> Frame:
    r"""Read CSV files. They are checked and typed as a whole now, and read when a result is asked for.

    Only an empty field without quotes is null, blank lines are skipped, and types come from all values:
    a column with a leading zero, or with whole numbers beyond 64 bits, is text.

    Parameters
    ----------
    source
        A path, URI, glob or folder, or a list of these; ``.gz`` and ``.zst`` files are unpacked.
    has_header
        Whether the first line names the columns; otherwise they are ``column_0``, ``column_1``, ...
    separator, quote_char, comment_prefix
        Of one byte each; ``quote_char=None`` takes quotes as text.
    skip_rows
        Lines to pass over before the header.
    schema
        All names and types, instead of looking at the values.
    schema_overrides
        Types of some columns.
    null_values
        Further texts that mean null: one, several, or one for each column.
    try_parse_dates
        Whether columns that are ISO 8601 dates or datetimes throughout become such.
    decimal_comma
        Whether numbers have a comma for the point.
    encoding
        ``"utf8-lossy"`` replaces what is not UTF-8.
    ragged
        ``"null"`` fills rows that are too short with null.
    truncate_ragged_lines
        Whether to drop what is too much in rows that are too long.
    missing_columns, extra_columns
        As for :func:`scan_parquet`.
    n_rows, row_index_name, row_index_offset, include_file_paths, storage_options
        As for :func:`scan_parquet`.

    Raises
    ------
    PathNotFoundError, AccessError
        When nothing is there, or it may not be read.
    EmptyInputError, CorruptFileError
        For files without content, and for text that would be read as something that it is not.
    SchemaMismatchError
        For files that differ, and for values that a declared type cannot hold.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import scalekit as sk
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("zip,n\n02139,1\n94103,\n")
    >>> sk.scan_csv(path).collect().rows()
    [('02139', 1), ('94103', None)]
    """
    return Frame(
        Scan(
            csv_source(
                source,
                has_header=has_header,
                separator=separator,
                quote_char=quote_char,
                comment_prefix=comment_prefix,
                skip_rows=skip_rows,
                schema=schema,
                schema_overrides=schema_overrides,
                null_values=null_values,
                try_parse_dates=try_parse_dates,
                decimal_comma=decimal_comma,
                encoding=encoding,
                ragged=ragged,
                truncate_ragged_lines=truncate_ragged_lines,
                missing_columns=missing_columns,
                extra_columns=extra_columns,
                n_rows=n_rows,
                row_index_name=row_index_name,
                row_index_offset=row_index_offset,
                include_file_paths=include_file_paths,
                storage_options=storage_options,
            )
        )
    )


@folded
def scan_ndjson(
    source: Paths,
    *,
    schema: Mapping[str, Any] | None = None,
    schema_overrides: Mapping[str, Any] | None = None,
    n_rows: int | None = None,
    row_index_name: str | None = None,
    row_index_offset: int = 0,
    include_file_paths: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Frame:
    r"""Read files with one JSON object per line. They are checked and typed as a whole now.

    Parameters
    ----------
    source
        A path, URI, glob or folder, or a list of these; ``.gz`` and ``.zst`` files are unpacked.
    schema
        The columns wanted, with types; other keys are passed over, and values are converted strictly.
    schema_overrides
        Types of some columns.
    n_rows, row_index_name, row_index_offset, include_file_paths, storage_options
        As for :func:`scan_parquet`.

    Raises
    ------
    PathNotFoundError, AccessError
        When nothing is there, or it may not be read.
    EmptyInputError, CorruptFileError
        For files without content, and for lines that are no JSON object or give a key twice.
    SchemaMismatchError
        For a key whose values change their kind; the message names the line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import scalekit as sk
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.ndjson"
    >>> _ = path.write_text('{"x": 1}\n{"x": 2, "y": "b"}\n')
    >>> sk.scan_ndjson(path).collect().rows()
    [(1, None), (2, 'b')]
    """
    return Frame(
        Scan(
            ndjson_source(
                source,
                schema=schema,
                schema_overrides=schema_overrides,
                n_rows=n_rows,
                row_index_name=row_index_name,
                row_index_offset=row_index_offset,
                include_file_paths=include_file_paths,
                storage_options=storage_options,
            )
        )
    )


@folded
def scan_ipc(
    source: Paths,
    *,
    n_rows: int | None = None,
    row_index_name: str | None = None,
    row_index_offset: int = 0,
    include_file_paths: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Frame:
    """Read Arrow IPC files (Feather).

    Parameters
    ----------
    source
        A path, URI, glob or folder, or a list of these.
    n_rows, row_index_name, row_index_offset, include_file_paths, storage_options
        As for :func:`scan_parquet`.

    Raises
    ------
    PathNotFoundError, AccessError
        When nothing is there, or it may not be read.
    CorruptFileError, SecurityError
        For a damaged file, and for one that asks to be unpickled.
    SchemaMismatchError
        For files whose types differ by more than a widening.

    Examples
    --------
    >>> import tempfile, polars as pl
    >>> import scalekit as sk
    >>> path = f"{tempfile.mkdtemp()}/a.arrow"
    >>> pl.DataFrame({"x": [1, 2]}).write_ipc(path)
    >>> sk.scan_ipc(path).collect()["x"].to_list()
    [1, 2]
    """
    return Frame(
        Scan(
            ipc_source(
                source,
                n_rows=n_rows,
                row_index_name=row_index_name,
                row_index_offset=row_index_offset,
                include_file_paths=include_file_paths,
                storage_options=storage_options,
            )
        )
    )
