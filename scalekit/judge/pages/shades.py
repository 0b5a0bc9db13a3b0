"""Shades of a grid of counts: six, by the logarithm, and their legend."""

from __future__ import annotations

import math

from scalekit.judge.pages.lettering import compact, width
from scalekit.judge.pages.marks import Cells
from scalekit.judge.pages.svg import element, words

SHADES = 6


def shade_of(count: float, most: float) -> int:
    """The shade of a count, from 0 (a single one) to 5 (the most).

    Examples
    --------
    >>> [shade_of(count, 1_000_000) for count in (1, 9, 99, 10_000, 1_000_000)]
    [0, 0, 1, 4, 5]
    """
    if most <= 1:
        return SHADES - 1
    share = math.log(max(count, 1.0)) / math.log(most)
    return min(int(share * SHADES), SHADES - 1)


def shade_legend(mark: Cells, top: float) -> str:
    """The shades from few to many, in a row."""
    most = mark.most
    few, many = (
        f"1 {mark.unit[:-1] if mark.unit.endswith('s') else mark.unit}",
        f"{compact(most)} {mark.unit}",
    )
    at = 2 + width(few, 11) + 6
    cells = "".join(
        element("path", d=f"M{at + n * 22:.1f} {top + 3:.1f}h22v11h-22z", class_=f"f0 h{n}")
        for n in range(SHADES)
    )
    texts = element("text", words(few), x=2.0, y=top + 13, class_="tick") + element(
        "text", words(many), x=at + SHADES * 22 + 6, y=top + 13, class_="tick"
    )
    return cells + texts
