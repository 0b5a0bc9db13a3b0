"""Section 5: what follows from a threshold: confusion, precision and recall, cost, and lift."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.judge.pages.axes import categories, linear, shares
from scalekit.judge.pages.blocks import Cell, Column, Table, Value
from scalekit.judge.pages.figures import count_text, figure_text
from scalekit.judge.pages.lettering import compact, isolated
from scalekit.judge.pages.marks import Cells, Line, Numbers, Plot, Rule
from scalekit.judge.pages.picture import Picture

_MOST_CLASSES = 12
"""Classes of a table of confusions; more are a picture, and the most frequent confusions."""


def confusion_table(counts: Sequence[Numbers], classes: Sequence[str], caption: str) -> Table:
    """Rows by actual class (down) and predicted class (across), with their share of the actual class.

    Parameters
    ----------
    counts
        A row for each actual class.
    classes
        Their names.
    caption
        What the table is of.
    """
    rows = tuple(
        (f"actual {isolated(name)}", *_shared(row), count_text(sum(row)))
        for name, row in zip(classes, counts, strict=True)
    )
    columns = (
        Column("Actual class"),
        *(Column(f"predicted {isolated(name)}", numeric=True) for name in classes),
        Column("rows", numeric=True),
    )
    return Table(caption, columns, rows, "Below each count its share of the actual class.")


def _shared(row: Numbers) -> list[Cell]:
    total = sum(row)
    return [
        Value(count_text(count), f"{100 * count / total:.1f} %" if total else "") for count in row
    ]


def confusion_picture(counts: Sequence[Numbers], classes: Sequence[str]) -> Picture:
    """The confusions of many classes as a grid, the first class at the top.

    Parameters
    ----------
    counts
        A row for each actual class.
    classes
        Their names.
    """
    steps = [n - 0.5 for n in range(len(classes) + 1)]
    names = [isolated(name) for name in classes]
    across = categories("predicted class", names)
    down = categories("actual class", names[::-1], most=10)
    plot = Plot(across, down, (Cells(steps, steps, list(counts)[::-1]),), height=300)
    right = sum(row[n] for n, row in enumerate(counts))
    total = sum(map(sum, counts))
    share = f"{100 * right / total:.1f} %" if total else "none"
    return Picture(
        "confusion",
        "Confusion of classes",
        f"{share} of {count_text(total)} rows are on the diagonal, where the prediction is right.",
        (plot,),
        "Rows of the grid are actual classes, columns are predicted ones; darker cells have more rows.",
    )


def worst_confusions(counts: Sequence[Numbers], classes: Sequence[str], most: int = 15) -> Table:
    """The pairs of classes that are taken for each other most often.

    Parameters
    ----------
    counts
        A row for each actual class.
    classes
        Their names.
    most
        How many pairs.
    """
    pairs = [
        (count, actual, predicted)
        for actual, row in enumerate(counts)
        for predicted, count in enumerate(row)
        if actual != predicted and count > 0
    ]
    rows = tuple(
        (str(classes[actual]), str(classes[predicted]), *_shared_one(count, counts[actual]))
        for count, actual, predicted in sorted(pairs, reverse=True)[:most]
    )
    columns = (Column("Actual"), Column("Predicted"), Column("Rows", numeric=True), Column("Of the actual class", numeric=True))  # fmt: skip
    return Table("Most frequent confusions", columns, rows)


def _shared_one(count: float, row: Numbers) -> tuple[str, str]:
    return count_text(count), f"{100 * count / sum(row):.1f} %"


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
