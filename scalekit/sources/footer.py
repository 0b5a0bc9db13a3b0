"""What the footers of Parquet files tell: rows, row groups, types, and the memory the columns will take."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import polars as pl

from scalekit.errors import CorruptFileError
from scalekit.sources.arrow_data import check_extension_types
from scalekit.sources.conditions import UNKNOWN, Bounds
from scalekit.sources.failures import source_errors
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.remote import open_file
from scalekit.sources.uri import File, scheme_of

_THREADS = 16
_CHUNKS = 16
_GUESS = 64 * 1024
_SIGNATURE_BYTES = 28
LEAF_BYTES = {"BOOLEAN": 1 / 8, "INT32": 4, "INT64": 8, "INT96": 8, "FLOAT": 4, "DOUBLE": 8}
"""Bytes in memory of a value of a physical type, about: narrow integers are stored as wider ones."""
_ARROW_SCHEMA = re.compile(rb"ARROW:schema[^A-Za-z0-9+/]{1,8}?([A-Za-z0-9+/]{16,}={0,2})")


@dataclass(frozen=True)
class Footer:
    """One file's rows, the rows of each row group, its types, and its size in memory by column."""

    rows: int
    groups: tuple[int, ...]
    schema: pl.Schema
    column_bytes: tuple[tuple[str, int], ...]


def read_footers(files: Sequence[File], options: StorageOptions) -> list[Footer]:
    """Read the footers of ``files``, many at a time; a file that was seen before is not opened again.

    Raises
    ------
    CorruptFileError
        Naming the file.
    SecurityError
        For a file whose types ask to be unpickled.
    """
    if len(files) == 1:
        return [_read_footer(files[0], options)]
    # Where they are thousands, some at a time: a task of a thread costs more than to know a file already.
    size = max(1, len(files) // (_THREADS * _CHUNKS))
    chunks = [files[start : start + size] for start in range(0, len(files), size)]
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(lambda chunk: [_read_footer(file, options) for file in chunk], chunks)
        return list(chain.from_iterable(found))


@lru_cache(maxsize=50_000)
def _read_footer(file: File, options: StorageOptions) -> Footer:
    what = f"Parquet file {redact(file.uri, options)!r}"
    with source_errors(what, options=options):
        raw = read_tail(file, options, what)
        try:
            return _parse(raw, file, options, what)
        except NotImplementedError:  # Arrow has no 128 bit integers, Polars has
            return _ask_polars(file, options)
        except ValueError as error:
            said = redact(" ".join(str(error).split())[:200], options)
            raise CorruptFileError(
                f"{what}: its footer is damaged ({said}); write it again"
            ) from None


def _metadata(raw: bytes, stored: bytes, what: str) -> Any:
    """What Arrow reads of a footer, once it is seen that it builds no types that run code."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check_types(stored, what)
    return pq.read_metadata(pa.BufferReader(raw))


@lru_cache(maxsize=256)
def read_metadata(file: File, options: StorageOptions) -> Any | None:
    """What Arrow reads of a footer, kept for the files that were asked for last; None where it cannot."""
    what = f"Parquet file {redact(file.uri, options)!r}"
    with source_errors(what, options=options):
        raw = read_tail(file, options, what)
        try:
            return _metadata(raw, _stored_arrow_schema(raw), what)
        except (NotImplementedError, ValueError):
            return None


@lru_cache(maxsize=10_000)
def read_bounds(
    file: File, options: StorageOptions, columns: tuple[str, ...]
) -> tuple[dict[str, Bounds], ...]:
    """The least and the greatest value of some columns in each row group; nothing where it is not told."""
    metadata = read_metadata(file, options)
    if metadata is None:
        return ()
    places = {metadata.schema.column(place).path: place for place in range(metadata.num_columns)}
    found = [(name, places[name]) for name in columns if name in places and "." not in name]
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    return tuple({name: _bounds(g.column(place)) for name, place in found} for g in groups)


def _bounds(chunk: Any) -> Bounds:
    statistics = chunk.statistics if chunk.is_stats_set else None
    if statistics is None:
        return UNKNOWN
    nulls = statistics.null_count if statistics.has_null_count else None
    if statistics.has_min_max:
        has_nulls = None if nulls is None else nulls > 0
        return Bounds(statistics.min, statistics.max, has_nulls)
    only_nulls = nulls is not None and nulls == chunk.num_values
    return Bounds(has_nulls=nulls is None or nulls > 0, only_nulls=only_nulls)


def _parse(raw: bytes, file: File, options: StorageOptions, what: str) -> Footer:
    stored = _stored_arrow_schema(raw)
    metadata = _metadata(raw, stored, what)
    if len(raw) - 12 - metadata.serialized_size == _SIGNATURE_BYTES:
        # Arrow ends the process when it is asked for an encrypted column's sizes.
        raise CorruptFileError(f"{what}: it holds encrypted columns; decrypt it before reading")
    # The first line of the text is an address in memory.
    shape = str(metadata.schema).partition("\n")[2]
    schema, leaves = _layout(stored, shape, _Opened(file, options, metadata))
    groups = tuple(metadata.row_group(n).num_rows for n in range(metadata.num_row_groups))
    sizes = _column_bytes(metadata, schema, leaves)
    return Footer(metadata.num_rows, groups, schema, sizes)


def read_tail(file: File, options: StorageOptions, what: str) -> bytes:
    """A Parquet file of the footer alone: ``PAR1``, the footer, its length, ``PAR1``.

    Raises
    ------
    CorruptFileError
        When the last bytes show that the file is none, or not all of it is there.
    """
    with open_file(file.uri, options) as opened:
        size = opened.size()
        if size < 12:
            raise CorruptFileError(
                f"{what}: {'it is empty' if not size else f'{size} bytes are no Parquet file'}; write it again"
            )
        end = _read_at(opened, max(0, size - _GUESS), size)
        length = int.from_bytes(end[-8:-4], "little")
        if end[-4:] == b"PARE":
            raise CorruptFileError(f"{what}: its footer is encrypted; decrypt it before reading")
        if end[-4:] != b"PAR1":
            raise CorruptFileError(
                f"{what}: it does not end as a Parquet file does; cut short, or another format?"
            )
        if not 0 < length <= size - 12:
            raise CorruptFileError(
                f"{what}: its footer claims {length:,} bytes of {size:,}; write it again"
            )
        if length + 8 > len(end):
            end = _read_at(opened, size - length - 8, size)
        return b"PAR1" + end[-length - 8 :]


def _read_at(opened: Any, start: int, stop: int) -> bytes:
    opened.seek(start)
    return bytes(opened.read(stop - start))


def _stored_arrow_schema(raw: bytes) -> bytes:
    """The Arrow schema that writers keep in the footer, found without building anything from it.

    Arrow builds registered extension types as soon as it opens the footer, and some of them run code.
    """
    found = _ARROW_SCHEMA.search(raw)
    return found[1] if found else b""


def _ask_polars(file: File, options: StorageOptions) -> Footer:
    lazy = pl.scan_parquet(file.uri, storage_options=options.to_dict() or None, glob=False)
    rows = int(lazy.select(pl.len()).collect().item())
    schema = lazy.collect_schema()
    sizes = tuple((name, int(rows * (width(dtype) + 1 / 8))) for name, dtype in schema.items())
    return Footer(rows, (rows,), schema, sizes)


@lru_cache(maxsize=4096)
def _check_types(stored: bytes, what: str) -> None:
    if stored:
        check_extension_types(base64.b64decode(stored + b"=" * (-len(stored) % 4)), what=what)


class _Opened:
    """An open file beside the key of a cache: equal to any other, so that it does not count as a key."""

    def __init__(self, file: File, options: StorageOptions, metadata: Any) -> None:
        self.uri, self.options, self.metadata = file.uri, options, metadata

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Opened)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=4096)
def _layout(
    stored: bytes,  # noqa: ARG001 - with the shape, the key of the cache
    shape: str,  # noqa: ARG001
    opened: _Opened,
) -> tuple[pl.Schema, tuple[tuple[int, str], ...]]:
    """The types as Polars reads them, and the leaves whose size depends on their values.

    Files of one source mostly agree, so this runs once for all of them.
    """
    if scheme_of(opened.uri) is None:
        schema = pl.Schema(pl.read_parquet_schema(opened.uri))
    else:
        options = opened.options.to_dict() or None
        schema = pl.scan_parquet(opened.uri, storage_options=options, glob=False).collect_schema()
    leaves = []
    for number in range(opened.metadata.num_columns):
        column = opened.metadata.schema.column(number)
        top = column.path.split(".")[0]
        if column.path not in schema or not _is_fixed(schema[column.path]):
            leaves.append((number, column.path if column.path in schema else top))
    return schema, tuple(leaves)


def _column_bytes(
    metadata: Any, schema: pl.Schema, leaves: Sequence[tuple[int, str]]
) -> tuple[tuple[str, int], ...]:
    """Memory by column: a fixed width per row; for text the views and at most the bytes in the file.

    The uncompressed size in the footer alone misses dictionaries and constants by orders of magnitude.
    """
    rows = metadata.num_rows
    sizes = {name: rows * (width(dtype) + 1 / 8) for name, dtype in schema.items()}
    for group in range(metadata.num_row_groups if leaves else 0):
        chunks = metadata.row_group(group)
        for number, name in leaves:
            chunk = chunks.column(number)
            nested = schema.get(name) is not None and schema[name].is_nested()
            size = LEAF_BYTES.get(chunk.physical_type)
            if nested and size is not None:
                sizes[name] = sizes.get(name, 0) + chunk.num_values * (size + 1 / 8)
                continue
            values = chunk.num_values * 16 if nested else 0
            sizes[name] = sizes.get(name, 0) + values + chunk.total_uncompressed_size
    return tuple((name, int(sizes[name])) for name in schema)


def _is_fixed(dtype: pl.DataType) -> bool:
    return (
        dtype.is_numeric()
        or dtype.is_temporal()
        or dtype in (pl.Boolean, pl.Null, pl.Categorical, pl.Enum)
    )


def width(dtype: pl.DataType) -> float:
    """Bytes of one value, without what text and lists keep elsewhere.

    Examples
    --------
    >>> width(pl.Int64()), width(pl.String()), width(pl.Boolean())
    (8.0, 16.0, 0.125)
    """
    match dtype:
        case pl.Boolean():
            return 1 / 8
        case pl.Null():
            return 0.0
        case pl.String() | pl.Binary() | pl.Decimal() | pl.Int128() | pl.UInt128():
            return 16.0
        case pl.Date() | pl.Categorical() | pl.Enum():
            return 4.0
        case pl.Array():
            return dtype.size * width(dtype.inner)  # type: ignore[arg-type]
        case pl.Struct():
            return sum((width(f.dtype) for f in dtype.fields), 0.0)  # type: ignore[arg-type]
    if dtype.is_numeric():
        return int("".join(c for c in str(dtype) if c.isdigit())) / 8
    return 8.0
