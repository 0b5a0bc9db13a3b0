"""Frames from data in memory: Python values, NumPy, pandas, Polars, Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from scalekit.frame.frame import Frame
from scalekit.frame.tracebacks import folded
from scalekit.plan.nodes import Scan
from scalekit.sources.arrow_data import arrow_source
from scalekit.sources.pandas_frame import pandas_source
from scalekit.sources.python_values import dict_source, dicts_source, numpy_source, polars_source

if TYPE_CHECKING:
    import polars as pl


@folded
def from_dict(
    data: Mapping[str, Any], schema: Any = None, *, schema_overrides: Any = None
) -> Frame:
    """Build a frame from a dictionary of columns.

    Parameters
    ----------
    data
        Names to lists, arrays or Series of one length.
    schema
        Names and types, where the values do not say them.
    schema_overrides
        Types of some columns.

    Raises
    ------
    SchemaError
        For a column whose values are of several types.
    ShapeError
        Where columns differ in length.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dict({"x": [1, 2]}).schema
    Schema({'x': Int64})
    """
    return Frame(Scan(dict_source(data, schema, schema_overrides=schema_overrides)))


@folded
def from_dicts(
    data: Iterable[Mapping[str, Any]], schema: Any = None, *, schema_overrides: Any = None
) -> Frame:
    """Build a frame from rows, each a dictionary; a key that a row lacks is null there.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.from_dicts([{"x": 1}, {"x": 2, "y": "b"}]).collect().rows()
    [(1, None), (2, 'b')]
    """
    return Frame(Scan(dicts_source(data, schema, schema_overrides=schema_overrides)))


@folded
def from_numpy(
    data: Any,
    schema: Any = None,
    *,
    schema_overrides: Any = None,
    orient: Literal["col", "row"] | None = None,
) -> Frame:
    """Build a frame from a NumPy array of one or two dimensions, or a structured one.

    Examples
    --------
    >>> import numpy as np
    >>> import scalekit as sk
    >>> sk.from_numpy(np.zeros((2, 2)), schema=["a", "b"]).columns
    ['a', 'b']
    """
    return Frame(Scan(numpy_source(data, schema, schema_overrides=schema_overrides, orient=orient)))


@folded
def from_polars(frame: pl.DataFrame | pl.LazyFrame) -> Frame:
    """Build a frame from one of Polars'; a lazy one stays lazy.

    Examples
    --------
    >>> import polars as pl
    >>> import scalekit as sk
    >>> sk.from_polars(pl.DataFrame({"x": [1]})).collect().item()
    1
    """
    return Frame(Scan(polars_source(frame)))


@folded
def from_pandas(frame: Any, *, nan_to_null: bool = True) -> Frame:
    """Build a frame from a pandas DataFrame; the rows are copied, so later changes of it do no harm.

    Parameters
    ----------
    frame
        The ``pandas.DataFrame``. Its index is dropped where it only numbers the rows.
    nan_to_null
        Whether NaN becomes null in NumPy-backed float columns and in object columns, where pandas uses
        it for absence. Arrow-backed and masked columns tell the two apart and keep both.

    Raises
    ------
    InvalidOperationError
        For an index that holds data, which would be lost.
    SchemaError
        For a column of several types, or of a type that has no counterpart.

    Examples
    --------
    >>> import pandas as pd
    >>> import scalekit as sk
    >>> sk.from_pandas(pd.DataFrame({"x": [1.5, None]})).collect()["x"].to_list()
    [1.5, None]
    """
    return Frame(Scan(pandas_source(frame, nan_to_null=nan_to_null)))


@folded
def from_arrow(data: Any) -> Frame:
    """Build a frame from Arrow data: a table, a stream, or any object with the PyCapsule interface.

    Parameters
    ----------
    data
        A PyArrow table, record batch or reader, a DuckDB relation, a Narwhals frame, ...: whatever has
        ``__arrow_c_stream__`` or ``__arrow_c_array__``. A stream is read to its end.

    Raises
    ------
    SecurityError
        For an extension type whose reader would run code.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import scalekit as sk
    >>> sk.from_arrow(pa.table({"x": [1, 2]})).columns
    ['x']
    """
    return Frame(Scan(arrow_source(data)))
