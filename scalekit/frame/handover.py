"""Results in other libraries' types: Arrow, pandas and NumPy, where each can hold what the columns hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import (
    ComputeError,
    InvalidOperationError,
    MissingDependencyError,
    SchemaError,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

PANDAS_DTYPES = ("arrow", "numpy")

_LARGEST_EXACT = {"float16": 2**11, "float32": 2**24, "float64": 2**53}
"""Up to where a float type holds every integer."""


def check_types(schema: Mapping[str, pl.DataType], library: str, method: str) -> None:
    """Raise where a type has no counterpart outside of Polars; known before anything runs.

    Raises
    ------
    SchemaError
        Naming the column, and the cast to write.
    """
    for name, dtype in schema.items():
        odd = next((t for t in _within(dtype) if t in (pl.Int128, pl.UInt128, pl.Object)), None)
        if odd is not None:
            where = f" (within {dtype})" if dtype.is_nested() else ""
            raise SchemaError(
                f"{method}: {library} has no type for column {name!r} of {odd}{where}; cast it first, for "
                f"example sk.col({name!r}).cast(sk.Decimal(38, 0)), or to Int64 where the values fit"
            )


def _within(dtype: pl.DataType) -> Iterator[pl.DataType]:
    """A type, and the types of which it consists."""
    yield dtype
    match dtype:
        case pl.List() | pl.Array():
            parts = [dtype.inner]
        case pl.Map():
            parts = [dtype.key, dtype.value]
        case pl.Struct():
            parts = [field.dtype for field in dtype.fields]
        case _:
            parts = []
    for part in parts:
        yield from _within(part() if isinstance(part, type) else part)


def arrow_table(rows: pl.DataFrame) -> pa.Table:
    """The rows as an Arrow table, with text as ``large_string``, which all readers of Arrow know."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def arrow_schema(schema: Mapping[str, pl.DataType]) -> pa.Schema:
    """The schema of :func:`arrow_table` for rows of these types."""
    return arrow_table(pl.DataFrame(schema=schema)).schema


def check_pandas_dtypes(dtypes: str) -> None:
    """Raise for a name that is none of :data:`PANDAS_DTYPES`."""
    if dtypes not in PANDAS_DTYPES:
        raise InvalidOperationError(f"unknown dtypes={dtypes!r}; known: {', '.join(PANDAS_DTYPES)}")


def pandas_frame(rows: pl.DataFrame, dtypes: str) -> pd.DataFrame:
    """The rows as a pandas frame, numbered from 0.

    Raises
    ------
    ComputeError
        Where NumPy's types would change an integer.
    MissingDependencyError
        Where pandas is not installed.
    """
    if dtypes == "numpy":
        for column in rows.get_columns():
            if column.null_count():
                _check_exact(
                    *(column, "float64", 'to_pandas(dtypes="numpy")'),
                    'fill or drop its nulls, cast it to String, or take dtypes="arrow"',
                )
    with _needs("pandas", "to_pandas()"):
        import pandas as pd  # noqa: F401 - Polars' own import of it fails with less to go by

        return rows.to_pandas(use_pyarrow_extension_array=dtypes == "arrow")


def numpy_array(rows: pl.DataFrame) -> np.ndarray[Any, Any]:
    """The rows as an array of two dimensions, of the columns' common type.

    Raises
    ------
    ComputeError
        Where that type would change an integer.
    MissingDependencyError
        Where NumPy is not installed.
    """
    with _needs("numpy", "to_numpy()"):
        import numpy as np  # noqa: F401 - as above

        values = rows.to_numpy()
    for column in rows.get_columns():
        _check_exact(
            *(column, values.dtype.name, "to_numpy()"),
            "take it alone and without nulls, or use to_arrow()",
        )
    return values


def _check_exact(column: pl.Series, target: str, method: str, way_out: str) -> None:
    """An identifier that a float rounds becomes another one, which nobody would see."""
    largest = _LARGEST_EXACT.get(target)
    if largest is None or not column.dtype.is_integer():
        return
    bounds = [v for v in (column.min(), column.max()) if isinstance(v, int)]
    if any(abs(value) > largest for value in bounds):
        raise ComputeError(
            f"{method}: column {column.name!r} would become {target}, which does not hold every integer beyond "
            f"{largest:,}: {way_out}"
        )


@contextmanager
def _needs(package: str, purpose: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra(package, "pandas", purpose=purpose) from error
