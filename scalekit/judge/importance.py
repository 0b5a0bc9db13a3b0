"""How much a model's loss grows where a feature is shuffled among the test rows (Breiman, 2001), with paired intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from scalekit import run
from scalekit.expr.builders import col
from scalekit.judge import statistics
from scalekit.judge.census import ROLE
from scalekit.judge.judged import Judged, Seen
from scalekit.judge.judging import Ground, columns_of, scoring_of
from scalekit.judge.layout import layout_of
from scalekit.judge.rows import hashable
from scalekit.judge.scoring import Failure, Scoring
from scalekit.kernels.hash_function import row_share
from scalekit.kernels.row_hash import hash_rows
from scalekit.learn.rows import in_hash_order

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

MOST_ROWS = 50_000
"""Test rows that are shuffled; of more, as many by the hash of their key."""

SCHEMA = {
    "feature": pl.String,
    "importance": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "kind": pl.String,
}

_AS_IS, _SHUFFLED = "model", "shuffled"


def permutation_importance(ground: Ground, judged: Judged) -> pl.DataFrame:
    """For each feature, how much worse the primary metric is where its values are shuffled among rows.

    The rows come here, at most :data:`MOST_ROWS`, and each feature is shuffled in the same way on every backend.

    Parameters
    ----------
    ground
        Rows and protocol.
    judged
        The model.

    Returns
    -------
    polars.DataFrame
        ``feature``, ``importance`` (a loss: above 0 where the model is worse without the feature), ``low``, ``high``,
        ``kind``; the most important feature first.
    """
    scoring = _scoring(ground, judged)
    rows = _drawn(ground, columns_of(ground, scoring))
    plain = judged.outputs(Seen(rows))
    found = [
        (feature, *_difference(ground, scoring, rows, plain, _outputs(judged, rows, feature)))
        for feature in judged.inputs
    ]
    table = pl.DataFrame([(*one, "permutation") for one in found], schema=SCHEMA, orient="row")
    return table.sort("importance", descending=True, nulls_last=True)


def _scoring(ground: Ground, judged: Judged) -> Scoring:
    """The primary metric alone, of the model and of the model with a feature shuffled."""
    protocol = ground.protocol
    by = protocol.with_(metrics=(str(protocol.primary),), guards={}, slices=())
    layout = layout_of(by, (_AS_IS, _SHUFFLED), ground.classes, {}, ground.census)
    return scoring_of(ground, layout, [judged])


def _drawn(ground: Ground, columns: tuple[str, ...]) -> pl.DataFrame:
    """Test rows in the order of their hash, so that a shuffle is the same wherever they came from."""
    rows = ground.rows
    frame = rows.frame.filter(col(ROLE) == "test")
    there = sum(ground.census.rows.values()) if rows.folds else ground.census.rows["test"]
    if there > MOST_ROWS:
        unit = ground.protocol.unit or hashable(rows.frame.select(*rows.columns))
        frame = frame.filter(row_share(*unit, purpose="sample") < MOST_ROWS / there)
    return in_hash_order(run.collect(frame.select(*columns)._plan, ground.config))


def _outputs(judged: Judged, rows: pl.DataFrame, feature: str) -> Array:
    """What the model says where one feature is shuffled."""
    seed = int(hash_rows(pl.DataFrame({"name": [feature]}), purpose="sample")[0])
    order = np.random.default_rng(seed).permutation(rows.height)
    return judged.outputs(Seen(rows.with_columns(rows[feature][order])))


@dataclass(frozen=True, eq=False)
class _Said:
    """Outputs that are there already."""

    values: Array

    def __call__(self, seen: Seen) -> Array:  # noqa: ARG002 - of the rows that they were made of
        return self.values


def _difference(
    ground: Ground, scoring: Scoring, rows: pl.DataFrame, plain: Array, shuffled: Array
) -> tuple[float | None, float | None, float | None]:
    """The loss that is more, with its interval."""
    metric = str(ground.protocol.primary)
    models = (Judged(_AS_IS, _Said(plain)), Judged(_SHUFFLED, _Said(shuffled)))
    scored = replace(scoring, models=models)(rows)
    if isinstance(scored, Failure):
        raise scored.error
    assert scored is not None  # there are test rows
    found = statistics.paired(
        scored.tallies["test"], _AS_IS, _SHUFFLED, [metric], ground.protocol.ci.level
    ).row(0, named=True)
    value, low, high = found["value"], found["low"], found["high"]
    if scoring.layout.metric(metric).direction != "up" or value is None:
        return value, low, high
    return -value, None if high is None else -high, None if low is None else -low
