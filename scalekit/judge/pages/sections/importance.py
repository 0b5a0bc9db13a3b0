"""Section 8: what the features are worth to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from scalekit.judge.pages.axes import linear
from scalekit.judge.pages.blocks import Absent, Column, Section, Table
from scalekit.judge.pages.figures import told, value_of
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.marks import Row, RowPlot
from scalekit.judge.pages.picture import Picture

if TYPE_CHECKING:
    from scalekit.judge.report import Report

_TITLE = "8. Importance of features"
_MOST_BARS, _MOST_ROWS = 25, 200
_AXES = {
    "permutation": "loss that is gained where the feature is shuffled",
    "coefficient": "coefficient",
}


def section(report: Report) -> Section:
    """Bars of the most important features, and a table of all.

    Parameters
    ----------
    report
        The report.
    """
    found = report.importance
    if found is None or found.is_empty():
        reason = "Not asked for: sk.evaluate(..., importance=True) shuffles each feature on at most 50,000 rows."
        return Section("importance", _TITLE, (Absent(reason),))
    ordered = found.sort(pl.col("importance").abs(), descending=True)
    return Section("importance", _TITLE, (_bars(ordered), _table(ordered)))


def _bars(ordered: pl.DataFrame) -> Picture:
    shown = ordered.head(_MOST_BARS).to_dicts()
    rows = tuple(
        Row(str(one["feature"]), one["importance"], one["low"], one["high"]) for one in shown
    )
    kind = str(shown[0]["kind"])
    axis = linear(_AXES.get(kind, kind), [end for row in rows for end in _ends(row)], zero=True)
    first = "; ".join(
        f"{isolated(one['feature'])} {told({**one, 'value': one['importance']})}"
        for one in shown[:5]
    )
    left = ordered.height - len(rows)
    note = f"The first {len(rows)} of {ordered.height}." if left else ""
    return Picture(
        "importance-bars", f"Importance by {kind}", f"The most important: {first}.",
        (RowPlot(axis, (("", rows),), bars=True),), note,
    )  # fmt: skip


def _ends(row: Row) -> list[float]:
    return [end for end in (row.value, row.low, row.high) if end is not None]


def _table(ordered: pl.DataFrame) -> Table:
    columns = (Column("Feature"), Column("Importance", numeric=True), Column("Kind"))
    rows = tuple(
        (str(one["feature"]), value_of({**one, "value": one["importance"]}), str(one["kind"]))
        for one in ordered.head(_MOST_ROWS).iter_rows(named=True)
    )
    left = ordered.height - len(rows)
    note = f"{left:,} features more are in report.importance." if left else ""
    return Table("Importance of each feature", columns, rows, note)
