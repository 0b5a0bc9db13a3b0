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
        lines += _peaks(mine) + _rows(mine) + _steps(mine)
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


def _steps(found: Sequence[dict[str, Any]]) -> list[str]:
    """How far the rows of filters, joins and groups were off."""
    ratios: dict[str, list[float]] = {}
    for one in found:
        for title, guess, rows in one.get("steps", ()):
            if guess is not None:
                ratios.setdefault(title.lower(), []).append(max(guess, 1) / max(rows, 1))
    return [_spread(f"rows of each {title}", of) for title, of in ratios.items() if len(of) > 1]


def _spread(what: str, ratios: Sequence[float]) -> str:
    tenths = ", ".join(f"{t:.3g}" for t in quantiles(sorted(ratios), n=10))
    twice = sum(0.5 <= r <= 2 for r in ratios) / len(ratios)
    ten = sum(0.1 <= r <= 10 for r in ratios) / len(ratios)
    return (
        f"  {what}, predicted over true: {tenths} (tenths of {len(ratios)}); within 2 times {twice:.0%}, "
        f"within 10 times {ten:.0%}"
    )


def _rows(found: Sequence[dict[str, Any]]) -> list[str]:
    ratios = sorted(
        one["predicted_rows"] / max(1, one["rows"])
        for one in found
        if one.get("predicted_rows") is not None and "rows" in one
    )
    if len(ratios) < 2:
        return []
    return [_spread("rows of results", ratios)]
