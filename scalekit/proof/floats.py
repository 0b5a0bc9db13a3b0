"""Distances between floats in steps from one to the next, for whole columns at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

_OF_LARGEST = 16
"""Steps of a column's largest value by which any of its values may differ: what adding up to near zero leaves."""

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Steps = np.ndarray[Any, np.dtype[np.uint64]]


def allowance(dtype: pl.DataType, ulps: int) -> int:
    """The steps that a type may differ by: Float32 has so many fewer that a sixty-fourth of them is as much."""
    return ulps if dtype == pl.Float64 else max(1, ulps // 64) if ulps else 0


def steps_between(a: pl.Series, b: pl.Series) -> Steps:
    """How many floats lie between two, value by value; NaN is next to nothing but itself."""
    x, y = _places(a), _places(b)
    apart: Steps = np.where(x > y, x, y).astype(np.uint64) - np.where(x > y, y, x).astype(np.uint64)
    nan_a, nan_b = a.is_nan().to_numpy(), b.is_nan().to_numpy()
    apart[nan_a & nan_b] = 0
    apart[nan_a ^ nan_b] = np.iinfo(np.uint64).max
    return apart


def floor_of(values: pl.Series, dtype: pl.DataType, ulps: int) -> float:
    """The difference that a column's largest value allows to all of its values."""
    largest = values.filter(values.is_finite()).abs().max()
    epsilon = 2.0**-52 if dtype == pl.Float64 else 2.0**-23
    return float(largest or 0.0) * epsilon * min(_OF_LARGEST, ulps)  # type: ignore[arg-type]


def agree(a: pl.Series, b: pl.Series, ulps: int, floor: float) -> tuple[Flags, int]:
    """Whether values are within their allowance, and the largest distance of those that are so by steps.

    The series have no nulls.
    """
    steps = steps_between(a, b)
    by_steps = steps <= np.uint64(allowance(a.dtype, ulps))
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(a.to_numpy() - b.to_numpy()) <= floor
    return by_steps | near, int(steps[by_steps].max(initial=0))


def clusters(values: pl.Series, ulps: int, floor: float) -> pl.Series:
    """A number for each value, the same for values that may differ by their allowance; null stays null."""
    known = values.drop_nulls().drop_nans().unique().sort()
    if known.is_empty():
        starts = np.zeros(0, dtype=np.bool_)
    else:
        within, _ = agree(known[:-1], known[1:], ulps, floor)
        starts = np.concatenate([[True], ~within])
    numbers = np.cumsum(starts)
    # A null and NaN are beyond all others here, and get theirs below.
    places = np.searchsorted(known.to_numpy(), values.fill_null(float("nan")).to_numpy())
    found = pl.Series(np.append(numbers, 0)[np.minimum(places, len(numbers))])
    table = pl.DataFrame({"value": values, "number": found})
    number = pl.when(pl.col("value").is_nan()).then(-1).otherwise("number")
    return table.select(pl.when(pl.col("value").is_not_null()).then(number)).to_series()


def _places(values: pl.Series) -> Any:
    """Floats as whole numbers in their order, from 0 up; -0.0 and 0.0 are one."""
    if values.dtype == pl.Float16:
        values = values.cast(pl.Float32)
    bits = np.int64 if values.dtype == pl.Float64 else np.int32
    raw = np.ascontiguousarray(values.to_numpy()).view(bits).astype(np.int64)
    lowest = np.int64(np.iinfo(bits).min)
    ordered = np.where(raw < 0, lowest - raw, raw)
    return ordered.astype(np.uint64) ^ np.uint64(1 << 63)
