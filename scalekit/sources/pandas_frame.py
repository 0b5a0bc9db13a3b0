"""Frames from pandas: no index, one type for each column, absence and NaN told apart."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import ComputeError, InvalidOperationError, SchemaError
from scalekit.sources.arrow_data import unsliced_column
from scalekit.sources.memory import MemorySource, memory_source
from scalekit.sources.python_values import check_kinds, names_once, value_kinds

if TYPE_CHECKING:
    import pyarrow as pa


def is_pandas(value: object) -> bool:
    """Whether ``value`` is a pandas frame; pandas is not imported to find out."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def pandas_source(frame: Any, *, nan_to_null: bool = True) -> MemorySource:
    """A source over a pandas frame.

    Parameters
    ----------
    frame
        A ``pandas.DataFrame``. Its index is dropped where it only numbers the rows.
    nan_to_null
        Whether NaN in NumPy-backed float columns and in object columns, where pandas uses it for
        absence, becomes null. Arrow-backed and masked columns tell the two apart and keep both.

    Raises
    ------
    InvalidOperationError
        For an index that holds data, which would be lost.
    SchemaError
        For a column of several types, or of a type that has no counterpart.
    ComputeError
        For nanoseconds, where microseconds cannot hold them.
    """
    if not is_pandas(frame):
        raise InvalidOperationError(
            f"from_pandas needs a pandas DataFrame, not {type(frame).__name__}"
            "; a Series becomes one with series.to_frame()"
        )
    _check_index(frame.index)
    if frame.columns.nlevels > 1:
        raise InvalidOperationError(
            "from_pandas: the columns have several levels; join them to one name each, as in "
            "frame.columns = ['_'.join(map(str, c)) for c in frame.columns]"
        )
    names = [str(name) for name in frame.columns]
    names_once(names, what="from_pandas")
    columns = [
        _column(name, frame.iloc[:, position], nan_to_null=nan_to_null)
        for position, name in enumerate(names)
    ]
    rows = pl.DataFrame(columns) if columns else pl.DataFrame(height=len(frame))
    return memory_source(rows, origin="pandas", given=frame)


def _check_index(index: Any) -> None:
    """A row number may go, also where a filter left gaps in it; a name or other values are data."""
    numbers_rows = (
        index.nlevels == 1 and index.name is None and getattr(index.dtype, "kind", "O") in "iu"
    )
    if not numbers_rows and len(index):
        named = ", ".join(map(repr, index.names))
        raise InvalidOperationError(
            f"from_pandas: the index ({named}, {index.dtype}) holds data and would be lost; call "
            "frame.reset_index() to keep it as a column, or frame.reset_index(drop=True) to drop it"
        )


def _column(name: str, series: Any, *, nan_to_null: bool) -> pl.Series:
    import pyarrow as pa

    try:
        if series.dtype == object:
            array = _from_objects(name, series, nan_to_null=nan_to_null)
        elif type(series.dtype).__name__ == "SparseDtype":
            return _column(name, series.sparse.to_dense(), nan_to_null=nan_to_null)
        elif type(series.dtype).__name__ == "CategoricalDtype":
            return _from_categories(name, series)
        else:
            # A copy, since Arrow may share the buffer, and a later change in place would reach the plan.
            is_numpy_float = (
                type(series.dtype).__module__.startswith("numpy") and series.dtype.kind == "f"
            )
            array = pa.array(series.copy(), from_pandas=nan_to_null if is_numpy_float else None)
        if type(series.dtype).__name__ == "ArrowDtype":
            return _from_arrow_backed(name, array)
        return _to_polars(name, array, _in_microseconds(array.type))
    except (pa.ArrowException, NotImplementedError, TypeError, pl.exceptions.PolarsError) as error:
        raise SchemaError(
            f"from_pandas: column {name!r} of dtype {series.dtype} cannot be taken over ({error}); "
            "convert it first, for example with .astype(...)"
        ) from None


def _from_objects(name: str, series: Any, *, nan_to_null: bool) -> pa.Array:
    import pyarrow as pa

    missing = series.isna().to_numpy(dtype=bool)
    values = series.to_list()
    if nan_to_null:
        values = [None if gone else value for value, gone in zip(values, missing, strict=True)]
    else:
        pandas = sys.modules["pandas"]
        values = [None if value is pandas.NA or value is pandas.NaT else value for value in values]
    kinds = value_kinds(values)
    check_kinds(kinds, name, what="from_pandas")
    if kinds == {"int", "float"}:
        return pa.array(
            [None if v is None else float(v) for v in values], pa.float64(), from_pandas=False
        )
    return pa.array(values, from_pandas=False)


def _from_categories(name: str, series: Any) -> pl.Series:
    """Categories of text stay categories; an order that was declared becomes an Enum's."""
    import pyarrow as pa

    array = pa.array(series)
    if not (
        pa.types.is_string(array.type.value_type) or pa.types.is_large_string(array.type.value_type)
    ):
        decoded = array.dictionary_decode()
        return _to_polars(name, decoded, _in_microseconds(decoded.type))
    text = pl.Series(name, array.dictionary_decode())
    ordered = series.cat.ordered
    return text.cast(pl.Enum(list(series.cat.categories)) if ordered else pl.Categorical())


def _from_arrow_backed(name: str, array: pa.Array | pa.ChunkedArray) -> pl.Series:
    """A column that says its type: a unit of time stays, and so do the order and the set of categories."""
    import pyarrow as pa

    series = _to_polars(name, array, array.type)
    if pa.types.is_dictionary(array.type) and array.type.ordered and series.dtype == pl.Categorical:
        whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        return series.cast(pl.Enum(whole.dictionary.to_pylist()))
    return series


def _to_polars(name: str, array: pa.Array | pa.ChunkedArray, wanted: pa.DataType) -> pl.Series:
    import pyarrow as pa

    if isinstance(array.type, pa.ExtensionType):
        raise SchemaError(
            f"from_pandas: column {name!r} holds {array.type}; convert it first, "
            "for example with .dt.to_timestamp() or .astype(str)"
        )
    if wanted == array.type:
        return pl.Series(name, unsliced_column(array))
    try:
        return pl.Series(name, array.cast(wanted))
    except pa.ArrowInvalid:
        raise ComputeError(
            f"from_pandas: column {name!r} holds {array.type.unit} values that microseconds cannot hold; "
            f"round them first: frame[{name!r}].dt.floor('us')"
        ) from None


def _in_microseconds(dtype: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_timestamp(dtype):
        return pa.timestamp("us", dtype.tz)
    return pa.duration("us") if pa.types.is_duration(dtype) else dtype
