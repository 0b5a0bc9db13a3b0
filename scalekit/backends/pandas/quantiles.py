"""Quantiles in groups, exact, from each group's values in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from scalekit.backends.pandas.keys import Groups, Ints, Order, column_of, count, sort_rows
from scalekit.backends.pandas.native import Column, cast, plain

Floats = np.ndarray[Any, np.dtype[np.float64]]


def median(groups: Groups, x: Column) -> Column:
    """The value in the middle of each group, or the mean of the two that are."""
    return quantile(groups, x, 0.5, interpolation="linear")


def quantile(groups: Groups, x: Column, quantile: Any, *, interpolation: str = "nearest") -> Column:
    """The value at a quantile's place in each group, or what lies between two."""
    if pa.types.is_decimal(x.type):
        x = cast(x, pa.float64())
    n = count(groups, x)
    missing = n == 0
    if missing.all():
        return column_of(np.zeros(groups.count), missing)
    order = sort_rows([Order(column_of(groups.of_rows)), Order(x, nulls_last=True)])
    values = x.take(pa.array(order)).to_numpy().astype(np.float64)
    q, last = plain(quantile), (n - 1).clip(0)

    def at(place: Floats) -> Floats:
        inside = np.minimum(place.astype(np.int64).clip(0), last)
        found: Floats = values[np.minimum(groups.starts + inside, len(values) - 1)]
        return found

    with np.errstate(all="ignore"):
        return column_of(_interpolated(interpolation, q, n, at), missing)


def _interpolated(how: str, q: float, n: Ints, at: Callable[[Floats], Floats]) -> Floats:
    place = q * (n - 1).clip(0)
    below, above = at(np.floor(place)), at(np.ceil(place))
    match how:
        case "lower":
            return below
        case "higher":
            return above
        case "nearest":
            return at(np.floor(place + 0.5))
        case "equiprobable":
            return at(np.ceil(q * n) - 1)
        case "midpoint":
            return np.where(below == above, below, (below + above) / 2)
        case "linear":
            share = place - np.floor(place)
            return np.where(below == above, below, below + (above - below) * share)
    raise ValueError(f"unknown interpolation {how!r}")
