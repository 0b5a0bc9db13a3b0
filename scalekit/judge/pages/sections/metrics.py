"""Section 2: every metric of the model and of what it is held against, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from scalekit.judge.metrics import Metric
from scalekit.judge.pages.blocks import Cell, Column, Section, Table, Value
from scalekit.judge.pages.figures import MISSING, Figure, count_text, value_of, whole
from scalekit.judge.pages.sections.cast import metric_of, ranked_models

if TYPE_CHECKING:
    from scalekit.judge.report import Report

_BETTER = {"up": "higher", "down": "lower"}


def section(report: Report) -> Section:
    """The table of metrics.

    Parameters
    ----------
    report
        The report.
    """
    models = list(ranked_models(report))
    table = metrics_table(report.results, models, report.primary, report.protocol.task)
    return Section("metrics", "2. Metrics", (table,))


def metrics_table(results: pl.DataFrame, models: Sequence[str], primary: str, task: str) -> Table:
    """A row for each metric, a column for each model; the primary one first, the best of a row in bold."""
    overall = whole(results)
    found = {(row["metric"], row["model"]): row for row in overall.iter_rows(named=True)}
    metrics = list(dict.fromkeys([primary, *overall["metric"]]))
    figures = (Column(model, numeric=True) for model in models)
    columns = (Column("Metric"), *figures, Column("Better"))
    rows = tuple(
        _row(metric, [found.get((metric, model)) for model in models], primary, task)
        for metric in metrics
    )
    return Table("Metrics on the test rows", columns, rows, note=_note(overall))


def _row(
    metric: str, figures: Sequence[Figure | None], primary: str, task: str
) -> tuple[Cell, ...]:
    known = metric_of(task, metric)
    cells = [Value(MISSING) if one is None else value_of(one) for one in figures]
    best = _best(known, figures)
    told = "" if best is None else cells[best].text
    cells = [replace(cell, best=cell.text == told) for cell in cells]
    name = f"{metric} (decides)" if metric == primary else metric
    return (name, *cells, _wanted(known))


def _wanted(metric: Metric | None) -> str:
    if metric is None:
        return ""
    if metric.direction == "near":
        return "" if metric.goal is None else f"near {metric.goal:g}"
    return _BETTER[metric.direction]


def _best(metric: Metric | None, figures: Sequence[Figure | None]) -> int | None:
    """The place of the best of several values; None where there is nothing to compare."""
    values = {n: one["value"] for n, one in enumerate(figures) if one and one["value"] is not None}
    if metric is None or len(values) < 2 or (metric.direction == "near" and metric.goal is None):
        return None
    return min(values, key=lambda n: metric.loss(values[n]))


def _note(overall: pl.DataFrame) -> str:
    rows = count_text(overall["n"].max()) if overall.height else "0"  # type: ignore[arg-type]
    events = overall["events"].max() if overall.height else None
    told = f", {count_text(events)} of them events" if events is not None else ""  # type: ignore[arg-type]
    return f"{rows} test rows{told}. Below each value its interval; in bold the best of a row."
