"""Metrics of numbers: explained variance, D2 of several deviances, quantiles of errors, forecasts, intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scalekit.judge.metrics.arrays import Array, divided
from scalekit.judge.metrics.metric import Pooled, Value


def root_mean(term: str) -> Value:
    """The metric that is the root of the mean of a term."""

    def value(pooled: Pooled) -> Array:
        with np.errstate(invalid="ignore"):
            return np.sqrt(pooled.mean(term))

    return value


def mean_of_scaled(term: str) -> Value:
    """The mean of a term over the rows whose series has a scale."""

    def value(pooled: Pooled) -> Array:
        return divided(pooled.mean(term), pooled.mean("is_scaled"))

    return value


def root_mean_of_scaled(term: str) -> Value:
    """Its root."""

    def value(pooled: Pooled) -> Array:
        return np.sqrt(mean_of_scaled(term)(pooled))

    return value


def r2(pooled: Pooled) -> Array:
    """1 - squared errors over those of the mean target."""
    return 1.0 - _over_spread(pooled.mean("squared_error"), _target_variance(pooled))


def explained_variance(pooled: Pooled) -> Array:
    """1 - variance of the errors over that of the targets: R2 for whom a constant error costs nothing."""
    variance = pooled.mean("squared_error") - pooled.mean("error") ** 2
    return 1.0 - _over_spread(variance, _target_variance(pooled))


def calibration_slope(pooled: Pooled) -> Array:
    """The slope of a regression of the target on the prediction; below 1 where predictions are too extreme."""
    f, y = pooled.mean("prediction"), pooled.mean("target")
    spread = pooled.mean("squared_prediction") - f**2
    return _over_spread(
        pooled.mean("prediction_target") - f * y, spread, pooled.mean("squared_prediction")
    )


def correlation(pooled: Pooled) -> Array:
    """Pearson's, of prediction and target."""
    f, y = pooled.mean("prediction"), pooled.mean("target")
    spread = pooled.mean("squared_prediction") - f**2
    both = pooled.mean("prediction_target") - f * y
    spread = _positive(spread, pooled.mean("squared_prediction"))
    return np.asarray(both / np.sqrt(spread * _target_variance(pooled)))


def weighted_absolute_percentage_error(pooled: Pooled) -> Array:
    """The sum of absolute errors over that of absolute targets."""
    return _over_spread(pooled.mean("absolute_error"), pooled.mean("absolute_target"))


def d2_poisson(pooled: Pooled) -> Array:
    """1 - Poisson deviance over that of the mean target."""
    mean = pooled.mean("plain_target")
    with np.errstate(divide="ignore", invalid="ignore"):
        null = 2.0 * (pooled.mean("target_log_target") - mean * np.log(mean))
    return 1.0 - _over_spread(pooled.mean("poisson"), null)


def d2_gamma(pooled: Pooled) -> Array:
    """1 - Gamma deviance over that of the mean target."""
    with np.errstate(divide="ignore", invalid="ignore"):
        null = 2.0 * (np.log(pooled.mean("plain_target")) - pooled.mean("log_target"))
    return 1.0 - _over_spread(pooled.mean("gamma"), null)


def d2_tweedie(pooled: Pooled) -> Array:
    """1 - Tweedie deviance of power 1.5 over that of the mean target."""
    with np.errstate(invalid="ignore"):
        null = 8.0 * (np.sqrt(pooled.mean("plain_target")) - pooled.mean("root_target"))
    return 1.0 - _over_spread(pooled.mean("tweedie"), null)


def d2_absolute_error(pooled: Pooled) -> Array:
    """1 - absolute errors over those of the median target, which is found among the bins of targets."""
    return 1.0 - _over_spread(pooled.mean("absolute_error"), _about_median(pooled)[0])


def d2_absolute_error_bounds(pooled: Pooled) -> tuple[Array, Array]:
    """With the least and the most that the median's own bin could add."""
    error = pooled.mean("absolute_error")
    _, least, most = _about_median(pooled)
    return 1.0 - divided(error, least), 1.0 - divided(error, most)


def error_quantile(level: float) -> Value:
    """The metric that is a quantile of the absolute errors, taken as evenly spread within a bin."""

    def value(pooled: Pooled) -> Array:
        counts, edges = _magnitudes(pooled)
        return quantile_of(counts, edges, level)

    return value


def error_quantile_bounds(level: float) -> Callable[[Pooled], tuple[Array, Array]]:
    """The ends of the bins that hold the two rows next to the quantile."""

    def bounds(pooled: Pooled) -> tuple[Array, Array]:
        counts, edges = _magnitudes(pooled)
        above = np.cumsum(counts, axis=-1)
        place = level * np.maximum(pooled.rows - 1, 0) / np.maximum(pooled.rows, 1) * above[:, -1]
        step = divided(above[:, -1], pooled.rows)
        first = (above <= np.floor(place / step)[:, None] * step[:, None]).sum(axis=-1)
        second = (above <= np.ceil(place / step)[:, None] * step[:, None]).sum(axis=-1)
        last = counts.shape[-1] - 1
        low, high = edges[np.minimum(first, last)], edges[np.minimum(second, last) + 1]
        return _if_rows(pooled, low), _if_rows(pooled, high)

    return bounds


def largest_error(pooled: Pooled) -> Array:
    """The largest absolute error."""
    largest = pooled.extremes.get("largest_error", np.nan)
    return np.where(pooled.rows > 0, largest, np.nan)


def mean_pinball(pooled: Pooled) -> Array:
    """The mean over quantiles."""
    return np.asarray(pooled.mean("pinball").mean(axis=-1))


def quantile_of(counts: Array, edges: Array, level: Array | float) -> Array:
    """A quantile of binned rows in each version, (R,), taken as evenly spread within a bin."""
    above = np.cumsum(counts, axis=-1, dtype=np.float64)
    wanted = np.asarray(level) * above[:, -1]
    place = np.minimum((above < wanted[:, None]).sum(axis=-1), counts.shape[-1] - 1)
    rows = np.arange(len(counts))
    inside = np.asarray(counts, dtype=np.float64)[rows, place]
    part = divided(wanted - (above[rows, place] - inside), inside)
    low, high = edges[place], edges[place + 1]
    with np.errstate(invalid="ignore"):
        found = np.where(np.isfinite(high), low + np.clip(part, 0, 1) * (high - low), low)
    return np.where(above[:, -1] > 0, found, np.nan)


def _magnitudes(pooled: Pooled) -> tuple[Array, Array]:
    assert pooled.errors is not None
    return pooled.errors.sum(axis=1), pooled.edges["errors"]


def _about_median(pooled: Pooled) -> tuple[Array, Array, Array]:
    """The mean distance of targets from their median, and bounds of it.

    Outside the median's bin it is a difference of sums; inside, a row is at most the bin's width away. Any
    point between the two middle rows will do, so that a bin of equal targets leaves nothing open.
    """
    counts, sums, edges = pooled.targets, pooled.target_means, pooled.edges["targets"]
    assert counts is not None
    assert sums is not None
    above = np.cumsum(counts, axis=-1, dtype=np.float64)
    before = np.cumsum(sums, axis=-1, dtype=np.float64)
    total, rows = above[:, -1], np.arange(len(counts))
    place = np.minimum((above < total[:, None] / 2).sum(axis=-1), counts.shape[-1] - 1)
    inside, sum_inside = counts[rows, place].astype(np.float64), sums[rows, place]
    below, sum_below = above[rows, place] - inside, before[rows, place] - sum_inside
    beyond, sum_beyond = total - above[rows, place], before[:, -1] - before[rows, place]
    m = divided(sum_inside, inside)
    outside = (sum_beyond - beyond * m) + (below * m - sum_below)
    width = _open_width(pooled, place, edges)
    middle = outside + inside * width / 4
    slack = (inside + np.abs(beyond - below)) * width
    least = np.maximum(middle - slack, 0.0)
    return divided(middle, total), divided(least, total), divided(middle + slack, total)


def _open_width(pooled: Pooled, place: Array, edges: Array) -> Array:
    """How wide a bin is in which targets differ, as far as there are targets."""
    low = np.maximum(edges[place], pooled.extremes.get("smallest_target", -np.inf))
    high = np.minimum(edges[place + 1], pooled.extremes.get("largest_target", np.inf))
    is_open = True if pooled.is_pure is None else ~pooled.is_pure[0][place]
    return np.where(is_open, np.maximum(high - low, 0.0), 0.0)


def _target_variance(pooled: Pooled) -> Array:
    return _positive(
        pooled.mean("squared_target") - pooled.mean("target") ** 2, pooled.mean("squared_target")
    )


def _positive(variance: Array, square: Array) -> Array:
    """NaN for a variance that is no more than the rounding of what it is a difference of."""
    return np.where(variance > 1e-14 * square, variance, np.nan)


def _over_spread(top: Array, spread: Array, square: Array | None = None) -> Array:
    """A ratio; NaN where all rows are alike, so that there is nothing to explain."""
    bottom = spread if square is None else _positive(spread, square)
    return np.where(bottom > 0, divided(top, bottom), np.nan)


def _if_rows(pooled: Pooled, value: Array) -> Array:
    return np.where(pooled.rows > 0, value, np.nan)
