"""Differences of models with their intervals, as pictures and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from scalekit.judge.pages.axes import linear
from scalekit.judge.pages.blocks import Cell, Column, Table, Value, Verdict
from scalekit.judge.pages.figures import Figure, figure_text, told, value_of
from scalekit.judge.pages.lettering import isolated
from scalekit.judge.pages.marks import Row, RowPlot
from scalekit.judge.pages.picture import Picture

_STATUS = {"better": "pass", "worse": "fail", "tied": "n/a"}
_MOST_PICTURES, _MOST_ROWS = 8, 400


def by_metric(differences: pl.DataFrame, model: str, number: int) -> Picture:
    """Differences of all metrics on one axis: in half widths of their intervals, to the right where better.

    Parameters
    ----------
    differences
        Of one model, on all rows.
    model
        Its name.
    number
        Of the picture.
    """
    found = differences.to_dicts()
    rows = tuple(row for one in found if (row := _in_half_widths(one)) is not None)
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    told_all = "; ".join(f"{one['metric']} {_signed(one)} ({one['verdict']})" for one in found)
    return Picture(
        f"differences-{number}",
        f"{isolated(model)} against {isolated(found[0]['reference'])}",
        f"Differences: {told_all}.",
        (RowPlot(linear("better to the right (half widths of the interval)", [-1.5, 1.5, *ends]), (("", rows),), (0.0, "as good")),),
        "An interval that does not reach the middle line is surely better (right) or worse (left, a diamond).",
    )  # fmt: skip


def _in_half_widths(one: Figure) -> Row | None:
    value, low, high = one["value"], one["low"], one["high"]
    if one["direction"] not in ("up", "down") or value is None or low is None or high is None:
        return None
    if not high > low:
        return None
    half = (high - low) / 2 * (1 if one["direction"] == "up" else -1)
    left, right = sorted((low / half, high / half))
    return Row(
        str(one["metric"]),
        value / half,
        left,
        right,
        _signed(one),
        flagged=one["verdict"] == "worse",
    )


def _signed(one: Figure) -> str:
    text = value_of(one).text
    return f"+{text}" if one["value"] is not None and one["value"] > 0 else text


def by_slice(differences: pl.DataFrame) -> Iterator[Picture]:
    """Forest plots of the differences of the primary metric, one for each model and slice.

    Parameters
    ----------
    differences
        Of one metric, in slices.
    """
    groups = differences.group_by("model", "slice", maintain_order=True)
    for number, ((model, name), found) in enumerate(groups):
        if number >= _MOST_PICTURES:
            return
        yield _forest(f"slice-{number}", str(model), str(name), found.to_dicts())


def _forest(identity: str, model: str, name: str, found: list[dict[str, Any]]) -> Picture:
    rows = tuple(
        Row(str(one["level"]), _number(one["value"]), one["low"], one["high"], one["verdict"], flagged=one["verdict"] == "worse")
        for one in found
    )  # fmt: skip
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    better = "higher" if found[0]["direction"] == "up" else "lower"
    metric = found[0]["metric"]
    worse = ", ".join(isolated(row.name) for row in rows if row.flagged) or "none"
    return Picture(
        identity,
        f"{metric} of {isolated(model)} by {isolated(name)}",
        f"Differences in {len(rows)} levels; surely worse: {worse}. {told(found[0])} in {isolated(found[0]['level'])}.",
        (RowPlot(linear(f"difference of {metric} ({better} is better)", [0.0, *ends]), (("", rows),), (0.0, "as good")),),
        f"Against {isolated(found[0]['reference'])}, on the same rows.",
    )  # fmt: skip


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def differences_table(differences: pl.DataFrame) -> Table:
    """Every difference, with its interval, p and verdict.

    Parameters
    ----------
    differences
        Rows of a comparison's differences.
    """
    in_slices = bool(differences["slice"].is_not_null().any())
    first = (Column("Level"),) if in_slices else (Column("Metric"),)
    last = (Column("Metric"), Column("Slice"), Column("Model")) if in_slices else (Column("Model"),)
    columns = (
        *first,
        Column("Difference", numeric=True),
        Column("Verdict"),
        Column("p", numeric=True),
        Column("p adjusted", numeric=True),
        Column("Tolerated", numeric=True),
        *last,
    )
    found = differences.head(_MOST_ROWS).iter_rows(named=True)
    rows = tuple(_line(one, in_slices=in_slices) for one in found)
    left = differences.height - len(rows)
    note = f"{left:,} rows more are in comparison.frame()." if left else ""
    caption = "Differences by slice" if in_slices else "Differences on all test rows"
    return Table(caption, columns, rows, note)


def _line(one: Figure, *, in_slices: bool) -> tuple[Cell, ...]:
    metric, model = str(one["metric"]), str(one["model"])
    last = (metric, str(one["slice"]), model) if in_slices else (model,)
    return (
        str(one["level"]) if in_slices else metric,
        Value(_signed(one), value_of(one).interval),
        Verdict(_STATUS.get(one["verdict"], "n/a"), "", str(one["verdict"])),
        p_text(one["p"]),
        p_text(one["p_adjusted"]),
        figure_text(one["guard"]),
        *last,
    )


def p_text(p: float | None) -> str:
    """A p value; small ones by a bound.

    Examples
    --------
    >>> p_text(0.0312), p_text(1e-9), p_text(None)
    ('0.031', '< 0.001', '—')
    """
    if p is None or p != p:
        return "—"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
