"""Which classes are taken for which: as a table, as a grid, and the most frequent pairs."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.judge.pages.axes import categories
from scalekit.judge.pages.blocks import Cell, Column, Table, Value
from scalekit.judge.pages.figures import count_text
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.marks import Cells, Numbers, Plot
from scalekit.judge.pages.picture import Picture


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
    last = len(classes) - 1
    cells = [
        (predicted - 0.5, predicted + 0.5, last - actual - 0.5, last - actual + 0.5, count)
        for actual, row in enumerate(counts)
        for predicted, count in enumerate(row)
        if count > 0
    ]
    names = [isolated(name) for name in classes]
    across = categories("predicted class", names)
    down = categories("actual class", names[::-1], most=10)
    plot = Plot(across, down, (Cells(cells),), height=300)
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
