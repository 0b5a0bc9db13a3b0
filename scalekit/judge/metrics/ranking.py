"""How well scores rank: ROC AUC, average precision, KS and lift from histograms, with bounds that hold for certain.

Rows of one bin are taken as tied, which for the area is the middle of what they could be; bins in which all
scores are equal to the last bit are tied indeed and leave nothing open.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from scalekit.judge.metrics.arrays import Array, divided
from scalekit.judge.metrics.metric import Pooled


def roc_auc(pooled: Pooled) -> Array:
    """The area under the ROC curve, ties counted half."""
    return _auc(_binary(pooled))


def roc_auc_bounds(pooled: Pooled) -> tuple[Array, Array]:
    """The area if all rows of each bin were ranked wrongly, and if all were ranked well."""
    return _auc_bounds(_binary(pooled), _open(pooled)[0])


def average_precision(pooled: Pooled) -> Array:
    """The sum of precisions at each score, weighted by the gain in recall: scikit-learn's, on the bins."""
    return _average_precision(_binary(pooled))


def average_precision_bounds(pooled: Pooled) -> tuple[Array, Array]:
    """Positives of a bin one by one after its negatives, and all at once before them."""
    return _average_precision_bounds(_binary(pooled), _open(pooled)[0])


def kolmogorov_smirnov(pooled: Pooled) -> Array:
    """The largest difference between the true and the false positive rate over all thresholds."""
    above_false, above_true = _rates_above(_binary(pooled))
    return np.asarray((above_true - above_false).max(axis=-1))


def kolmogorov_smirnov_bounds(pooled: Pooled) -> tuple[Array, Array]:
    """The value at the ends of the bins, and what a threshold inside of one could reach at most."""
    binary, is_open = _binary(pooled), _open(pooled)[0]
    value = kolmogorov_smirnov(pooled)
    above_false, above_true = _rates_above(binary)
    shares = divided(binary, binary.sum(axis=-1, keepdims=True))
    inside = np.where(is_open, above_true - (above_false - shares[:, 0]), -np.inf)
    return value, np.maximum(value, inside.max(axis=-1))


def lift_among_tenth(pooled: Pooled) -> Array:
    """The share of positives among the tenth of the rows with the highest scores, over that of all."""
    return _lift(_binary(pooled), 0.1)[0]


def lift_among_tenth_bounds(pooled: Pooled) -> tuple[Array, Array]:
    """The rows that the tenth takes of its last bin, at worst and at best."""
    value, low, high = _lift(_binary(pooled), 0.1)
    return (low, high) if _open(pooled)[0].any() else (value, value)


def roc_auc_ovr(pooled: Pooled) -> Array:
    """The mean over classes of the area for the class against the rest."""
    return _present_mean(np.stack([_auc(h) for h in _against_rest(pooled)], axis=-1))


def roc_auc_ovr_bounds(pooled: Pooled) -> tuple[Array, Array]:
    """The means of the classes' bounds."""
    pairs = [_auc_bounds(h, o) for h, o in zip(_against_rest(pooled), _open(pooled), strict=True)]
    low, high = (np.stack(side, axis=-1) for side in zip(*pairs, strict=True))
    return _present_mean(low), _present_mean(high)


def roc_auc_ovr_weighted(pooled: Pooled) -> Array:
    """The mean over classes, weighted by how many rows are of the class."""
    areas = np.stack([_auc(h) for h in _against_rest(pooled)], axis=-1)
    assert pooled.labels is not None
    true = pooled.labels[..., 2]
    return divided(np.nansum(areas * true, axis=-1), true.sum(axis=-1))


def roc_auc_by_class(pooled: Pooled) -> Array:
    """The area of each class against the rest, (R, k)."""
    return np.stack([_auc(h) for h in _against_rest(pooled)], axis=-1)


def roc_auc_ovo(pooled: Pooled) -> Array:
    """The mean over pairs of classes of both areas among the rows of the pair (Hand and Till, 2001)."""
    scores = pooled.scores
    assert scores is not None
    areas = [
        (_auc(scores[:, i][:, [j, i]]) + _auc(scores[:, j][:, [i, j]])) / 2
        for i, j in combinations(range(scores.shape[1]), 2)
    ]
    return _present_mean(np.stack(areas, axis=-1))


def trials(pooled: Pooled) -> Array:
    """How many comparisons of ranks are worth: as many as there are rows of the rarer class."""
    return np.asarray(_binary(pooled).sum(axis=-1).min(axis=-1))


def _binary(pooled: Pooled) -> Array:
    """(R, 2, B), negatives and positives."""
    assert pooled.scores is not None
    return pooled.scores[:, 0]


def _open(pooled: Pooled) -> Array:
    """(K, B) whether the order within a bin is not known."""
    assert pooled.scores is not None
    if pooled.is_pure is None:
        return np.ones((pooled.scores.shape[1], pooled.scores.shape[-1]), dtype=bool)
    return ~pooled.is_pure


def _against_rest(pooled: Pooled) -> list[Array]:
    """Of each class (R, 2, B), all others and those of it."""
    scores = pooled.scores
    assert scores is not None
    if scores.shape[2] == 2:
        return [scores[:, c] for c in range(scores.shape[1])]
    rest = scores.sum(axis=2)
    return [
        np.stack([rest[:, c] - scores[:, c, c], scores[:, c, c]], axis=1)
        for c in range(scores.shape[1])
    ]


def _auc(binary: Array) -> Array:
    negative, positive = binary[:, 0], binary[:, 1]
    below = np.cumsum(negative, axis=-1) - negative
    total = positive.sum(axis=-1) * negative.sum(axis=-1).astype(np.float64)
    return divided((positive * (below + negative / 2)).sum(axis=-1), total)


def _auc_bounds(binary: Array, is_open: Array) -> tuple[Array, Array]:
    ties = (binary[:, 0].astype(np.float64) * binary[:, 1] * is_open).sum(axis=-1)
    total = binary[:, 0].sum(axis=-1).astype(np.float64) * binary[:, 1].sum(axis=-1)
    half, value = divided(ties, total) / 2, _auc(binary)
    return value - half, value + half


def _above(binary: Array) -> tuple[Array, Array]:
    """How many negatives and positives there are in each bin or above it."""
    above = np.cumsum(binary[..., ::-1], axis=-1)[..., ::-1]
    return above[:, 0], above[:, 1]


def _rates_above(binary: Array) -> tuple[Array, Array]:
    false, true = _above(binary)
    return divided(false, false[:, :1]), divided(true, true[:, :1])


def _average_precision(binary: Array) -> Array:
    false, true = _above(binary)
    precision = np.nan_to_num(divided(true, true + false))
    return divided((binary[:, 1] * precision).sum(axis=-1), true[:, 0])


def _average_precision_bounds(binary: Array, is_open: Array) -> tuple[Array, Array]:
    false, true = _above(binary)
    negative, positive = binary[:, 0], binary[:, 1]
    before = true - positive
    tied = positive * np.nan_to_num(divided(true, true + false))
    # One by one after all negatives of the bin: the integral of (before + x) / (before + false + x).
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = false * np.log1p(np.nan_to_num(divided(positive, before + false)))
    worst = np.where(before + false > 0, positive - lost, positive)
    best = positive * np.nan_to_num(divided(true, true + false - negative))
    low = np.where(is_open, np.minimum(worst, tied), tied).sum(axis=-1)
    high = np.where(is_open, best, tied).sum(axis=-1)
    return divided(low, true[:, 0]), divided(high, true[:, 0])


def _lift(binary: Array, share: float) -> tuple[Array, Array, Array]:
    """The rate among the highest scores over that of all; in the last bin as its rows on average, or bounds."""
    false, true = _above(binary)
    rows = (false + true).astype(np.float64)
    wanted = share * rows[:, 0]
    last = np.maximum((rows >= wanted[:, None]).sum(axis=-1) - 1, 0)[:, None]
    in_bin = np.take_along_axis(binary.sum(axis=1).astype(np.float64), last, axis=-1)[:, 0]
    hits = np.take_along_axis(binary[:, 1].astype(np.float64), last, axis=-1)[:, 0]
    before = np.take_along_axis(true.astype(np.float64), last, axis=-1)[:, 0] - hits
    part = wanted - (np.take_along_axis(rows, last, axis=-1)[:, 0] - in_bin)
    base = divided(true[:, 0] * share, np.ones(len(true)))
    found = (
        hits * np.clip(np.nan_to_num(divided(part, in_bin)), 0, 1),
        np.maximum(part - (in_bin - hits), 0.0),
        np.minimum(part, hits),
    )
    middle, low, high = (divided(before + more, base) for more in found)
    return middle, low, high


def _present_mean(values: Array) -> Array:
    """The mean over the classes that have a value; NaN where none has."""
    is_there = np.isfinite(values)
    return divided(np.where(is_there, values, 0.0).sum(axis=-1), is_there.sum(axis=-1))
