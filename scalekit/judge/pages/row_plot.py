"""Rows of values with intervals under headings (a forest plot), or of bars, as SVG."""

from __future__ import annotations

from scalekit.judge.pages.axes import Axis
from scalekit.judge.pages.drawing import dot
from scalekit.judge.pages.lettering import fitted, shown, width
from scalekit.judge.pages.marks import Row, RowPlot
from scalekit.judge.pages.plot import WIDTH
from scalekit.judge.pages.svg import element, words

_ROW = 20.0
_NAME, _NOTE = 126.0, 58.0
"""Widest name at the left and note at the right."""
_LONG = 12
"""Rows from which on the ticks stand above as well as below."""


def row_plot_svg(plot: RowPlot, top: float) -> tuple[str, float]:
    """The markup of rows that begin at ``top``, and how high it is."""
    rows = [row for _, group in plot.groups for row in group]
    left = min(max((width(shown(row.name), 11) for row in rows), default=0.0), _NAME) + 10
    note = min(max((width(row.note, 11) for row in rows), default=0.0), _NOTE)
    room = WIDTH - left - note - 14
    head = (20.0 if len(rows) > _LONG else 0.0) + (16.0 if plot.reference else 0.0)
    parts, y = [], top + head + 4
    for name, group in plot.groups:
        if name:
            parts.append(_heading(name, y))
            y += _ROW
        for row in group:
            parts.append(_row(row, plot, left, room, y))
            y += _ROW
    scale = _scale(plot, left, room, top + head, y)
    above = _ticks(plot.axis, left, room, top + 11) if len(rows) > _LONG else ""
    return scale + "".join(parts) + above, y + 38 - top


def _heading(name: str, y: float) -> str:
    text = fitted(shown(name), WIDTH - 4, 12)
    return element("text", words(text), x=2.0, y=y + 14, class_="label heading")


def _row(row: Row, plot: RowPlot, left: float, room: float, y: float) -> str:
    middle, style = y + _ROW / 2, 1 if row.flagged else 0
    name = shown(row.name)
    whole = element("title", words(name)) if width(name, 11) > left - 10 else ""
    text = whole + element("tspan", words(fitted(name, left - 10, 11)), class_="user")
    parts = [element("text", text, x=2.0, y=middle + 4, class_="tick strong")]
    if row.value == row.value:
        parts.append(_drawn(row, plot, left, room, middle, style))
    if row.note:
        note = {"x": WIDTH - 2, "y": middle + 4, "text_anchor": "end", "class_": "tick"}
        parts.append(element("text", words(row.note), **note))
    return "".join(parts)


def _drawn(row: Row, plot: RowPlot, left: float, room: float, middle: float, style: int) -> str:
    at = left + room * plot.axis.share(row.value)
    parts = []
    if plot.bars:
        zero = left + room * plot.axis.share(0.0)
        bar = f"M{min(zero, at):.1f} {middle - 6:.1f}h{max(abs(at - zero), 0.5):.1f}v12H{min(zero, at):.1f}z"
        parts.append(element("path", d=bar, class_=f"f{style} bar"))
    if row.low is not None and row.high is not None and row.low <= row.high:
        low, high = (left + room * plot.axis.share(value) for value in (row.low, row.high))
        ends = f"M{low:.1f} {middle:.1f}H{high:.1f}M{low:.1f} {middle - 3:.1f}v6M{high:.1f} {middle - 3:.1f}v6"
        parts.append(element("path", d=ends, class_="ink" if plot.bars else f"s{style} solid"))
    if not plot.bars:
        parts.append(dot(at, middle, style, flagged=row.flagged))
    return "".join(parts)


def _scale(plot: RowPlot, left: float, room: float, top: float, bottom: float) -> str:
    """Upright lines of the ticks, the reference, and the texts below."""
    lines = "".join(
        f"M{left + room * plot.axis.share(value):.1f} {top:.1f}V{bottom:.1f}"
        for value, _ in plot.axis.ticks
    )
    parts = [
        element("path", d=lines, class_="grid"),
        _ticks(plot.axis, left, room, bottom + 15),
        element(
            "text",
            words(fitted(shown(plot.axis.label), WIDTH - 4, 12)),
            x=left + room, y=bottom + 31, text_anchor="end", class_="label",
        ),
    ]  # fmt: skip
    if plot.reference is not None:
        parts.append(_reference(plot.reference, plot.axis, left, room, top, bottom))
    return "".join(parts)


def _reference(
    reference: tuple[float, str], axis: Axis, left: float, room: float, top: float, bottom: float
) -> str:
    value, name = reference
    x = left + room * axis.share(value)
    text = shown(name)
    half = width(text, 11) / 2
    middle = min(max(x, half + 2), WIDTH - half - 2)
    return element("path", d=f"M{x:.1f} {top:.1f}V{bottom:.1f}", class_="rule") + element(
        "text", words(text), x=middle, y=top - 3, text_anchor="middle", class_="tick"
    )


def _ticks(axis: Axis, left: float, room: float, y: float) -> str:
    """Texts of ticks that do not touch."""
    parts, free = [], -1.0
    for value, text in axis.ticks:
        x, half = left + room * axis.share(value), width(text, 11) / 2
        if x - half >= free:
            parts.append(
                element("text", words(text), x=x, y=y, text_anchor="middle", class_="tick")
            )
            free = x + half + 5
    return "".join(parts)
