"""Minima of smooth objectives plus absolute values of coefficients: Newton steps on the former, coordinates on the sum."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.descent import EPS, MANY, Minimum, minimised_by_lbfgs
from scalekit.learn.strategies.objective import Objective

OPTIMUM = 1e-9
"""Largest subgradient of the mean loss where an optimum stands for what a solver that minds the order of rows approaches."""

MOST_STEPS = 200
"""Newton steps to an optimum, at the most: ``max_iter`` counts epochs of a solver that is not used."""

LENGTHS = 0.6 ** np.arange(1, 31)
"""Shares of a step that is too long; all are tried in one pass."""

SWEEPS = 10_000
"""Rounds over the coordinates within a step, at the most."""


def optimum(objective: Objective, absolute: Array, start: Array, tol: float, who: str) -> Steps:
    """The minimum of the objective plus ``absolute @ abs(point)``, whatever solver finds it; a :class:`Minimum`.

    Raises
    ------
    NotDistributableError
        Where absolute values count, and a Hessian of so many coefficients is too large.
    """
    if objective.size <= MANY:
        return (yield from proximal_newton(objective, absolute, start, tol, MOST_STEPS))
    if absolute.any():
        raise NotDistributableError(
            f"{who} with an l1 penalty is fitted over partitions up to {MANY:,} coefficients, and this one has "
            f"{objective.size:,}: take an l2 penalty, fewer columns or categories, or "
            "sk.fit(..., on_unsupported='sample')"
        )
    return (yield from minimised_by_lbfgs(objective, start, tol, 10_000))


def proximal_newton(objective: Objective, absolute: Array, start: Array, tol: float, most: int) -> Steps:  # fmt: skip
    """The minimum of the objective plus ``absolute @ abs(point)``; returns a :class:`Minimum`.

    Lee, Sun, Saunders 2014: each step minimises the second-order model plus the absolute values, and is shortened
    where the sum does not fall enough. Stops where no subgradient is larger than ``tol``, or where rounding hides
    what a step gains. With ``absolute`` all 0 these are Newton's own steps.
    """
    here = yield from _look(objective, start, absolute)
    for iteration in range(most):
        if here.slope <= tol:
            return Minimum(here.at, iteration)
        step = _Model(here, objective).minimum() - here.at
        there: _Point = yield from _look(objective, here.at + step, absolute)
        if not _falls(here, step, there):
            lengths = LENGTHS
            values = yield from objective.along(here.at, step, lengths)
            values = values + np.abs(here.at + lengths[:, np.newaxis] * step) @ absolute
            best = lengths[np.argmin(values)]
            there = yield from _look(objective, here.at + best * step, absolute)
        if here.value - there.value <= 16 * EPS * abs(here.value):
            return Minimum(min(here, there, key=lambda point: point.slope).at, iteration + 1)
        here = there
    if here.slope > tol:
        warnings.warn(
            f"The proximal Newton solver did not converge after {most} iterations.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return Minimum(here.at, most)


@dataclass(frozen=True, eq=False)
class _Point:
    """A point, the sum there, the objective's derivatives, and factors of absolute values."""

    at: Array
    value: float
    gradient: Array
    hessian: Array
    absolute: Array

    @property
    def slope(self) -> float:
        """The largest entry of the least subgradient, which is 0 at the minimum."""
        gradient, absolute = self.gradient, self.absolute
        at_zero = np.maximum(np.abs(gradient) - absolute, 0.0)
        elsewhere = np.abs(gradient + np.sign(self.at) * absolute)
        return float(np.where(self.at != 0, elsewhere, at_zero).max())


def _look(objective: Objective, at: Array, absolute: Array) -> Steps:
    value, gradient, hessian, _ = yield from objective.curve(at)
    return _Point(at, value + float(absolute @ np.abs(at)), gradient, hessian, absolute)


def _falls(here: _Point, step: Array, there: _Point) -> bool:
    """Whether a step gains a share of what the slope promises (Armijo)."""
    promised = here.gradient @ step
    promised += here.absolute @ (np.abs(here.at + step) - np.abs(here.at))
    return bool(there.value - here.value <= 1e-4 * promised)


class _Model:
    """The objective to second order around a point, plus absolute values."""

    def __init__(self, around: _Point, objective: Objective) -> None:
        self.hessian = around.hessian
        self.gradient = around.gradient
        self.here = around.at
        self.absolute = around.absolute
        self._objective = objective

    def slope(self, point: Array) -> Array:
        return np.asarray(self.gradient + self.hessian @ (point - self.here))

    def value(self, point: Array) -> float:
        step = point - self.here
        smooth = self.gradient @ step + 0.5 * (step @ self.hessian @ step)
        return float(smooth + self.absolute @ np.abs(point))

    def minimum(self) -> Array:
        """By coordinates, now and then on those that are not 0 at once.

        Coordinates alone take many rounds where columns are nearly the same.
        """
        if not self.absolute.any():
            return self.here - np.linalg.lstsq(self.hessian, self.gradient, rcond=1e-13)[0]
        point, slope = self.here.copy(), self.gradient.copy()
        for sweep in range(SWEEPS):
            if self._sweep(point, slope) <= 1e-12:
                break
            if self._objective.loss.outputs > 1:
                point = levelled(point, self._objective, self.absolute)
                slope = self.slope(point)
            if sweep % 10 == 9:
                solved = self._on_support(point)
                point = solved if self.value(solved) < self.value(point) else point
                slope = self.slope(point)
        return point

    @cached_property
    def _diagonal(self) -> Array:
        found = np.diag(self.hessian)
        return np.asarray(np.maximum(found, EPS * max(1.0, float(found.max()))))

    def _sweep(self, point: Array, slope: Array) -> float:
        """Minimise along each coordinate in turn, in place; the largest change, in units of the predictor."""
        diagonal, absolute, largest = self._diagonal, self.absolute, 0.0
        for j in range(point.size):
            raw = point[j] - slope[j] / diagonal[j]
            change = np.sign(raw) * max(abs(raw) - absolute[j] / diagonal[j], 0.0) - point[j]
            if change:
                slope += change * self.hessian[:, j]
                point[j] += change
                largest = max(largest, abs(change) * np.sqrt(diagonal[j]))
        return float(largest)

    def _on_support(self, point: Array) -> Array:
        """What solves for the coordinates that are not 0, were their signs to stay; where they would not, the point."""
        free = np.flatnonzero((point != 0) | (self.absolute == 0))
        pull = self.absolute[free] * np.sign(point[free])
        target = self.hessian[free] @ self.here - self.gradient[free] - pull
        solved = np.linalg.lstsq(self.hessian[np.ix_(free, free)], target, rcond=1e-13)[0]
        if np.any((np.sign(solved) != np.sign(point[free])) & (self.absolute[free] > 0)):
            return point
        found = np.zeros_like(point)
        found[free] = solved
        return found


def levelled(point: Array, objective: Objective, absolute: Array) -> Array:
    """Add to the coefficients that classes have for a feature what makes their penalty least.

    No probability changes by that, so that coordinates alone would hardly ever get there.
    """
    classes = objective.loss.outputs
    values = point.reshape(-1, classes)
    pull, strength = absolute[::classes, np.newaxis], objective.strengths[::classes, np.newaxis]
    sides = np.arange(-classes, classes + 1, 2)  # how many lie below the new 0, less those above
    inside = values.mean(axis=1, keepdims=True) - sides * pull / (classes * strength + EPS**4)
    tried = np.concatenate([np.zeros((len(values), 1)), values, inside], axis=1)
    off = values[:, np.newaxis] - tried[:, :, np.newaxis]
    cost = pull * np.abs(off).sum(axis=2) + 0.5 * strength * (off**2).sum(axis=2)
    best = np.take_along_axis(tried, cost.argmin(axis=1)[:, np.newaxis], axis=1)
    return np.asarray((values - np.where(pull > 0, best, 0.0)).ravel())
