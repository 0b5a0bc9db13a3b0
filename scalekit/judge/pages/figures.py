"""Figures with their intervals as texts: as many digits as the interval lets one believe."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from scalekit.judge.pages.blocks import Value

Figure = Mapping[str, Any]
"""A row of a report's results."""

MISSING = "—"
"""What stands where there is no value."""

_MOST_PLACES = 6
_NOISE = 1e-9
"""An interval this narrow, against its ends, is rounding's."""


def places(low: float | None, high: float | None) -> int | None:
    """Decimals that an interval lets one believe: two digits of its half width; None where there is no interval.

    Examples
    --------
    >>> places(0.861, 0.886), places(11_900.0, 12_700.0), places(None, None), places(0.5, 0.5)
    (3, 0, None, None)
    """
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return None
    half = (high - low) / 2
    if half <= _NOISE * max(abs(low), abs(high)):
        return None
    return max(0, 1 - math.floor(math.log10(half)))


def figure_text(value: float | None, decimals: int | None = None) -> str:
    """A value with so many decimals; four digits where it is not known how many it deserves.

    Examples
    --------
    >>> figure_text(0.87412, 3), figure_text(12_345.6, 0), figure_text(0.87412), figure_text(None)
    ('0.874', '12,346', '0.8741', '—')
    >>> figure_text(3.2e-9), figure_text(0.00000004, 9), figure_text(-0.0001, 2)
    ('3.2e-09', '4.0e-08', '0.00')
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if decimals is None:
        return _digits(value)
    if decimals > _MOST_PLACES and abs(value) < 10.0 ** (2 - _MOST_PLACES):
        return f"{value:.1e}"
    text = f"{value:,.{min(decimals, 2 * _MOST_PLACES)}f}"
    return text.lstrip("-") if not any(digit in text for digit in "123456789") else text


def _digits(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 1e9 or abs(value) < 1e-4:
        return f"{value:.4g}"
    decimals = max(0, 3 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def interval_text(low: float | None, high: float | None, decimals: int | None = None) -> str:
    """An interval in brackets; empty where there is none.

    Examples
    --------
    >>> interval_text(0.86103, 0.88631, 3), interval_text(None, None)
    ('[0.861, 0.886]', '')
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"[{figure_text(low, decimals)}, {figure_text(high, decimals)}]"


def value_of(figure: Figure, *, best: bool = False) -> Value:
    """A row of results as a cell."""
    low, high = figure["low"], figure["high"]
    decimals = places(low, high)
    return Value(
        figure_text(figure["value"], decimals), interval_text(low, high, decimals), best=best
    )


def told(figure: Figure) -> str:
    """A row of results within a sentence: its value and its interval."""
    cell = value_of(figure)
    return f"{cell.text} {cell.interval}".rstrip()


def whole(results: pl.DataFrame) -> pl.DataFrame:
    """The figures of all rows, without those of slices."""
    return results.filter(pl.col("slice").is_null())


def figure_of(results: pl.DataFrame, model: str, metric: str) -> Figure | None:
    """The figure of a model on all rows; None where there is none."""
    found = whole(results).filter(model=model, metric=metric)
    return found.row(0, named=True) if found.height else None


def count_text(count: float | None) -> str:
    """A number of rows; weighted ones may have a fraction.

    Examples
    --------
    >>> count_text(1234567), count_text(12.5), count_text(None)
    ('1,234,567', '12.5', '—')
    """
    if count is None or math.isnan(count):
        return MISSING
    return f"{count:,.0f}" if count == round(count) else f"{count:,.1f}"
