"""Section 7: the primary metric in each slice, as a forest plot and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from scalekit.judge.metrics import Metric
from scalekit.judge.pages.axes import linear
from scalekit.judge.pages.blocks import Absent, Block, Cell, Column, Section, Table, Value
from scalekit.judge.pages.figures import (
    MISSING,
    Figure,
    count_text,
    figure_of,
    told,
    value_of,
)
from scalekit.judge.pages.lettering import compact, isolated
from scalekit.judge.pages.marks import Row, RowPlot
from scalekit.judge.pages.picture import Picture
from scalekit.judge.pages.sections.cast import metric_of
from scalekit.judge.protocol.slices import HORIZON_SLICE

if TYPE_CHECKING:
    from scalekit.judge.report import Report

_MOST_PICTURES = 8
_MOST_ROWS = 400
_MOST_METRICS = 4
"""Metrics of the table: the primary one and the next three."""


def section(report: Report) -> Section:
    """Forest plots of slices, and all of their figures.

    Parameters
    ----------
    report
        The report.
    """
    of_slices = report.results.filter(pl.col("slice").is_not_null(), model=report.name)
    if of_slices.is_empty():
        reason = "No slices: name columns in the protocol, such as slices=['region', 'time:month']."
        return Section("slices", "7. Slices", (Absent(reason),))
    return Section(
        "slices", "7. Slices", (*_pictures(report, of_slices), *_tables(report, of_slices))
    )


def _pictures(report: Report, of_slices: pl.DataFrame) -> Iterator[Block]:
    overall = figure_of(report.results, report.name, report.primary)
    metric = metric_of(report.protocol.task, report.primary)
    names = of_slices.filter(metric=report.primary)["slice"].unique(maintain_order=True)
    for number, name in enumerate(names[:_MOST_PICTURES]):
        found = of_slices.filter(metric=report.primary, slice=name).to_dicts()
        if figures := in_order(name, found, metric):
            yield forest(f"slice-{number}", name, figures, overall, metric)


def in_order(name: str, figures: Sequence[Figure], metric: Metric | None) -> list[Figure]:
    """Levels of time and of quantiles in their order, others with the worst first."""
    if ":" in name or name == HORIZON_SLICE:
        return sorted(figures, key=lambda figure: str(figure["level"]))
    known = [figure for figure in figures if figure["value"] is not None]
    loss = (lambda value: value) if metric is None else metric.loss
    return sorted(known, key=lambda figure: loss(figure["value"]), reverse=True)


def forest(
    identity: str,
    name: str,
    figures: Sequence[Figure],
    overall: Figure | None,
    metric: Metric | None,
) -> Picture:
    """A forest plot of the levels of one slice; those that are surely worse than the whole stand out."""
    rows = tuple(_row(figure, overall, metric) for figure in figures)
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    reference = None if overall is None else (overall["value"], "all rows")
    measured = str(figures[0]["metric"])
    axis = linear(measured, [*ends, *([overall["value"]] if overall else [])])
    worse = [isolated(row.name) for row in rows if row.flagged]
    return Picture(
        identity,
        f"{measured} by {isolated(name)}",
        f"{len(rows)} levels; all rows {told(overall) if overall else 'unknown'}; "
        f"surely worse than all rows: {', '.join(worse) or 'none'}.",
        (RowPlot(axis, (("", rows),), reference),),
        "Points with intervals; at the right the rows. A diamond: the whole interval is worse than all rows.",
    )


def _row(figure: Figure, overall: Figure | None, metric: Metric | None) -> Row:
    value, low, high = figure["value"], figure["low"], figure["high"]
    return Row(
        str(figure["level"]),
        float("nan") if value is None else value,
        low,
        high,
        compact(figure["n"]),
        flagged=_is_worse(figure, overall, metric),
    )


def _is_worse(figure: Figure, overall: Figure | None, metric: Metric | None) -> bool:
    """Whether the better end of the interval is worse than the figure of all rows."""
    ends = (figure["low"], figure["high"])
    if (
        metric is None
        or metric.direction == "near"
        or overall is None
        or None in (*ends, overall["value"])
    ):
        return False
    return min(map(metric.loss, ends)) > metric.loss(overall["value"])


def _tables(report: Report, of_slices: pl.DataFrame) -> Iterator[Block]:
    """A table for each slice, until there are too many rows."""
    metrics = list(dict.fromkeys([report.primary, *of_slices["metric"]]))[:_MOST_METRICS]
    columns = (
        Column("Level"),
        Column(metrics[0], numeric=True),
        Column("Rows", numeric=True),
        Column("Events", numeric=True),
        *(Column(metric, numeric=True) for metric in metrics[1:]),
    )
    room = _MOST_ROWS
    for name in of_slices["slice"].unique(maintain_order=True):
        levels = _by_level(of_slices.filter(slice=name))
        rows = tuple(_line(level, found, metrics) for level, found in list(levels.items())[:room])
        left = len(levels) - len(rows)
        note = f"{left:,} levels more are in report.frame()." if left else ""
        yield Table(f"Figures by {isolated(name)}", columns, rows, note)
        room -= len(rows)


def _by_level(figures: pl.DataFrame) -> dict[str, dict[str, Figure]]:
    found: dict[str, dict[str, Figure]] = {}
    for figure in figures.iter_rows(named=True):
        found.setdefault(str(figure["level"]), {})[figure["metric"]] = figure
    return found


def _line(level: str, found: dict[str, Figure], metrics: Sequence[str]) -> tuple[Cell, ...]:
    some = next(iter(found.values()))
    first, *others = (value_of(found[one]) if one in found else Value(MISSING) for one in metrics)
    return (level, first, count_text(some["n"]), count_text(some["events"]), *others)
