"""Curves of scores with bands, from a tally alone: ROC, precision and recall, gain, reliability, thresholds, costs.

The curves are of the fine bins. Bands are pointwise, of the delete-a-block jackknife on the coarse bins, each of
which is divided as all its rows are.
"""

from __future__ import annotations

from math import isnan

import numpy as np
import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.arrays import Array, divided, ratio_or
from scalekit.judge.metrics.bins import score_edges, score_logits
from scalekit.judge.metrics.probability import equal_groups
from scalekit.judge.statistics.distributions import t_quantile
from scalekit.judge.statistics.pooling import share_above, without_each
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
    fine, coarse = _counts(tally, model, of)

    def curve(counts: Array) -> Array:
        false, true = _rates_above(counts)
        return _at(false, true, at)

    return _banded(
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
    fine, coarse = _counts(tally, model, of)

    def curve(counts: Array) -> Array:
        """What is said to be positive where so much is found; precision of that."""
        above = _above(counts)
        found = divided(above[:, 1], above[:, 1, :1])
        false = _at(found, above[:, 0], at * (1.0 - 1e-12))  # where so much is found first
        true = at * above[:, 1, :1]
        return divided(true, true + false)

    return _banded("recall", "precision", at, curve(fine), curve(coarse), level)


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
    fine, coarse = _counts(tally, model, of)

    def curve(counts: Array) -> Array:
        above = _above(counts)
        rows = above.sum(axis=1)
        return _at(divided(rows, rows[:, :1]), divided(above[:, 1], above[:, 1, :1]), at)

    table = _banded("share", "found", at, curve(fine), curve(coarse), level)
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
    fine, coarse = _counts(tally, model, of)
    place, c = tally.layout.model(model), _class(tally, of)
    group = equal_groups(fine[0].sum(axis=0), groups)
    counts = _by_group(fine[0], group, groups)
    said = np.bincount(group, tally.total("score_sums")[place, c], groups)
    n = counts.sum(axis=0)
    is_there = np.flatnonzero(n)
    shares = _shares(fine[0], coarse.shape[-1], group, groups)
    without = np.einsum("rcb,cbg->rcg", coarse, shares)
    rate, rates = divided(counts[1], n), divided(without[:, 1], without.sum(axis=1))
    score = np.clip(divided(said, n), 0.0, 1.0)[is_there]
    table = _banded("score", "rate", score, rate[None, is_there], rates[:, is_there], level)
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
    fine, _ = _counts(tally, model, of)
    middle = 1.0 / (1.0 + np.exp(-score_logits(fine.shape[-1])))
    step = np.minimum((middle * bins).astype(np.int64), bins - 1)
    counts = _by_group(fine[0], step, bins)
    ends = np.arange(bins + 1) / bins
    return pl.DataFrame(
        {"low": ends[:-1], "high": ends[1:], "negative": counts[0], "positive": counts[1]}
    )


def thresholds(tally: Tally, model: str, *, points: int | None = None) -> pl.DataFrame:
    """What hard predictions would be at each threshold: exact counts at the edges of the fine bins.

    Parameters
    ----------
    tally
        Of a binary task.
    model
        The name of a model.
    points
        How many thresholds at most, spread evenly over the rows; by default one for every bin with rows.

    Returns
    -------
    polars.DataFrame
        ``threshold`` (a score of this or more is positive), ``tp``, ``fp``, ``fn``, ``tn``, ``precision``,
        ``recall``, ``specificity``, ``f1``, ``balanced_accuracy``, ``mcc``, ``positive_rate``, from the lowest
        threshold, at which all is positive, to one above 1, at which nothing is.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    >>> layout = Layout("binary", ("model",), classes=(0, 1))
    >>> table = thresholds(tally(layout, y, {"model": score}, block=np.arange(4)), "model")
    >>> table.select("tp", "fp").rows()
    [(2.0, 2.0), (2.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
    """
    _binary_only(tally)
    fine = _counts(tally, model, None)[0][0]
    edges, place = score_edges(fine.shape[-1]), tally.layout.model(model)
    chosen = np.flatnonzero(fine.sum(axis=0))
    if points is not None and len(chosen) > points:
        rows = np.cumsum(fine.sum(axis=0)[chosen])
        chosen = chosen[np.unique(np.searchsorted(rows, np.linspace(rows[0], rows[-1], points)))]
    exemplar = tally.arrays["score_exemplar"][place, 0, chosen]
    at = np.where(np.isfinite(exemplar), exemplar, edges[chosen])
    above = np.concatenate([_above(fine[None])[0][:, chosen], np.zeros((2, 1))], axis=1)
    return _at_thresholds(np.r_[at, np.nextafter(1.0, 2.0)], above, fine.sum(axis=1))


def cost_curve(
    tally: Tally,
    model: str,
    *,
    false_positive: float = 1.0,
    false_negative: float = 1.0,
    points: int = 200,
    level: float = 0.95,
) -> pl.DataFrame:
    """The cost per row by threshold.

    Parameters
    ----------
    tally
        Of a binary task.
    model
        The name of a model.
    false_positive, false_negative
        What each mistake costs.
    points
        How many thresholds at most.
    level
        Of the band at each threshold.

    Returns
    -------
    polars.DataFrame
        ``threshold``, ``cost``, ``low``, ``high``.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    >>> layout = Layout("binary", ("model",), classes=(0, 1))
    >>> counted = tally(layout, y, {"model": score}, block=np.arange(4))
    >>> cost_curve(counted, "model", false_negative=4.0)["cost"].to_list()
    [0.5, 0.25, 1.25, 1.0, 2.0]
    """
    table = thresholds(tally, model, points=points)
    fine, coarse = _counts(tally, model, None)
    at = table["threshold"].to_numpy()
    price = np.array([false_positive, false_negative])
    mistakes = np.stack([table["fp"].to_numpy(), table["fn"].to_numpy()])
    cost = divided(price @ mistakes, fine.sum())
    place = np.searchsorted(score_edges(fine.shape[-1]), at, side="right") - 1
    shares = _shares_above(fine[0], coarse.shape[-1], place, at)
    above = np.einsum("rcb,cbt->rct", coarse, shares)
    total = coarse.sum(axis=-1)
    costs = price[0] * above[:, 0] + price[1] * (total[:, 1, None] - above[:, 1])
    costs = divided(costs, total.sum(axis=-1)[:, None])
    return _banded("threshold", "cost", at, cost[None], costs, level, most=np.inf)


def confusion(tally: Tally, model: str, *, threshold: float | None = None) -> pl.DataFrame:
    """How many rows of each class were said to be of which.

    Parameters
    ----------
    tally
        Of a classification.
    model
        The name of a model.
    threshold
        Of a binary task; by default that of the layout.

    Returns
    -------
    polars.DataFrame
        ``true``, ``said`` (both as text), ``n`` (rows, or their weight).

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    >>> layout = Layout("binary", ("model",), classes=("no", "yes"))
    >>> counted = tally(layout, y, {"model": score}, block=np.arange(4))
    >>> confusion(counted, "model").row(3)
    ('yes', 'yes', 1.0)
    """
    layout, place = tally.layout, tally.layout.model(model)
    if not layout.is_classification:
        raise InvalidOperationError(f"a {layout.task} task has no classes to confuse")
    counts = tally.arrays["confusion"][place].astype(np.float64)
    if threshold is not None and threshold != layout.threshold:
        _binary_only(tally)
        counts = _confusion_at(tally, place, threshold)
    k, names = len(layout.classes), [str(c) for c in layout.classes]
    return pl.DataFrame(
        {"true": [n for n in names for _ in range(k)], "said": names * k, "n": counts.ravel()}
    )


def _confusion_at(tally: Tally, place: int, threshold: float) -> Array:
    fine = tally.arrays["scores"][place, 0].astype(np.float64)
    bins = fine.shape[-1]
    at = max(int(np.searchsorted(score_edges(bins), threshold, side="right")) - 1, 0)
    part = share_above(tally.arrays["score_exemplar"][place, 0], at, threshold, bins)
    above = fine[:, at + 1 :].sum(axis=1) + part * fine[:, at]
    return np.stack([fine.sum(axis=1) - above, above], axis=1)


def _counts(tally: Tally, model: str, of: int | None) -> tuple[Array, Array]:
    """(1, 2, fine bins) of all rows, and (blocks, 2, coarse bins) of all but a block."""
    c, place = _class(tally, of), tally.layout.model(model)
    fine = _two(tally.arrays["scores"][place, c][None], c)
    cells = _two(tally.arrays["cell_scores"][place, : tally.layout.blocks, c], c)
    without = np.tensordot(without_each(tally), cells.astype(np.float64), axes=1)
    return fine.astype(np.float64), without


def _class(tally: Tally, of: int | None) -> int:
    layout = tally.layout
    if not layout.scored:
        raise InvalidOperationError(f"a {layout.task} task has no scores: residuals are for it")
    if layout.task == "binary":
        return 0
    if of is None or not 0 <= of < len(layout.classes):
        raise InvalidOperationError(
            f"of={of!r}: of several classes, give the position of one, from 0 to {len(layout.classes) - 1}"
        )
    return of


def _binary_only(tally: Tally) -> None:
    if tally.layout.task != "binary":
        raise InvalidOperationError(f"thresholds are for binary tasks, not for {tally.layout.task}")


def _two(counts: Array, c: int) -> Array:
    """Others and those of the class, where each true class was counted apart."""
    if counts.shape[1] == 2:
        return counts
    own = counts[:, c]
    return np.stack([counts.sum(axis=1) - own, own], axis=1)


def _above(counts: Array) -> Array:
    """How many there are in each bin or above it."""
    return np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]


def _rates_above(counts: Array) -> tuple[Array, Array]:
    above = _above(counts)
    return divided(above[:, 0], above[:, 0, :1]), divided(above[:, 1], above[:, 1, :1])


def _at(x: Array, y: Array, at: Array) -> Array:
    """Each version's ``y`` where its ``x`` is ``at``, the last of several; both grow from 0 as bins fall."""
    out = np.empty((len(x), len(at)))
    for r in range(len(x)):
        out[r] = np.interp(at, np.r_[0.0, x[r, ::-1]], np.r_[0.0, y[r, ::-1]])
    return out


def _by_group(counts: Array, group: Array, groups: int) -> Array:
    """(2, groups)."""
    return np.stack([np.bincount(group, side, groups) for side in counts])


def _shares(fine: Array, coarse: int, group: Array, groups: int) -> Array:
    """(2, coarse bins, groups) which share of each coarse bin's rows is in each group."""
    factor = fine.shape[-1] // coarse
    index = (np.arange(fine.shape[-1]) // factor) * groups + group
    parts = np.stack([np.bincount(index, side, coarse * groups) for side in fine])
    parts = parts.reshape(2, coarse, groups)
    return ratio_or(parts, parts.sum(axis=-1, keepdims=True), 0.0)


def _shares_above(fine: Array, coarse: int, place: Array, at: Array) -> Array:
    """(2, coarse bins, thresholds) which share of each coarse bin's rows is in a threshold's bin or above it."""
    factor = fine.shape[-1] // coarse
    rows = fine.reshape(2, coarse, factor)
    inside = np.concatenate(
        [np.cumsum(rows[..., ::-1], axis=-1)[..., ::-1], np.zeros((2, coarse, 1))], -1
    )
    step = place[None, :] - np.arange(coarse)[:, None] * factor
    step = np.where(at > 1.0, factor, np.clip(step, 0, factor))
    shares = inside[:, np.arange(coarse)[:, None], step]
    return ratio_or(shares, rows.sum(axis=-1, keepdims=True), 0.0)


def _banded(
    x_name: str, y_name: str, x: Array, y: Array, without: Array, level: float, most: float = 1.0
) -> pl.DataFrame:
    g = len(without)
    if isnan(float(np.nansum(y))) or np.isnan(y).all():
        return pl.DataFrame(schema=dict.fromkeys((x_name, y_name, "low", "high"), pl.Float64))
    if g < 2:
        half = np.full(len(x), np.nan)
    else:
        moved = without - without.mean(axis=0)
        half = t_quantile(level, g - 1.0) * np.sqrt((g - 1.0) / g * (moved**2).sum(axis=0))
    low, high = np.maximum(y[0] - half, 0.0), np.minimum(y[0] + half, most)
    table = pl.DataFrame({x_name: x, y_name: y[0], "low": low, "high": high})
    return table.fill_nan(None)


def _at_thresholds(at: Array, above: Array, total: Array) -> pl.DataFrame:
    fp, tp = above
    tn, fn = total[0] - fp, total[1] - tp
    recall, specificity = divided(tp, tp + fn), divided(tn, tn + fp)
    scale = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    table = {
        "threshold": at, "tp": tp, "fp": fp, "fn": fn, "tn": tn,
        "precision": divided(tp, tp + fp),
        "recall": recall,
        "specificity": specificity,
        "f1": divided(2 * tp, 2 * tp + fp + fn),
        "balanced_accuracy": (recall + specificity) / 2,
        "mcc": ratio_or(tp * tn - fp * fn, scale, 0.0),
        "positive_rate": divided(tp + fp, np.full(len(at), total.sum())),
    }  # fmt: skip
    return pl.DataFrame(table).fill_nan(None)
