"""Shades of a grid of counts: six, by the logarithm, and their legend."""

from __future__ import annotations

import math

from scalekit.judge.pages.lettering import compact, width
from scalekit.judge.pages.marks import Cells, Plot
from scalekit.judge.pages.svg import element, words

SHADES = 6


def shades_of(mark: Cells, plot: Plot) -> list[int]:
    """The shade of each cell, from 0 (fewest rows for the area that is drawn) to 5 (most).

    Parameters
    ----------
    mark
        The cells, which may differ in size.
    plot
        Their axes.

    Examples
    --------
    >>> from scalekit.judge.pages.axes import between
    >>> row = [(n, n + 1, 0, 1, count) for n, count in enumerate((1, 9, 99, 10_000, 1_000_000))]
    >>> shades_of(Cells(row), Plot(between("", 0, 5), between("", 0, 1), ()))
    [0, 0, 1, 4, 5]
    """
    counts = [count for *_, count in mark.cells]
    dense = [count / (size or 1.0) for count, size in zip(counts, _sizes(mark, plot), strict=True)]
    least, most = min(dense, default=1.0), max(dense, default=1.0)
    if most <= least:
        return [SHADES - 1] * len(dense)
    span = math.log(most / least)
    return [min(int(math.log(one / least) / span * SHADES), SHADES - 1) for one in dense]


def _sizes(mark: Cells, plot: Plot) -> list[float]:
    """The share of the picture that each cell takes."""
    x, y = plot.x.share, plot.y.share
    return [
        (x(right) - x(left)) * (y(top) - y(bottom)) for left, right, bottom, top, _ in mark.cells
    ]


def shade_legend(mark: Cells, plot: Plot, top: float) -> str:
    """The shades from few to many, in a row.

    Parameters
    ----------
    mark
        The cells.
    plot
        Their axes.
    top
        Where the legend begins.
    """
    few, many = _ends(mark, plot)
    at = 2 + width(few, 11) + 6
    cells = "".join(
        element("path", d=f"M{at + n * 22:.1f} {top + 3:.1f}h22v11h-22z", class_=f"f0 h{n}")
        for n in range(SHADES)
    )
    texts = element("text", words(few), x=2.0, y=top + 13, class_="tick") + element(
        "text", words(many), x=at + SHADES * 22 + 6, y=top + 13, class_="tick"
    )
    return cells + texts


def _ends(mark: Cells, plot: Plot) -> tuple[str, str]:
    """What the first and the last shade stand for: counts, where all cells are of one size."""
    sizes = _sizes(mark, plot)
    if sizes and max(sizes) > 1.001 * min(sizes):
        return "few rows", "many, for the area"
    counts = [count for *_, count in mark.cells]
    return _rows(min(counts, default=0)), _rows(max(counts, default=0))


def _rows(count: float) -> str:
    return f"{compact(count)} row{'' if count == 1 else 's'}"
