"""Types as users write them: Polars' own, or the Python types that stand for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from scalekit.errors import SchemaError
from scalekit.expr.notations import time_zone

_check_zone = time_zone()

PYTHON_TYPES: dict[Any, pl.DataType] = {
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
    str: pl.String(),
    bytes: pl.Binary(),
    date: pl.Date(),
    datetime: pl.Datetime("us"),
    timedelta: pl.Duration("us"),
    time: pl.Time(),
    Decimal: pl.Decimal(38, 9),
    type(None): pl.Null(),
}


@dataclass(frozen=True)
class TypeOf:
    """The type that an expression will have, once the columns are known."""

    node: Any


def to_dtype(dtype: Any) -> pl.DataType:
    """Turn a type as a user writes it into an instance of Polars' type.

    Parameters
    ----------
    dtype
        A Polars type or class, or one of :data:`PYTHON_TYPES`.

    Raises
    ------
    InvalidOperationError
        Where its time zone does not exist.
    SchemaError
        Where it is no type, or one that needs arguments such as ``List``.

    Examples
    --------
    >>> to_dtype(int), to_dtype(pl.Datetime)
    (Int64, Datetime(time_unit='us', time_zone=None))
    """
    if isinstance(dtype, pl.DataType):
        _check_zone(time_zone=getattr(dtype, "time_zone", None))
        return dtype
    if isinstance(dtype, TypeOf):
        raise SchemaError("dtype_of() stands for a type in cast() and lit() only")
    if dtype in PYTHON_TYPES:
        return PYTHON_TYPES[dtype]
    if isinstance(dtype, type) and issubclass(dtype, pl.DataType):
        try:
            return dtype()
        except TypeError:
            raise SchemaError(
                f"the type {dtype.__name__} needs arguments, such as {dtype.__name__}(...)"
            ) from None
    raise SchemaError(
        f"{dtype!r} is no type; use one such as sk.Int64, sk.String, sk.Datetime('us')"
    )
