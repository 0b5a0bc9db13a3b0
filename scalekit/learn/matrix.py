"""Rows as scikit-learn's estimators take them: a pandas frame of NumPy types for X, NumPy arrays for y.

Every backend gives the same X for the same rows, because it is made from the Polars result in one way:

=====================  ========================================================================
Polars                 in X
=====================  ========================================================================
integers, floats       NumPy's type of the same width; float64 with NaN where there are nulls
Boolean                bool; float64 with 0, 1 and NaN where there are nulls
Decimal, Int128        float64
String                 pandas' ``str``, missing is NaN
Categorical            pandas' category, its categories sorted as text; Enum keeps its own order
Date, Datetime         datetime64 in the column's unit (a Date in microseconds), zone kept
Duration               timedelta64
Null                   float64, all NaN
everything else        Python objects
=====================  ========================================================================

pandas, and not Polars, because estimators, column selectors and functions that people bring to a
pipeline expect it, and because its NaN is what scikit-learn's imputers look for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from scalekit.errors import InvalidOperationError

if TYPE_CHECKING:
    import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"


def to_features(rows: pl.DataFrame) -> Any:
    """The pandas frame that an estimator is given as X."""
    return rows.select(map(_plain, rows.get_columns())).to_pandas()


def to_target(rows: pl.DataFrame) -> Array:
    """The array that an estimator is given as y: one dimension for one column, two for several.

    Text is an array of Python strings, as from a pandas column.

    Raises
    ------
    InvalidOperationError
        Where values are missing.
    """
    for column in rows.get_columns():
        _check_complete(column, "target")
    columns = [_label(column).to_numpy() for column in rows.get_columns()]
    if len(columns) == 1:
        return _writable(columns[0])
    import numpy as np

    return np.column_stack(columns)


def to_weights(column: pl.Series) -> Array:
    """The array that an estimator is given as sample_weight.

    Raises
    ------
    InvalidOperationError
        Where it is no number, or values are missing.
    """
    if not column.dtype.is_numeric():
        raise InvalidOperationError(
            f"sample_weight={column.name!r} is of type {column.dtype}: weights are numbers"
        )
    _check_complete(column, "sample_weight")
    return _writable(column.cast(pl.Float64).to_numpy())


def _check_complete(column: pl.Series, role: str) -> None:
    missing = column.null_count()
    if missing:
        raise InvalidOperationError(
            f"{role}={column.name!r} is null in {missing:,} of {len(column):,} rows: "
            f"leave them out with frame.drop_nulls({column.name!r}), or fill them"
        )


def _writable(values: Array) -> Array:
    return values if values.flags.writeable else values.copy()


def _label(column: pl.Series) -> pl.Series:
    if column.dtype in (pl.Categorical, pl.Enum):
        return column.cast(pl.String)
    if column.dtype.is_decimal() or column.dtype in (pl.Int128, pl.UInt128):
        return column.cast(pl.Float64)
    return column


def _plain(column: pl.Series) -> pl.Series:
    """The column in the type from which Polars' conversion gives the one of the table above."""
    dtype = column.dtype
    if dtype.is_decimal() or dtype in (pl.Int128, pl.UInt128, pl.Null):
        return column.cast(pl.Float64)
    if dtype == pl.Boolean and column.null_count():
        return column.cast(pl.Float64)
    if dtype == pl.Date:
        return column.cast(pl.Datetime("us"))
    if dtype == pl.Categorical:
        # Not as they are: a category's code is the order of appearance in this process.
        return column.cast(pl.Enum(column.cast(pl.String).drop_nulls().unique().sort()))
    return column
