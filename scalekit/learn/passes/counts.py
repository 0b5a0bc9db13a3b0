"""The values that columns of X have, and how many rows have each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from scalekit.errors import InvalidOperationError
from scalekit.learn.passes.batch import Array, Batch

MOST = 1_000_000
"""Values that a column may have: what is learned of them has to fit one memory."""


@dataclass(frozen=True)
class Counts:
    """The values of one column, in no order, and the rows that have each.

    ``dtype`` is the type of the column, which is not the one of ``values`` where it holds text.
    """

    dtype: str
    values: Array
    rows: Array


def count_values(batch: Batch) -> list[Counts]:
    """Those of some rows."""
    return [counts_of(column) for column in columns_of(batch.X)]


def counts_of(column: Any) -> Counts:
    """Those of one column."""
    codes, values = coded(column)
    return Counts(str(column.dtype), values, np.bincount(codes, minlength=len(values)))


def joined_counts(left: list[Counts], right: list[Counts]) -> list[Counts]:
    """Those of the rows of both."""
    return [_both(a, b) for a, b in zip(left, right, strict=True)]


def _both(a: Counts, b: Counts) -> Counts:
    codes, values = coded(both_values(a.values, b.values))
    rows = np.bincount(codes, np.concatenate([a.rows, b.rows]), len(values))
    return Counts(wider_dtype(a.dtype, b.dtype), values, rows.astype(np.int64))


def checked(found: list[Counts], names: list[str] | None, who: str) -> list[Counts]:
    """The counts, of which no column has too many.

    Raises
    ------
    InvalidOperationError
        Where one has.
    """
    for place, column in enumerate(found):
        if len(column.values) > MOST:
            name = repr(names[place]) if names else f"number {place}"
            raise InvalidOperationError(
                f"{who}: column {name} has {len(column.values):,} different values, of which at most {MOST:,} are "
                "learned: leave it out, put rare values together, or hash it (FeatureHasher, HashingVectorizer)"
            )
    return found


def columns_of(x: Any) -> list[Any]:
    """The columns of a frame as series, of a matrix as arrays."""
    if hasattr(x, "iloc"):
        return [x.iloc[:, place] for place in range(x.shape[1])]
    return list(check_array(x, dtype=None, ensure_all_finite=False).T)  # sparse ones are refused


def coded(column: Any) -> tuple[Array, Array]:
    """For each row the number of its value, and the values in the order in which they appear.

    Text is an array of objects, as scikit-learn sees it; NaN is one value, and None another.
    """
    if str(column.dtype) in ("category", "str"):
        column = column.astype(object)
    values = np.asarray(column)
    if values.dtype == object:
        values = _marked(values)
    codes, found = pd.factorize(values, use_na_sentinel=False)
    found = np.asarray(found)
    if found.dtype == object:
        found = np.array([None if v is _NONE else v for v in found] or [], dtype=object)
    return codes, found


class _Mark:
    """Stands for None, which pandas takes for NaN."""


_NONE = _Mark()


def _marked(values: Array) -> Array:
    missing = np.flatnonzero(pd.isna(values))
    if any(values[place] is None for place in missing):
        values = values.copy()
        values[[place for place in missing if values[place] is None]] = _NONE
    return values


def both_values(a: Array, b: Array) -> Array:
    """The values of two columns one after the other, in a type that has room for both."""
    if object in (a.dtype, b.dtype):
        return np.concatenate([a.astype(object), b.astype(object)])
    return np.concatenate([a, b])


def wider_dtype(a: str, b: str) -> str:
    """The type of a column of which parts have these: whole numbers with gaps become floats."""
    if a == b:
        return a
    try:
        return str(np.result_type(np.dtype(a), np.dtype(b)))
    except TypeError:
        return "object"


def places_in(values: Array, of: Array) -> Array:
    """For each of some values its place in ``of``, -1 where it is not there."""
    codes, found = coded(both_values(of, values))
    place = np.full(len(found), -1)
    place[codes[: len(of)][::-1]] = np.arange(len(of))[::-1]
    return place[codes[len(of) :]]
