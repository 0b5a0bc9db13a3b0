"""Where frames begin: data in memory, files, databases, and several frames made one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scalekit.errors import DuplicateError, PlanError, SchemaError
from scalekit.expr.function import flatten
from scalekit.frame.base import as_plan
from scalekit.frame.frame import Frame
from scalekit.frame.reshaping import sql_plan
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import HorizontalUnion, Plan, Scan, Union
from scalekit.sources.arrow_data import arrow_source
from scalekit.sources.pandas_frame import pandas_source
from scalekit.sources.parquet import parquet_source
from scalekit.sources.python_values import dict_source, dicts_source, numpy_source, polars_source

if TYPE_CHECKING:
    import polars as pl

CONCATENATIONS = ("vertical", "vertical_relaxed", "diagonal", "diagonal_relaxed", "horizontal")


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
    Schema([('x', Int64)])
    """
    return Frame(Scan(dict_source(data, schema, schema_overrides=schema_overrides)))


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


def from_numpy(
    data: Any, schema: Any = None, *, schema_overrides: Any = None, orient: str | None = None
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


def concat(items: Iterable[Frame], *, how: str = "vertical") -> Frame:
    """Put frames below or beside each other.

    Parameters
    ----------
    items
        The frames.
    how
        ``"vertical"`` (same names and types), ``"vertical_relaxed"`` (types go to their common one),
        ``"diagonal"`` (missing columns become null), ``"diagonal_relaxed"``, or ``"horizontal"``
        (frames of one length, side by side).

    Raises
    ------
    SchemaError
        Where the columns do not go together; the message lists the differences.

    Examples
    --------
    >>> import scalekit as sk
    >>> one, two = sk.from_dict({"x": [1]}), sk.from_dict({"x": [2]})
    >>> sk.concat([one, two]).collect()["x"].to_list()
    [1, 2]
    """
    plans = tuple(as_plan(item, "concat") for item in flatten((items,)))
    if not plans:
        raise PlanError("concat() needs at least one frame")
    if how not in CONCATENATIONS:
        raise PlanError(f"unknown how={how!r}; known: {', '.join(CONCATENATIONS)}")
    if how == "horizontal":
        names = [name for plan in plans for name in schema_of(plan)]
        if len(set(names)) < len(names):
            twice = dict.fromkeys(n for n in names if names.count(n) > 1)
            raise DuplicateError.columns(twice, way_out="rename them before concat")
        return Frame(HorizontalUnion(plans))
    if how.startswith("vertical"):
        _check_same_columns(plans, types=how == "vertical")
    return Frame(Union(plans, how))


def _check_same_columns(plans: tuple[Plan, ...], *, types: bool) -> None:
    first = schema_of(plans[0])
    for place, plan in enumerate(plans[1:], 1):
        other = schema_of(plan)
        if list(other) != list(first):
            missing = [n for n in first if n not in other]
            extra = [n for n in other if n not in first]
            raise SchemaError(
                f"concat(): frame {place} has other columns than frame 0: missing {missing}, extra {extra}"
                f"{'' if missing or extra else ', another order'}; "
                "select the same columns, or use how='diagonal'"
            )
        differing = [f"{n}: {first[n]} and {other[n]}" for n in first if first[n] != other[n]]
        if types and differing:
            raise SchemaError(
                f"concat(): frame {place} has other types than frame 0: {'; '.join(differing)}; "
                "cast them, or use how='vertical_relaxed'"
            )


def sql(query: str, **frames: Frame) -> Frame:
    """Run a query in Polars' SQL over named frames.

    Parameters
    ----------
    query
        The query. It sees the frames that it is given and nothing else.
    frames
        ``name=frame``.

    Examples
    --------
    >>> import scalekit as sk
    >>> sk.sql("SELECT MAX(x) AS top FROM t", t=sk.from_dict({"x": [1, 2]})).collect().item()
    2
    """
    if not frames:
        raise PlanError("sql() needs the frames that the query names: sk.sql(query, name=frame)")
    return Frame(sql_plan(query, frames))


def scan_parquet(
    source: Any,
    *,
    n_rows: int | None = None,
    row_index_name: str | None = None,
    row_index_offset: int = 0,
    include_file_paths: str | None = None,
    hive_partitioning: bool | None = None,
    hive_schema: Mapping[str, Any] | None = None,
    missing_columns: str = "raise",
    extra_columns: str = "raise",
    storage_options: Mapping[str, Any] | None = None,
) -> Frame:
    """Read Parquet files lazily: footers now, rows when they are needed.

    Parameters
    ----------
    source
        A path, URI, glob or folder, or a list of these. ``s3://``, ``gs://``, ``az://`` and ``http://`` work.
    n_rows
        Stop after this many rows.
    row_index_name, row_index_offset
        Add a column that numbers the rows, and its first number.
    include_file_paths
        Add a column with the path that each row came from.
    hive_partitioning
        Take folders named ``key=value`` as columns; by default where ``source`` is a folder.
    hive_schema
        Types of those columns.
    missing_columns
        ``"insert"`` fills columns that a file lacks with null; ``"raise"`` refuses.
    extra_columns
        ``"ignore"`` drops columns that the first file lacks; ``"raise"`` refuses.
    storage_options
        Options of the object store, as for Polars; never shown.

    Raises
    ------
    PathNotFoundError, AccessError
        When nothing is there, or it may not be read.
    CorruptFileError, SecurityError
        For a damaged or encrypted file, and for one that asks to be unpickled.
    SchemaMismatchError
        For files whose types cannot be aligned by a widening.

    Examples
    --------
    >>> import scalekit as sk
    >>> _ = sk.from_dict({"x": [1, 2]}).collect().write_parquet("example.parquet")
    >>> sk.scan_parquet("example.parquet").collect()["x"].to_list()
    [1, 2]
    """
    found = parquet_source(
        source,
        n_rows=n_rows,
        row_index_name=row_index_name,
        row_index_offset=row_index_offset,
        include_file_paths=include_file_paths,
        hive_partitioning=hive_partitioning,
        hive_schema=hive_schema,
        missing_columns=missing_columns,  # type: ignore[arg-type]
        extra_columns=extra_columns,  # type: ignore[arg-type]
        storage_options=storage_options,
    )
    return Frame(Scan(found))


def from_pandas(frame: Any, *, nan_to_null: bool = True) -> Frame:
    """Build a frame from one of pandas'.

    Parameters
    ----------
    frame
        A ``pandas.DataFrame``, whose index only numbers the rows.
    nan_to_null
        Read NaN in object and NumPy-backed float columns as null; Arrow-backed columns keep both.

    Raises
    ------
    InvalidOperationError
        For an index that holds data; ``reset_index()`` makes it a column.

    Examples
    --------
    >>> import pandas as pd
    >>> import scalekit as sk
    >>> sk.from_pandas(pd.DataFrame({"x": [1.5, None]})).collect()["x"].to_list()
    [1.5, None]
    """
    return Frame(Scan(pandas_source(frame, nan_to_null=nan_to_null)))


def from_arrow(data: Any) -> Frame:
    """Build a frame from an Arrow table or any object with the Arrow PyCapsule interface.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import scalekit as sk
    >>> sk.from_arrow(pa.table({"x": [1, 2]})).columns
    ['x']
    """
    return Frame(Scan(arrow_source(data)))
