"""What metrics need of the rows, in a form that parts of it can be joined: sums, counts of pairs, or the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sklearn.metrics import root_mean_squared_error

from scalekit.learn.passes.batch import Array


class Evidence(Protocol):
    """What one metric needs of some rows."""

    def joined(self, other: Any, /) -> Evidence:
        """That of the rows of both."""

    def score(self, scorer: Any, /) -> float:
        """What a scorer makes of it."""


@dataclass(frozen=True)
class Failed:
    """A metric, or the model that it asked, raised on some rows."""

    error: Exception

    def joined(self, other: Any) -> Evidence:  # noqa: ARG002
        """The failure."""
        return self

    def score(self, scorer: Any) -> float:  # noqa: ARG002
        """Raise it."""
        raise self.error


@dataclass(frozen=True)
class Mean:
    """The sum of a value of each row, and the rows' weight."""

    total: Any
    weight: float

    def joined(self, other: Mean) -> Mean:
        """The sums."""
        return Mean(self.total + other.total, self.weight + other.weight)

    def score(self, scorer: Any) -> float:
        """The mean, or its root."""
        value = self.total / self.weight
        if scorer._score_func is root_mean_squared_error:
            value = np.sqrt(value)
        return float(scorer._sign * value)


@dataclass(frozen=True)
class Surprise:
    """By true label and column of probabilities the sum of their negative logarithms: what a log loss is made of.

    Which column is that of a label only shows when all labels are known: scikit-learn takes the columns for the
    labels of the rows that are scored.
    """

    labels: Array
    sums: Array
    weight: float

    @classmethod
    def of(cls, y_true: Array, y_pred: Array, weight: Any) -> Surprise:
        """That of some rows."""
        if y_pred.ndim == 1 or y_pred.shape[1] == 1:
            y_pred = np.column_stack([1 - y_pred, y_pred])
        eps = np.finfo(y_pred.dtype).eps
        bits = -np.log(np.clip(y_pred, eps, 1 - eps), dtype=np.float64)
        w = np.ones(len(y_true)) if weight is None else weight
        labels, codes = np.unique(y_true, return_inverse=True)
        sums = np.column_stack([np.bincount(codes, w * column, len(labels)) for column in bits.T])
        return cls(labels, sums, float(w.sum()))

    def joined(self, other: Surprise) -> Surprise:
        """The sums."""
        labels = np.union1d(self.labels, other.labels)
        sums = np.zeros((len(labels), self.sums.shape[1]))
        for one in (self, other):
            sums[np.searchsorted(labels, one.labels)] += one.sums
        return Surprise(labels, sums, self.weight + other.weight)

    def score(self, scorer: Any) -> float:
        """The mean; where there are not as many labels as columns, scikit-learn says what that means."""
        rows, width = self.sums.shape
        if rows != width:
            scorer._score_func(self.labels, np.full((rows, width), 1 / width))
        return float(scorer._sign * np.trace(self.sums) / self.weight)


@dataclass(frozen=True)
class Spread:
    """Rows, their weight, mean and sum of squared deviations, and that of the residuals: what R² is made of."""

    rows: int
    weight: float
    mean: float
    m2: float
    residual: float

    @classmethod
    def of(cls, y_true: Array, y_pred: Array, weight: Any) -> Spread:
        """That of some rows."""
        y, w = y_true.astype(np.float64), np.ones(len(y_true)) if weight is None else weight
        total = w.sum()
        mean = float(w @ y / total) if total else 0.0
        residual = w @ (y - y_pred) ** 2
        return cls(len(y), float(total), mean, float(w @ (y - mean) ** 2), float(residual))

    def joined(self, other: Spread) -> Spread:
        """That of the rows of both."""
        weight = self.weight + other.weight
        apart, share = other.mean - self.mean, other.weight / weight if weight else 0.0
        m2 = self.m2 + other.m2 + apart**2 * self.weight * share
        rows, residual = self.rows + other.rows, self.residual + other.residual
        return Spread(rows, weight, self.mean + apart * share, m2, residual)

    def score(self, scorer: Any) -> float:
        """R²; what it is of a single row or of a target of one value, scikit-learn says."""
        if self.rows < 2 or self.m2 == 0.0:
            off = 0.0 if self.residual == 0.0 else 1.0
            y = np.zeros(min(self.rows, 2))
            return float(scorer._sign * scorer._score_func(y, y + off))
        return float(scorer._sign * (1.0 - self.residual / self.m2))


@dataclass(frozen=True)
class Pairs:
    """How often, or with what weight, each label was predicted for each true one."""

    counted: pd.DataFrame

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Pairs:
        """Those of rows with a true and a predicted label and a weight."""
        return cls(rows.groupby(["true", "said"], as_index=False, observed=True)["weight"].sum())

    def joined(self, other: Pairs) -> Pairs:
        """The sums."""
        return Pairs.of(pd.concat([self.counted, other.counted], ignore_index=True))

    def score(self, scorer: Any) -> float:
        """The metric of one row of each pair, with its weight."""
        true, said, weight = (self.counted[name].to_numpy() for name in self.counted)
        value = scorer._score_func(true, said, sample_weight=weight, **scorer._kwargs)
        return float(scorer._sign * value)


@dataclass(frozen=True)
class Rows:
    """The true value, the predicted one and the weight of each row."""

    blocks: list[tuple[Any, Any, Any]]

    def joined(self, other: Rows) -> Rows:
        """Those of both."""
        return Rows(self.blocks + other.blocks)

    def score(self, scorer: Any) -> float:
        """The metric of all of them."""
        true, said, weights = zip(*self.blocks, strict=True)
        how = {} if weights[0] is None else {"sample_weight": np.concatenate(weights)}
        value = scorer._score_func(
            np.concatenate(true), np.concatenate(said), **scorer._kwargs, **how
        )
        return scorer._sign * value  # type: ignore[no-any-return]
