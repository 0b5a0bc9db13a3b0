"""Types that a collection announces before it is computed, and its pieces, which must turn out to fit them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from scalekit.errors import ColumnNotFoundError, SchemaError, SchemaMismatchError
from scalekit.sources.align import Types
from scalekit.sources.pandas_frame import pandas_source
from scalekit.sources.python_values import names_once

_EXACT = 2**53
"""Whole numbers of this size and more may have been rounded while they were floats."""
_UNKNOWN = "__UNKNOWN_CATEGORIES__"
"""What Dask writes in place of categories that it has not computed."""


def types_of_pandas(empty: Any, declared: Types, *, what: str) -> Types:
    """The columns that an empty pandas frame announces.

    Raises
    ------
    SchemaError
        Where its dtypes do not say the type: ``object``, or an order of unknown categories.
    """
    names = [str(name) for name in empty.columns]
    names_once(names, what=what)
    given = {name for name, _ in declared}
    asked = [n for n, name in enumerate(names) if name not in given]
    _refuse(
        [names[n] for n in asked if str(empty.dtypes.iloc[n]) == "object"], "has dtype object", what
    )
    found = pandas_source(empty.iloc[:, asked].reset_index(drop=True)).schema
    unordered = [
        name
        for name, dtype in found.items()
        if isinstance(dtype, pl.Enum)
        and (not len(dtype.categories) or _UNKNOWN in dtype.categories)
    ]
    _refuse(unordered, "has ordered categories that are not known", what)
    return with_declared({n: found.get(n, pl.Null()) for n in names}, declared, what=what)


def _refuse(names: list[str], why: str, what: str) -> None:
    if names:
        listed = ", ".join(map(repr, names))
        raise SchemaError(
            f"{what}: column {listed} {why}, so its type is not known before it is computed; pass "
            f"schema_overrides={{{names[0]!r}: sk.String}} with its type, or convert it first with .astype(...)"
        )


def with_declared(
    found: dict[str, pl.DataType] | pl.Schema, declared: Types, *, what: str
) -> Types:
    """The columns that were found, with the types that the user declared instead of theirs.

    Raises
    ------
    ColumnNotFoundError
        For a type of a column that is not there.
    SchemaError
        Where there is no column at all: its rows would be lost without a word.
    """
    if not found:
        raise SchemaError(f"{what}: it has no columns; reset_index() makes one of an index")
    unknown = [name for name, _ in declared if name not in found]
    if unknown:
        raise ColumnNotFoundError.missing(unknown, found)
    return tuple({**found, **dict(declared)}.items())


def conformed(
    rows: pl.DataFrame,
    fields: Iterable[tuple[str, pl.DataType]],
    declared: Iterable[str],
    *,
    what: str,
) -> pl.DataFrame:
    """A piece with the announced types, where its values fit them exactly.

    Raises
    ------
    SchemaMismatchError
        For a column that is missing, of another kind, or that would lose something.

    Examples
    --------
    >>> piece = pl.DataFrame({"n": [1.0, None]})  # integers with nulls, as NumPy has them
    >>> conformed(piece, [("n", pl.Int64())], (), what="piece")["n"].to_list()
    [1, None]
    """
    missing = [name for name, _ in fields if name not in rows.columns]
    if missing:
        raise SchemaMismatchError(
            f"{what}: it has no column {missing[0]!r}, which was announced; it has {rows.columns}"
        )
    return pl.DataFrame(
        [_conformed(rows[n], dtype, is_declared=n in declared, what=what) for n, dtype in fields]
    )


def _conformed(series: pl.Series, dtype: pl.DataType, *, is_declared: bool, what: str) -> pl.Series:
    if series.dtype == dtype:
        return series
    if series.null_count() == len(series):
        return pl.Series(series.name, [None], dtype=dtype).new_from_index(0, len(series))
    try:
        if is_declared:
            return series.cast(dtype)
        why = "another kind of type"
        if _kind(series.dtype) == _kind(dtype):
            why = "which would change values"
            # an integer has no NaN: NumPy writes it where there is none
            whole = series.fill_nan(None) if dtype.is_integer() else series
            cast = whole.cast(dtype)
            if cast.cast(series.dtype).equals(whole) and not _may_be_rounded(whole, dtype):
                return cast
    except pl.exceptions.PolarsError as error:
        why = str(error).partition("\n")[0]
    raise SchemaMismatchError(
        f"{what}: column {series.name!r} was announced as {dtype} and holds {series.dtype} ({why}); convert it "
        "first with .astype(...), or pass schema_overrides= with the type that all of it fits"
    )


def _kind(dtype: pl.DataType) -> object:
    """Types between which values may be carried over; the rest is not guessed."""
    match dtype:
        case pl.Datetime():
            return pl.Datetime, dtype.time_zone
        case pl.String() | pl.Categorical() | pl.Enum():
            return "text"
    if dtype.is_integer() or dtype.is_float():
        return "number"
    return dtype if dtype.is_nested() else dtype.base_type()


def _may_be_rounded(series: pl.Series, dtype: pl.DataType) -> bool:
    if not (dtype.is_integer() and series.dtype.is_float()):
        return False
    return bool((series.abs() >= _EXACT).any())
