"""How alike two models are, whoever is right: labels, scores and how those are distributed."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

from scalekit.errors import InvalidOperationError
from scalekit.judge.statistics.distributions import binomial_two_sided
from scalekit.judge.statistics.tally import Tally, pairs


@dataclass(frozen=True)
class Agreement:
    """How two models agree.

    Attributes
    ----------
    correlation
        Pearson's, of scores or predictions; NaN of several classes and of quantiles.
    both_right, only_a, only_b, both_wrong
        Of classifications, how many rows (or what weight).
    same
        The share of rows with the same label.
    p
        Of McNemar's exact test (1947) that both are right equally often. It takes rows as independent:
        the paired difference of ``accuracy`` does not, and is to be preferred for grouped rows.
    psi
        The population stability index of the scores of b against those of a, over ten groups of equal size
        by a; above 0.2 they are distributed otherwise. NaN of other tasks than binary ones.
    """

    correlation: float
    both_right: float = nan
    only_a: float = nan
    only_b: float = nan
    both_wrong: float = nan
    same: float = nan
    p: float = nan
    psi: float = nan


def agreement(tally: Tally, a: str, b: str) -> Agreement:
    """How two models of a tally agree, whoever is right.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> layout = Layout("binary", ("a", "b"), classes=(0, 1))
    >>> said = {"a": np.array([0.9, 0.1, 0.2]), "b": np.array([0.8, 0.7, 0.1])}
    >>> found = agreement(tally(layout, np.array([1, 0, 0]), said, np.arange(3)), "a", "b")
    >>> found.both_right, found.only_a
    (2.0, 1.0)
    """
    layout = tally.layout
    one, two = layout.model(a), layout.model(b)
    correlation = _correlation(tally, one, two) if "gram" in tally.arrays else nan
    if not layout.is_classification:
        return Agreement(correlation)
    if one == two:
        raise InvalidOperationError(f"a model agrees with itself: {a!r} is named twice")
    table = tally.arrays["agreement"][pairs(layout).index((min(one, two), max(one, two)))]
    table = table.astype(np.float64) if one < two else table.swapaxes(1, 2).astype(np.float64)
    right = table.sum(axis=0)
    total = right.sum()
    return Agreement(
        correlation,
        both_right=float(right[1, 1]),
        only_a=float(right[1, 0]),
        only_b=float(right[0, 1]),
        both_wrong=float(right[0, 0]),
        same=float(table[1].sum() / total) if total else nan,
        p=binomial_two_sided(float(right[1, 0]), float(right[1, 0] + right[0, 1])),
        psi=_psi(tally, one, two) if layout.task == "binary" else nan,
    )


def _correlation(tally: Tally, one: int, two: int) -> float:
    gram = tally.total("gram")
    n = gram[0, 0]
    if not n:
        return nan
    spread = gram / n - np.outer(gram[0] / n, gram[0] / n)
    i, j = one + 2, two + 2
    scale = spread[i, i] * spread[j, j]
    return float(spread[i, j] / sqrt(scale)) if scale > 0 else nan


def _psi(tally: Tally, one: int, two: int) -> float:
    rows = tally.arrays["scores"][:, 0].sum(axis=1).astype(np.float64)
    first, second = rows[one], rows[two]
    if not (first.sum() and second.sum()):
        return nan
    middle = np.cumsum(first) - first / 2
    groups = np.minimum((10 * middle / first.sum()).astype(np.int64), 9)
    shares = [np.bincount(groups, side, 10) / side.sum() for side in (first, second)]
    p, q = (np.maximum(share, 1e-4) for share in shares)
    return float(((q - p) * np.log(q / p)).sum())
