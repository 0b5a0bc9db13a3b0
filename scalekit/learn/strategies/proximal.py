"""Minima of smooth objectives plus absolute values of coefficients: Newton steps on the former, coordinates on the sum."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.descent import EPS, Minimum
from scalekit.learn.strategies.objective import Objective

SWEEPS = 10_000
"""Rounds over the coordinates within a step, at the most."""


def proximal_newton(objective: Objective, absolute: Array, start: Array, tol: float, most: int) -> Steps:  # fmt: skip
    """The minimum of the objective plus ``absolute @ abs(point)``; returns a :class:`Minimum`.

    Lee, Sun, Saunders 2014: each step minimises the second-order model plus the absolute values, and is cut by halves
    until the sum falls. Stops where no subgradient is larger than ``tol``. With ``absolute`` all 0 these are Newton's
    own steps.
    """
    here = start.copy()
    value, gradient, hessian, _ = yield from objective.curve(here)
    for iteration in range(most):
        if np.abs(subgradient(here, gradient, absolute)).max() <= tol:
            return Minimum(here, iteration)
        step = _Model(hessian, gradient, here, absolute).minimum() - here
        before = value + absolute @ np.abs(here)
        fall = gradient @ step + absolute @ (np.abs(here + step) - np.abs(here))
        length = 1.0
        for _ in range(30):
            there = here + length * step
            value, gradient, hessian, _ = yield from objective.curve(there)
            gain = value + absolute @ np.abs(there) - before
            if gain <= 1e-4 * length * fall or abs(gain) <= 16 * EPS * abs(before):
                break
            length *= 0.5
        here = there
        if abs(gain) <= 16 * EPS * abs(before):
            return Minimum(here, iteration + 1)
    if np.abs(subgradient(here, gradient, absolute)).max() > tol:
        warnings.warn(
            f"The proximal Newton solver did not converge after {most} iterations.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return Minimum(here, most)


def subgradient(point: Array, gradient: Array, absolute: Array) -> Array:
    """The least of the subgradients, which is 0 at the minimum."""
    at_zero = np.sign(gradient) * np.maximum(np.abs(gradient) - absolute, 0.0)
    found: Array = np.where(point != 0, gradient + np.sign(point) * absolute, at_zero)
    return found


@dataclass(frozen=True, eq=False)
class _Model:
    """The objective to second order around a point, plus absolute values."""

    hessian: Array
    gradient: Array
    here: Array
    absolute: Array

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
        point, slope = self.here.copy(), self.gradient.copy()
        for sweep in range(SWEEPS):
            if self._sweep(point, slope) <= 1e-12:
                break
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
