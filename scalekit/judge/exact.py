"""Ranks to the last place: a second pass with bins a thousand times as fine, of which only those with rows are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from scalekit import parts
from scalekit.display.progress import progress
from scalekit.expr.builders import col
from scalekit.judge import statistics
from scalekit.judge.census import ROLE
from scalekit.judge.judged import FOLD, Judged, Seen
from scalekit.judge.judging import Ground
from scalekit.judge.metrics.bins import score_bins
from scalekit.judge.metrics.metric import Metric, Pooled
from scalekit.judge.report import Report
from scalekit.judge.scoring import Failure
from scalekit.judge.statistics import Layout
from scalekit.learn.matrix import to_weights

BINS = 1 << 24
"""Of a score: near 0.5 they are 2.4e-7 apart, and finer, relative to the score, near 0 and 1."""

RANKED = ("roc_auc", "average_precision", "ks", "lift_10")
"""The metrics that are made of ranks alone."""

_LIMITS = {"roc_auc": 1.0, "average_precision": 1.0, "ks": 1.0}


@dataclass(frozen=True, eq=False)
class Refining:
    """From rows to counts by fine bin, for each model: what travels to the parts.

    Attributes
    ----------
    layout
        Of the first pass.
    models
        Those of the first pass.
    target, weight
        Columns; a weight may be None.
    """

    layout: Layout
    models: tuple[Judged, ...]
    target: str
    weight: str | None

    @property
    def __name__(self) -> str:
        """What a plan shows of it."""
        return f"rank {', '.join(model.name for model in self.models)}"

    def __call__(self, rows: pl.DataFrame) -> dict[str, pl.DataFrame] | Failure:
        """Count a part."""
        try:
            seen = Seen(rows)
            weight = np.ones(rows.height) if self.weight is None else to_weights(rows[self.weight])
            positive = statistics.positions(self.layout, rows[self.target]) == 1
            shared = {"negative": weight * ~positive, "positive": weight * positive}
            return {
                model.name: _binned(pl.DataFrame({"score": model.outputs(seen), **shared}))
                for model in self.models
            }
        except Exception as error:
            return Failure(error)


def refined(report: Report, ground: Ground, models: Sequence[Judged]) -> Report:
    """The report with ranks of all test rows that are exact but for scores 1e-6 apart; by one pass more.

    Bounds say what is still open, which is nothing where all scores of a bin are the same. Intervals are as wide as they
    were. Slices, curves and comparisons stay as the first pass counted them.

    Parameters
    ----------
    report
        Of a binary model; of other tasks it is given back as it is.
    ground, models
        Those of the first pass.
    """
    layout = report.layout
    wanted = [layout.metric(name) for name in RANKED if name in layout.metrics]
    if layout.task != "binary" or not wanted:
        return report
    valid = [m for m in models if not report.tallies["test"].invalid(m.name)]
    protocol = ground.protocol
    refining = Refining(layout, tuple(valid), protocol.target, protocol.weight)
    counted = _counted(ground, refining)
    results = report.results
    for model in valid:
        pooled = _pooled(counted[model.name])
        for metric in wanted:
            results = _replaced(results, model.name, metric, pooled)
    about = {**report.provenance, "passes": report.provenance["passes"] + 1}
    about["refined"] = [metric.name for metric in wanted]
    return replace(report, results=results, provenance=about)


def _counted(ground: Ground, refining: Refining) -> Mapping[str, pl.DataFrame]:
    """The counts of all test rows, by model."""
    wanted = [name for model in refining.models for name in model.inputs]
    wanted += [refining.target, *((refining.weight,) if refining.weight else ())]
    wanted += [FOLD] if ground.rows.folds else []
    tests = ground.rows.frame.filter(col(ROLE) == "test").select(*dict.fromkeys(wanted))
    found: dict[str, list[pl.DataFrame]] = {model.name: [] for model in refining.models}
    with progress(ground.config) as watch:
        watch.step(refining.__name__)
        for answer in parts.answers(tests._plan, refining, ground.config, watch):
            if isinstance(answer, Failure):
                raise answer.error
            for name, counts in answer.items():
                found[name] = [_joined([*found[name], counts])]
    return {name: counts[0].sort("bin") for name, counts in found.items()}


def _binned(rows: pl.DataFrame) -> pl.DataFrame:
    """Counts of each bin that has rows, with its least and its largest score."""
    place = score_bins(rows["score"].to_numpy().astype(np.float64).clip(0.0, 1.0), BINS)
    return rows.group_by(pl.Series("bin", place)).agg(
        pl.col("negative", "positive").sum(),
        least=pl.col("score").min(),
        largest=pl.col("score").max(),
    )


def _joined(counts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    if len(counts) == 1:
        return counts[0]
    return (
        pl.concat(counts)
        .group_by("bin")
        .agg(pl.col("negative", "positive").sum(), pl.col("least").min(), pl.col("largest").max())
    )


def _pooled(counts: pl.DataFrame) -> Pooled:
    """The counts as metrics read them: what is not there would be zero."""
    scores = counts.select("negative", "positive").to_numpy().T[None, None]
    is_pure = (counts["least"] == counts["largest"]).to_numpy()[None]
    total = scores.sum(axis=(1, 2, 3))
    return Pooled("binary", total, {"weight": total}, scores=scores, is_pure=is_pure)


def _replaced(results: pl.DataFrame, model: str, metric: Metric, pooled: Pooled) -> pl.DataFrame:
    """The table with another value and bounds in one row, whose interval moves along."""
    assert metric.bounds is not None  # what is made of ranks has some
    value = float(metric.value(pooled)[0])
    ends = sorted(float(end[0]) for end in metric.bounds(pooled))
    is_it = (
        (pl.col("model") == model) & (pl.col("metric") == metric.name) & pl.col("slice").is_null()
    )
    moved: dict[str, Any] = {
        name: (pl.col(name) + value - pl.col("value")).clip(0.0, _LIMITS.get(metric.name))
        for name in ("low", "high")
    }
    known = {"value": value, "bound_low": ends[0], "bound_high": ends[1]}
    new = {**moved, **{name: pl.lit(number).fill_nan(None) for name, number in known.items()}}
    return results.with_columns(
        pl.when(is_it).then(expr).otherwise(name).alias(name) for name, expr in new.items()
    )
