"""What is drawn within axes, as values: lines with bands, bars, points with intervals, cells, rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scalekit.judge.pages.axes import Axis

Numbers = Sequence[float]


@dataclass(frozen=True)
class Line:
    """A line, and the band of its interval.

    Attributes
    ----------
    x, y
        Its places.
    name
        What it is, in the legend and beside the line; without a name it has neither.
    value
        What the legend says besides, such as the area under it.
    style
        Number of its colour and its dashes; the first belongs to the model that is judged.
    low, high
        The band's edges; empty where there is none.
    dots
        Whether its places are marked.
    """

    x: Numbers
    y: Numbers
    name: str = ""
    value: str = ""
    style: int = 0
    low: Numbers = ()
    high: Numbers = ()
    dots: bool = False


@dataclass(frozen=True)
class Bars:
    """Bars between edges, from 0 up, such as a histogram."""

    edges: Numbers
    heights: Numbers
    name: str = ""
    style: int = 0


@dataclass(frozen=True)
class Intervals:
    """Points with their intervals.

    Attributes
    ----------
    x, y, low, high
        Places, and the ends of each interval.
    joined
        Whether a thin line leads from point to point.
    """

    x: Numbers
    y: Numbers
    low: Numbers
    high: Numbers
    name: str = ""
    value: str = ""
    style: int = 0
    joined: bool = False


Cell = tuple[float, float, float, float, float]
"""Left, right, bottom and top of a rectangle, and how many rows are in it."""


@dataclass(frozen=True)
class Cells:
    """Counts over a grid: the more rows for its area the darker a cell, by the logarithm; empty ones are left out."""

    cells: Sequence[Cell]


@dataclass(frozen=True)
class Rule:
    """A straight thin line for orientation: upright at ``x``, level at ``y``, or the diagonal where neither is given."""

    x: float | None = None
    y: float | None = None
    name: str = ""


Mark = Line | Bars | Intervals | Cells | Rule


@dataclass(frozen=True)
class Plot:
    """Axes and what is within them; ``height`` is that of the area between the axes."""

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    height: int = 230


@dataclass(frozen=True)
class Row:
    """A line of a picture of rows: a value with its interval, or a bar from ``origin``.

    Attributes
    ----------
    name
        The text at the left.
    value, low, high
        The value and its interval; ``low`` and ``high`` are None where there is no interval.
    note
        A short text at the right end, such as the number of rows.
    flagged
        Whether it stands out, by its shape as well as by its colour.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""
    flagged: bool = False


@dataclass(frozen=True)
class RowPlot:
    """Rows under headings, on one axis.

    Attributes
    ----------
    axis
        The axis below and above the rows.
    groups
        Headings, and the rows under each; an empty heading is not drawn.
    reference
        A value that all are compared with, and its text.
    bars
        Whether a bar leads from 0 to the value, instead of a point at it.
    """

    axis: Axis
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    reference: tuple[float, str] | None = None
    bars: bool = False


Drawing = Plot | RowPlot
