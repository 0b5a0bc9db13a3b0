"""The table of results: every metric of every model, of all rows and by slice, with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.metric import Metric
from scalekit.judge.statistics.estimates import Estimates
from scalekit.judge.statistics.intervals import NONE
from scalekit.judge.statistics.layout import Layout
from scalekit.judge.statistics.tally import Tally

SCHEMA = {
    "model": pl.String,
    "metric": pl.String,
    "slice": pl.String,
    "level": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "events": pl.Int64,
    "invalid": pl.Int64,
    "bound_low": pl.Float64,
    "bound_high": pl.Float64,
    "method": pl.String,
}


def results(
    tally: Tally,
    *,
    level: float = 0.95,
    threshold: float | None = None,
    models: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Make the table of all metrics with their intervals.

    Parameters
    ----------
    tally
        Of all rows.
    level
        The share of such intervals that hold the true value.
    threshold
        Of binary tasks: from which score on a prediction is positive, by default that of the layout, at
        which counts are exact. At another one those of all rows are exact if it is an edge of a bin (as
        thresholds from :func:`~scalekit.judge.statistics.thresholds.thresholds` are), and those of slices
        good to a bin.
    models
        Names of models; by default all.
    metrics
        Names of metrics of the task that the tally has the statistics for; by default those of the layout,
        without MAPE where a target is not above 0.

    Returns
    -------
    polars.DataFrame
        One row for each model, metric and level of a slice: ``model``, ``metric`` (``precision[a]`` for the
        class a, ``pinball[0.9]`` for a quantile), ``slice`` and ``level`` (null for all rows), ``value``
        (null where it does not exist, such as the AUC of one class), ``low`` and ``high``, ``n`` and
        ``events`` (positive rows of a binary task), ``invalid`` (outputs that could not be judged: the
        value is null then), ``bound_low`` and ``bound_high`` (what a value made of bins lies between for
        certain), ``method`` (``"jackknife"``, ``"wilson"``, ``"order"``, ``"debiased"``, ``"none"`` or
        ``"invalid"``; see :mod:`~scalekit.judge.statistics.intervals`).

    Raises
    ------
    InvalidOperationError
        Where a model does not exist, or the tally has not what a metric is made of.

    Examples
    --------
    >>> import numpy as np
    >>> from scalekit.judge.statistics import Layout, tally
    >>> random = np.random.default_rng(0)
    >>> y = random.normal(size=1000)
    >>> layout = Layout("regression", ("model",), metrics=("rmse",))
    >>> said = {"model": y + random.normal(size=1000)}
    >>> counted = tally(layout, y, said, block=np.arange(1000) % 200)
    >>> results(counted).select("metric", pl.col("value", "low", "high").round(3)).row(0)
    ('rmse', 1.023, 0.981, 1.072)
    """
    layout = tally.layout
    chosen = [layout.metric(name) for name in metrics or sensible_metrics(tally)]
    check_kept(layout, chosen)
    places = [layout.model(name) for name in models or layout.models]
    rows = [
        row
        for model in places
        for place in (None, *range(len(layout.levels)))
        for row in rows_of(Estimates(tally, model, place, threshold), chosen, level)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def sensible_metrics(tally: Tally) -> list[str]:
    """The metrics of the layout; a percentage of targets that may be 0 is none to show unasked."""
    names = list(tally.layout.metrics)
    if "mape" in names and not tally.arrays["smallest_target"][0] > 0:
        names.remove("mape")
    return names


def check_kept(layout: Layout, metrics: Sequence[Metric]) -> None:
    """Refuse metrics for which a tally of this layout has not the statistics."""
    for metric in metrics:
        missing = [term for term in metric.terms if term not in layout.terms]
        missing += [
            need
            for need in metric.needs
            if need in ("targets", "pairs") and need not in layout.needs
        ]
        if missing:
            raise InvalidOperationError(
                f"metric {metric.name!r} needs {', '.join(missing)}, which this tally does not keep: "
                "name it in the layout's metrics= before the pass"
            )


def names_of(layout: Layout, metric: Metric) -> list[str]:
    """What the values of a metric are called: itself, or one name for each class or quantile.

    Examples
    --------
    >>> layout = Layout("quantile", ("model",), quantiles=(0.1, 0.9))
    >>> names_of(layout, layout.metric("pinball_by_quantile"))
    ['pinball[0.1]', 'pinball[0.9]']
    """
    if metric.each is None:
        return [metric.name]
    of = layout.classes if metric.each == "class" else layout.quantiles
    stem = metric.name.removesuffix(f"_by_{metric.each}")
    return [f"{stem}[{one}]" for one in of]


def place_of(layout: Layout, place: int | None) -> tuple[str | None, str | None]:
    """Slice and level, both None for all rows."""
    return (None, None) if place is None else layout.levels[place]


def rows_of(
    estimates: Estimates, metrics: Sequence[Metric], level: float
) -> Iterator[tuple[Any, ...]]:
    """The rows of the table for one model and slice."""
    layout = estimates.tally.layout
    where = place_of(layout, estimates.place)
    counts = estimates.rows, estimates.events, estimates.invalid
    for metric in metrics:
        if not estimates.has(metric):
            continue
        names = names_of(layout, metric)
        for name, found in zip(names, _found(estimates, metric, level, len(names)), strict=True):
            value, low, high, bound_low, bound_high, method = found
            numbers = _known(value), _known(low), _known(high)
            bounds = _known(bound_low), _known(bound_high)
            yield (layout.models[estimates.model], name, *where, *numbers, *counts, *bounds, method)


def _found(
    estimates: Estimates, metric: Metric, level: float, count: int
) -> list[tuple[float, float, float, float, float, str]]:
    """Value, interval and bounds of each value of a metric."""
    nan = float("nan")
    if estimates.invalid or not estimates.rows:
        method = "invalid" if estimates.invalid else NONE.method
        return [(nan, nan, nan, nan, nan, method)] * count
    values, intervals = estimates.value(metric), estimates.intervals(metric, level)
    low, high = estimates.bounds(metric)
    return [
        (float(values[i]), found.low, found.high, float(low[i]), float(high[i]), found.method)
        for i, found in enumerate(intervals)
    ]


def _known(value: float) -> float | None:
    """Null for what does not exist."""
    return value if isfinite(value) else None
