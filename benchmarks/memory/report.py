"""How far predictions were off: shares of cases within a factor, and the worst."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles
from typing import Any

WITHIN = (0.5, 2.0)
"""Predicted over measured, between which a prediction is good."""


def summary(found: Sequence[dict[str, Any]]) -> str:
    """The figures by backend, as lines."""
    lines = []
    for backend in dict.fromkeys(one["backend"] for one in found):
        mine = [one for one in found if one["backend"] == backend]
        lines += [f"{backend}: {len(mine)} cases, {sum('failed' in one for one in mine)} failed"]
        lines += _peaks(mine) + _rows(mine)
    return "\n".join(lines)


def _peaks(found: Sequence[dict[str, Any]]) -> list[str]:
    ratios = sorted(
        (one["predicted_peak"] / max(1, one["peak"]), one["case"])
        for one in found
        if one.get("predicted_peak") is not None and one.get("peak")
    )
    if not ratios:
        return []
    low, high = WITHIN
    good = sum(low <= ratio <= high for ratio, _ in ratios)
    under = [f"{case} ({ratio:.2f})" for ratio, case in ratios if ratio < low]
    return [
        f"  peak: {good} of {len(ratios)} within {low:g} to {high:g} times ({good / len(ratios):.1%}), "
        f"least {ratios[0][0]:.2f} ({ratios[0][1]}), most {ratios[-1][0]:.2f} ({ratios[-1][1]})",
        f"  under {low:g}: {', '.join(under) or 'none'}",
    ]


def _rows(found: Sequence[dict[str, Any]]) -> list[str]:
    ratios = sorted(
        one["predicted_rows"] / max(1, one["rows"])
        for one in found
        if one.get("predicted_rows") is not None and "rows" in one
    )
    if len(ratios) < 2:
        return []
    tenths = quantiles(ratios, n=10)
    return [
        f"  rows of results, predicted over true: {', '.join(f'{t:.3g}' for t in tenths)} (tenths)"
    ]
