"""Forecasts by hand: naive forecasts, scales and metrics from their definitions, with loops over lists of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite, sqrt
from typing import Any

Series = Mapping[int, float]
"""Period -> value; a period may be missing."""


def is_value(value: Any) -> bool:
    return value is not None and isfinite(value)


def last_value(series: Series, known: int) -> float | None:
    """The last value before a period."""
    for period in range(known - 1, -1, -1):
        if is_value(series.get(period)):
            return series[period]
    return None


def seasonal_naive(series: Series, known: int, period: int, season: int) -> float | None:
    """The last value before a period at the same place of the season, else the last value."""
    earlier = period
    while earlier >= 0:
        if earlier < known and is_value(series.get(earlier)):
            return series[earlier]
        earlier -= season
    return last_value(series, known)


def scales(series: Series, start: int, end: int, season: int) -> tuple[float | None, float | None]:
    """Mean absolute and mean squared difference from a season before, within a training."""
    differences = []
    for period in range(start + season, end):
        now, then = series.get(period), series.get(period - season)
        if is_value(now) and is_value(then):
            differences.append(now - then)
    if not differences or all(d == 0 for d in differences):
        return None, None
    n = len(differences)
    return sum(abs(d) for d in differences) / n, sum(d * d for d in differences) / n


def metrics(rows: Iterable[Mapping[str, Any]], model: str) -> dict[str, Any]:
    """All metrics of rows that have ``y``, ``scale``, ``squared_scale`` and the forecast of a model."""
    errors, sizes, scaled, squares = [], [], [], []
    for row in rows:
        y, f = row["y"], row[model]
        if not is_value(y) or not is_value(f):
            continue
        errors.append(f - y)
        sizes.append(abs(y))
        if row["scale"] is not None:
            scaled.append(abs(f - y) / row["scale"])
            squares.append((f - y) ** 2 / row["squared_scale"])
    n = len(errors)
    absolute = sum(abs(e) for e in errors)
    return {
        "n": n,
        "mase": sum(scaled) / len(scaled) if scaled else None,
        "rmsse": sqrt(sum(squares) / len(squares)) if squares else None,
        "wape": absolute / sum(sizes) if sum(sizes) else None,
        "bias": sum(errors) / n if n else None,
        "mae": absolute / n if n else None,
        "rmse": sqrt(sum(e * e for e in errors) / n) if n else None,
    }


def pinball(rows: Iterable[Mapping[str, Any]], quantiles: Mapping[float, str]) -> float | None:
    """Mean over quantiles of the mean pinball loss."""
    means = []
    for quantile, name in quantiles.items():
        losses = []
        for row in rows:
            y, f = row["y"], row[name]
            if is_value(y) and is_value(f):
                losses.append(quantile * (y - f) if y >= f else (1 - quantile) * (f - y))
        if losses:
            means.append(sum(losses) / len(losses))
    return sum(means) / len(means) if means else None
