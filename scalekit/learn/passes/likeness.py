"""Small data in the likeness of X: the same names, types and form, other rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.data import Data


def alike(columns: Sequence[Array], dtypes: Sequence[str], data: Data) -> Any:
    """X with these columns, of equal length and of these types, as the estimator would see it."""
    if data.names is None:
        return np.column_stack([c.astype(d) for c, d in zip(columns, dtypes, strict=True)])
    series = [pd.Series(c).astype(d) for c, d in zip(columns, dtypes, strict=True)]
    frame = pd.concat(series, axis=1)
    frame.columns = data.example.columns
    return frame


def padded(columns: Sequence[Array], rows: int = 0) -> list[Array]:
    """Columns of equal length, of at least ``rows``: shorter ones repeat their last value."""
    longest = max(rows, *(len(column) for column in columns))
    return [np.append(c, np.repeat(c[-1:], longest - len(c))) for c in columns]


def dtypes_of(data: Data) -> list[str]:
    """The types of the columns of X, as the first rows have them."""
    if data.names is None:
        return [str(data.example.dtype)] * data.width
    return [str(dtype) for dtype in data.example.dtypes]
