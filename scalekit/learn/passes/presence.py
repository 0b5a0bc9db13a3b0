"""Which columns have missing values, and which have nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.counts import columns_of, wider_dtype


@dataclass(frozen=True)
class Presence:
    """Of one column: its type, the rows, those that miss a value, and a value that is there, if any is."""

    dtype: str
    rows: int
    missing: int
    value: Any

    @property
    def is_empty(self) -> bool:
        """Whether no value is there."""
        return self.missing == self.rows


def presence(batch: Batch, missing_values: Any) -> list[Presence]:
    """That of some rows."""
    found = []
    for column in dense_columns(batch.X):
        values = plain_values(column)
        gaps = is_missing(values, missing_values)
        value = _first(values[~gaps])
        found.append(Presence(str(column.dtype), len(values), int(gaps.sum()), value))
    return found


def _first(values: Array) -> Any:
    """The first value that is not zero, if there is one: a sparse matrix stores it, which makes a difference there."""
    stored = np.flatnonzero(values != 0)
    return values[stored[0] if len(stored) else 0] if len(values) else None


def joined_presence(left: list[Presence], right: list[Presence]) -> list[Presence]:
    """That of the rows of both."""
    return [
        Presence(
            wider_dtype(a.dtype, b.dtype),
            a.rows + b.rows,
            a.missing + b.missing,
            a.value if b.is_empty or (not a.is_empty and bool(a.value != 0)) else b.value,
        )
        for a, b in zip(left, right, strict=True)
    ]


def dense_columns(x: Any) -> Iterator[Any]:
    """The columns of a frame or matrix; those of a sparse one become dense one at a time."""
    if not hasattr(x, "tocsc"):
        yield from columns_of(x)
        return
    x = x.tocsc()
    for place in range(x.shape[1]):
        yield x[:, [place]].toarray().ravel()


def plain_values(column: Any) -> Array:
    """The values as NumPy's numbers, or as objects."""
    if str(column.dtype) in ("category", "str"):
        return np.asarray(column.astype(object))
    return np.asarray(column)


def is_missing(values: Array, missing_values: Any) -> Array:
    """Which values are missing, by scikit-learn's rule: None is no NaN."""
    if missing_values is pd.NA:
        return np.asarray(pd.isna(values))
    if isinstance(missing_values, float | np.floating) and np.isnan(missing_values):
        return np.asarray(values != values, dtype=bool)
    return np.broadcast_to(np.asarray(values == missing_values, dtype=bool), values.shape)
