"""PowerTransformer: SciPy's own search for each column's exponent, all columns in lockstep, a pass for each guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.inverted import Ask, inverted
from scalekit.learn.passes.moments import (
    Extremes,
    Moments,
    added,
    extremes,
    joined,
    moments,
    moments_of,
    wider,
)
from scalekit.learn.passes.requests import Joint, Steps, together
from scalekit.learn.passes.template import fitted_on, framed, random_matrix
from scalekit.learn.strategies.scaling import standard_scaler
from scalekit.learn.strategies.strategy import Strategy

TOLERANCE = 1.48e-08
"""To which SciPy looks for an exponent of Yeo and Johnson's."""


@dataclass(frozen=True)
class Column:
    """What is known of a column.

    Attributes
    ----------
    place
        Its place in X.
    rows
        The values that are there.
    least, greatest
        The extremes of these.
    logs
        The sum of logarithms in the likelihood, which does not depend on the exponent.
    """

    place: int
    rows: int
    least: float
    greatest: float
    logs: float


def power_transformer(estimator: Any, data: Data) -> Steps:
    """The exponents, then the moments of what they make of the columns."""
    name, method = type(estimator).__name__, estimator.method
    data = yield from data.kept()
    found, wide, logs = yield Joint(
        (
            data.ask(moments, joined, name, what="means and variances"),
            data.ask(extremes, wider, name),
            data.ask(log_sums, added, method),
        )
    )
    constant = _check(found, wide, method)
    exponents = np.ones(data.width)
    columns = [
        Column(int(j), int(found.rows[j]), float(wide.least[j]), float(wide.greatest[j]), logs[j])
        for j in np.flatnonzero(~constant)
    ]
    searches = [_exponent(data, column, method) for column in columns]
    for column, exponent in zip(columns, (yield from together(searches)), strict=True):
        exponents[column.place] = exponent
    fitted_on(estimator, framed(np.abs(np.asarray(random_matrix(data, 8))) + 1, data))
    estimator.lambdas_ = exponents.astype(data.dtype)
    if estimator.standardize:
        step = Powered(method, tuple(exponents), tuple(constant))
        example = step.of(np.asarray(data.example, dtype=np.float64)).astype(data.dtype)
        yield from standard_scaler(estimator._scaler, replace(data.then(step), example=example))
    return estimator


def _check(found: Moments, wide: Extremes, method: str) -> Array:
    """Which columns stay as they are; data that have no such transformation are refused as scikit-learn does it."""
    if method == "box-cox":
        if np.min(wide.least) <= 0:
            raise ValueError(
                "The Box-Cox transformation can only be applied to strictly positive data"
            )
        if np.any(found.rows == 0):
            raise ValueError("Column must not be all nan.")
        if np.any(wide.least == wide.greatest):
            raise ValueError("Data must not be constant.")
        return np.zeros(len(found.rows), dtype=bool)
    if np.any(found.rows == 0):
        raise ValueError("not enough values to unpack (expected 2, got 0)")
    eps = np.finfo(np.float64).eps
    rounding = found.weight * eps * found.variance + (found.weight * found.mean * eps) ** 2
    return np.asarray((found.variance <= rounding) & (found.rows == wide.rows))


def log_sums(batch: Batch, method: str) -> Array:
    """The logarithms in the likelihood of each column, summed."""
    x = batch.matrix
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(x) if method == "box-cox" else np.sign(x) * np.log1p(np.abs(x))
    return np.asarray(np.nansum(logs, axis=0))


# the search for one column


def _exponent(data: Data, column: Column, method: str) -> Steps:
    """The exponent of the greatest likelihood."""
    likelihood, search = (
        (_box_cox, _in_a_bracket) if method == "box-cox" else (_yeo_johnson, _within_bounds)
    )

    def answer(exponent: float) -> Steps:
        return (yield from likelihood(data, column, float(exponent)))

    return (yield from inverted(lambda ask: search(ask, column, data.dtype), answer))


def _within_bounds(ask: Ask, column: Column, dtype: Any) -> float:
    """The search of :func:`scipy.stats.yeojohnson_normmax`, within bounds between which nothing overflows."""
    if column.least == column.greatest == 0:
        return 1.0
    size = np.log1p(20 * max(abs(column.least), abs(column.greatest)))
    info = np.finfo(dtype)
    low = (np.log(info.tiny) - np.log(info.eps)) / 2 / size
    high = (np.log(info.max) + np.log(info.eps)) / 2 / size
    if column.greatest < 0:
        low, high = 2 - high, 2 - low
    elif column.least < 0:
        low, high = max(2 - high, low), min(2 - low, high)
    return float(optimize.fminbound(ask, low, high, xtol=TOLERANCE))


def _in_a_bracket(ask: Ask, column: Column, dtype: Any) -> float:
    """The search of :func:`scipy.stats.boxcox_normmax`, which then looks whether the extremes overflow."""
    found = optimize.brent(ask, brack=(-2.0, 2.0))

    def given(_: Callable[..., Any]) -> Any:
        return optimize.OptimizeResult(x=found)

    ends = np.array([column.least, column.greatest], dtype=dtype)
    return float(stats.boxcox_normmax(ends, method="mle", optimizer=given))


def _yeo_johnson(data: Data, column: Column, exponent: float) -> Steps:
    """The negative likelihood, as :func:`scipy.stats.yeojohnson_llf` has it."""
    found: Moments = yield data.ask(
        yeo_johnson_moments, joined, column.place, exponent, what="likelihood of exponents"
    )
    variance = found.variance[0]
    if variance < np.finfo(np.float64).smallest_normal:
        return np.inf  # too little of it to be told from rounding
    return column.rows / 2 * log(variance) - (exponent - 1) * column.logs


def yeo_johnson_moments(batch: Batch, place: int, exponent: float) -> Moments:
    """The moments of a column to a power."""
    values = _there(batch, place)
    return moments_of(stats.yeojohnson(values, exponent)[:, np.newaxis])


def _box_cox(data: Data, column: Column, exponent: float) -> Steps:
    """The negative likelihood, as :func:`scipy.stats.boxcox_llf` has it: of powers without what could overflow."""
    largest = log(column.greatest if exponent > 0 else column.least)
    found: Moments = yield data.ask(
        box_cox_moments, joined, column.place, exponent, largest, what="likelihood of exponents"
    )
    spread = np.log(found.variance[0])
    if exponent:
        spread += 2 * (exponent * largest - log(abs(exponent)))
    return column.rows / 2 * spread - (exponent - 1) * column.logs


def box_cox_moments(batch: Batch, place: int, exponent: float, largest: float) -> Moments:
    """The moments of a column to a power, relative to the largest power there is."""
    logs = np.log(_there(batch, place))
    powers = np.expm1(exponent * (logs - largest)) if exponent else logs
    return moments_of(powers[:, np.newaxis])


def _there(batch: Batch, place: int) -> Array:
    values = batch.matrix[:, place]
    return np.asarray(values[~np.isnan(values)])


@dataclass(frozen=True)
class Powered:
    """X with its columns to powers, as a matrix; constant ones stay as they are."""

    method: str
    exponents: tuple[float, ...]
    constant: tuple[bool, ...]

    def __call__(self, batch: Batch) -> Batch:
        """Transform when somebody asks for X."""
        return batch.with_x(lambda: self.of(batch.matrix))

    def of(self, x: Array) -> Array:
        """The transformed matrix."""
        power = special.boxcox if self.method == "box-cox" else stats.yeojohnson
        columns = zip(x.T, self.exponents, self.constant, strict=True)
        with np.errstate(invalid="ignore"):
            return np.column_stack([c if stays else power(c, e) for c, e, stays in columns])


STRATEGIES: Mapping[str, Strategy] = {
    "PowerTransformer": Strategy(
        "iterative", "converged", "about 30, of all columns together", power_transformer
    ),
}
