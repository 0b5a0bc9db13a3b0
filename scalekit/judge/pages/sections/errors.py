"""Section 6: errors of numbers: predicted against actual, bias by decile, their spread; of forecasts by horizon and period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from scalekit.judge.pages.axes import between, categories, linear, logarithmic, shares, squeezed
from scalekit.judge.pages.blocks import Absent, Block, Section
from scalekit.judge.pages.figures import count_text, figure_of, figure_text
from scalekit.judge.pages.lettering import compact, isolated
from scalekit.judge.pages.marks import Cells, Intervals, Line, Plot, Rule
from scalekit.judge.pages.picture import Picture
from scalekit.judge.pages.sections.cast import line_of, points_of, ranked_models
from scalekit.judge.protocol.slices import HORIZON_SLICE
from scalekit.judge.report import DUMMY
from scalekit.judge.statistics.residuals import (
    bias_by_prediction,
    error_quantiles,
    predicted_against_actual,
)

if TYPE_CHECKING:
    from scalekit.judge.report import Report

_TITLE = "6. Errors"
_FAR = 0.00025
"""Share of rows at either end of a grid that it need not show."""
_WIDE = 12.0
"""Typical distances that a grid spans before its axes are squeezed."""
_BESIDE = 0.12
"""How far points of a second model stand beside those of the first."""
_MARKED = {"median_ae": "median", "p90_ae": "P90"}


def section(report: Report) -> Section:
    """Predicted against actual values, bias by decile, and the sizes of errors.

    Parameters
    ----------
    report
        The report.
    """
    return Section("errors", _TITLE, tuple(_blocks(report)))


def _blocks(report: Report) -> list[Block]:
    if "test" not in report.tallies or not report.layout.is_of_numbers:
        where = "sections 3 to 5" if report.layout.classes else "section 4"
        return [
            Absent(f"Not for {report.layout.task}: predictions are no single numbers; see {where}.")
        ]
    return [*_by_steps(report), _actual(report), _bias(report), _spread(report)]


def _by_steps(report: Report) -> list[Block]:
    """The primary metric of a forecast by horizon and by period, where these are slices."""
    if report.layout.task != "forecast":
        return []
    known = report.results["slice"].drop_nulls().unique(maintain_order=True).to_list()
    periods = [name for name in known if name.startswith((f"{report.protocol.time}:", "time:"))]
    wanted = {HORIZON_SLICE: "horizon", **dict.fromkeys(periods[:1], "period")}
    return [_by_step(report, name, over) for name, over in wanted.items() if name in known]


def _by_step(report: Report, name: str, over: str) -> Picture:
    found = report.results.filter(metric=report.primary, slice=name)
    steps = sorted(map(str, found["level"].unique()))
    lines = []
    for model, style in ranked_models(report).items():
        of_model = found.filter(model=model).sort("level")
        place = pl.Series(
            [float(steps.index(str(level))) for level in of_model["level"]], dtype=pl.Float64
        )
        table = of_model.with_columns(place=place)
        line = line_of(table, ("place", "value"), model, "", style, band=model == report.name)
        lines.append(replace(line, dots=True))
    return step_picture(lines, steps, report.primary, over)


def _bias(report: Report) -> Picture:
    """Of the judged model and of the one that is next to it."""
    tally, level = report.tallies["test"], report.protocol.ci.level
    points: list[Intervals] = []
    for name, style in list(ranked_models(report).items())[:2]:
        if name != DUMMY:
            found = bias_by_prediction(tally, name, level=level)
            place = pl.int_range(pl.len()).cast(pl.Float64) + _BESIDE * len(points)
            points.append(
                points_of(found.with_columns(place=place), ("place", "bias"), name, "", style)
            )
    return bias_picture(points, report.protocol.target)


def _spread(report: Report) -> Picture:
    tally = report.tallies["test"]
    lines = [
        line_of(
            error_quantiles(tally, name, points=199),
            ("absolute", "quantile"),
            name,
            "",
            style,
            band=False,
        )
        for name, style in ranked_models(report).items()
    ]
    figures = {
        text: figure_of(report.results, report.name, metric) for metric, text in _MARKED.items()
    }
    marks = [
        (text, float(figure["value"]))
        for text, figure in figures.items()
        if figure and figure["value"]
    ]
    return spread_picture(lines, marks, report.protocol.target)


def _actual(report: Report) -> Picture:
    found = predicted_against_actual(report.tallies["test"], report.name)
    layout = report.layout
    return actual_picture(found, report.protocol.target, layout.centre, layout.scale)


def actual_picture(found: pl.DataFrame, target: str, centre: float, scale: float) -> Picture:
    """How often which prediction came with which value, around where nearly all rows are.

    Where some of these are far off, the axes are squeezed, and show all rows.

    Parameters
    ----------
    found
        Cells with rows: ``predicted_low``, ``predicted_high``, ``actual_low``, ``actual_high``, ``n``.
    target
        The column that is predicted.
    centre, scale
        A typical target, and a typical distance from it.
    """
    x, y = (_seen(found, side, _FAR) for side in ("predicted", "actual"))
    is_wide = max(x[1] - x[0], y[1] - y[0]) > _WIDE * scale
    if is_wide:
        x, y = (_seen(found, side, 0.0) for side in ("predicted", "actual"))
    is_seen = pl.col("predicted_low").ge(x[0]) & pl.col("predicted_high").le(x[1])
    is_seen &= pl.col("actual_low").ge(y[0]) & pl.col("actual_high").le(y[1])
    shown, rows = found.filter(is_seen), float(found["n"].sum())
    cells = shown.select("predicted_low", "predicted_high", "actual_low", "actual_high", "n").rows()
    axes = [
        squeezed(label, *ends, centre, scale) if is_wide else between(label, *ends)
        for label, ends in ((f"predicted {isolated(target)}", x), (f"actual {isolated(target)}", y))
    ]
    seen = float(shown["n"].sum())
    left = (
        f" {count_text(rows - seen)} rows are further off than this shows." if rows > seen else ""
    )
    note = " Half of each axis is for what is near the middle." if is_wide else ""
    told = f"{count_text(seen)} of {count_text(rows)} rows are within {compact(x[0])} to {compact(x[1])}"
    return Picture(
        "actual",
        "Predicted and actual values",
        f"{told} predicted and {compact(y[0])} to {compact(y[1])} actual.",
        (Plot(axes[0], axes[1], (Cells(cells), Rule(name="right")), height=290),),
        f"On the dashed line a prediction is right.{note}{left}",
    )


def _seen(found: pl.DataFrame, side: str, far: float) -> tuple[float, float]:
    """Between which values nearly all rows are; few that are far off would leave the others no room."""
    by_step = (
        found.group_by(f"{side}_low", f"{side}_high").agg(pl.col("n").sum()).sort(f"{side}_low")
    )
    total = pl.col("n").sum()
    share = pl.col("n").cum_sum() / total
    kept = by_step.filter(share > far, share - pl.col("n") / total < 1 - far)
    if kept.is_empty():
        return 0.0, 1.0
    return float(kept[f"{side}_low"].min()), float(kept[f"{side}_high"].max())  # type: ignore[arg-type]


def bias_picture(points: Sequence[Intervals], target: str) -> Picture:
    """Mean error in each tenth of the predictions.

    Parameters
    ----------
    points
        Of each model: decile (1 to 10), mean error with its interval.
    target
        The column that is predicted.
    """
    known = [value for one in points for value in (*one.y, *one.low, *one.high)]
    deciles = [str(n) for n in range(1, 11)]
    plot = Plot(
        categories("decile of the prediction", deciles, most=10),
        linear(f"mean of predicted - actual ({isolated(target)})", known, zero=True),
        (Rule(y=0.0), *points),
        height=230,
    )
    told = "; ".join(
        f"{isolated(one.name)}: {', '.join(figure_text(value) for value in one.y)}"
        for one in points
    )
    return Picture(
        "bias", "Bias by decile", f"Mean error from the lowest to the highest tenth of predictions: {told}.",
        (plot,), "Above the line the model says too much, below it too little.",
    )  # fmt: skip


def spread_picture(
    lines: Sequence[Line], marks: Sequence[tuple[str, float]], target: str
) -> Picture:
    """Which share of rows has an error of at most so much.

    Parameters
    ----------
    lines
        Of each model: size of the error, share of rows.
    marks
        Names and sizes of errors that are marked, such as the median.
    target
        The column that is predicted.
    """
    sizes = [value for line in lines for value in line.x]
    plot = Plot(
        logarithmic(f"|predicted - actual| ({isolated(target)})", sizes),
        shares("share of rows with at most this error"),
        (*(Rule(x=value, name=name) for name, value in marks), *lines),
        height=230,
    )
    told = ", ".join(f"{name} {figure_text(value)}" for name, value in marks)
    return Picture("spread", "Size of errors", f"{told or 'Distribution of the absolute error'}.", (plot,),
                   "The further to the upper left the better.")  # fmt: skip


def step_picture(lines: Sequence[Line], names: Sequence[str], metric: str, over: str) -> Picture:
    """An error by horizon or by period, with bands.

    Parameters
    ----------
    lines
        Of each model: number of the step, error.
    names
        Of the steps.
    metric
        What is measured.
    over
        ``"horizon"`` or ``"period"``.
    """
    known = [value for line in lines for value in (*line.y, *line.low, *line.high)]
    plot = Plot(categories(over, names), linear(metric, known, zero=True), tuple(lines), height=230)
    told = "; ".join(
        f"{isolated(line.name)} {figure_text(line.y[0])} at first, {figure_text(line.y[-1])} at last"
        for line in lines
        if len(line.y)
    )
    return Picture(f"by-{over}", f"{metric} by {over}", f"{told}.", (plot,), "Bands are intervals.")
