"""Section 9: the learning curve over nested samples, which tells whether all rows were worth it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scalekit.judge.pages.axes import linear, logarithmic
from scalekit.judge.pages.blocks import Absent, Column, Section, Table
from scalekit.judge.pages.figures import count_text, figure_of, figure_text, told, value_of
from scalekit.judge.pages.marks import Line, Plot, Rule
from scalekit.judge.pages.picture import Picture
from scalekit.judge.report import DUMMY

if TYPE_CHECKING:
    from scalekit.judge.report import Report

_TITLE = "9. Learning curve"


def section(report: Report) -> Section:
    """A curve for each metric that was measured, and their points.

    Parameters
    ----------
    report
        The report.
    """
    found = report.learning_curve
    if found is None or found.is_empty():
        reason = "Not measured: the report has no fits on nested samples of the training rows."
        return Section("learning-curve", _TITLE, (Absent(reason),))
    points = found.sort("rows").to_dicts()
    metrics = list(dict.fromkeys(point["metric"] for point in points))
    pictures = [
        _curve(report, metric, [p for p in points if p["metric"] == metric]) for metric in metrics
    ]
    return Section("learning-curve", _TITLE, (*pictures, _table(points)))


def _curve(report: Report, metric: str, points: Sequence[dict[str, Any]]) -> Picture:
    rows = [float(point["rows"]) for point in points]
    value, low, high = (
        [_number(point[end]) for point in points] for end in ("value", "low", "high")
    )
    dummy = figure_of(report.results, DUMMY, metric)
    marks = [Line(rows, value, report.name, low=low, high=high, dots=True)]
    known = [*value, *low, *high, *([dummy["value"]] if dummy else [])]
    rules = [Rule(y=dummy["value"], name="dummy")] if dummy else []
    plot = Plot(logarithmic("training rows", rows), linear(metric, known), (*rules, *marks))
    first, last = points[0], points[-1]
    return Picture(
        f"learning-{metric.replace('_', '-')}",
        f"{metric} by rows of training",
        f"{told(first)} with {count_text(first['rows'])} rows, {told(last)} with {count_text(last['rows'])}.",
        (plot,),
        "Nested samples, the same test rows; the band is the interval. Where it is flat, more rows do not help.",
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _table(points: Sequence[dict[str, Any]]) -> Table:
    columns = (
        Column("Training rows"),
        Column("Share", numeric=True),
        Column("Metric"),
        Column("Value", numeric=True),
    )
    rows = tuple(
        (
            count_text(one["rows"]),
            f"{figure_text(100 * one['share'])} %",
            one["metric"],
            value_of(one),
        )
        for one in points
    )
    return Table("Points of the learning curve", columns, rows)
