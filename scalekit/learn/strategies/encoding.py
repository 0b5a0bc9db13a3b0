"""Encoders of categories, from one pass that counts values: the genuine fit on one row for each value."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.counts import (
    Counts,
    checked,
    count_values,
    joined_counts,
    places_in,
)
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.likeness import alike, padded
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.strategy import Strategy


def encoder(estimator: Any, data: Data) -> Steps:
    """The values of each column, and how often they come where rare ones are put together."""
    found = yield from categories(estimator, data)
    wanted = {"min_frequency": estimator.min_frequency, "max_categories": estimator.max_categories}
    if wanted["min_frequency"] is None and wanted["max_categories"] is None:
        return estimator.fit(distinct(found, data))
    estimator.set_params(min_frequency=None, max_categories=None)
    estimator.fit(distinct(found, data))
    columns = [
        _Column(values, known, counts, wanted)
        for values, known, counts in zip(
            estimator.categories_, _countable(estimator), found, strict=True
        )
    ]
    bound = _bound(columns) if estimator.max_categories != 1 else 2
    length = max(bound * len(column.frequent) + len(column.rare) + 1 for column in columns)
    rows = [column.rows(bound, length) for column in columns]
    if wanted["max_categories"] != 1:
        estimator.set_params(min_frequency=bound)
    else:
        estimator.set_params(**wanted)
    estimator.fit(alike(rows, [column.dtype for column in found], data))
    return estimator.set_params(**wanted)


def categories(estimator: Any, data: Data) -> Steps:
    """The counts of all values."""
    found: list[Counts] = yield data.ask(count_values, joined_counts, what="categories")
    return checked(found, data.names, type(estimator).__name__)


def distinct(found: list[Counts], data: Data, rows: int = 0) -> Any:
    """X in which each column has each of its values."""
    return alike(
        padded([column.values for column in found], rows), [column.dtype for column in found], data
    )


# rare categories


def _countable(estimator: Any) -> list[Array]:
    """The categories whose frequency counts: an OrdinalEncoder does not count missing values."""
    if type(estimator).__name__ != "OrdinalEncoder":
        return list(estimator.categories_)
    return [known[:-1] if _is_nan(known[-1]) else known for known in estimator.categories_]


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


class _Column:
    """The categories of a column, of which some are rare.

    Attributes
    ----------
    frequent, rare
        Those that count.
    uncounted
        A value that does not: a missing one, or one that is not among the categories; or none.
    """

    def __init__(
        self, values: Array, known: Array, counts: Counts, wanted: Mapping[str, Any]
    ) -> None:
        place = places_in(known, counts.values)
        rows = np.where(place >= 0, counts.rows[place], 0)
        is_rare = _rare(rows, int(counts.rows.sum()), **wanted)
        self.frequent, self.rare = known[~is_rare], known[is_rare]
        unknown = counts.values[places_in(counts.values, values) < 0]
        self.uncounted = np.concatenate([values[len(known) :], unknown])[:1]

    def rows(self, bound: int, length: int) -> Array:
        """``length`` values, in which frequent categories come ``bound`` times or more, rare ones less often."""
        if not len(self.frequent) and not len(self.uncounted):
            return np.resize(self.rare, length)
        column = np.concatenate([self.rare, np.repeat(self.frequent, bound), self.uncounted])
        return padded([column], length)[0]


def _rare(rows: Array, total: int, min_frequency: Any, max_categories: int | None) -> Array:
    """Which categories are rare, by scikit-learn's rule: of too few rows, or not among the most frequent."""
    rare = np.zeros(len(rows), dtype=bool)
    if min_frequency is not None:
        is_count = isinstance(min_frequency, numbers.Integral)
        rare = rows < (min_frequency if is_count else total * min_frequency)
    if max_categories is not None and max_categories < len(rows) - rare.sum() + 1:
        rare[np.argsort(rows, kind="stable")[: len(rows) - (max_categories - 1)]] = True
    return rare


def _bound(columns: list[_Column]) -> int:
    """A number of rows that frequent categories reach and rare ones do not, where all columns have equally many.

    A column of rare categories alone needs room for all rows below the bound; it has it in the data, and so here.
    """
    bound = 2
    for narrow in columns:
        if len(narrow.frequent) or len(narrow.uncounted):
            continue
        for other in columns:
            room = len(narrow.rare) - len(other.frequent)
            bound = max(bound, -(-(len(narrow.rare) + len(other.rare) + 1) // max(1, room)))
    return bound


STRATEGIES: Mapping[str, Strategy] = {
    "OneHotEncoder": Strategy("statistics", "exact", "1", encoder),
    "OrdinalEncoder": Strategy("statistics", "exact", "1", encoder),
}
