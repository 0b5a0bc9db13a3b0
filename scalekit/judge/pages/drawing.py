"""One mark within the area of its axes, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scalekit.judge.pages.labels import Box
from scalekit.judge.pages.lettering import shown, width
from scalekit.judge.pages.marks import Bars, Cells, Intervals, Line, Mark, Numbers, Plot, Rule
from scalekit.judge.pages.shades import shades_of
from scalekit.judge.pages.svg import boxes, element, path, words

_MOST_PLACES = 160
"""Places of a line; the eye sees no more of them on 340 units."""


@dataclass(frozen=True)
class Area:
    """The rectangle between the axes, in units of the picture."""

    left: float
    top: float
    width: float
    height: float

    def x(self, plot: Plot, value: float) -> float:
        """Where a value of the level axis stands."""
        return self.left + self.width * plot.x.share(value)

    def y(self, plot: Plot, value: float) -> float:
        """Where a value of the upright axis stands."""
        return self.top + self.height * (1 - plot.y.share(value))


def drawn(mark: Mark, plot: Plot, area: Area) -> str:
    """The markup of one mark.

    Parameters
    ----------
    mark
        What to draw.
    plot
        Its axes.
    area
        Where the axes are.
    """
    match mark:
        case Line():
            return _line(mark, plot, area)
        case Bars():
            return _bars(mark, plot, area)
        case Intervals():
            return _intervals(mark, plot, area)
        case Cells():
            return _cells(mark, plot, area)
        case Rule():
            return _rule(mark, plot, area)


def _line(mark: Line, plot: Plot, area: Area) -> str:
    kept = _kept(mark.x, mark.y, plot)
    parts = []
    if len(mark.low):
        upper = [(area.x(plot, mark.x[n]), area.y(plot, mark.high[n])) for n in kept]
        lower = [(area.x(plot, mark.x[n]), area.y(plot, mark.low[n])) for n in reversed(kept)]
        known = [place for place in upper + lower if not math.isnan(place[1])]
        parts.append(element("path", d=path(known, closed=True), class_=f"f{mark.style} band"))
    places = [(area.x(plot, mark.x[n]), area.y(plot, mark.y[n])) for n in kept]
    parts.append(element("path", d=path(places), class_=f"s{mark.style}"))
    if mark.dots:
        parts += [dot(x, y, mark.style) for x, y in places if not math.isnan(y)]
    return "".join(parts)


def _kept(x: Numbers, y: Numbers, plot: Plot) -> list[int]:
    """The places that are drawn: where there are many, the next one that is far enough off, and both ends."""
    if len(x) <= _MOST_PLACES:
        return list(range(len(x)))
    least = 2.0 / _MOST_PLACES
    kept, last = [0], (plot.x.share(x[0]), plot.y.share(y[0]))
    for n in range(1, len(x) - 1):
        here = plot.x.share(x[n]), plot.y.share(y[n])
        if abs(here[0] - last[0]) + abs(here[1] - last[1]) >= least:
            kept.append(n)
            last = here
    return [*kept, len(x) - 1]


def dot(x: float, y: float, style: int, *, flagged: bool = False) -> str:
    """The mark of a place: each style has a shape of its own, and one that stands out is a large diamond."""
    size = 5.5 if flagged else 3.6
    shape = 2 if flagged else style % 4
    around = {
        0: path(_circle(x, y, size), closed=True),
        1: boxes([(x - size * 0.85, y - size * 0.85, size * 1.7, size * 1.7)]),
        2: path([(x, y - size * 1.3), (x + size * 1.3, y), (x, y + size * 1.3), (x - size * 1.3, y)], closed=True),
        3: path([(x, y - size * 1.2), (x + size * 1.1, y + size), (x - size * 1.1, y + size)], closed=True),
    }  # fmt: skip
    return element("path", d=around[shape], class_=f"f{style} dot")


def _circle(x: float, y: float, size: float) -> Iterator[tuple[float, float]]:
    for n in range(10):
        turn = 2 * math.pi * n / 10
        yield x + size * math.cos(turn), y + size * math.sin(turn)


def _bars(mark: Bars, plot: Plot, area: Area) -> str:
    bottom = area.y(plot, max(plot.y.low, 0.0) if not plot.y.logarithmic else plot.y.low)
    places = []
    for left, right, height in zip(mark.edges, mark.edges[1:], mark.heights, strict=False):
        if not height or math.isnan(height):
            continue
        x, end, y = area.x(plot, left), area.x(plot, right), area.y(plot, height)
        gap = 0.6 if end - x > 3 else 0.0
        places.append((x + gap, min(y, bottom), max(end - x - 2 * gap, 0.4), abs(bottom - y)))
    return element("path", d=boxes(places), class_=f"f{mark.style} bar")


def _intervals(mark: Intervals, plot: Plot, area: Area) -> str:
    parts = []
    if mark.joined:
        places = [(area.x(plot, x), area.y(plot, y)) for x, y in zip(mark.x, mark.y, strict=True)]
        parts.append(element("path", d=path(places), class_=f"s{mark.style} thin"))
    for x, y, low, high in zip(mark.x, mark.y, mark.low, mark.high, strict=True):
        if math.isnan(y):
            continue
        at, parts_x = area.x(plot, x), area.y(plot, y)
        if not (math.isnan(low) or math.isnan(high)):
            ends = f"M{at:.1f} {area.y(plot, low):.1f}V{area.y(plot, high):.1f}"
            parts.append(element("path", d=ends, class_=f"s{mark.style} solid"))
        parts.append(dot(at, parts_x, mark.style))
    return "".join(parts)


def _cells(mark: Cells, plot: Plot, area: Area) -> str:
    """One path for each shade: a grid of forty by forty has few kilobytes."""
    by_shade: dict[int, list[tuple[float, float, float, float]]] = {}
    for (left, right, bottom, top, _), shade in zip(mark.cells, shades_of(mark, plot), strict=True):
        x, y = area.x(plot, left), area.y(plot, top)
        wide, high = area.x(plot, right) - x, area.y(plot, bottom) - y
        by_shade.setdefault(shade, []).append((x, y, wide, high))
    return "".join(
        element("path", d=boxes(cells), class_=f"f0 h{shade}")
        for shade, cells in sorted(by_shade.items())
    )


def _rule(mark: Rule, plot: Plot, area: Area) -> str:
    right, bottom = area.left + area.width, area.top + area.height
    if mark.x is not None:
        x = area.x(plot, mark.x)
        text = shown(mark.name)
        flows_left = x + 5 + width(text, 11) > right
        place = {
            "x": x - 4 if flows_left else x + 4,
            "y": area.top + 10 + 13 * _upright_before(mark, plot),
        }
        name = element("text", words(text), text_anchor="end" if flows_left else None, class_="tick beside", **place)  # fmt: skip
        line = element("path", d=f"M{x:.1f} {area.top:.1f}V{bottom:.1f}", class_="rule")
        return line + (name if text else "")
    if mark.y is not None:
        y = area.y(plot, mark.y)
        line = element("path", d=f"M{area.left:.1f} {y:.1f}H{right:.1f}", class_="rule")
        return line + _level_name(shown(mark.name), y, plot, area)
    low, high = max(plot.x.low, plot.y.low), min(plot.x.high, plot.y.high)
    ends = [(area.x(plot, value), area.y(plot, value)) for value in (low, high)]
    return element("path", d=path(ends), class_="rule")


def _level_name(text: str, y: float, plot: Plot, area: Area) -> str:
    """The name of a level rule above it, at the end where fewer lines are."""
    if not text:
        return ""
    right, wide = area.left + area.width, width(text, 11)
    left_box = Box(area.left, y - 15, area.left + wide, y)
    right_box = Box(right - wide, y - 15, right, y)
    places = [
        (area.x(plot, x), area.y(plot, value))
        for line in plot.marks
        if isinstance(line, Line)
        for x, value in zip(line.x, line.y, strict=True)
    ]
    left_count, right_count = (
        sum(box.holds(place, 2) for place in places) for box in (left_box, right_box)
    )
    if left_count < right_count:
        return element("text", words(text), x=area.left + 3, y=y - 4, class_="tick beside")
    return element("text", words(text), x=right, y=y - 4, text_anchor="end", class_="tick beside")


def _upright_before(mark: Rule, plot: Plot) -> int:
    """How many upright rules come first: each name stands below the one before."""
    upright = [one for one in plot.marks if isinstance(one, Rule) and one.x is not None]
    return upright.index(mark)
