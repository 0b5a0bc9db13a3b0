"""Solvers of smooth objectives that take scikit-learn's own steps: an evaluation is a pass."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.optimize
from sklearn.exceptions import ConvergenceWarning

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.inverted import Ask, inverted
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.objective import Objective

EPS = float(np.finfo(np.float64).eps)

LINEAR = {"maxls": 50, "ftol": 64 * EPS}
"""How scikit-learn's linear models call L-BFGS-B."""

MANY = 2_000
"""Coefficients of which a Hessian is computed where its products with directions are asked for."""


@dataclass(frozen=True)
class Minimum:
    """Where a solver stopped, and after how many iterations."""

    point: Array
    iterations: int


def lbfgs(
    slope: Callable[[Array], Steps], start: Array, tol: float, most: int, **options: Any
) -> Steps:
    """SciPy's L-BFGS-B on ``slope(point)``, which gives the value and the gradient. Returns SciPy's result."""
    bounds = options.pop("bounds", None)

    def solve(ask: Ask) -> Any:
        return scipy.optimize.minimize(
            ask, start, method="L-BFGS-B", jac=True, bounds=bounds,
            options={"maxiter": most, "gtol": tol, **options},
        )  # fmt: skip

    return inverted(solve, slope)


def minimised_by_lbfgs(objective: Objective, start: Array, tol: float, most: int) -> Steps:
    """As scikit-learn's linear models do it; returns a :class:`Minimum`."""
    found = yield from lbfgs(objective.slope, start, tol, most, **LINEAR)
    return Minimum(found.x, iterations_of(found, most))


def iterations_of(found: Any, most: int) -> int:
    """Iterations of SciPy's result; a warning where it did not converge."""
    iterations = min(int(found.nit), most)
    if found.status:
        more = f"\nIncrease the number of iterations (max_iter={most})." * (iterations == most)
        warnings.warn(
            f"lbfgs failed to converge after {iterations} iteration(s) (status={found.status}):\n"
            f"{found.message}\n{more}\nYou might also want to scale the data.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return iterations


def newton_cg(objective: Objective, start: Array, tol: float, most: int) -> Steps:
    """scikit-learn's Newton method with conjugate gradients; returns a :class:`Minimum`.

    Its line search is SciPy's, which is private to SciPy, so that the whole solver is scikit-learn's own. With few
    coefficients the Hessian comes with each gradient, and products with it cost no pass.
    """
    from sklearn.utils.optimize import _newton_cg

    def solve(ask: Ask) -> Any:
        point = _Remembered(ask)
        x, iterations = _newton_cg(
            point.curve, point.value, point.gradient, start, tol=tol, maxiter=most
        )
        return Minimum(x, int(iterations))

    def answer(what: str, *where: Array) -> Steps:
        if what == "bend":
            return (yield from objective.bend(*where))
        if objective.size > MANY:
            return (*(yield from objective.slope(*where)), None)
        return (yield from objective.curve(*where))

    return inverted(solve, answer)


class _Remembered:
    """Value, gradient and Hessian of the last point that somebody asked about."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._point: Array | None = None
        self._found: Any = None

    def _at(self, point: Array) -> Any:
        if self._point is None or not np.array_equal(self._point, point):
            self._found = self._ask("point", point)
            self._point = point.copy()
        return self._found

    def value(self, point: Array) -> float:
        return float(self._at(point)[0])

    def gradient(self, point: Array) -> Array:
        return np.array(self._at(point)[1])

    def curve(self, point: Array) -> tuple[Array, Callable[[Array], Array]]:
        hessian = self._at(point)[2]
        if hessian is None:
            return self.gradient(point), lambda direction: self._ask("bend", point, direction)
        return self.gradient(point), lambda direction: hessian @ direction


def newton_cholesky(objective: Objective, start: Array, tol: float, most: int) -> Steps:
    """scikit-learn's Newton method with a Hessian: the same steps and the same rule to stop; returns a :class:`Minimum`.

    The Hessian comes with each evaluation of the line search, whose first is nearly always the last: a pass each.
    """
    return _Newton(objective, tol, most).minimise(start)


@dataclass(frozen=True)
class _Point:
    at: Array
    value: float
    gradient: Array
    hessian: Array
    down: float


class _Newton:
    """Newton steps with backtracking, and L-BFGS where they fail."""

    def __init__(self, objective: Objective, tol: float, most: int) -> None:
        self._objective = objective
        self._tol = tol
        self._most = most
        self._flat = _flat(objective)
        self._free = np.setdiff1d(np.arange(objective.size), self._flat)

    def minimise(self, start: Array) -> Steps:
        """Go to the minimum."""
        here = yield from self._look(self._grounded(start))
        iteration = 0
        while iteration < self._most:
            step = self._step(here, iteration + 1)
            if step is None:
                return (yield from self._fall_back(here.at, iteration))
            found = yield from self._search(here, step, iteration + 1)
            if isinstance(found, np.ndarray):
                return (yield from self._fall_back(found, iteration))
            iteration += 1
            if self._has_converged(found, step, here.hessian):
                return Minimum(self._centred(found.at), iteration)
            here = found
        warnings.warn(
            f"Newton solver did not converge after {iteration} iterations.",
            ConvergenceWarning,
            stacklevel=2,
        )
        return Minimum(self._centred(here.at), iteration)

    def _look(self, point: Array) -> Steps:
        return _Point(point, *(yield from self._objective.curve(point)))

    # several classes: a constant may be added to what is not penalised, so that of the last class is 0

    def _grounded(self, point: Array) -> Array:
        found = point.copy()
        classes = self._objective.loss.outputs
        for place in self._flat:
            first = place - classes + 1
            found[first : place + 1] -= found[place]
        return found

    def _centred(self, point: Array) -> Array:
        found = point.copy()
        classes = self._objective.loss.outputs
        for place in self._flat:
            some = slice(place - classes + 1, place + 1)
            found[some] -= found[some].mean()
        return found

    def _step(self, here: _Point, iteration: int) -> Array | None:
        """The Newton step; None where there is none that goes down."""
        if here.down > 0.25:
            _warn(
                f"detected a pointwise hessian with many negative values at iteration #{iteration}"
            )
            return None
        free = self._free
        step = np.zeros_like(here.at)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", scipy.linalg.LinAlgWarning)
                step[free] = scipy.linalg.solve(
                    here.hessian[np.ix_(free, free)], -here.gradient[free],
                    check_finite=False, assume_a="sym",
                )  # fmt: skip
        except (np.linalg.LinAlgError, scipy.linalg.LinAlgWarning) as error:
            warnings.warn(
                "The inner solver stumbled upon a singular or very ill-conditioned Hessian matrix at iteration "
                f"{iteration}; it will now resort to lbfgs instead. Collinear features or a weak penalty are the usual "
                f"reasons.\n{error}",
                scipy.linalg.LinAlgWarning,
                stacklevel=2,
            )
            return None
        return None if here.gradient[free] @ step[free] > 0 else step

    def _search(self, here: _Point, step: Array, iteration: int) -> Steps:
        """A point along the step that is lower; where there is none, the last that was tried, as an array."""
        free = self._free
        slope = 2.0**-11 * float(here.gradient[free] @ step[free])
        length = 1.0
        for _ in range(21):
            there: _Point = yield from self._look(here.at + length * step)
            gain = there.value - here.value
            if gain <= length * slope:
                return there
            if abs(gain) <= abs(here.value * 16 * EPS):
                before = self._grounded_gradient(here)
                if np.abs(there.gradient).sum() < np.abs(before).sum():
                    return there
            length *= 0.5
        _warn(
            f"at iteration #{iteration} did not converge after 21 line search refinement iterations"
        )
        return there.at

    def _grounded_gradient(self, here: _Point) -> Array:
        found = here.gradient.copy()
        found[self._flat] = 0.0
        return found

    def _has_converged(self, here: _Point, step: Array, hessian: Array) -> bool:
        if np.abs(here.gradient).max() > self._tol:
            return False
        return bool(0.5 * (step @ hessian @ step) <= self._tol)

    def _fall_back(self, point: Array, iterations: int) -> Steps:
        found: Minimum = yield from minimised_by_lbfgs(
            self._objective, point, self._tol, self._most - iterations - 1
        )
        return Minimum(self._centred(found.point), iterations + found.iterations)


def _flat(objective: Objective) -> Array:
    """The places of the last class' coefficients along which the objective is flat."""
    classes = objective.loss.outputs
    if classes == 1:
        return np.array([], dtype=np.intp)
    last = np.arange(classes - 1, objective.size, classes)
    if objective.strength == 0:
        return last
    return last[-1:] if objective.intercept else last[:0]


def _warn(what: str) -> None:
    warnings.warn(
        f"The Newton solver {what}. It will now resort to lbfgs instead.",
        ConvergenceWarning,
        stacklevel=3,
    )
