"""Frames from Arrow: tables, record batches, streams, and any object with the PyCapsule interface."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import DuplicateError, InvalidOperationError, SchemaError, SecurityError
from scalekit.sources.memory import MemorySource, memory_source
from scalekit.sources.python_values import check_types

if TYPE_CHECKING:
    import pyarrow as pa

# Names of extension types whose reader unpickles what the file holds; a plain word in a text is no name.
_EXECUTES = re.compile(
    rb"ray\.data\.[\w.]*pickle[\w.]*|arrow\.py_extension_type|[\w-]+(?:\.[\w-]+)*\.[\w-]*pickled[\w.-]*"
)


def check_extension_types(schema: bytes, *, what: str) -> None:
    """Refuse a serialized Arrow schema that names an extension type whose reader would run code.

    Only the bytes are looked at, since building the schema is what could run it.

    Raises
    ------
    SecurityError
        Naming the type.
    """
    if b"ARROW:extension" not in schema:
        return
    found = _EXECUTES.search(schema)
    if found:
        raise SecurityError(
            f"{what}: the extension type {found[0].decode(errors='replace')!r} asks to unpickle its content, "
            "which can run any code; write the file again without it"
        )


def arrow_source(data: Any) -> MemorySource:
    """A source over Arrow data; a stream is read to its end.

    Parameters
    ----------
    data
        A table, a record batch, a record batch reader, or any object with ``__arrow_c_stream__`` or
        ``__arrow_c_array__`` (DuckDB results, nanoarrow, arro3, Narwhals frames, ...).

    Raises
    ------
    InvalidOperationError
        For an object without either method, and for an array that is no table.
    SecurityError
        For an extension type whose reader would run code.
    """
    if not (hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")):
        raise InvalidOperationError(
            f"from_arrow needs an Arrow table or an object with __arrow_c_stream__, not {type(data).__name__}"
        )
    import pyarrow as pa

    schema = getattr(data, "schema", None)
    if isinstance(schema, pa.Schema):
        _check_fields(schema)
    given = data
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    try:
        frame = pl.DataFrame(unsliced(data) if isinstance(data, pa.Table) else data)
    except pl.exceptions.DuplicateError as error:
        raise DuplicateError(f"from_arrow: {error}; rename one of the columns") from None
    except (
        TypeError,
        ValueError,
        NotImplementedError,
        pa.ArrowException,
        pl.exceptions.PolarsError,
    ) as error:
        raise SchemaError(
            f"from_arrow: {type(given).__name__} cannot be taken over as a table ({error})"
        ) from None
    return memory_source(check_types(frame, what="from_arrow"), origin="arrow", given=given)


def unsliced(table: pa.Table) -> pa.Table:
    """The table with :func:`unsliced_column` of each of its columns."""
    for position, field in enumerate(table.schema):
        column = table.column(position)
        whole = unsliced_column(column)
        table = table if whole is column else table.set_column(position, field, whole)
    return table


def unsliced_column(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """A copy of fixed-size lists, as Polars 2.1 refuses a slice of them that has nulls; the rest as it is."""
    import pyarrow as pa

    if "fixed_size_list" not in str(column.type):
        return column
    if isinstance(column, pa.Array):
        return pa.concat_arrays([column])
    return pa.chunked_array([pa.concat_arrays([chunk]) for chunk in column.chunks], column.type)


def _check_fields(schema: pa.Schema) -> None:
    for field in schema:
        name = getattr(field.type, "extension_name", None) or (field.metadata or {}).get(
            b"ARROW:extension:name", b""
        )
        text = name.encode() if isinstance(name, str) else name
        check_extension_types(b"ARROW:extension:" + text, what=f"from_arrow: column {field.name!r}")
