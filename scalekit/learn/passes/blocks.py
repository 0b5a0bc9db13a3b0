"""Rows of a batch as a dense matrix of finite numbers, some thousand at a time, and centred."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_non_negative

from scalekit.learn.passes.batch import Array, Batch

BLOCK = 80_000
"""Numbers that are centred at one time: they fit the processor's cache, and bound what a kernel takes beside its batch."""

LEAST_BLOCK = 256
"""Rows of a block, at the least: what joins two blocks costs a row for each column."""


def blocks(batch: Batch, who: str, *, target: bool) -> Iterator[tuple[Array, Array | None]]:
    """X, with the columns of y on its right where asked for, and weights, some thousand rows at a time."""
    y = numeric_target(batch) if target else None
    weight = checked_weight(batch)
    for some, rows, width in _cut(batch, who, 0 if y is None else y.shape[1]):
        if y is not None:
            rows[:, width:] = y[some]
        yield rows, None if weight is None else weight[some]


def _cut(batch: Batch, who: str, more: int) -> Iterator[tuple[slice, Array, int]]:
    """Which rows, a new matrix of them with room for ``more`` columns after those of X, and how many these are."""
    columns = batch.columns
    if columns is None:
        yield from _cut_matrix(checked(batch, who), more)
        return
    width = len(columns)
    for some in _places(batch.height, width + more):
        # Column after column, as they were read: that costs little more than to read them.
        rows = np.empty((some.stop - some.start, width + more), order="F")
        for number, column in enumerate(columns):
            rows[:, number] = column[some]
        assert_all_finite(rows[:, :width], estimator_name=who, input_name="X")
        yield some, rows, width


def _cut_matrix(x: Any, more: int) -> Iterator[tuple[slice, Array, int]]:
    height, width = x.shape
    for some in _places(height, width + more):
        rows = np.empty((some.stop - some.start, width + more))
        rows[:, :width] = dense(x[some])
        yield some, rows, width


def _places(height: int, width: int) -> Iterator[slice]:
    step = max(LEAST_BLOCK, BLOCK // max(1, width))
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))


def checked(batch: Batch, who: str) -> Any:
    """X as a matrix of finite numbers; one that is sparse stays so."""
    found = batch.values
    if hasattr(found, "tocsr"):
        assert_all_finite(found.data, estimator_name=who, input_name="X")
        return found
    return batch.numbers(who)


def dense(rows: Any) -> Array:
    """Some rows of what :func:`checked` gave."""
    return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)


def numeric_target(batch: Batch) -> Array:
    """The target as finite numbers, one column for each output."""
    y = np.asarray(batch.y, dtype=np.float64)
    assert_all_finite(y, input_name="y")
    return y[:, np.newaxis] if y.ndim == 1 else y


def checked_weight(batch: Batch) -> Array | None:
    """The weights, finite and not negative; None where there are none."""
    if batch.weight is None:
        return None
    assert_all_finite(batch.weight, input_name="sample_weight")
    check_non_negative(batch.weight, "`sample_weight`")
    return np.asarray(batch.weight)


def centre(rows: Array, weight: Array | None) -> tuple[float, Array, Array, Array]:
    """Total weight, means, what rounding took off these, and deviations times roots of weights.

    Deviations overwrite the rows. A row is taken off first, so that a constant column becomes exactly zero; the mean is
    taken off twice, because the first one is off by rounding.
    """
    if weight is None:
        first, total = rows[0].copy(), float(len(rows))
    else:
        first, total = rows[int(np.argmax(weight > 0))].copy(), float(weight.sum())
        if total == 0:
            return 0.0, first, np.zeros_like(first), np.zeros((1, rows.shape[1]))
    rows -= first
    mean = _mean(rows, weight, total)
    rows -= mean
    off = _mean(rows, weight, total)
    rows -= off
    if weight is not None:
        rows *= np.sqrt(weight)[:, np.newaxis]
    return total, *exact_sum(first, mean + off), rows


def exact_sum(left: Array, right: Array) -> tuple[Array, Array]:
    """The sum, and what rounding took off it (Knuth's two-sum)."""
    total = left + right
    added = total - left
    return total, (left - (total - added)) + (right - added)


def _mean(rows: Array, weight: Array | None, total: float) -> Array:
    return np.asarray(rows.mean(axis=0) if weight is None else weight @ rows / total)


def folded(
    parts: Iterator[tuple[Array, Array | None]],
    of: Callable[..., Any],
    joined: Callable[[Any, Any], Any],
) -> Any:
    """What ``of`` says of each part, joined from the left."""
    found = of(*next(parts))
    for rows, weight in parts:
        found = joined(found, of(rows, weight))
    return found
