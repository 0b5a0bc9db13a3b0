"""A plot as SVG: legend, axes, and what is within them, as wide as a phone so that its letters stay readable there."""

from __future__ import annotations

from dataclasses import dataclass

from scalekit.judge.pages.axes import Axis
from scalekit.judge.pages.drawing import Area, dot, drawn
from scalekit.judge.pages.labels import SIZE, Box, places
from scalekit.judge.pages.lettering import fitted, shown, width
from scalekit.judge.pages.marks import Bars, Cells, Intervals, Line, Mark, Plot, Rule
from scalekit.judge.pages.shades import shade_legend
from scalekit.judge.pages.svg import element, words

WIDTH = 360.0
"""Units of a picture's width: a phone shows it one to one, a wide screen at most a third larger."""
_LEGEND_ROW, _HEAD, _TICKS, _FOOT = 17.0, 24.0, 16.0, 17.0
_SAMPLE = 26.0
"""Width of a legend's sample of a line."""
_DIRECT = 110.0
"""Widest name that is written beside its line; a longer one is in the legend only."""


def plot_svg(plot: Plot, top: float) -> tuple[str, float]:
    """The markup of a plot that begins at ``top``, and how high it is.

    Parameters
    ----------
    plot
        What to draw.
    top
        Distance from the top of the picture.
    """
    legend, high = _legend(plot, top)
    area = _area(plot, top + high + _HEAD)
    parts = [
        legend,
        _axes(plot, area),
        *(drawn(mark, plot, area) for mark in plot.marks),
        *_names(plot, area),
    ]
    return "".join(parts), area.top + area.height + _TICKS + _FOOT - top


def _area(plot: Plot, top: float) -> Area:
    left = max([8.0, *(width(text, 11) for _, text in plot.y.ticks)]) + 8
    right = max(8.0, width(plot.x.ticks[-1][1], 11) / 2 + 2) if plot.x.ticks else 8.0
    return Area(left, top, WIDTH - left - right, float(plot.height))


def _axes(plot: Plot, area: Area) -> str:
    bottom, right = area.top + area.height, area.left + area.width
    parts = []
    for value, text in plot.y.ticks:
        y = area.y(plot, value)
        parts.append(element("path", d=f"M{area.left:.1f} {y:.1f}H{right:.1f}", class_="grid"))
        parts.append(_tick(area.left - 6, y + 4, text, "end"))
    for value, text in _spaced(plot.x, area):
        x = area.x(plot, value)
        parts.append(element("path", d=f"M{x:.1f} {bottom:.1f}v4", class_="axis"))
        parts.append(_tick(x, bottom + 15, text, "middle"))
    parts.append(
        element("path", d=f"M{area.left:.1f} {bottom:.1f}H{right:.1f}", class_="axis", fill="none")
    )
    label = fitted(shown(plot.y.label), WIDTH - 4, 12)
    parts.append(element("text", words(label), x=2.0, y=area.top - 11, class_="label"))
    label = fitted(shown(plot.x.label), area.width, 12)
    end = {"x": right, "y": bottom + _TICKS + 13, "text_anchor": "end"}
    parts.append(element("text", words(label), class_="label", **end))
    return "".join(parts)


def _tick(x: float, y: float, text: str, anchor: str) -> str:
    return element("text", words(text), x=x, y=y, text_anchor=anchor, class_="tick")


def _spaced(axis: Axis, area: Area) -> list[tuple[float, str]]:
    """The ticks whose texts do not touch, each shortened to the room that it has."""
    ticks = list(axis.ticks)
    room = area.width / max(len(ticks), 1)
    widest = max((width(text, 11) for _, text in ticks), default=0.0)
    while len(ticks) > 2 and min(widest, 80.0) + 6 > room:
        ticks = ticks[::2]
        room = area.width / len(ticks)
    return [(value, fitted(shown(text), max(room - 6, 24.0), 11)) for value, text in ticks]


@dataclass(frozen=True)
class _Entry:
    """A line of the legend: the markup of its sample, and its text."""

    sample: str
    text: str
    value: str

    @property
    def wide(self) -> float:
        return _SAMPLE + 6 + width(f"{self.text} {self.value}", 11) + 14


def _legend(plot: Plot, top: float) -> tuple[str, float]:
    """Samples and names, as many in a row as there is room for, and how high they are."""
    entries = [entry for mark in plot.marks if (entry := _entry(mark)) is not None]
    parts, x, y = [], 2.0, top
    for entry in entries:
        if x > 2.0 and x + entry.wide - 4 > WIDTH:
            x, y = 2.0, y + _LEGEND_ROW
        sample = element("g", entry.sample, transform=f"translate({x:.1f} {y + 9:.1f})")
        parts.append(sample + _entry_text(entry, x + _SAMPLE + 6, y + 13))
        x += entry.wide
    high = y + _LEGEND_ROW + 3 - top if entries else 0.0
    shades = next((mark for mark in plot.marks if isinstance(mark, Cells)), None)
    if shades is not None:
        parts.append(shade_legend(shades, plot, top + high))
        high += _LEGEND_ROW + 3
    return "".join(parts), high


def _entry_text(entry: _Entry, x: float, y: float) -> str:
    value = element("tspan", words(entry.value), class_="value", dx=5) if entry.value else ""
    room = WIDTH - x - width(f" {entry.value}", 11) - 9
    name = element("tspan", words(fitted(entry.text, room, 11)), class_="user")
    whole = element("title", words(entry.text)) if width(entry.text, 11) > room else ""
    return element("text", f"{whole}{name}{value}", x=x, y=y, class_="tick strong")


def _entry(mark: Mark) -> _Entry | None:
    match mark:
        case Line(name=str(name)) if name:
            band = element("path", d=f"M0-4h{_SAMPLE}v8h-{_SAMPLE}z", class_=f"f{mark.style} band")
            line = element("path", d=f"M0 0h{_SAMPLE}", class_=f"s{mark.style}")
            return _Entry((band if len(mark.low) else "") + line, shown(name), mark.value)
        case Intervals(name=str(name)) if name:
            line = element("path", d="M13-6v12", class_=f"s{mark.style} solid")
            return _Entry(line + dot(13, 0, mark.style), shown(name), mark.value)
        case Bars(name=str(name)) if name:
            box = element("path", d="M4-5h18v10h-18z", class_=f"f{mark.style} bar")
            return _Entry(box, shown(name), "")
        case Rule(name=str(name)) if name and mark.x is None and mark.y is None:
            return _Entry(element("path", d=f"M0 0h{_SAMPLE}", class_="rule"), shown(name), "")
    return None


def _names(plot: Plot, area: Area) -> list[str]:
    """The names of lines beside them, where there are several and there is room."""
    lines = [mark for mark in plot.marks if isinstance(mark, Line) and mark.name]
    if len(lines) < 2:
        return []
    texts = [shown(line.name) for line in lines]
    texts = [text if width(text, SIZE) <= _DIRECT else "" for text in texts]
    paths = [_path(line, plot, area) for line in lines]
    rules = [path for mark in plot.marks if (path := _straight(mark, plot, area))]
    box = Box(area.left, area.top, area.left + area.width, area.top + area.height)
    found = zip(texts, places([*texts, *[""] * len(rules)], paths + rules, box), strict=False)
    return [
        element("text", words(text), x=place[0], y=place[1], class_="tick beside")
        for text, place in found
        if place is not None
    ]


def _path(line: Line, plot: Plot, area: Area) -> list[tuple[float, float]]:
    return [(area.x(plot, x), area.y(plot, y)) for x, y in zip(line.x, line.y, strict=True)]


def _straight(mark: Mark, plot: Plot, area: Area) -> list[tuple[float, float]]:
    """The ends of a rule that names stay away from; of others nothing."""
    if isinstance(mark, Rule) and mark.x is not None:
        x = area.x(plot, mark.x)
        return [(x, area.top), (x, area.top + area.height)]
    if isinstance(mark, Rule) and mark.y is not None:
        y = area.y(plot, mark.y)
        return [(area.left, y), (area.left + area.width, y)]
    return []
