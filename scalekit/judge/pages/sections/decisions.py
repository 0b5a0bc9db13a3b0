"""Section 5: what follows from a threshold: confusion, precision and recall, cost, and lift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from scalekit.judge.pages.axes import linear, shares
from scalekit.judge.pages.blocks import Absent, Block, Section
from scalekit.judge.pages.figures import figure_text
from scalekit.judge.pages.lettering import compact, isolated
from scalekit.judge.pages.marks import Line, Plot, Rule
from scalekit.judge.pages.picture import Picture
from scalekit.judge.pages.sections.cast import line_of, numbers, ranked_models
from scalekit.judge.pages.sections.confusions import (
    confusion_picture,
    confusion_table,
    worst_confusions,
)
from scalekit.judge.report import DUMMY
from scalekit.judge.statistics.curves import gain_curve
from scalekit.judge.statistics.thresholds import confusion, cost_curve, thresholds

if TYPE_CHECKING:
    from scalekit.judge.report import Report

_TITLE = "5. Decisions: confusion, threshold, cost, lift"
_PLACES = 200
_RATIOS = (1, 5, 20)
"""What a missed event costs, in false alarms."""
_MOST_CLASSES = 12
"""Classes of a table of confusions; of more, the most frequent confusions."""


def section(report: Report) -> Section:
    """What follows from the threshold; of several classes, which are taken for which.

    Parameters
    ----------
    report
        The report.
    """
    if "test" not in report.tallies or not report.layout.classes:
        reason = (
            f"Not for {report.layout.task}: there are no classes to decide between; see section 6."
        )
        return Section("decisions", _TITLE, (Absent(reason),))
    blocks = _of_two(report) if report.layout.task == "binary" else _of_many(report)
    return Section("decisions", _TITLE, tuple(blocks))


def _of_two(report: Report) -> list[Block]:
    at = report.layout.threshold if report.threshold is None else report.threshold
    names = [str(label) for label in report.layout.classes]
    table = thresholds(report.tallies["test"], report.name, points=_PLACES)
    return [
        confusion_table(
            _counts(report, at), names, f"Confusion at the threshold {figure_text(at)}"
        ),
        threshold_picture(_by_threshold(table), at),
        cost_picture(
            [_cost(report, table, ratio, style) for style, ratio in enumerate(_RATIOS)], at
        ),
        lift_picture(_lifts(report)),
    ]


def _counts(report: Report, threshold: float | None) -> list[list[float]]:
    """A row for each actual class."""
    found = confusion(report.tallies["test"], report.name, threshold=threshold)["n"].to_list()
    classes = len(report.layout.classes)
    return [found[start : start + classes] for start in range(0, len(found), classes)]


def _by_threshold(table: pl.DataFrame) -> list[Line]:
    names = {"precision": "precision", "recall": "recall", "f1": "F1"}
    return [
        line_of(table, ("threshold", column), name, "", style, band=False)
        for style, (column, name) in enumerate(names.items())
    ]


def _cost(report: Report, table: pl.DataFrame, ratio: int, style: int) -> Line:
    """Cost of false alarms and missed events, over that of the better of "never" and "always"."""
    found = cost_curve(
        report.tallies["test"], report.name, false_negative=float(ratio), points=_PLACES
    )
    events, others, rows = _prevalence(table)
    without = max(min(others, ratio * events) / max(rows, 1e-300), 1e-300)
    at, y = numbers(found, "threshold"), [cost / without for cost in numbers(found, "cost")]
    known = [(cost, place) for cost, place in zip(y, at, strict=True) if cost == cost]
    value = f"least {min(known)[0]:.2f} at {min(known)[1]:.2f}" if known else ""
    return Line(at, y, f"{ratio} : 1", value, style)


def _prevalence(table: pl.DataFrame) -> tuple[float, float, float]:
    """Events, other rows, and both."""
    tp, fp, fn, tn = table.select("tp", "fp", "fn", "tn").row(0) if table.height else (0.0,) * 4
    return tp + fn, fp + tn, tp + fp + fn + tn


def _lifts(report: Report) -> list[Line]:
    tally, level = report.tallies["test"], report.protocol.ci.level
    lines = []
    for name, style in ranked_models(report).items():
        if name != DUMMY:
            found = gain_curve(tally, name, level=level)
            found = found.with_columns(pl.col("low", "high") / pl.col("share"))
            lines.append(
                line_of(found, ("share", "lift"), name, "", style, band=name == report.name)
            )
    return lines


def _of_many(report: Report) -> list[Block]:
    counts = _counts(report, None)
    names = [str(label) for label in report.layout.classes]
    if len(names) <= _MOST_CLASSES:
        return [
            confusion_picture(counts, names),
            confusion_table(counts, names, "Confusion of classes"),
        ]
    return [confusion_picture(counts, names), worst_confusions(counts, names)]


def threshold_picture(lines: Sequence[Line], threshold: float | None) -> Picture:
    """Precision, recall and F1 by threshold.

    Parameters
    ----------
    lines
        A line for each of them, from threshold 0 to 1.
    threshold
        The one that is used.
    """
    rules = _at(threshold)
    plot = Plot(shares("threshold"), shares("share"), (*rules, *lines), height=230)
    told = (
        f" At the threshold {figure_text(threshold)}: {_values_at(lines, threshold)}."
        if threshold is not None
        else ""
    )
    return Picture(
        "threshold",
        "Precision, recall and F1 by threshold",
        f"From which probability on a row is called positive, and what follows.{told}",
        (plot,),
        "The upright line is the threshold of this report.",
    )


def cost_picture(lines: Sequence[Line], threshold: float | None) -> Picture:
    """Cost by threshold, for several ratios of the costs of a missed event and a false alarm.

    Parameters
    ----------
    lines
        For each ratio, the cost as a share of the cost of the better of "never" and "always".
    threshold
        The one that is used.
    """
    top = max([1.2, *(min(value, 2.0) for line in lines for value in line.y if value == value)])
    clipped = [_clipped(line, 2.0) for line in lines]
    plot = Plot(
        shares("threshold"),
        linear("cost, as a share of that without a model", [0.0, top], zero=True),
        (Rule(y=1.0, name="without a model"), *_at(threshold), *clipped),
        height=230,
    )
    least = "; ".join(f"{line.name}: {line.value}" for line in lines)
    return Picture(
        "cost",
        "Cost by threshold",
        f"Least cost by what a missed event costs, in false alarms: {least}.",
        (plot,),
        "Below 1 the model saves; without a model one would call all rows negative, or all positive.",
    )


def _clipped(line: Line, top: float) -> Line:
    y = [value if value <= top else float("nan") for value in line.y]
    return Line(line.x, y, line.name, line.value, line.style)


def _at(threshold: float | None) -> tuple[Rule, ...]:
    return () if threshold is None else (Rule(x=threshold, name=f"t* = {compact(threshold)}"),)


def _values_at(lines: Sequence[Line], threshold: float) -> str:
    """The values of lines at the place that is nearest to a threshold."""
    told = []
    for line in lines:
        if not line.x:  # of a model without valid predictions
            continue
        near = min(range(len(line.x)), key=lambda n: abs(line.x[n] - threshold))
        told.append(f"{line.name} {figure_text(line.y[near], 3)}")
    return ", ".join(told)


def lift_picture(lines: Sequence[Line]) -> Picture:
    """Lift: how many times as many events as by chance are among the rows with the highest scores.

    Parameters
    ----------
    lines
        A line for each model over the share of rows that is taken.
    """
    known = [value for line in lines for value in (*line.y, *line.high) if value == value]
    plot = Plot(
        shares("share of rows, the highest scores first"),
        linear("lift (times as many events as by chance)", known, zero=True),
        (Rule(y=1.0, name="chance"), *lines),
        height=230,
    )
    told = "; ".join(
        f"{isolated(line.name)} {_values_at([line], 0.1).removeprefix(line.name).strip()}"
        for line in lines
    )
    return Picture(
        "lift", "Lift", f"Among the tenth of rows with the highest scores: {told} times as many events as by chance.",
        (plot,), "Further up is better; at the right end all rows are taken, and the lift is 1.",
    )  # fmt: skip
