"""What hard predictions would be at each threshold, what they would cost, and who is taken for whom."""

from __future__ import annotations

import numpy as np
import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.arrays import Array, divided, ratio_or
from scalekit.judge.metrics.bins import score_edges
from scalekit.judge.statistics.curve_counts import at_or_above, banded, counts_of
from scalekit.judge.statistics.pooling import share_above
from scalekit.judge.statistics.tally import Tally


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
    fine = counts_of(tally, model, None)[0][0]
    edges, place = score_edges(fine.shape[-1]), tally.layout.model(model)
    chosen = np.flatnonzero(fine.sum(axis=0))
    if points is not None and len(chosen) > points:
        rows = np.cumsum(fine.sum(axis=0)[chosen])
        chosen = chosen[np.unique(np.searchsorted(rows, np.linspace(rows[0], rows[-1], points)))]
    exemplar = tally.arrays["score_exemplar"][place, 0, chosen]
    at = np.where(np.isfinite(exemplar), exemplar, edges[chosen])
    above = np.concatenate([at_or_above(fine[None])[0][:, chosen], np.zeros((2, 1))], axis=1)
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
    fine, coarse = counts_of(tally, model, None)
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
    return banded("threshold", "cost", at, cost[None], costs, level, most=np.inf)


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


def _binary_only(tally: Tally) -> None:
    if tally.layout.task != "binary":
        raise InvalidOperationError(f"thresholds are for binary tasks, not for {tally.layout.task}")


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
