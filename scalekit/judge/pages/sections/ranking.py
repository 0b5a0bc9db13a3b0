"""Section 3: how well the model ranks: ROC and precision-recall curves with bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scalekit.judge.pages.axes import shares
from scalekit.judge.pages.blocks import Absent, Block, Section, Sentence
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.marks import Line, Plot, Rule
from scalekit.judge.pages.picture import Picture
from scalekit.judge.pages.sections.cast import (
    MOST_CLASSES,
    figure_text_of,
    largest_classes,
    line_of,
    ranked_models,
)
from scalekit.judge.report import DUMMY
from scalekit.judge.statistics.curves import precision_recall_curve, roc_curve

if TYPE_CHECKING:
    from scalekit.judge.report import Report

_TITLE = "3. Ranking: ROC, precision and recall"
_ROC = ("false_positive_rate", "true_positive_rate")
_RECALL = ("recall", "precision")
_REST = "each class against the rest"


def section(report: Report) -> Section:
    """ROC and precision-recall curves: of each model, or of each class where there are several.

    Parameters
    ----------
    report
        The report.
    """
    tally = report.tallies.get("test")
    if not report.layout.classes or tally is None:
        reason = f"Not for {report.layout.task}: numbers are not told apart by a threshold; see section 6."
        return Section("ranking", _TITLE, (Absent(reason),))
    blocks = _of_classes(report) if report.layout.task == "multiclass" else _of_models(report)
    return Section("ranking", _TITLE, tuple(blocks))


def _of_models(report: Report) -> list[Block]:
    """A line for each model but the dummy, whose curve is that of chance; the judged one has a band."""
    tally, level = report.tallies["test"], report.protocol.ci.level
    roc, recall = [], []
    for name, style in ranked_models(report).items():
        if name == DUMMY:
            continue
        is_judged = name == report.name
        area, average = (
            figure_text_of(report, name, one) for one in ("roc_auc", "average_precision")
        )
        roc.append(
            line_of(roc_curve(tally, name, level=level), _ROC, name, area, style, band=is_judged)
        )
        found = precision_recall_curve(tally, name, level=level)
        recall.append(line_of(found, _RECALL, name, average, style, band=is_judged))
    rows = tally.total("true")[: report.layout.blocks].sum(axis=0)
    return [roc_picture(roc), recall_picture(recall, float(rows[1] / max(rows.sum(), 1e-300)))]


def _of_classes(report: Report) -> list[Block]:
    """A line for each class against the rest, of the judged model."""
    tally, places = report.tallies["test"], largest_classes(report)
    roc, recall = [], []
    for style, place in enumerate(places):
        label = report.layout.classes[place]
        area = figure_text_of(report, report.name, f"roc_auc[{label}]")
        roc.append(
            line_of(
                roc_curve(tally, report.name, of=place), _ROC, str(label), area, style, band=False
            )
        )
        found = precision_recall_curve(tally, report.name, of=place)
        recall.append(line_of(found, _RECALL, str(label), "", style, band=False))
    left = len(report.layout.classes) - len(places)
    note = (
        f"The {MOST_CLASSES} classes with the most rows; {left} more are in the metrics by class."
    )
    pictures: list[Block] = [roc_picture(roc, _REST), recall_picture(recall, None, _REST)]
    return [*pictures, *([Sentence(note)] if left else [])]


def roc_picture(lines: Sequence[Line], of: str = "") -> Picture:
    """ROC curves: recall against the share of false alarms.

    Parameters
    ----------
    lines
        A line for each model; ``value`` is its area with the interval.
    of
        What the lines are of, where they are not of models.
    """
    plot = Plot(
        shares("false positive rate"),
        shares("true positive rate (recall)"),
        (Rule(name="chance"), *lines),
        height=290,
    )
    band = "; the band is the interval of recall" if any(len(line.low) for line in lines) else ""
    return Picture(
        "roc",
        f"ROC curve{_of(of)}",
        f"Area under the curve: {_values(lines)}." if lines and lines[0].value else _at_ends(lines),
        (plot,),
        f"The further to the upper left the better{band}.",
    )


def recall_picture(lines: Sequence[Line], prevalence: float | None, of: str = "") -> Picture:
    """Precision-recall curves.

    Parameters
    ----------
    lines
        A line for each model; ``value`` is its average precision with the interval.
    prevalence
        The share of events, which is the precision of chance; None where lines are of different events.
    of
        What the lines are of, where they are not of models.
    """
    share = () if prevalence is None else (Rule(y=prevalence, name=f"chance {prevalence:.3g}"),)
    plot = Plot(shares("recall"), shares("precision"), (*share, *lines), height=290)
    band = "; the band is the interval of precision" if any(len(line.low) for line in lines) else ""
    events = f" Share of events {prevalence:.4g}." if prevalence is not None else ""
    values = (
        f"Average precision: {_values(lines)}." if lines and lines[0].value else _at_ends(lines)
    )
    return Picture(
        "precision-recall",
        f"Precision and recall{_of(of)}",
        values + events,
        (plot,),
        f"The further to the upper right the better{band}.",
    )


def _of(name: str) -> str:
    return f", {name}" if name else ""


def _values(lines: Sequence[Line]) -> str:
    return ", ".join(f"{isolated(line.name)} {line.value}" for line in lines)


def _at_ends(lines: Sequence[Line]) -> str:
    """The middle of each line, where it has no figure of its own."""
    told_of = (
        f"{isolated(line.name)} {line.y[len(line.y) // 2]:.3f} at {line.x[len(line.x) // 2]:.2f}"
        for line in lines
        if len(line.y)
    )
    return f"Heights: {', '.join(told_of)}."
