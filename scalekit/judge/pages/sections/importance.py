"""Section 8: what the features are worth to the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
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
_SCHEMA = {
    "feature": pl.String,
    "importance": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "kind": pl.String,
}
_AXES = {
    "permutation": "loss that is gained where the feature is shuffled",
    "coefficient": "coefficient, by unit of the feature as the model reads it",
}

_HEADINGS = {"coefficient": "Coefficients"}


def section(report: Report) -> Section:
    """Bars of the most important features, and a table of all.

    Parameters
    ----------
    report
        The report.
    """
    found = report.importance
    if found is None or found.is_empty():
        found = coefficients(report.model, tuple(report.provenance.get("features") or ()))
    if found.is_empty():
        reason = "Not measured: the report has no importance of features, and the model has no coefficients."
        return Section("importance", _TITLE, (Absent(reason),))
    ordered = found.sort(pl.col("importance").abs(), descending=True)
    return Section("importance", _TITLE, (_bars(ordered), _table(ordered)))


def coefficients(model: Any, features: Sequence[str]) -> pl.DataFrame:
    """The coefficients of a linear model, or of the last step of a pipeline, as importances; without rows if there are none.

    Parameters
    ----------
    model
        The fitted model; None where it is not known.
    features
        Names of the columns that it reads.
    """
    steps = getattr(model, "steps", None)
    last = steps[-1][1] if steps else model
    weights = np.asarray(getattr(last, "coef_", ()), dtype=object)
    if weights.ndim == 2 and len(weights) == 1:
        weights = weights[0]
    names = _names(model[:-1], features) if steps and len(steps) > 1 else list(features)
    if weights.ndim != 1 or not len(weights) or len(weights) != len(names):
        return pl.DataFrame(schema=_SCHEMA)
    rows = [
        (str(n), float(w), None, None, "coefficient") for n, w in zip(names, weights, strict=True)
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _names(preprocessing: Any, features: Sequence[str]) -> list[str]:
    """What a linear model's inputs are called; nothing where the steps before it do not say."""
    try:
        return list(map(str, preprocessing.get_feature_names_out(list(features))))
    except (AttributeError, ValueError):  # a step without names, or one that was fitted on an array
        return []


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
        "importance-bars", _HEADINGS.get(kind, f"Importance by {kind}"), f"The largest: {first}.",
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
    return Table("Features", columns, rows, note)
