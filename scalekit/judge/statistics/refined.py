"""Estimates of ranking metrics from ranks that were counted in further passes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from scalekit.judge.metrics.arrays import Array
from scalekit.judge.metrics.metric import Pooled
from scalekit.judge.statistics.estimates import Estimates
from scalekit.judge.statistics.pooling import versions, whole
from scalekit.judge.statistics.ranks import Ranks

RANKING = (
    "roc_auc", "average_precision", "ks", "lift_10",
    "roc_auc_ovr", "roc_auc_ovr_weighted", "roc_auc_by_class",
)  # fmt: skip
"""The metrics that are made of ranks alone; the mean area over pairs of classes needs more."""


@dataclass(frozen=True, eq=False)
class Refined(Estimates):
    """What is known of one model among all rows, with ranks that are exact.

    Attributes
    ----------
    ranks
        Of each class that has a score.
    by_block
        Of each, (blocks, 2, C): rows by coarse bins of about equal size.
    """

    ranks: tuple[Ranks, ...] = ()
    by_block: tuple[Array, ...] = ()

    @cached_property
    def _known(self) -> dict[Any, Any]:
        """Of these ranks alone."""
        return {}

    @cached_property
    def pooled(self) -> Pooled:
        """All rows, by ranks."""
        known = whole(self.tally, self.model, None, self.threshold)
        is_pure = _even([one.low == one.high for one in self.ranks])
        scores = _even([one.counts for one in self.ranks])
        return replace(known, scores=scores[None], means=None, is_pure=is_pure)

    def version(self, weights: Array) -> Pooled:
        """By the coarse bins, in which only few pairs of rows are not told apart."""
        known = versions(self.tally, self.model, weights, None, self.threshold)
        counts = _even(list(self.by_block))  # (K, blocks, 2, C)
        scores = np.einsum("rg,kgtc->rktc", weights, counts.astype(np.float64), optimize=True)
        return replace(known, scores=scores, is_pure=None)


def _even(arrays: list[Array]) -> Array:
    """Arrays of several numbers of bins as one; bins without rows above all others change no rank."""
    most = max(array.shape[-1] for array in arrays)
    padded = [
        np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, most - array.shape[-1])])
        for array in arrays
    ]
    return np.stack(padded)
