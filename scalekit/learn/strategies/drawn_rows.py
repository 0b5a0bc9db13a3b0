"""Gradients of rows that are drawn anew for each tree by their hash: the same rows, wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from scalekit.kernels.value_hash import mix
from scalekit.learn.passes.batch import Array

Gradient: TypeAlias = Callable[[Array, Array, Mapping[str, Any]], tuple[Array, Array]]
"""From margins, labels and parameters to the first and second derivative of the loss of each row."""

LEAST = 1e-16
"""The least second derivative, as in XGBoost."""


def squared(margin: Array, y: Array, _: Mapping[str, Any]) -> tuple[Array, Array]:
    """``reg:squarederror``."""
    return margin - y, np.ones_like(margin)


def logistic(margin: Array, y: Array, params: Mapping[str, Any]) -> tuple[Array, Array]:
    """``binary:logistic``, rows of class 1 weighted by ``scale_pos_weight``."""
    p = 1.0 / (1.0 + np.exp(-margin))
    weight = np.where(y == 1.0, params.get("scale_pos_weight") or 1.0, 1.0)
    return (p - y) * weight, np.maximum(p * (1.0 - p), LEAST) * weight


def poisson(margin: Array, y: Array, params: Mapping[str, Any]) -> tuple[Array, Array]:
    """``count:poisson``, whose second derivative is raised by ``max_delta_step``."""
    step = params.get("max_delta_step")
    return np.exp(margin) - y, np.exp(margin + (0.7 if step is None else step))


def softmax(margin: Array, y: Array, _: Mapping[str, Any]) -> tuple[Array, Array]:
    """``multi:softprob``."""
    p = np.exp(margin - margin.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    is_class = np.arange(margin.shape[1]) == y.reshape(-1, 1)
    return p - is_class, np.maximum(2.0 * p * (1.0 - p), LEAST)


GRADIENTS: Mapping[str, Gradient] = {
    "reg:squarederror": squared,
    "binary:logistic": logistic,
    "count:poisson": poisson,
    "multi:softprob": softmax,
    "multi:softmax": softmax,
}
"""Losses of which rows can be drawn."""


@dataclass(frozen=True)
class Draws:
    """Which share of the rows is drawn for each tree, by the hash of which columns."""

    share: float
    columns: tuple[str, ...]
    seed: str
    is_forest: bool


_WORD = 1 << 64
_STEP = 0x9E3779B97F4A7C15


@dataclass
class Drawing:
    """An objective for ``xgboost.train`` that counts a share of the rows, others for each tree.

    Parameters
    ----------
    hashes
        Of each row of the member, in their order.
    share
        Of the rows that count.
    params
        Those of XGBoost, with the loss.
    is_forest
        Whether each tree begins where the first one did, rather than where the last one ended.
    """

    hashes: Array
    share: float
    params: Mapping[str, Any]
    is_forest: bool
    trees: int = 0
    first: Array | None = None

    def __call__(self, margin: Array, matrix: Any) -> tuple[Array, Array]:
        """Gradients, zero for rows that are not drawn."""
        margin = np.asarray(margin, dtype=np.float64)
        if self.is_forest:
            self.first = margin[:1].copy() if self.first is None else self.first
            margin = np.broadcast_to(self.first, margin.shape)
        y = matrix.get_label().astype(np.float64)
        labels = y.reshape(margin.shape) if y.size == margin.size else y
        first, second = GRADIENTS[self.params["objective"]](margin, labels, self.params)
        counts = self._counts(matrix.get_weight())
        if first.ndim > 1:
            counts = counts[:, np.newaxis]
        return (first * counts).astype(np.float32), (second * counts).astype(np.float32)

    def _counts(self, weight: Array) -> Array:
        """The weight of each row, zero of those that are not drawn for the next tree."""
        self.trees += 1
        numbers = mix(self.hashes + np.uint64(self.trees * _STEP % _WORD))
        drawn = numbers < np.uint64(min(int(self.share * 2.0**64), _WORD - 1))
        return drawn * (weight if weight.size else 1.0)
