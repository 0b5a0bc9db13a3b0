"""How many principal components there are most likely, by their variances (Minka 2000)."""

from __future__ import annotations

from math import lgamma, log

import numpy as np

from scalekit.learn.passes.batch import Array

TINY = 1e-15
"""A variance that is taken for none."""


def likeliest_dimension(variances: Array, rows: int) -> int:
    """The number of components with the greatest evidence, of 1 to all but one.

    ``PCA(n_components="mle")`` asks for the number of rows here, which is not that of the rows that it is fitted on.
    """
    evidence = [-np.inf, *(_evidence(variances, rank, rows) for rank in range(1, len(variances)))]
    return int(np.argmax(evidence))


def _evidence(variances: Array, rank: int, rows: int) -> float:
    """Minka's equation 79, as scikit-learn has it."""
    width = len(variances)
    if variances[rank - 1] < TINY:
        return -np.inf
    pi = log(np.pi)
    prior = -rank * log(2.0) + sum(
        lgamma((width - i + 1) / 2.0) - pi * (width - i + 1) / 2.0 for i in range(1, rank + 1)
    )
    kept = -np.log(variances[:rank]).sum() * rows / 2.0
    noise = max(TINY, variances[rank:].sum() / (width - rank))
    left = -log(noise) * rows * (width - rank) / 2.0
    freedom = width * rank - rank * (rank + 1.0) / 2.0
    smoothed = np.concatenate([variances[:rank], np.full(width - rank, noise)])
    i, j = np.triu_indices(width, 1)
    i, j = i[i < rank], j[i < rank]
    curvature = np.log((variances[i] - variances[j]) * (1 / smoothed[j] - 1 / smoothed[i]))
    bend = float(np.sum(curvature + log(rows)))
    return float(
        prior + kept + left + log(2.0 * np.pi) * (freedom + rank) / 2.0 - bend / 2.0
        - rank * log(rows) / 2.0
    )  # fmt: skip
