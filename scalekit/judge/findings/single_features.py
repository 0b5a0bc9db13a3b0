"""How much a single feature says of the target: fitted on half of a sample, measured on the other half."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from scalekit.judge.findings.look import Look

LEAST = 100
"""Rows of a sample below which nothing is said."""
BINS = 50
"""Bins of a feature's numbers, by quantiles of the first half."""

Array = np.ndarray[Any, np.dtype[Any]]


def best_single_feature(sample: pl.DataFrame, look: Look) -> tuple[str, float] | None:
    """The feature that says most of the target, and its AUC (mean over classes) or R2; None where nothing can be said."""
    target = look.protocol.target
    rows = sample.drop_nulls(target)
    if rows.height < LEAST:
        return None
    y = _target(rows[target], look)
    names = [name for name in look.evidence.features if name in rows.columns]
    scores = {name: _score(rows[name], y, look) for name in names}
    known = {name: score for name, score in scores.items() if score is not None}
    return max(known.items(), key=lambda one: one[1]) if known else None


def _target(column: pl.Series, look: Look) -> Array:
    """(rows, classes) of 0 and 1, without the first of two; (rows, 1) of numbers."""
    if not look.layout.is_classification:
        return column.cast(pl.Float64).to_numpy()[:, None]
    labels = column.cast(pl.String).to_numpy() if _is_label(column) else column.to_numpy()
    classes = look.layout.classes[1:] if len(look.layout.classes) == 2 else look.layout.classes
    return np.column_stack([labels == label for label in classes]).astype(np.float64)


def _is_label(column: pl.Series) -> bool:
    return column.dtype in (pl.Categorical, pl.Enum)


def _score(column: pl.Series, y: Array, look: Look) -> float | None:
    """Of the mean target in each bin or category of the first half, applied to the second."""
    first = np.arange(len(column)) % 2 == 0
    place = _places(column, first)
    if place is None:
        return None
    counts = np.bincount(place[first], minlength=place.max() + 1)
    found = []
    for one in y.T:
        overall = one[first].mean()
        sums = np.bincount(place[first], one[first], minlength=place.max() + 1)
        means = (sums + overall) / (counts + 1)
        said, true = means[place[~first]], one[~first]
        found.append(_auc(said, true) if look.layout.is_classification else _r2(said, true))
    known = [score for score in found if np.isfinite(score)]
    return float(np.mean(known)) if known else None


def _places(column: pl.Series, first: Array) -> Array | None:
    """The bin or category of each value; nulls have one of their own."""
    if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object, pl.Null):
        return None
    if column.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean):
        return column.cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.int64)
    numbers = column.to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy()
    known = numbers[first & np.isfinite(numbers)]
    if not len(known):
        return None
    distinct = np.unique(known)
    steps = np.arange(1, BINS) / BINS
    edges = distinct if len(distinct) <= BINS else np.unique(np.quantile(known, steps))
    place = np.searchsorted(edges, numbers)
    return np.where(np.isnan(numbers), len(edges) + 1, place)


def _auc(said: Array, true: Array) -> float:
    """The area under the ROC curve, ties half; NaN without both classes."""
    positives = true.sum()
    negatives = len(true) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = pl.Series(said).rank("average").to_numpy()
    won = ranks[true > 0].sum() - positives * (positives + 1) / 2
    return float(won / (positives * negatives))


def _r2(said: Array, true: Array) -> float:
    spread = ((true - true.mean()) ** 2).sum()
    return float(1 - ((true - said) ** 2).sum() / spread) if spread else float("nan")
