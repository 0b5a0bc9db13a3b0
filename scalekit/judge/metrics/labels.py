"""Metrics of hard predictions, from three counts of each class: right ones, said ones and true ones.

An undefined ratio (the precision of what is never said) is NaN, where scikit-learn warns and says 0; in
averages over classes it counts as 0, and classes that neither are nor are said do not count, as there.
"""

from __future__ import annotations

import numpy as np

from scalekit.judge.metrics.arrays import Array, divided, ratio_or
from scalekit.judge.metrics.metric import Pooled


def accuracy(pooled: Pooled) -> Array:
    """The share of rows that were said right."""
    hits, _, true = _counts(pooled)
    return divided(hits.sum(axis=-1), true.sum(axis=-1))


def balanced_accuracy(pooled: Pooled) -> Array:
    """The mean recall of the classes that there are."""
    hits, _, true = _counts(pooled)
    recall = ratio_or(hits, true, 0.0)
    return divided(recall.sum(axis=-1), (true > 0).sum(axis=-1))


def precision(pooled: Pooled) -> Array:
    """Of the rows said to be positive, the share that is."""
    hits, said, _ = _counts(pooled)
    return divided(hits[:, 1], said[:, 1])


def recall(pooled: Pooled) -> Array:
    """Of the positive rows, the share that was found."""
    hits, _, true = _counts(pooled)
    return divided(hits[:, 1], true[:, 1])


def specificity(pooled: Pooled) -> Array:
    """Of the negative rows, the share that was said to be."""
    hits, _, true = _counts(pooled)
    return divided(hits[:, 0], true[:, 0])


def negative_predictive_value(pooled: Pooled) -> Array:
    """Of the rows said to be negative, the share that is."""
    hits, said, _ = _counts(pooled)
    return divided(hits[:, 0], said[:, 0])


def f1(pooled: Pooled) -> Array:
    """The harmonic mean of precision and recall."""
    hits, said, true = _counts(pooled)
    return divided(2 * hits[:, 1], said[:, 1] + true[:, 1])


def jaccard(pooled: Pooled) -> Array:
    """Positive rows found, among those that are positive or said to be."""
    hits, said, true = _counts(pooled)
    return divided(hits[:, 1], said[:, 1] + true[:, 1] - hits[:, 1])


def positive_likelihood_ratio(pooled: Pooled) -> Array:
    """The true positive rate over the false positive rate."""
    return divided(recall(pooled), 1.0 - specificity(pooled))


def negative_likelihood_ratio(pooled: Pooled) -> Array:
    """The false negative rate over the true negative rate."""
    return divided(1.0 - recall(pooled), specificity(pooled))


def said_rate(pooled: Pooled) -> Array:
    """The share of rows said to be positive."""
    _, said, true = _counts(pooled)
    return divided(said[:, 1], true.sum(axis=-1))


def matthews(pooled: Pooled) -> Array:
    """The correlation between what is and what is said, of any number of classes; 0 where one is constant."""
    hits, said, true = (counts.astype(np.float64) for counts in _counts(pooled))
    total = true.sum(axis=-1)
    both = hits.sum(axis=-1) * total - (said * true).sum(axis=-1)
    spread_said = total**2 - (said**2).sum(axis=-1)
    spread_true = total**2 - (true**2).sum(axis=-1)
    return np.where(
        total > 0, ratio_or(both, np.sqrt(np.maximum(spread_said * spread_true, 0.0)), 0.0), np.nan
    )


def cohen_kappa(pooled: Pooled) -> Array:
    """Agreement beyond what the shares of the classes alone would give."""
    hits, said, true = (counts.astype(np.float64) for counts in _counts(pooled))
    total = true.sum(axis=-1)
    by_chance = divided((said * true).sum(axis=-1), total**2)
    return divided(divided(hits.sum(axis=-1), total) - by_chance, 1.0 - by_chance)


def precision_by_class(pooled: Pooled) -> Array:
    """(R, k)."""
    hits, said, _ = _counts(pooled)
    return divided(hits, said)


def recall_by_class(pooled: Pooled) -> Array:
    """(R, k)."""
    hits, _, true = _counts(pooled)
    return divided(hits, true)


def f1_by_class(pooled: Pooled) -> Array:
    """(R, k)."""
    hits, said, true = _counts(pooled)
    return divided(2 * hits, said + true)


def precision_macro(pooled: Pooled) -> Array:
    """The plain mean over classes."""
    hits, said, _ = _counts(pooled)
    return _macro(pooled, ratio_or(hits, said, 0.0))


def recall_macro(pooled: Pooled) -> Array:
    """The plain mean over classes."""
    hits, _, true = _counts(pooled)
    return _macro(pooled, ratio_or(hits, true, 0.0))


def f1_macro(pooled: Pooled) -> Array:
    """The plain mean over classes."""
    hits, said, true = _counts(pooled)
    return _macro(pooled, ratio_or(2 * hits, said + true, 0.0))


def jaccard_macro(pooled: Pooled) -> Array:
    """The plain mean over classes."""
    hits, said, true = _counts(pooled)
    return _macro(pooled, ratio_or(hits, said + true - hits, 0.0))


def precision_weighted(pooled: Pooled) -> Array:
    """The mean over classes by how many rows are of each."""
    hits, said, _ = _counts(pooled)
    return _weighted(pooled, ratio_or(hits, said, 0.0))


def recall_weighted(pooled: Pooled) -> Array:
    """The mean over classes by how many rows are of each."""
    hits, _, true = _counts(pooled)
    return _weighted(pooled, ratio_or(hits, true, 0.0))


def f1_weighted(pooled: Pooled) -> Array:
    """The mean over classes by how many rows are of each."""
    hits, said, true = _counts(pooled)
    return _weighted(pooled, ratio_or(2 * hits, said + true, 0.0))


def all_rows(pooled: Pooled) -> Array:
    """Trials of a proportion of all rows."""
    return pooled.rows


def positives(pooled: Pooled) -> Array:
    """Trials of a recall."""
    return _counts(pooled)[2][:, 1]


def negatives(pooled: Pooled) -> Array:
    """Trials of a specificity."""
    return _counts(pooled)[2][:, 0]


def said_positives(pooled: Pooled) -> Array:
    """Trials of a precision."""
    return _counts(pooled)[1][:, 1]


def said_negatives(pooled: Pooled) -> Array:
    """Trials of a negative predictive value."""
    return _counts(pooled)[1][:, 0]


def said_by_class(pooled: Pooled) -> Array:
    """Trials of precisions, (R, k)."""
    return _counts(pooled)[1]


def true_by_class(pooled: Pooled) -> Array:
    """Trials of recalls, (R, k)."""
    return _counts(pooled)[2]


def positive_union(pooled: Pooled) -> Array:
    """Trials of a Jaccard index and, nearly, of F1: rows that are positive or said to be."""
    hits, said, true = _counts(pooled)
    return np.asarray(said[:, 1] + true[:, 1] - hits[:, 1])


def _counts(pooled: Pooled) -> tuple[Array, Array, Array]:
    assert pooled.labels is not None
    return pooled.labels[..., 0], pooled.labels[..., 1], pooled.labels[..., 2]


def _macro(pooled: Pooled, values: Array) -> Array:
    _, said, true = _counts(pooled)
    return divided(values.sum(axis=-1), (said + true > 0).sum(axis=-1))


def _weighted(pooled: Pooled, values: Array) -> Array:
    _, _, true = _counts(pooled)
    return divided((values * true).sum(axis=-1), true.sum(axis=-1))
