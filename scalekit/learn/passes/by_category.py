"""What a target is among the rows of each category: its spread where it is a number, how often each label comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.counts import Counts, both_values, coded, columns_of, wider_dtype


@dataclass(frozen=True)
class Spread:
    """The rows of each of some groups, the mean of a number among them, and the sum of squares about it."""

    rows: Array
    mean: Array
    m2: Array


@dataclass(frozen=True)
class ByCategory:
    """A target by the values of each column of X.

    Attributes
    ----------
    columns
        The values of each column, and their rows.
    spreads
        Of each column, for its values; none where the target is no number.
    labels
        The labels of the target; None where it is no label but a measured number.
    tables
        Of each column, for its values and the labels, the rows that have both.
    """

    columns: list[Counts]
    spreads: list[Spread]
    labels: Array | None
    tables: list[Array]


def by_category(batch: Batch, target_type: str) -> ByCategory:
    """That of some rows, for a target of a type of TargetEncoder's."""
    y = np.asarray(batch.y)
    is_number = y.dtype.kind in "biuf"
    if is_number:
        assert_all_finite(y, input_name="y")
    elif target_type == "continuous":
        y.astype(np.float64)  # which raises
    labels, of_label = None, None
    if target_type in ("binary", "multiclass") or (target_type == "auto" and _is_label(y)):
        of_label, labels = coded(y)
    columns, spreads, tables = [], [], []
    for column in columns_of(batch.X):
        codes, values = coded(column)
        size = len(values)
        columns.append(Counts(str(column.dtype), values, np.bincount(codes, minlength=size)))
        if is_number:
            spreads.append(_spread(codes, y.astype(np.float64), size))
        if labels is not None:
            cells = np.bincount(codes * len(labels) + of_label, minlength=size * len(labels))
            tables.append(cells.reshape(size, len(labels)))
    return ByCategory(columns, spreads, labels, tables)


def _is_label(y: Array) -> bool:
    return not (y.dtype.kind == "f" and bool(np.any(y != np.floor(y))))


def _spread(codes: Array, y: Array, size: int) -> Spread:
    rows = np.bincount(codes, minlength=size)
    mean = np.bincount(codes, y, size) / rows
    deviation = y - mean[codes]
    off = np.bincount(codes, deviation, size)
    m2 = np.bincount(codes, deviation**2, size) - off**2 / rows
    return Spread(rows, mean + off / rows, np.maximum(m2, 0.0))


def joined_by_category(left: ByCategory, right: ByCategory) -> ByCategory:
    """That of the rows of both."""
    labels, of_label = None, np.empty(0, np.intp)
    if left.labels is not None and right.labels is not None:
        of_label, labels = coded(both_values(left.labels, right.labels))
    columns, spreads, tables = [], [], []
    for place, (a, b) in enumerate(zip(left.columns, right.columns, strict=True)):
        codes, values = coded(both_values(a.values, b.values))
        pair, size = (codes[: len(a.values)], codes[len(a.values) :]), len(values)
        rows = _placed(pair, (a.rows, b.rows), (size,)).sum(axis=0)
        columns.append(Counts(wider_dtype(a.dtype, b.dtype), values, rows))
        if left.spreads:
            spreads.append(_both_spreads(pair, left.spreads[place], right.spreads[place], size))
        if labels is not None:
            shape = (size, len(labels))
            known = len(left.labels)  # type: ignore[arg-type]
            where = (np.ix_(pair[0], of_label[:known]), np.ix_(pair[1], of_label[known:]))
            both = (left.tables[place], right.tables[place])
            tables.append(_placed(where, both, shape).sum(axis=0))
    return ByCategory(columns, spreads, labels, tables)


def _placed(places: Sequence[Any], parts: Sequence[Array], shape: tuple[int, ...]) -> Array:
    """Arrays, each at its places among zeros, on top of each other."""
    found = np.zeros((len(parts), *shape), dtype=parts[0].dtype)
    for layer, place, part in zip(found, places, parts, strict=True):
        layer[place] = part
    return found


def _both_spreads(places: Sequence[Array], a: Spread, b: Spread, size: int) -> Spread:
    of = {what: (getattr(a, what), getattr(b, what)) for what in ("rows", "mean", "m2")}
    rows, mean, m2 = (_placed(places, pair, (size,)) for pair in of.values())
    return joined_spreads(Spread(rows[0], mean[0], m2[0]), Spread(rows[1], mean[1], m2[1]))


def joined_spreads(a: Spread, b: Spread) -> Spread:
    """The spread of the rows of both, group by group."""
    rows = a.rows + b.rows
    apart = b.mean - a.mean
    share = b.rows / np.maximum(rows, 1)
    return Spread(rows, a.mean + apart * share, a.m2 + b.m2 + apart**2 * a.rows * share)


def whole(spread: Spread) -> Spread:
    """The spread of the rows of all groups together."""
    rows = spread.rows.sum()
    mean = spread.rows @ spread.mean / rows
    return Spread(rows, mean, np.asarray(spread.m2.sum() + spread.rows @ (spread.mean - mean) ** 2))


def regrouped(spread: Spread, group: Array, size: int) -> Spread:
    """The spread of groups of groups."""
    rows = np.bincount(group, spread.rows, size)
    mean = np.bincount(group, spread.rows * spread.mean, size) / np.maximum(rows, 1)
    apart = spread.rows * (spread.mean - mean[group]) ** 2
    return Spread(rows, mean, np.bincount(group, spread.m2 + apart, size))


def of_codes(table: Array, codes: Array) -> Spread:
    """The spread of numbers that stand for labels, from how often each comes in each group."""
    rows = table.sum(axis=1)
    mean = table @ codes / np.maximum(rows, 1)
    return Spread(rows, mean, (table * (codes - mean[:, np.newaxis]) ** 2).sum(axis=1))
