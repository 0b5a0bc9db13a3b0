"""Differences of models on the same rows as tables: by metric and slice, with p values of a family together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from scalekit.judge import statistics
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.statistics import Layout, Tally
from scalekit.judge.statistics.results import names_of

SLICE_GUARD = "slice:"
"""What the name of a guard begins with that stands for the skill in each level of a slice."""

COLUMNS = (
    "model", "reference", "metric", "slice", "level", "reference_value", "model_value", "value", "low", "high", "p",
    "p_adjusted", "direction", "verdict", "guard", "n", "events",
)  # fmt: skip

DISAGREEMENT: dict[str, Any] = {
    "model": pl.String,
    "reference": pl.String,
    **dict.fromkeys(
        ("both_right", "only_reference", "only_model", "both_wrong", "same", "p", "correlation", "psi"),
        pl.Float64,
    ),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Scores:
    """What was counted of one model.

    Attributes
    ----------
    name
        What it is called in the comparison.
    tally
        Of the test rows.
    model
        What it is called there.
    threshold
        From which probability on it calls a row positive.
    """

    name: str
    tally: Tally
    model: str
    threshold: float | None


def difference(reference: Scores, other: Scores, protocol: Protocol) -> pl.DataFrame:
    """Model minus reference, of every metric and level of a slice: the columns of a comparison's ``differences``."""
    level = protocol.ci.level
    found = statistics.paired(
        reference.tally,
        reference.model,
        other.model,
        level=level,
        other=None if other.tally is reference.tally else other.tally,
        threshold=reference.threshold,
        other_threshold=other.threshold,
        slices=True,
    )
    directions = directions_of(reference.tally.layout)
    adjusted = _adjusted(found, protocol)
    is_sure = pl.col("p_adjusted") < 1 - level
    verdict = (
        pl.when(pl.col("low").is_null())
        .then(None)
        .when(pl.col("better") & is_sure)
        .then(pl.lit("better"))
        .when(~pl.col("better") & is_sure)
        .then(pl.lit("worse"))
        .otherwise(pl.lit("tied"))
    )
    return (
        found.with_columns(p_adjusted=adjusted)
        .with_columns(
            model=pl.lit(other.name),
            reference=pl.lit(reference.name),
            direction=pl.col("metric").replace_strict(directions, return_dtype=pl.String),
            verdict=verdict,
            guard=pl.Series(_guards(found, protocol), dtype=pl.Float64),
        )
        .rename({"a": "reference_value", "b": "model_value"})
        .select(COLUMNS)
    )


def directions_of(layout: Layout) -> dict[str, str]:
    """Metric, as tables name it -> ``"up"``, ``"down"`` or ``"near"``."""
    metrics = [layout.metric(name) for name in layout.metrics]
    return {name: metric.direction for metric in metrics for name in names_of(layout, metric)}


def _adjusted(found: pl.DataFrame, protocol: Protocol) -> pl.Series:
    """The primary metric's p as it is; Holm's over the guards, and over all others; of slices by metric, of false shares."""
    families: dict[Any, list[int]] = {}
    for place, row in enumerate(found.iter_rows(named=True)):
        families.setdefault(_family(row, protocol), []).append(place)
    p = found["p"].fill_null(float("nan")).to_numpy()
    adjusted = np.array(p, dtype=np.float64)
    for family, places in families.items():
        if family == "primary":
            continue
        adjust = statistics.benjamini_hochberg if isinstance(family, tuple) else statistics.holm
        adjusted[places] = adjust(p[places])
    return pl.Series(adjusted).fill_nan(None)


def _family(row: Mapping[str, Any], protocol: Protocol) -> Any:
    if row["slice"] is not None:
        return ("slices", row["metric"])
    if row["metric"] == protocol.primary:
        return "primary"
    return "guards" if row["metric"] in protocol.guards else "others"


def _guards(found: pl.DataFrame, protocol: Protocol) -> list[float | None]:
    """The change that is tolerated, of each row."""
    guards = protocol.guards
    return [
        guards.get(row["metric"])
        if row["slice"] is None
        else guards.get(f"{SLICE_GUARD}{row['slice']}")
        if row["metric"] == protocol.primary
        else None
        for row in found.iter_rows(named=True)
    ]


def tied_with_best(scores: Sequence[Scores], protocol: Protocol) -> tuple[str, ...]:
    """The models that are not surely worse than the best by the primary metric, the best first."""
    primary, level = str(protocol.primary), protocol.ci.level
    metric = scores[0].tally.layout.metric(primary)
    values = {one.name: value_of(one, primary) for one in scores}
    known = [one for one in scores if values[one.name] is not None]
    ranked = sorted(known, key=lambda one: metric.loss(values[one.name] or 0.0))
    if not ranked:
        return ()
    best, others = ranked[0], ranked[1:]
    found = [_against_best(best, one, primary, level) for one in others]
    adjusted = statistics.holm([p for p, _ in found])
    tied = [
        one.name
        for one, (_, is_worse), p in zip(others, found, adjusted, strict=True)
        if not (is_worse and p < 1 - level)
    ]
    return (best.name, *tied)


def _against_best(best: Scores, other: Scores, primary: str, level: float) -> tuple[float, bool]:
    other_tally = None if other.tally is best.tally else other.tally
    row = statistics.paired(
        best.tally, best.model, other.model, [primary], level, other=other_tally,
        threshold=best.threshold, other_threshold=other.threshold,
    ).row(0, named=True)  # fmt: skip
    return (float("nan") if row["p"] is None else row["p"]), row["better"] is False


def value_of(one: Scores, metric: str) -> float | None:
    """A figure of all test rows."""
    found = statistics.results(
        one.tally, threshold=one.threshold, models=[one.model], metrics=[metric]
    )
    return whole_value(found, one.model, metric)


def whole_row(results: pl.DataFrame, model: str, metric: str) -> dict[str, Any] | None:
    """What a table of results says of all rows; None where it says nothing."""
    found = results.filter(pl.col("slice").is_null(), model=model, metric=metric)
    return found.row(0, named=True) if found.height else None


def whole_value(results: pl.DataFrame, model: str, metric: str) -> float | None:
    """A figure of all rows from a table of results; None where there is none."""
    row = whole_row(results, model, metric)
    return None if row is None else row["value"]


def disagreement_of(reference: Scores, others: Sequence[Scores]) -> pl.DataFrame:
    """Joint counts of hard predictions, correlation and drift of scores, for models that one pass has asked."""
    rows = [_disagreement(reference, other) for other in others if other.tally is reference.tally]
    return pl.DataFrame(rows, schema=DISAGREEMENT).with_columns(pl.col(pl.Float64).fill_nan(None))


def _disagreement(reference: Scores, other: Scores) -> dict[str, Any]:
    found = statistics.agreement(reference.tally, reference.model, other.model)
    return {
        "model": other.name,
        "reference": reference.name,
        "both_right": found.both_right,
        "only_reference": found.only_a,
        "only_model": found.only_b,
        "both_wrong": found.both_wrong,
        "same": found.same,
        "p": found.p,
        "correlation": found.correlation,
        "psi": found.psi,
    }
