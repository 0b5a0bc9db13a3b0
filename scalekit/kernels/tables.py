"""Parts between tasks: Arrow tables, which engines count, spill and move without copies (DESIGN.md, section 5)."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa

_PACKED = "__scalekit_ipc"
"""The one column of a table that carries types for which Arrow has no name."""


def to_table(frame: pl.DataFrame) -> pa.Table:
    """A frame as an Arrow table that holds its own rows and no others.

    Text becomes ``large_string``: a view would carry the text of every row that was filtered away.
    """
    if not any(_is_unnamed(dtype) for dtype in frame.schema.values()):
        return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    return pa.table({_PACKED: pa.array([buffer.getvalue()], pa.large_binary())})


def from_table(table: pa.Table) -> pl.DataFrame:
    """The frame that :func:`to_table` was given."""
    if table.column_names != [_PACKED]:
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return frame
    return pl.read_ipc_stream(io.BytesIO(table.column(0)[0].as_buffer()))


def join_tables(tables: Sequence[pa.Table], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The rows of several tables, one after the other."""
    if not tables:
        return pl.DataFrame(schema=dict(schema))
    frames = [from_table(table) for table in tables]
    if len(frames) == 1:
        return frames[0]
    filled = [frame for frame in frames if frame.height] or frames[:1]
    return pl.concat(filled, how="vertical", rechunk=False)


def _is_unnamed(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List | pl.Array):
        return _is_unnamed(dtype.inner)  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return any(_is_unnamed(field.dtype) for field in dtype.fields)  # type: ignore[arg-type]
    return dtype in (pl.Int128, pl.UInt128)
