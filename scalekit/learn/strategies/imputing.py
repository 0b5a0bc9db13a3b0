"""Imputers, from counts of what is missing and statistics of what is there: the genuine fit on two rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import assert_all_finite

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.columns import Features
from scalekit.learn.passes.counts import Counts, checked, counts_of, joined_counts
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.likeness import alike
from scalekit.learn.passes.moments import Moments, joined, moments_of
from scalekit.learn.passes.percentiles import medians
from scalekit.learn.passes.presence import (
    Presence,
    dense_columns,
    is_missing,
    joined_presence,
    plain_values,
    presence,
)
from scalekit.learn.passes.requests import Steps, together
from scalekit.learn.passes.template import fitted_on
from scalekit.learn.strategies.strategy import Strategy


def simple_imputer(estimator: Any, data: Data) -> Steps:
    """Statistics of the columns that have values; of the others the genuine fit knows what to do."""
    fitted_on(estimator, data.example)  # refuses types that do not go with the strategy
    asked = [_presence(estimator, data)]
    if estimator.strategy != "constant":
        asked.append(_STATISTICS[estimator.strategy](estimator, data))
    there, *statistics = yield from together(asked)
    fitted_on(estimator, _rows(there, estimator.missing_values, data))
    known = np.array([not column.is_empty for column in there])
    for of_columns in statistics:
        estimator.statistics_[known] = of_columns[known]
    return estimator


def missing_indicator(estimator: Any, data: Data) -> Steps:
    """Which columns have gaps."""
    fitted_on(estimator, data.example)
    there = yield from _presence(estimator, data)
    return estimator.fit(_rows(there, estimator.missing_values, data))


def _presence(estimator: Any, data: Data) -> Steps:
    found: list[Presence] = yield data.ask(
        checked_presence, joined_presence, type(estimator).__name__, estimator.missing_values,
        what="missing values",
    )  # fmt: skip
    return found


def checked_presence(batch: Batch, who: str, missing_values: Any) -> list[Presence]:
    """Which values are missing among some rows, of which none may be infinite, nor NaN if that is no missing value."""
    nan = missing_values is pd.NA or missing_values != missing_values
    for column in dense_columns(batch.X):
        values = plain_values(column)
        if values.dtype.kind == "f":
            assert_all_finite(values, allow_nan=nan, estimator_name=who, input_name="X")
    return presence(batch, missing_values)


def _rows(there: list[Presence], missing_values: Any, data: Data) -> Any:
    """One row of values, and one that misses those of columns with gaps."""
    gap = np.nan if missing_values is pd.NA else missing_values
    columns = []
    for column in there:
        value = gap if column.is_empty else column.value
        pair = np.empty(2, dtype=object)
        pair[:] = [value, gap if column.missing else value]
        columns.append(pair)
    rows = alike(columns, [column.dtype for column in there], data)
    return sparse.csc_matrix(rows) if hasattr(data.example, "tocsc") else rows


# statistics


def _means(estimator: Any, data: Data) -> Steps:
    found: Moments = yield data.ask(
        known_moments, joined, estimator.missing_values, what="means of values that are there"
    )
    return found.mean


def known_moments(batch: Batch, missing_values: Any) -> Moments:
    """The moments of values that are there."""
    if not hasattr(batch.X, "tocsc"):
        return moments_of(_with_gaps(batch.matrix, missing_values))
    columns = [
        moments_of(_with_gaps(column[:, np.newaxis], missing_values))
        for column in dense_columns(batch.X)
    ]
    fields = ("rows", "weight", "mean", "m2")
    return Moments(*(np.concatenate([getattr(c, f) for c in columns]) for f in fields))


def _with_gaps(x: Array, missing_values: Any) -> Array:
    gaps = is_missing(x, missing_values)
    return np.where(gaps, np.nan, x) if gaps.any() else x


def _medians(estimator: Any, data: Data) -> Steps:
    missing = estimator.missing_values
    value = np.nan if missing is pd.NA else float(missing)
    source = Features(type(estimator).__name__, missing=value, nan=bool(np.isnan(value)))
    return (yield from medians(data, source, dtype=data.dtype))


def _modes(estimator: Any, data: Data) -> Steps:
    found: list[Counts] = yield data.ask(
        count_columns, joined_counts, what="how often each value comes"
    )
    checked(found, data.names, type(estimator).__name__)
    modes = np.empty(len(found), dtype=object)
    modes[:] = [_mode(column, estimator.missing_values) for column in found]
    return modes


def count_columns(batch: Batch) -> list[Counts]:
    """The values of some rows; columns may be sparse."""
    return [counts_of(column) for column in dense_columns(batch.X)]


def _mode(column: Counts, missing_values: Any) -> Any:
    """The most frequent value, of several the least; None where none is there."""
    there = ~is_missing(column.values, missing_values)
    rows = column.rows[there]
    if not len(rows):
        return None
    values = column.values[there][rows == rows.max()].tolist()
    try:
        return min(values)
    except TypeError:  # values that do not compare, in scikit-learn's order
        return min(values, key=lambda value: (str(type(value)), str(value)))


_STATISTICS: Mapping[str, Any] = {"mean": _means, "median": _medians, "most_frequent": _modes}


def _refuses(estimator: Any) -> str:
    if callable(estimator.strategy):
        return (
            "a strategy that is a function takes all values of a column at once: strategy='mean', 'median', "
            "'most_frequent' and 'constant' are known"
        )
    return ""


STRATEGIES: Mapping[str, Strategy] = {
    "MissingIndicator": Strategy("statistics", "exact", "1", missing_indicator),
    "SimpleImputer": Strategy(
        "statistics", "exact", "1; 2 to 4 for medians", simple_imputer, refuses=_refuses
    ),
}
