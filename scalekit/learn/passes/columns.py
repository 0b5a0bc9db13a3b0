"""Columns of a batch one by one, as order statistics look at them: values that are there, and their weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from scalekit.learn.passes.batch import Array, Batch


@dataclass(frozen=True)
class Features:
    """The columns of X, for the estimator ``who``.

    Attributes
    ----------
    who
        What messages about infinite values name.
    weighted
        Whether weights count: else each row is as much as another.
    missing
        The value that stands for a missing one, beside NaN.
    nan
        Whether NaN is a missing value, and not refused.
    stored
        Whether only the stored values of a sparse matrix count.
    """

    who: str
    weighted: bool = False
    missing: float = np.nan
    nan: bool = True
    stored: bool = False

    def __call__(self, batch: Batch) -> Iterator[tuple[Array, Array | None]]:
        """Give each column."""
        weight = batch.weight if self.weighted else None
        if hasattr(batch.X, "tocsc"):
            return self._sparse(batch.X.tocsc(), weight)
        return self._dense(batch.numbers(self.who, nan=self.nan), weight)

    def _dense(self, x: Array, weight: Array | None) -> Iterator[tuple[Array, Array | None]]:
        for values in x.T:
            there = self._there(values)
            kept = values if there is None else values[there]
            yield kept, weight if weight is None or there is None else weight[there]

    def _sparse(self, x: Any, weight: Array | None) -> Iterator[tuple[Array, Array | None]]:
        """Zeros that are not stored count as one value of their number, or of their weight."""
        assert_all_finite(x.data, allow_nan=self.nan, estimator_name=self.who, input_name="X")
        rows = np.ones(x.shape[0]) if weight is None else weight
        for start, stop in zip(x.indptr[:-1], x.indptr[1:], strict=True):
            values, w = x.data[start:stop].astype(np.float64), rows[x.indices[start:stop]]
            if not self.stored:
                values, w = np.append(values, 0.0), np.append(w, rows.sum() - w.sum())
            there = self._there(values)
            yield (values, w) if there is None else (values[there], w[there])

    def _there(self, values: Array) -> Array | None:
        """Which values are there; None where all are."""
        there = ~np.isnan(values)
        if not np.isnan(self.missing):
            there &= values != self.missing
        return None if there.all() else there


@dataclass(frozen=True)
class Targets:
    """The columns of y."""

    weighted: bool = False

    def __call__(self, batch: Batch) -> Iterator[tuple[Array, Array | None]]:
        """Give each column."""
        y = np.asarray(batch.y, dtype=np.float64)
        for values in y.reshape(len(y), -1).T:
            yield values, batch.weight if self.weighted else None
