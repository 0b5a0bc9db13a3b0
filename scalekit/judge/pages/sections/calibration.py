"""Section 4: whether probabilities are to be believed: reliability, and how scores are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from scalekit.judge.pages.axes import linear, shares
from scalekit.judge.pages.blocks import Absent, Block, Section, Sentence
from scalekit.judge.pages.lettering import compact, isolated
from scalekit.judge.pages.marks import Bars, Intervals, Plot, Rule
from scalekit.judge.pages.picture import Picture
from scalekit.judge.pages.sections.cast import (
    MOST_CLASSES,
    figure_text_of,
    largest_classes,
    numbers,
    points_of,
    ranked_models,
)
from scalekit.judge.report import DUMMY
from scalekit.judge.statistics.curves import reliability_curve, score_histogram

if TYPE_CHECKING:
    from scalekit.judge.report import Report

_TITLE = "4. Calibration"
_AXES = ("score", "rate")


def section(report: Report) -> Section:
    """Reliability of probabilities, or of quantiles.

    Parameters
    ----------
    report
        The report.
    """
    return Section("calibration", _TITLE, tuple(_blocks(report)))


def _blocks(report: Report) -> list[Block]:
    if "test" in report.tallies and report.layout.task == "binary":
        return [_of_models(report)]
    if "test" in report.tallies and report.layout.task == "multiclass":
        return _of_classes(report)
    if report.layout.task == "quantile":
        return _of_quantiles(report)
    return [
        Absent(
            f"Not for {report.layout.task}: there are no probabilities; see the bias by decile in section 6."
        )
    ]


def _of_models(report: Report) -> Picture:
    """The judged model and the one that is next to it; more would hide each other."""
    tally, level = report.tallies["test"], report.protocol.ci.level
    points: list[Intervals] = []
    for name, style in list(ranked_models(report).items())[:2]:
        if name != DUMMY:
            found = reliability_curve(tally, name, level=level)
            points.append(
                points_of(found, _AXES, name, figure_text_of(report, name, "ece", "ECE"), style)
            )
    names = [str(label) for label in report.layout.classes]
    return reliability_picture(points, score_histogram(tally, report.name), names)


def _of_classes(report: Report) -> list[Block]:
    tally, level = report.tallies["test"], report.protocol.ci.level
    places = largest_classes(report)
    pictures: list[Block] = []
    for place in places:
        found = reliability_curve(tally, report.name, level=level, of=place)
        points = points_of(found, _AXES, report.name, "", 0)
        name = str(report.layout.classes[place])
        counts = score_histogram(tally, report.name, of=place)
        names = ["other classes", name]
        pictures.append(reliability_picture([points], counts, names, f"reliability-{place}", name))
    left = len(report.layout.classes) - len(places)
    note = (
        f"The {MOST_CLASSES} classes with the most rows; {left} more are in the metrics by class."
    )
    return [*pictures, *([Sentence(note)] if left else [])]


def _of_quantiles(report: Report) -> list[Block]:
    """How often the target was at or below each predicted quantile."""
    found = report.results.filter(
        pl.col("slice").is_null(), pl.col("metric").str.starts_with("below["), model=report.name
    )  # fmt: skip
    if found.height != len(report.layout.quantiles):
        return [Absent("Not measured: the protocol's metrics leave out below_by_quantile.")]
    value, low, high = (numbers(found, end) for end in ("value", "low", "high"))
    levels = list(report.layout.quantiles)
    points = Intervals(levels, value, low, high, report.name, joined=True)
    plot = Plot(
        shares("predicted quantile"), shares("observed share at or below"), (Rule(name="calibrated"), points), height=270
    )  # fmt: skip
    return [
        Picture(
            "quantiles", "Reliability of quantiles", f"Quantile and observed share: {_told(points)}.", (plot,),
            "On the diagonal, as many targets are below a quantile as it says.",
        )
    ]  # fmt: skip


def reliability_picture(
    points: Sequence[Intervals],
    counts: pl.DataFrame,
    names: Sequence[str],
    identity: str = "reliability",
    of: str = "",
) -> Picture:
    """Observed against predicted probabilities, above the histograms of scores.

    Parameters
    ----------
    points
        Of each model: mean predicted probability, share of events with its interval.
    counts
        The histogram of scores: ``low``, ``high``, ``negative``, ``positive``.
    names
        Of the negative and of the positive class.
    identity
        Name of the picture in its page.
    of
        The class whose probability it is; empty where there are two.
    """
    upper = Plot(
        shares("mean predicted probability"),
        shares("observed share of events"),
        (Rule(name="calibrated"), *points),
        height=270,
    )
    return Picture(
        identity,
        f"Reliability of class {isolated(of)}" if of else "Reliability",
        f"Predicted and observed: {'; '.join(map(_told, points))}.",
        (upper, *_histograms(counts, names)),
        "On the diagonal, predicted probabilities come true. Below, how many rows have which score.",
    )


def _histograms(counts: pl.DataFrame, names: Sequence[str]) -> tuple[Plot, ...]:
    """A flat histogram of scores for each class, the one below the other."""
    edges = [*numbers(counts, "low"), 1.0]
    found = []
    for style, (name, column) in enumerate(zip(names, ("negative", "positive"), strict=True)):
        rows = numbers(counts, column)
        axis = linear("rows", rows, zero=True, most=2)
        bars = Bars(edges, rows, name, style)
        found.append(Plot(shares("predicted probability"), axis, (bars,), height=62))
    return tuple(found)


def _told(points: Intervals) -> str:
    pairs = [
        f"{compact(x)} came true in {compact(y)}" for x, y in zip(points.x, points.y, strict=True)
    ]
    return f"{isolated(points.name)}: {', '.join(pairs)}"
