"""What the steps of a query took, as a picture: a bar for each step, with its tasks one above the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from scalekit.display.text import amount, duration_text, shortened
from scalekit.sources.sizes import size_text

_LABEL, _PLOT, _FACTS = 260, 520, 230
_TOP, _ROW, _LANE, _GAP = 26, 18, 7, 10
_LANES = 12
"""Tasks at one time that have a lane of their own; more share the last one."""
_TEXT = 40
_COLOURS = ("#1e88e5", "#43a047", "#fb8c00", "#8e24aa", "#00897b", "#e53935")
_TICKS = 5


class Profile(NamedTuple):
    """A result, and what its steps took; a notebook shows the times as a picture.

    Attributes
    ----------
    result
        The rows.
    timings
        A row for each step: its name (``node``), and its ``start`` and ``end`` in microseconds. On a
        cluster a step is a stage, of which there are also its ``tasks``, ``rows``, ``bytes``, ``seconds`` of all
        tasks together, ``workers``, ``retries``, bytes ``spilled`` to disk, and the ``runs`` of its tasks.
    """

    result: pl.DataFrame
    timings: pl.DataFrame

    @property
    def timeline(self) -> Timeline:
        """The times as a picture, to show or to save.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2]}).sort("x").profile(backend="pandas").timeline.svg[:4]
        '<svg'
        """
        return Timeline(draw(self.timings))

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x: auto">{self.timeline.svg}</div>{self.result._repr_html_()}'


class SampleProfile(Profile):
    """A profile of a run on a sample, which says so.

    Attributes
    ----------
    sample
        What the rows are a sample of.
    """

    sample: str = ""

    def __repr__(self) -> str:
        return f"{self.sample}\n{super().__repr__()}"

    def _repr_html_(self) -> str:
        return f"<b>{escape(self.sample)}</b>{super()._repr_html_()}"


def profiled(result: pl.DataFrame, timings: pl.DataFrame, sample: str) -> Profile:
    """What a run took; ``sample`` says of what it ran on a part."""
    if not sample:
        return Profile(result, timings)
    found = SampleProfile(result, timings)
    found.sample = sample
    return found


class Timeline(NamedTuple):
    """A picture of times."""

    svg: str

    def _repr_html_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write the picture to an SVG file."""
        target = Path(path)
        target.write_text(self.svg, encoding="utf-8")
        return target


def draw(timings: pl.DataFrame) -> str:
    """The picture of a profile's times."""
    steps = timings.to_dicts()
    whole = max([1, *(step["end"] for step in steps)])
    rows, top = [], float(_TOP)
    for step, colour in zip(steps, cycle(_COLOURS), strict=False):
        bars, height = _bars(step, whole, colour)
        rows.append(_row(step, bars, top, height))
        top += height + _GAP
    width = _LABEL + _PLOT + _FACTS
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top:g}" width="{width}" height="{top:g}" '
        'style="max-width: 100%; height: auto" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="currentColor">{_axis(whole, top)}{"".join(rows)}</svg>'
    )


def _row(step: Mapping[str, Any], bars: str, top: float, height: float) -> str:
    middle = top + height / 2 + 4
    name = str(step["node"])
    return (
        f"<g><title>{escape(name)}</title>"
        f'<text x="{_LABEL - 10}" y="{middle:g}" text-anchor="end">{escape(shortened(name, _TEXT))}</text>'
        f'<g transform="translate({_LABEL} {top:g})">{bars}</g>'
        f'<text x="{_LABEL + _PLOT + 10}" y="{middle:g}" fill-opacity=".65">{escape(_facts(step))}</text></g>'
    )


def _facts(step: Mapping[str, Any]) -> str:
    facts = [duration_text((step["end"] - step["start"]) / 1e6)]
    if step.get("tasks") is not None:
        facts.append(amount(step["tasks"], "task"))
    if step.get("bytes") is not None:
        facts.append(size_text(step["bytes"]))
    if step.get("retries"):
        facts.append(f"{step['retries']} again")
    return ", ".join(facts)


def _bars(step: Mapping[str, Any], whole: int, colour: str) -> tuple[str, float]:
    """The bars of a step's tasks, or one for all of it, and how high they are."""
    runs: Sequence[Mapping[str, Any]] = step.get("runs") or [step]
    lanes = _lanes(runs)
    count = max(lanes) + 1
    lane = max(_LANE, _ROW / count)
    scale = _PLOT / whole
    drawn = [
        f'<rect x="{run["start"] * scale:.2f}" y="{number * lane:g}" height="{lane - 1:g}" rx="1.5" '
        f'width="{max(1.0, (run["end"] - run["start"]) * scale):.2f}" fill="{colour}">'
        f"<title>{escape(_told(run))}</title></rect>"
        for run, number in zip(runs, lanes, strict=True)
    ]
    return "".join(drawn), count * lane


def _told(run: Mapping[str, Any]) -> str:
    took = f"{(run['end'] - run['start']) / 1e3:,.1f} ms"
    return f"worker {run['worker']}: {took}" if "worker" in run else took


def _lanes(runs: Sequence[Mapping[str, Any]]) -> list[int]:
    """A lane for each run, in which no other runs at the same time, as long as there are lanes."""
    free: list[int] = []
    lanes = [0] * len(runs)
    for place in sorted(range(len(runs)), key=lambda place: runs[place]["start"]):
        start, end = runs[place]["start"], runs[place]["end"]
        lane = next((n for n, until in enumerate(free) if until <= start), len(free))
        if lane == len(free) and lane < _LANES:
            free.append(end)
        lanes[place] = min(lane, _LANES - 1)
        free[lanes[place]] = max(free[lanes[place]], end)
    return lanes


def _axis(whole: int, height: float) -> str:
    marks = []
    for tick in range(_TICKS + 1):
        x = _LABEL + _PLOT * tick / _TICKS
        marks.append(
            f'<line x1="{x:g}" y1="{_TOP - 6}" x2="{x:g}" y2="{height:g}" stroke="currentColor" stroke-opacity=".12"/>'
            f'<text x="{x:g}" y="14" text-anchor="middle" fill-opacity=".65">{_time(whole * tick / _TICKS, whole)}</text>'
        )
    return "".join(marks)


def _time(micros: float, whole: int) -> str:
    if whole < 1e6:
        return f"{micros / 1e3:,.3g} ms"
    return f"{micros / 1e6:,.3g} s"
