"""Two models on the same rows: differences of every metric with intervals and p values, and skill.

What both models find hard is in both values and cancels: a difference on the same rows is known several times
better than the values are. Taking two intervals that overlap for "no difference" is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite, nan
from typing import Any

import numpy as np
import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.arrays import Array
from scalekit.judge.metrics.metric import Metric
from scalekit.judge.statistics.estimates import Estimates
from scalekit.judge.statistics.intervals import Interval, Spread, jackknife, p_value, symmetric
from scalekit.judge.statistics.layout import Layout
from scalekit.judge.statistics.results import check_kept, names_of, place_of, sensible_metrics
from scalekit.judge.statistics.tally import Tally

SCHEMA = {
    "metric": pl.String,
    "slice": pl.String,
    "level": pl.String,
    "a": pl.Float64,
    "b": pl.Float64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p": pl.Float64,
    "n": pl.Int64,
    "events": pl.Int64,
    "better": pl.Boolean,
}

_NAMES_OF_SAME = ("task", "classes", "slices", "blocks", "slice_blocks", "quantiles", "is_weighted")


def paired(
    tally: Tally,
    a: str,
    b: str,
    metrics: Sequence[str] | None = None,
    level: float = 0.95,
    *,
    other: Tally | None = None,
    threshold: float | None = None,
    other_threshold: float | None = None,
    slices: bool = False,
) -> pl.DataFrame:
    """Compare two models on the same rows.

    Parameters
    ----------
    tally
        Has the model ``a``, and ``b`` as well unless ``other`` has it.
    a, b
        Names of models; the difference is b - a.
    metrics
        Names; by default those of the layout.
    level
        Of the intervals.
    other
        Another tally of the same rows in the same blocks, such as that of a run that was stored.
    threshold, other_threshold
        From which score on a prediction is positive, of a and b; see ``results``. By default that of the
        layout, and for b that of a.
    slices
        Whether each level of each slice is compared too. Adjust those p values: ``benjamini_hochberg``.

    Returns
    -------
    polars.DataFrame
        ``metric``, ``slice``, ``level``, ``a`` and ``b`` (their values), ``value`` (b - a) from ``low`` to
        ``high``, ``p`` of no difference, ``n``, ``events``, and ``better``: whether b is for certain better
        (true) or worse (false) at this level, null where that is open.

    Raises
    ------
    InvalidOperationError
        Where the two tallies are not of the same rows, blocks and classes.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> random = np.random.default_rng(0)
    >>> y, noise = random.normal(size=(2, 1000))
    >>> layout = Layout("regression", ("now", "new"), metrics=("rmse",))
    >>> said = {"now": y + noise, "new": y + 0.9 * noise}
    >>> counted = tally(layout, y, said, block=np.arange(1000) % 200)
    >>> paired(counted, "now", "new").select(pl.col("value", "low", "high").round(2), "better").row(0)
    (-0.1, -0.11, -0.1, True)
    """
    right = tally if other is None else other
    check_same_rows(tally, right)
    chosen = [tally.layout.metric(name) for name in metrics or _shared_metrics(tally, right)]
    check_kept(tally.layout, chosen)
    check_kept(right.layout, chosen)
    models = tally.layout.model(a), right.layout.model(b)
    second = threshold if other_threshold is None else other_threshold
    levels = range(len(tally.layout.levels)) if slices else ()
    rows = [
        row
        for place in (None, *levels)
        for row in _rows(
            Estimates(tally, models[0], place, threshold),
            Estimates(right, models[1], place, second),
            chosen,
            level,
        )
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def check_same_rows(left: Tally, right: Tally) -> None:
    """Refuse to compare tallies of other rows, or of other blocks."""
    if left is right:
        return
    for name in _NAMES_OF_SAME:
        mine, theirs = getattr(left.layout, name), getattr(right.layout, name)
        if mine != theirs:
            raise InvalidOperationError(
                f"two tallies with {name}={mine!r} and {theirs!r} cannot be compared pair by pair: "
                "judge both models by one protocol"
            )
    same = [np.array_equal(left.arrays["rows"], right.arrays["rows"])]
    if left.layout.is_classification:
        same.append(np.array_equal(left.arrays["rows_of_class"], right.arrays["rows_of_class"]))
    if left.layout.is_of_numbers:
        same += [
            np.array_equal(left.arrays[name], right.arrays[name])
            for name in ("largest_target", "smallest_target")
        ]
    if not all(same):
        raise InvalidOperationError(
            f"two tallies of other rows ({left.rows:,} and {right.rows:,}) cannot be compared pair by pair: "
            "score both models on the same rows"
        )


def skill(
    tally: Tally, model: str, baseline: str, metric: str | None = None, level: float = 0.95
) -> tuple[float, float, float]:
    """How much of a baseline's loss a model saves: 1 - loss / loss of the baseline, with its interval.

    Parameters
    ----------
    tally
        Of both.
    model, baseline
        Their names.
    metric
        By default the first of the layout. One whose best value is 1, such as ``"roc_auc"``, is taken as the
        loss 1 - value; one with a value to be near, as the distance from it.
    level
        Of the interval.

    Returns
    -------
    tuple of float
        Value, low and high; NaN where they do not exist. Below 0: worse than the baseline.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y = np.random.default_rng(0).normal(size=1000)
    >>> layout = Layout("regression", ("mean", "half"))
    >>> said = {"mean": np.zeros(1000), "half": y / 2}
    >>> counted = tally(layout, y, said, block=np.arange(1000) % 200)
    >>> [round(x, 3) for x in skill(counted, "half", "mean")]
    [0.5, 0.5, 0.5]
    """
    layout = tally.layout
    chosen = layout.metric(metric or layout.metrics[0])
    check_kept(layout, [chosen])
    mine, theirs = (Estimates(tally, layout.model(name)) for name in (model, baseline))
    return skill_between(mine, theirs, chosen, level)


def skill_between(
    mine: Estimates, theirs: Estimates, chosen: Metric, level: float
) -> tuple[float, float, float]:
    """The skill of a model against a baseline, from what is known of both."""
    if mine.invalid or theirs.invalid or not mine.rows:
        return nan, nan, nan
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(1.0 - _loss(chosen, mine.value(chosen)) / _loss(chosen, theirs.value(chosen)))
        without = 1.0 - _loss(chosen, mine.values_without(chosen)) / _loss(
            chosen, theirs.values_without(chosen)
        )
    found = symmetric(value, jackknife(without), "log1m", level)
    return value, found.low, found.high


def _shared_metrics(left: Tally, right: Tally) -> list[str]:
    return [name for name in sensible_metrics(left) if name in right.layout.metrics]


def _rows(
    a: Estimates, b: Estimates, metrics: Sequence[Metric], level: float
) -> Iterator[tuple[Any, ...]]:
    layout = a.tally.layout
    for metric in metrics:
        if not (a.has(metric) and b.has(metric)):
            continue
        names = names_of(layout, metric)
        for name, found in zip(names, _differences(a, b, metric, level, layout), strict=True):
            yield (name, *place_of(layout, a.place), *found[:6], a.rows, a.events, found[6])


def _differences(
    a: Estimates, b: Estimates, metric: Metric, level: float, layout: Layout
) -> list[tuple[Any, ...]]:
    count = len(names_of(layout, metric))
    if a.invalid or b.invalid or not a.rows:
        return [(None,) * 7] * count
    first, second = a.value(metric), b.value(metric)
    if metric.kind not in ("smooth", "upward"):
        return [
            (_known(x), _known(y), _known(y - x), None, None, None, None)
            for x, y in zip(first, second, strict=True)
        ]
    without = a.values_without(metric), b.values_without(metric)
    found = []
    for i in range(count):
        spread = _spread(a, b, metric, i, without[1][:, i] - without[0][:, i])
        value = float(second[i] - first[i])
        ends = symmetric(value, spread, "none", level)
        better = _is_better(
            metric, without[0][:, i], without[1][:, i], ends, (first[i], second[i]), level
        )
        numbers = (first[i], second[i], value, ends.low, ends.high, p_value(value, spread))
        found.append((*map(_known, numbers), better))
    return found


def _spread(a: Estimates, b: Estimates, metric: Metric, place: int, without: Array) -> Spread:
    """Of a difference; of two maxima from blocks drawn again, for the jackknife finds too much."""
    if metric.kind != "upward":
        return jackknife(without)  # of a difference, no side is the longer one beforehand
    drawn = b.values_drawn(metric)[:, place] - a.values_drawn(metric)[:, place]
    return Spread(float(np.nanstd(drawn)), max(len(without) - 1.0, 1.0))


def _is_better(
    metric: Metric,
    without_a: Array,
    without_b: Array,
    ends: Interval,
    values: tuple[float, float],
    level: float,
) -> bool | None:
    """Whether the difference goes the right way for certain; of a value to be near, that of the distances."""
    if metric.direction == "near":
        goal = metric.goal or 0.0
        near = jackknife(np.abs(without_b - goal) - np.abs(without_a - goal))
        closer = abs(values[1] - goal) - abs(values[0] - goal)
        ends = symmetric(float(closer), near, "none", level)
    if not isfinite(ends.low) or ends.low <= 0.0 <= ends.high:
        return None
    return bool((ends.low > 0.0) == (metric.direction == "up"))


def _loss(metric: Metric, values: Array) -> Array:
    one = values[..., 0]
    if metric.direction == "near":
        return np.abs(one - (metric.goal or 0.0))
    return np.asarray(1.0 - one if metric.direction == "up" else one)


def _known(value: float) -> float | None:
    return float(value) if isfinite(value) else None
