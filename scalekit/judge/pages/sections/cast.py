"""Who is in the pictures of a report: models in their order and style, and the classes that are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from scalekit.judge.metrics import METRICS, Metric
from scalekit.judge.pages.figures import figure_of, told
from scalekit.judge.pages.marks import Intervals, Line
from scalekit.judge.report import DUMMY, LINEAR, PRODUCTION

if TYPE_CHECKING:
    from scalekit.judge.report import Report

NAN = float("nan")

MOST_CLASSES = 6
"""Classes in one picture: as many as there are styles."""

_LAST = (PRODUCTION, LINEAR, DUMMY)


def ranked_models(report: Report) -> dict[str, int]:
    """Models and their styles, the same in every picture: the judged one, then production, linear, dummy, others.

    Parameters
    ----------
    report
        The report.
    """
    known = [name for name in _LAST if name in report.baselines]
    others = [name for name in report.baselines if name not in _LAST]
    return {name: min(style, 5) for style, name in enumerate([report.name, *known, *others])}


def largest_classes(report: Report) -> list[int]:
    """Places of the classes with the most test rows, in the order of the classes.

    Parameters
    ----------
    report
        Of a classification.
    """
    layout = report.layout
    rows = report.tallies["test"].total("true")[: layout.blocks].sum(axis=0).tolist()
    largest = sorted(range(len(rows)), key=lambda place: -rows[place])[:MOST_CLASSES]
    return sorted(largest)


def metric_of(task: str, name: str) -> Metric | None:
    """What is known of a metric; None where nothing is.

    Parameters
    ----------
    task
        Of the protocol.
    name
        The metric's name as in a table of results: ``precision[a]`` is of ``precision_by_class``.
    """
    stem, bracket, _ = name.partition("[")
    names = (f"{stem}_by_class", f"{stem}_by_quantile") if bracket else (name,)
    known = METRICS.get(task, {})
    return next((known[one] for one in names if one in known), None)


def numbers(table: pl.DataFrame, column: str) -> list[float]:
    """A column as numbers; NaN where it is null."""
    return table[column].cast(pl.Float64).fill_null(NAN).to_list()


def line_of(
    table: pl.DataFrame, columns: Sequence[str], name: str, value: str, style: int, *, band: bool
) -> Line:
    """A curve as a line; with its ``low`` and ``high`` as a band where that is asked for.

    Parameters
    ----------
    table
        The curve.
    columns
        Of x and of y.
    name, value, style
        As of a :class:`~scalekit.judge.pages.marks.Line`.
    band
        Whether there is a band: those of several lines would hide them.
    """
    x, y = (numbers(table, column) for column in columns)
    if not band:
        return Line(x, y, name, value, style)
    return Line(x, y, name, value, style, numbers(table, "low"), numbers(table, "high"))


def points_of(
    table: pl.DataFrame, columns: Sequence[str], name: str, value: str, style: int
) -> Intervals:
    """A curve as points with intervals that are joined; parameters as of :func:`line_of`."""
    x, y, low, high = (numbers(table, column) for column in (*columns, "low", "high"))
    return Intervals(x, y, low, high, name, value, style, joined=True)


def figure_text_of(report: Report, model: str, metric: str, label: str = "") -> str:
    """A figure of all rows with its interval, for a legend; empty where there is none."""
    figure = figure_of(report.results, model, metric)
    return f"{label} {told(figure)}".strip() if figure else ""
