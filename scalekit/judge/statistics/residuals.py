"""Pictures of numbers, from a tally alone: errors, predicted against actual, bias by prediction."""

from __future__ import annotations

import numpy as np
import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.judge.metrics.arrays import Array, divided
from scalekit.judge.metrics.bins import error_edges, value_edges
from scalekit.judge.metrics.errors import quantile_of
from scalekit.judge.metrics.probability import equal_groups
from scalekit.judge.statistics.distributions import t_quantile
from scalekit.judge.statistics.layout import GRID
from scalekit.judge.statistics.pooling import without_each
from scalekit.judge.statistics.tally import Tally


def error_quantiles(tally: Tally, model: str, *, points: int = 99) -> pl.DataFrame:
    """The quantiles of the errors (prediction - target), evenly from low to high ones.

    Returns
    -------
    polars.DataFrame
        ``quantile``, ``error`` (signed) and ``absolute`` (the quantile of the absolute error).

    Raises
    ------
    InvalidOperationError
        Where predictions are no numbers.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y = np.zeros(101)
    >>> layout = Layout("regression", ("model",))
    >>> counted = tally(layout, y, {"model": np.linspace(-1, 1, 101)}, np.arange(101))
    >>> error_quantiles(counted, "model", points=3)["error"].round(2).to_list()
    [-0.5, 0.0, 0.5]
    """
    counts = _of_numbers(tally, "errors")[tally.layout.model(model)].astype(np.float64)
    at = np.arange(1, points + 1) / (points + 1)
    edges = error_edges(tally.layout.bins)
    largest = max(float(tally.arrays["largest_error"][tally.layout.model(model)]), 0.0)
    ends = np.minimum(edges, largest)
    absolute = _quantiles(counts.sum(axis=0), ends, at)
    # Errors below 0 run the other way: the largest of them is the lowest.
    signed = _quantiles(np.r_[counts[0, ::-1], counts[1]], np.r_[-ends[::-1], ends[1:]], at)
    return pl.DataFrame({"quantile": at, "error": signed + 0.0, "absolute": absolute}).fill_nan(
        None
    )


def error_histogram(tally: Tally, model: str, *, bins: int = 40) -> pl.DataFrame:
    """How many rows have which error, in steps of equal width that hold 99 of 100 rows.

    Returns
    -------
    polars.DataFrame
        ``low`` and ``high`` (ends of the step; the outermost ones hold what is beyond), ``n``.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> layout = Layout("regression", ("model",))
    >>> said = {"model": np.array([-1.0, -0.5, 0.5, 1.0])}
    >>> counted = tally(layout, np.zeros(4), said, np.arange(4))
    >>> error_histogram(counted, "model", bins=2)["n"].to_list()
    [2.0, 2.0]
    """
    counts = _of_numbers(tally, "errors")[tally.layout.model(model)].astype(np.float64)
    edges = error_edges(tally.layout.bins)
    largest = float(tally.arrays["largest_error"][tally.layout.model(model)])
    if not np.isfinite(largest):
        return pl.DataFrame(schema=dict.fromkeys(("low", "high", "n"), pl.Float64))
    span = float(_quantiles(counts.sum(axis=0), np.minimum(edges, largest), np.array([0.99]))[0])
    span = span or largest or 1.0
    middle = (edges[:-1] + np.minimum(edges[1:], 2 * largest + 1.0)) / 2
    error = np.r_[-middle[::-1], middle]
    step = np.clip(((error + span) / (2 * span) * bins).astype(np.int64), 0, bins - 1)
    n = np.bincount(step, np.r_[counts[0, ::-1], counts[1]], bins)
    ends = -span + 2 * span * np.arange(bins + 1) / bins
    return pl.DataFrame({"low": ends[:-1], "high": ends[1:], "n": n})


def bias_by_prediction(
    tally: Tally, model: str, *, groups: int = 10, level: float = 0.95
) -> pl.DataFrame:
    """The mean prediction, target and error in groups of equal size by prediction: the calibration of numbers.

    Groups are as equal as bins of predictions allow, which are finest near ``layout.centre``.

    Returns
    -------
    polars.DataFrame
        ``prediction`` and ``target`` (means), ``bias`` (prediction - target) from ``low`` to ``high``, ``n``.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> layout = Layout("regression", ("model",), centre=2.5)
    >>> counted = tally(layout, y, {"model": y + 0.5}, np.arange(4))
    >>> bias_by_prediction(counted, "model", groups=2).select("prediction", "target", "bias").rows()
    [(2.0, 1.5, 0.5), (4.0, 3.5, 0.5)]
    """
    counts = _of_numbers(tally, "predicted")
    layout, place = tally.layout, tally.layout.model(model)
    by_block = counts[place].astype(np.float64)
    errors = tally.total("error_by_predicted")[place]
    group = equal_groups(by_block.sum(axis=0), groups)
    rows = _grouped(by_block, group, groups)
    wrong = _grouped(errors, group, groups)
    n = rows.sum(axis=0)
    off = _grouped(tally.total("predicted_sums")[place][None], group, groups)[0]
    prediction, bias = layout.centre + divided(off, n), divided(wrong.sum(axis=0), n)
    weights = without_each(tally)
    half = _half_width(divided(weights @ wrong, weights @ rows), level)
    is_there = np.flatnonzero(n)
    table = {
        "prediction": prediction, "target": prediction - bias, "bias": bias,
        "low": bias - half, "high": bias + half, "n": n,
    }  # fmt: skip
    return pl.DataFrame({name: column[is_there] for name, column in table.items()}).fill_nan(None)


def predicted_against_actual(tally: Tally, model: str) -> pl.DataFrame:
    """How many rows are in each cell of a grid of predictions and targets; cells without rows are left out.

    Steps are finest near ``layout.centre``; the outermost end where predictions and targets do.

    Returns
    -------
    polars.DataFrame
        ``predicted_low``, ``predicted_high``, ``actual_low``, ``actual_high``, ``n``.

    Examples
    --------
    >>> from scalekit.judge.statistics import Layout, tally
    >>> y = np.array([-1.0, 1.0])
    >>> layout = Layout("regression", ("model",))
    >>> predicted_against_actual(tally(layout, y, {"model": y}, np.arange(2)), "model")["n"].to_list()
    [1.0, 1.0]
    """
    grid = _of_numbers(tally, "grid")[tally.layout.model(model)]
    layout, place = tally.layout, tally.layout.model(model)
    edges = value_edges(layout.centre, layout.scale, GRID)
    actual = np.clip(edges, tally.arrays["smallest_target"][0], tally.arrays["largest_target"][0])
    predicted = np.clip(
        edges, tally.arrays["smallest_prediction"][place], tally.arrays["largest_prediction"][place]
    )
    i, j = np.nonzero(grid)
    return pl.DataFrame(
        {
            "predicted_low": predicted[i],
            "predicted_high": predicted[i + 1],
            "actual_low": actual[j],
            "actual_high": actual[j + 1],
            "n": grid[i, j].astype(np.float64),
        }
    )


def _of_numbers(tally: Tally, name: str) -> Array:
    if not tally.layout.is_of_numbers:
        raise InvalidOperationError(
            f"a {tally.layout.task} task has no residuals: curves and confusion are for it"
        )
    return tally.arrays[name]


def _quantiles(counts: Array, edges: Array, at: Array) -> Array:
    return quantile_of(np.broadcast_to(counts, (len(at), len(counts))), edges, at)


def _grouped(by_block: Array, group: Array, groups: int) -> Array:
    """(blocks, groups)."""
    member = np.equal.outer(group, np.arange(groups)).astype(np.float64)
    return np.asarray(by_block @ member)


def _half_width(without: Array, level: float) -> Array:
    g = len(without)
    if g < 2:
        return np.full(without.shape[1], np.nan)
    moved = without - without.mean(axis=0)
    return np.asarray(t_quantile(level, g - 1.0) * np.sqrt((g - 1.0) / g * (moved**2).sum(axis=0)))
