"""Columns between Polars, Arrow and pandas: one memory, no index, the logical schema's types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa

Table = nw.DataFrame[Any]
"""Rows on their way between steps: a Narwhals frame over pandas, each column an ``ArrowDtype``."""

Runner = Callable[[Sequence[Table]], Table]
"""What runs a plan node: from the rows of its inputs to its own."""


@lru_cache(maxsize=1024)
def arrow_type(dtype: pl.DataType) -> Any:
    """The Arrow type behind a column of ``dtype``; None where pandas cannot carry it without loss."""
    if not _is_carried(dtype):
        return None
    return pl.Series([], dtype=dtype).to_arrow().type


def _is_carried(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List):
        return _is_carried(_inner(dtype.inner))
    if isinstance(dtype, pl.Struct):
        return bool(dtype.fields) and all(_is_carried(_inner(f.dtype)) for f in dtype.fields)
    if dtype.is_integer():
        return dtype not in (pl.Int128, pl.UInt128)
    plain = (pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Time)
    return dtype in plain or isinstance(
        dtype, pl.Datetime | pl.Duration | pl.Decimal | pl.Categorical | pl.Enum
    )


def _inner(dtype: Any) -> pl.DataType:
    inner: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return inner


def from_polars(rows: pl.DataFrame) -> Table:
    """Hand a Polars frame to pandas through Arrow; numbers and times are not copied."""
    table = rows.to_arrow()  # strings as large_string: pandas 3.1 cannot sort string_view
    return assemble({name: table.column(name) for name in rows.columns})


def to_polars(table: Table, schema: pl.Schema) -> pl.DataFrame:
    """Hand the rows back to Polars, with exactly ``schema``."""
    arrow = pa.table({name: column(table, name) for name in schema})
    rows = pl.DataFrame(pl.from_arrow(arrow))
    return pin(rows, schema)


def pin(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Give rows the types that the plan promised, which no data may change."""
    return rows if rows.schema == schema else rows.cast(schema)


def column(table: Table, name: str) -> pa.ChunkedArray:
    """A column's Arrow memory."""
    array: pa.ChunkedArray = table[name].to_native().array.__arrow_array__()
    return array


def assemble(columns: Mapping[str, pa.ChunkedArray | pa.Array]) -> Table:
    """A table of these columns; nothing is copied, and the index is a plain row number."""
    wrapped = {
        name: pd.Series(pd.arrays.ArrowExtensionArray(array), copy=False)
        for name, array in columns.items()
    }
    return nw.from_native(pd.DataFrame(wrapped, copy=False), eager_only=True)


def arrow_table(table: Table) -> pa.Table:
    """All columns as one Arrow table."""
    return pa.table({name: column(table, name) for name in table.columns})


def from_arrow(table: pa.Table) -> Table:
    """A table over the columns of an Arrow table."""
    return assemble({name: table.column(name) for name in table.column_names})


def arrow_schema(schema: pl.Schema) -> dict[str, pa.DataType]:
    """The Arrow types of columns that pandas was found to carry."""
    return {name: arrow_type(dtype) for name, dtype in schema.items()}
