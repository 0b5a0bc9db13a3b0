"""Independent components: fixed-point steps on whitened rows, a pass for each."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.template import fitted_on, random_matrix
from scalekit.learn.strategies.nearest import Centred, Spread, row_blocks, spread, wider_spread
from scalekit.learn.strategies.strategy import Strategy


def triangle(batch: Batch, mean: Array) -> Array:
    """The triangle of the QR decomposition of centred rows: as accurate as a decomposition of all of them."""
    found = np.empty((0, len(mean)))
    for x, _ in row_blocks(batch, len(mean)):
        found = stacked_triangle(found, x - mean)
    return found


def stacked_triangle(upper: Array, lower: Array) -> Array:
    """That of the rows of both."""
    return np.asarray(np.linalg.qr(np.concatenate([upper, lower]), mode="r"))


@dataclass(frozen=True, eq=False)
class Whitened:
    """Centred rows times a matrix."""

    matrix: Array

    def __call__(self, batch: Batch) -> Batch:
        """Multiply when somebody asks for it."""
        return batch.with_x(lambda: batch.matrix @ self.matrix)


def contrasts(batch: Batch, directions: Array, fun: Any, options: tuple[tuple[str, Any], ...]) -> tuple[Array, Array]:  # fmt: skip
    """For each direction the sum of rows times their contrast, and of its slope."""
    products, slopes = np.zeros_like(directions), np.zeros(len(directions))
    for x, _ in row_blocks(batch, 2 * len(directions)):
        values, slope = contrast(directions @ x.T, fun, dict(options))
        products += values @ x
        slopes += slope * len(x)
    return products, slopes


def contrast(x: Array, fun: Any, options: dict[str, Any]) -> tuple[Array, Array]:
    """A contrast of some values, and the mean of its slope in each row."""
    if fun == "logcosh":
        alpha = options.get("alpha", 1.0)
        values = np.tanh(alpha * x)
        return values, alpha * (1 - values**2).mean(axis=-1)
    if fun == "exp":
        bell = np.exp(-(x**2) / 2)
        return x * bell, ((1 - x**2) * bell).mean(axis=-1)
    if fun == "cube":
        return x**3, (3 * x**2).mean(axis=-1)
    values, slope = fun(x, **options)
    return values, slope


def fast_ica(estimator: Any, data: Data) -> Steps:
    """A pass for means, one for the whitening, one that keeps the whitened rows, and one for each step."""
    found: Spread = yield data.ask(spread, wider_spread, type(estimator).__name__, what="means")
    template(estimator, data)
    most = min(found.rows, data.width)
    count = min(estimator.n_components or most, most) if estimator.whiten else most
    whitening, r = None, None
    rows = data
    if estimator.whiten:
        r = yield data.ask(triangle, stacked_triangle, found.mean, what="whitening")
        whitening = whitening_of(r, estimator.whiten_solver)[:count]
        rows = data.then(Centred(found.mean)).then(
            Whitened(whitening.T.copy() * np.sqrt(found.rows))
        )
    kept: Data = yield from rows.kept()
    start = estimator.w_init
    if start is None:
        start = check_random_state(estimator.random_state).normal(size=(count, count))
    solve = _together if estimator.algorithm == "parallel" else _one_by_one
    w, iterations = yield from solve(estimator, kept, np.asarray(start, np.float64), found.rows)
    _set(estimator, w, whitening, r, found)
    estimator.n_iter_ = iterations
    return estimator


def template(estimator: Any, data: Data) -> None:
    """A genuine fit of one step on made-up rows: names, types, and the checks of parameters."""
    most = estimator.max_iter
    estimator.set_params(max_iter=1)
    try:
        fitted_on(estimator, random_matrix(data, 2 * data.width + 2))
    finally:
        estimator.set_params(max_iter=most)


def whitening_of(r: Array, solver: str) -> Array:
    """The directions of the principal components over their lengths, with scikit-learn's signs."""
    _, d, vt = scipy.linalg.svd(r, full_matrices=False)
    if solver == "eigh":
        d = np.sqrt(np.maximum(d**2, np.finfo(np.float64).eps * 10))
    u = vt.T * np.sign(vt.T[0])
    return np.asarray((u / d).T)


def _together(estimator: Any, rows: Data, start: Array, count: int) -> Steps:
    w = _decorrelated(start)
    for iteration in range(1, estimator.max_iter + 1):
        products, slopes = yield _asked(estimator, rows, w)
        new = _decorrelated(products / count - (slopes / count)[:, np.newaxis] * w)
        moved = np.abs(np.abs(np.einsum("ij,ij->i", new, w)) - 1).max()
        w = new
        if moved < estimator.tol:
            return w, iteration
    warnings.warn(
        "FastICA did not converge. Consider increasing tolerance or the maximum number of iterations.",
        ConvergenceWarning,
        stacklevel=2,
    )
    return w, iteration


def _one_by_one(estimator: Any, rows: Data, start: Array, count: int) -> Steps:
    found, most = np.zeros_like(start), 0
    for number, first in enumerate(start):
        w = first / np.sqrt((first**2).sum())
        moved, steps = np.inf, 0
        while steps < estimator.max_iter and moved >= estimator.tol:
            products, slopes = yield _asked(estimator, rows, w[np.newaxis])
            new = products[0] / count - slopes[0] / count * w
            new = new - np.linalg.multi_dot([new, found[:number].T, found[:number]])
            new = new / np.sqrt((new**2).sum())
            moved = abs(abs((new * w).sum()) - 1)
            w, steps = new, steps + 1
        found[number], most = w, max(most, steps)
    return found, most


def _asked(estimator: Any, rows: Data, w: Array) -> Any:
    options = tuple((estimator.fun_args or {}).items())
    return rows.ask(contrasts, added, w, estimator.fun, options, what="contrasts")


def _decorrelated(w: Array) -> Array:
    """(W W')^(-1/2) W."""
    s, u = scipy.linalg.eigh(w @ w.T)
    s = np.clip(s, np.finfo(np.float64).tiny, None)
    return np.asarray(np.linalg.multi_dot([u * (1.0 / np.sqrt(s)), u.T, w]))


def _set(estimator: Any, w: Array, whitening: Array | None, r: Array | None, found: Spread) -> None:
    dtype = estimator.components_.dtype
    components = w
    if whitening is not None and r is not None:
        if estimator.whiten == "unit-variance":
            sources = np.linalg.multi_dot([w, whitening, r.T])
            w = w / np.sqrt((sources**2).sum(axis=1, keepdims=True) / found.rows)
        components = w @ whitening
        estimator.mean_ = found.mean.astype(dtype)
        estimator.whitening_ = whitening.astype(dtype)
    estimator.components_ = components.astype(dtype)
    estimator.mixing_ = scipy.linalg.pinv(components, check_finite=False).astype(dtype)
    estimator._unmixing = w.astype(dtype)


STRATEGIES: Mapping[str, Strategy] = {
    "FastICA": Strategy("iterative", "converged", "n_iter_ + 3", fast_ica),
}
