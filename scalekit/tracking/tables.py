"""Several Arrow tables in one Parquet file: the block statistics of a run, by role and name."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, TypeAlias

import polars as pl
import pyarrow as pa

from scalekit.errors import CorruptFileError

Tables: TypeAlias = Mapping[str, Mapping[str, pa.Table]]
"""Role of the rows (``"test"``, ``"valid"``, ``"train"``), name of the table, table."""


def tables_to_parquet(tables: Tables) -> bytes:
    """One row for each table, which is an Arrow IPC stream in it: they have columns of their own each.

    Polars frames are taken for Arrow tables. Metadata of their schemas are kept.
    """
    rows = [
        {"role": role, "table": name, "arrow": _stream(table)}
        for role, named in tables.items()
        for name, table in named.items()
    ]
    types = {"role": pl.String(), "table": pl.String(), "arrow": pl.Binary()}
    buffer = io.BytesIO()
    pl.DataFrame(rows, schema=types).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def tables_from_parquet(content: bytes, place: str) -> dict[str, dict[str, pa.Table]]:
    """The tables of :func:`tables_to_parquet`, equal to what they were.

    Raises
    ------
    CorruptFileError
        The content is something else.
    """
    try:
        found: dict[str, dict[str, pa.Table]] = {}
        for role, name, stream in pl.read_parquet(io.BytesIO(content)).iter_rows():
            found.setdefault(role, {})[name] = pa.ipc.open_stream(stream).read_all()
        return found
    except (pl.exceptions.PolarsError, pa.ArrowException, ValueError, TypeError) as error:
        raise CorruptFileError(f"{place} is not what scalekit wrote: {error}") from error


def _stream(table: Any) -> bytes:
    arrow = table.to_arrow() if isinstance(table, pl.DataFrame) else table
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    return bytes(sink.getvalue())
