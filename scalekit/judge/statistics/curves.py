"""Curves of scores with bands, from a tally alone: ROC, precision and recall, gain, reliability.

The curves are of the fine bins. Bands are pointwise, of the delete-a-block jackknife on the coarse bins, each of
which is divided as all its rows are.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from scalekit.judge.metrics.arrays import Array, divided
from scalekit.judge.metrics.bins import score_logits
from scalekit.judge.metrics.probability import equal_groups
from scalekit.judge.statistics.curve_counts import (
    at_or_above,
    banded,
    by_group,
    class_of,
    counts_of,
    shares_by_group,
)
from scalekit.judge.statistics.tally import Tally


def roc_curve(
    tally: Tally, model: str, *, points: int = 200, level: float = 0.95, of: int | None = None
) -> pl.DataFrame:
    """The true positive rate by the false positive rate.

    Parameters
    ----------
    tally
        Of a classification.
    model
        The name of a model.
    points
        How many false positive rates, evenly from 0 to 1.
    level
        Of the band at each point.
    of
        Of several classes, the position of the one that is set against the rest.

    Returns
    -------
    polars.DataFrame
        ``false_positive_rate``, ``true_positive_rate``, ``low``, ``high``; without rows where there are no
        positive or no negative rows.

    Raises
    ------
    InvalidOperationError
        Where the task has no scores, or ``of`` is needed and not given.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    >>> layout = Layout("binary", ("model",), classes=(0, 1))
    >>> counted = tally(layout, y, {"model": score}, block=np.arange(4))
    >>> roc_curve(counted, "model", points=3)["true_positive_rate"].to_list()
    [0.5, 1.0, 1.0]
    """
    at = np.linspace(0.0, 1.0, points)
    fine, coarse = counts_of(tally, model, of)

    def curve(counts: Array) -> Array:
        false, true = _rates_above(counts)
        return _at(false, true, at)

    return banded(
        "false_positive_rate", "true_positive_rate", at, curve(fine), curve(coarse), level
    )


def precision_recall_curve(
    tally: Tally, model: str, *, points: int = 200, level: float = 0.95, of: int | None = None
) -> pl.DataFrame:
    """The precision by the recall; parameters as of ``roc_curve``.

    Returns
    -------
    polars.DataFrame
        ``recall``, ``precision``, ``low``, ``high``.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    >>> layout = Layout("binary", ("model",), classes=(0, 1))
    >>> counted = tally(layout, y, {"model": score}, block=np.arange(4))
    >>> precision_recall_curve(counted, "model", points=2)["precision"].round(3).to_list()
    [1.0, 0.667]
    """
    at = np.linspace(1.0 / points, 1.0, points)
    fine, coarse = counts_of(tally, model, of)

    def curve(counts: Array) -> Array:
        """What is said to be positive where so much is found; precision of that."""
        above = at_or_above(counts)
        found = divided(above[:, 1], above[:, 1, :1])
        false = _at(found, above[:, 0], at * (1.0 - 1e-12))  # where so much is found first
        true = at * above[:, 1, :1]
        return divided(true, true + false)

    return banded("recall", "precision", at, curve(fine), curve(coarse), level)


def gain_curve(
    tally: Tally, model: str, *, points: int = 100, level: float = 0.95, of: int | None = None
) -> pl.DataFrame:
    """Which share of the positive rows is among which share of the rows with the highest scores.

    Returns
    -------
    polars.DataFrame
        ``share``, ``found``, ``low``, ``high``, and ``lift`` (found / share).

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    >>> layout = Layout("binary", ("model",), classes=(0, 1))
    >>> counted = tally(layout, y, {"model": score}, block=np.arange(4))
    >>> gain_curve(counted, "model", points=4)["found"].to_list()
    [0.5, 0.5, 1.0, 1.0]
    """
    at = np.linspace(1.0 / points, 1.0, points)
    fine, coarse = counts_of(tally, model, of)

    def curve(counts: Array) -> Array:
        above = at_or_above(counts)
        rows = above.sum(axis=1)
        return _at(divided(rows, rows[:, :1]), divided(above[:, 1], above[:, 1, :1]), at)

    table = banded("share", "found", at, curve(fine), curve(coarse), level)
    return table.with_columns(lift=pl.col("found") / pl.col("share"))


def reliability_curve(
    tally: Tally, model: str, *, groups: int = 10, level: float = 0.95, of: int | None = None
) -> pl.DataFrame:
    """The share of positives by the mean score, in groups of equal size by score.

    Returns
    -------
    polars.DataFrame
        ``score`` (mean of the group), ``rate`` (share of positives) from ``low`` to ``high``, ``n`` (rows, or
        their weight). Equal scores are in one group, so that there may be fewer.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.1, 0.9, 0.9])
    >>> layout = Layout("binary", ("model",), classes=(0, 1))
    >>> counted = tally(layout, y, {"model": score}, block=np.arange(4))
    >>> reliability_curve(counted, "model", groups=2).select("score", "rate", "n").rows()
    [(0.1, 0.0, 2.0), (0.9, 1.0, 2.0)]
    """
    fine, coarse = counts_of(tally, model, of)
    place, c = tally.layout.model(model), class_of(tally, of)
    group = equal_groups(fine[0].sum(axis=0), groups)
    counts = by_group(fine[0], group, groups)
    said = np.bincount(group, tally.total("score_sums")[place, c], groups)
    n = counts.sum(axis=0)
    is_there = np.flatnonzero(n)
    shares = shares_by_group(fine[0], coarse.shape[-1], group, groups)
    without = np.einsum("rcb,cbg->rcg", coarse, shares)
    rate, rates = divided(counts[1], n), divided(without[:, 1], without.sum(axis=1))
    score = np.clip(divided(said, n), 0.0, 1.0)[is_there]
    table = banded("score", "rate", score, rate[None, is_there], rates[:, is_there], level)
    if table.is_empty():  # no row that could be judged
        return table.with_columns(n=pl.Series(dtype=pl.Float64))
    return table.with_columns(n=pl.Series(n[is_there]))


def score_histogram(
    tally: Tally, model: str, *, bins: int = 40, of: int | None = None
) -> pl.DataFrame:
    """How many negative and positive rows have which score, in steps of equal width.

    Returns
    -------
    polars.DataFrame
        ``low`` and ``high`` (ends of the step), ``negative``, ``positive`` (rows, or their weight).

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.1, 0.9, 0.9])
    >>> layout = Layout("binary", ("model",), classes=(0, 1))
    >>> counted = tally(layout, y, {"model": score}, block=np.arange(4))
    >>> score_histogram(counted, "model", bins=2).rows()
    [(0.0, 0.5, 2.0, 0.0), (0.5, 1.0, 0.0, 2.0)]
    """
    fine, _ = counts_of(tally, model, of)
    middle = 1.0 / (1.0 + np.exp(-score_logits(fine.shape[-1])))
    step = np.minimum((middle * bins).astype(np.int64), bins - 1)
    counts = by_group(fine[0], step, bins)
    ends = np.arange(bins + 1) / bins
    return pl.DataFrame(
        {"low": ends[:-1], "high": ends[1:], "negative": counts[0], "positive": counts[1]}
    )


def _rates_above(counts: Array) -> tuple[Array, Array]:
    above = at_or_above(counts)
    return divided(above[:, 0], above[:, 0, :1]), divided(above[:, 1], above[:, 1, :1])


def _at(x: Array, y: Array, at: Array) -> Array:
    """Each version's ``y`` where its ``x`` is ``at``, the last of several; both grow from 0 as bins fall."""
    out = np.empty((len(x), len(at)))
    for r in range(len(x)):
        out[r] = np.interp(at, np.r_[0.0, x[r, ::-1]], np.r_[0.0, y[r, ::-1]])
    return out
