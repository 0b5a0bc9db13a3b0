"""What each row adds to a sum: the terms of the metrics that are made of sums alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scalekit.judge.metrics.arrays import Array

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Rows:
    """Some rows: what was, what a model said, and what terms need to know besides.

    Attributes
    ----------
    y
        float64 targets; of classifications int64 positions in the classes.
    f
        What the model said: (n,) float64, or (n, k) of several classes, or (n, q) of quantiles.
    weight
        float64, or None for ones.
    centre
        What moments are taken about, so that a large mean costs no digits.
    eps
        Probabilities are kept this far from 0 and 1 in logarithms: that of the outputs' dtype, as in
        scikit-learn.
    quantiles
        The levels of a quantile task.
    scale
        Of forecasts, what the naive forecast of the row's series is wrong by in its history: (n,) mean absolute errors, or
        (n, 2) with mean squared errors beside them. NaN, or 0, where it is not known.
    """

    y: Array
    f: Array
    weight: Array | None = None
    centre: float = 0.0
    eps: float = _EPS
    quantiles: tuple[float, ...] = ()
    scale: Array | None = None


@dataclass(frozen=True)
class Term:
    """One sum: what a row adds to it, and whether that is the same for all models."""

    of: Callable[[Rows], Array]
    is_shared: bool = False
    is_by_quantile: bool = False


def _weight(rows: Rows) -> Array:
    return np.ones(len(rows.y))


def _squared_weight(rows: Rows) -> Array:
    return np.ones(len(rows.y)) if rows.weight is None else rows.weight


def _target(rows: Rows) -> Array:
    return rows.y - rows.centre


def _squared_target(rows: Rows) -> Array:
    return np.square(rows.y - rows.centre)


def _absolute_target(rows: Rows) -> Array:
    return np.abs(rows.y)


def _plain_target(rows: Rows) -> Array:
    return rows.y


def _target_log_target(rows: Rows) -> Array:
    return _x_log(rows.y, rows.y)


def _log_target(rows: Rows) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(rows.y)


def _root_target(rows: Rows) -> Array:
    with np.errstate(invalid="ignore"):
        return np.sqrt(rows.y)


def _log_loss(rows: Rows) -> Array:
    given = np.where(rows.y == 1, rows.f, 1.0 - rows.f)
    return _surprise(given, rows.eps)


def _log_loss_of_classes(rows: Rows) -> Array:
    return _surprise(_of_truth(rows), rows.eps)


def _brier(rows: Rows) -> Array:
    return np.asarray(np.square(rows.f - rows.y))


def _brier_of_classes(rows: Rows) -> Array:
    return np.asarray(np.einsum("ij,ij->i", rows.f, rows.f) - 2.0 * _of_truth(rows) + 1.0)


def _top(count: int) -> Callable[[Rows], Array]:
    def is_among(rows: Rows) -> Array:
        return (_classes_before(rows) < count).astype(np.float64)

    return is_among


def _classes_before(rows: Rows) -> Array:
    """How many classes rank above the true one; of equal ones, as in scikit-learn, those that come later."""
    truth = _of_truth(rows)[:, None]
    is_later = np.arange(rows.f.shape[1])[None, :] > rows.y[:, None]
    return np.asarray(((rows.f > truth) | ((rows.f == truth) & is_later)).sum(axis=1))


def _error(rows: Rows) -> Array:
    return rows.f - rows.y


def _absolute_error(rows: Rows) -> Array:
    return np.asarray(np.abs(rows.f - rows.y))


def _squared_error(rows: Rows) -> Array:
    return np.asarray(np.square(rows.f - rows.y))


def _prediction(rows: Rows) -> Array:
    return rows.f - rows.centre


def _squared_prediction(rows: Rows) -> Array:
    return np.square(rows.f - rows.centre)


def _prediction_target(rows: Rows) -> Array:
    return (rows.f - rows.centre) * (rows.y - rows.centre)


def _percentage_error(rows: Rows) -> Array:
    return _absolute_error(rows) / np.maximum(np.abs(rows.y), _EPS)


def _symmetric_error(rows: Rows) -> Array:
    size = np.abs(rows.y) + np.abs(rows.f)
    return np.asarray(
        2.0 * np.divide(_absolute_error(rows), size, out=np.zeros_like(size), where=size > 0)
    )


def _squared_log_error(rows: Rows) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.square(np.log1p(rows.f) - np.log1p(rows.y)))


def _poisson(rows: Rows) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        loss = 2.0 * (_x_log(rows.y, rows.y / rows.f) - rows.y + rows.f)
    return _where_allowed(loss, (rows.y >= 0) & (rows.f > 0))


def _gamma(rows: Rows) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        loss = 2.0 * (np.log(rows.f / rows.y) + rows.y / rows.f - 1.0)
    return _where_allowed(loss, (rows.y > 0) & (rows.f > 0))


def _tweedie(rows: Rows) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        root = np.sqrt(rows.f)
        loss = 2.0 * (-4.0 * np.sqrt(rows.y) + 2.0 * rows.y / root + 2.0 * root)
    return _where_allowed(loss, (rows.y >= 0) & (rows.f > 0))


def _pinball(rows: Rows) -> Array:
    level = np.asarray(rows.quantiles)
    short = rows.y[:, None] - rows.f
    return np.asarray(np.maximum(level * short, (level - 1.0) * short))


def _below(rows: Rows) -> Array:
    return (rows.y[:, None] <= rows.f).astype(np.float64)


def _width(rows: Rows) -> Array:
    return rows.f[:, -1] - rows.f[:, 0]


def _inside(rows: Rows) -> Array:
    return ((rows.f[:, 0] <= rows.y) & (rows.y <= rows.f[:, -1])).astype(np.float64)


def _interval_score(rows: Rows) -> Array:
    miss = 1.0 - (rows.quantiles[-1] - rows.quantiles[0])
    under = np.maximum(rows.f[:, 0] - rows.y, 0.0)
    over = np.maximum(rows.y - rows.f[:, -1], 0.0)
    return np.asarray(_width(rows) + 2.0 / miss * (under + over))


def _crossing(rows: Rows) -> Array:
    return np.asarray((np.diff(rows.f, axis=1) < 0).any(axis=1).astype(np.float64))


def _is_scaled(rows: Rows) -> Array:
    return (_scale(rows) > 0).astype(np.float64)


def _scaled_error(rows: Rows) -> Array:
    return _by_scale(_absolute_error(rows), _scale(rows))


def _squared_scaled_error(rows: Rows) -> Array:
    return _by_scale(_squared_error(rows), _squared_scale(rows))


def _scale(rows: Rows) -> Array:
    if rows.scale is None:
        return np.zeros(len(rows.y))
    return rows.scale if rows.scale.ndim == 1 else rows.scale[:, 0]


def _squared_scale(rows: Rows) -> Array:
    has_own = rows.scale is not None and rows.scale.ndim == 2
    return rows.scale[:, 1] if has_own and rows.scale is not None else np.square(_scale(rows))


def _by_scale(error: Array, scale: Array) -> Array:
    """Errors in units of the series; a row without a scale adds nothing, and is not counted by ``is_scaled``."""
    is_known = scale > 0
    return np.where(is_known, error / np.where(is_known, scale, 1.0), 0.0)


def _of_truth(rows: Rows) -> Array:
    return rows.f[np.arange(len(rows.y)), rows.y]


def _surprise(given: Array, eps: float) -> Array:
    np.clip(given, eps, 1.0 - eps, out=given)
    np.log(given, out=given)
    return np.negative(given, out=given)


def _x_log(x: Array, inside: Array) -> Array:
    """``x * log(inside)``, 0 where x is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0.0, x * np.log(inside))


def _where_allowed(loss: Array, is_allowed: Array) -> Array:
    return np.where(is_allowed, loss, np.nan)


TERMS = {
    "weight": Term(_weight, is_shared=True),
    "squared_weight": Term(_squared_weight, is_shared=True),
    "target": Term(_target, is_shared=True),
    "squared_target": Term(_squared_target, is_shared=True),
    "absolute_target": Term(_absolute_target, is_shared=True),
    "plain_target": Term(_plain_target, is_shared=True),
    "target_log_target": Term(_target_log_target, is_shared=True),
    "log_target": Term(_log_target, is_shared=True),
    "root_target": Term(_root_target, is_shared=True),
    "log_loss": Term(_log_loss),
    "log_loss_of_classes": Term(_log_loss_of_classes),
    "brier": Term(_brier),
    "brier_of_classes": Term(_brier_of_classes),
    "top_2": Term(_top(2)),
    "top_3": Term(_top(3)),
    "top_5": Term(_top(5)),
    "error": Term(_error),
    "absolute_error": Term(_absolute_error),
    "squared_error": Term(_squared_error),
    "prediction": Term(_prediction),
    "squared_prediction": Term(_squared_prediction),
    "prediction_target": Term(_prediction_target),
    "percentage_error": Term(_percentage_error),
    "symmetric_error": Term(_symmetric_error),
    "squared_log_error": Term(_squared_log_error),
    "poisson": Term(_poisson),
    "gamma": Term(_gamma),
    "tweedie": Term(_tweedie),
    "pinball": Term(_pinball, is_by_quantile=True),
    "below": Term(_below, is_by_quantile=True),
    "width": Term(_width),
    "inside": Term(_inside),
    "interval_score": Term(_interval_score),
    "crossing": Term(_crossing),
    "is_scaled": Term(_is_scaled, is_shared=True),
    "scaled_error": Term(_scaled_error),
    "squared_scaled_error": Term(_squared_scaled_error),
}
"""Every sum that a tally can keep, by name; each row's term is multiplied by the row's weight."""
