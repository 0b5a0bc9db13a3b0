"""The objective of a linear model: mean loss and half the squared coefficients, with its derivatives, a pass each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.moments import added
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.losses import Loss

BLOCK = 1 << 17
"""Values of X that a kernel works on at one time: so few that they are still in the processor's cache when they are
read a second time."""


def blocks(batch: Batch) -> Iterator[tuple[Any, Array, Array | None]]:
    """X, y and weights of some rows after the other; X is sparse where it is, else row after row in memory."""
    x, y, weight = batch.values, batch.y, batch.weight
    rows = max(64, BLOCK // max(1, x.shape[1]))
    for start in range(0, x.shape[0], rows):
        some = slice(start, start + rows)
        yield x[some], y[some], None if weight is None else weight[some]


def sloped(batch: Batch, loss: Loss, coef: Array, intercept: bool) -> tuple[float, Array]:  # noqa: FBT001
    """The sum of the losses, and its gradient: a column for each feature, then the intercept's."""
    total, gradient = 0.0, np.zeros_like(coef)
    for x, y, weight in blocks(batch):
        values, slope = loss.slope(y, predictor(x, coef, intercept))
        values, slope = _weighted(weight, values), _weighted(weight, slope)
        total += float(values.sum())
        _add_gradient(gradient, x, slope, intercept)
    return total, gradient


def curved(
    batch: Batch, loss: Loss, coef: Array, intercept: bool  # noqa: FBT001
) -> tuple[float, Array, Array, float]:  # fmt: skip
    """The same, the Hessian of the coefficients in their order in memory, and the weight of rows that curve down."""
    total, gradient, down = 0.0, np.zeros_like(coef), 0.0
    hessian = np.zeros((coef.size, coef.size))
    for x, y, weight in blocks(batch):
        raw = predictor(x, coef, intercept)
        values, slope, curve = loss.curve(y, raw)
        total += float(_weighted(weight, values).sum())
        _add_gradient(gradient, x, _weighted(weight, slope), intercept)
        if loss.outputs == 1:
            curve = _weighted(weight, curve)
            bends = curve <= 0
            down += float(bends.sum() if weight is None else weight[bends].sum())
            _add_square(hessian, x, np.abs(curve), intercept)
        else:
            _add_squares(hessian, x, curve, weight, intercept)
    return total, gradient, hessian, down


def predictor(x: Any, coef: Array, intercept: bool) -> Array:  # noqa: FBT001
    """The linear predictors of some rows."""
    if not intercept:
        return np.asarray(x @ coef.T)
    return np.asarray(x @ coef[..., :-1].T) + coef[..., -1]


def _weighted(weight: Array | None, values: Array) -> Array:
    if weight is None:
        return values
    return values * (weight if values.ndim == 1 else weight[:, np.newaxis])


def _add_gradient(gradient: Array, x: Any, slope: Array, intercept: bool) -> None:  # noqa: FBT001
    width = x.shape[1]
    gradient[..., :width] += slope.T @ x
    if intercept:
        gradient[..., -1] += slope.sum(axis=0)


def _add_square(hessian: Array, x: Any, curve: Array, intercept: bool) -> None:  # noqa: FBT001
    """Add X' diag(curve) X, bordered by the intercept; ``curve`` is not negative."""
    width = x.shape[1]
    root = np.sqrt(curve)
    if sparse.issparse(x):
        scaled = sparse.diags_array(root).tocsr() @ x
        hessian[:width, :width] += (scaled.T @ scaled).toarray()
    else:
        scaled = x * root[:, np.newaxis]
        hessian[:width, :width] += scaled.T @ scaled  # half of it is computed only
    if intercept:
        border = curve @ x
        hessian[:width, -1] += border
        hessian[-1, :width] += border
        hessian[-1, -1] += curve.sum()


def _add_squares(
    hessian: Array, x: Any, chances: Array, weight: Array | None, intercept: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """Add the Hessian of log loss, in which the classes of a feature lie next to each other."""
    classes = chances.shape[1]
    share = _weighted(weight, chances)
    for k in range(classes):
        own = hessian[k::classes, k::classes]
        _add_square(own, x, share[:, k] * (1.0 - chances[:, k]), intercept)
        for other in range(k):
            part = np.zeros((own.shape[0], own.shape[0]))
            _add_square(part, x, share[:, k] * chances[:, other], intercept)
            hessian[k::classes, other::classes] -= part
            hessian[other::classes, k::classes] -= part


def bent(
    batch: Batch, loss: Loss, coef: Array, direction: Array, intercept: bool  # noqa: FBT001
) -> Array:  # fmt: skip
    """The Hessian times a direction."""
    product = np.zeros_like(coef)
    for x, y, weight in blocks(batch):
        _, _, curve = loss.curve(y, predictor(x, coef, intercept))
        along = predictor(x, direction, intercept)
        if loss.outputs > 1:
            along -= (curve * along).sum(axis=1, keepdims=True)
        _add_gradient(product, x, _weighted(weight, curve * along), intercept)
    return product


def values_along(
    batch: Batch, loss: Loss, coef: Array, step: Array, lengths: Array, intercept: bool  # noqa: FBT001
) -> Array:  # fmt: skip
    """The sums of the losses after shares of a step."""
    total = np.zeros(len(lengths))
    for x, y, weight in blocks(batch):
        raw, along = predictor(x, coef, intercept), predictor(x, step, intercept)
        for number, length in enumerate(lengths):
            values, _ = loss.slope(y, raw + length * along)
            total[number] += _weighted(weight, values).sum()
    return total


@dataclass
class Objective:
    """Mean loss plus half the squared coefficients, of all rows.

    Points are vectors: the coefficients of all features, then the intercept; of several classes those of a feature
    lie next to each other, as in scikit-learn's solvers, so that rounding is alike too.

    Attributes
    ----------
    data
        The rows, with a target as the loss takes it.
    loss
        The loss of a row.
    intercept
        Whether a constant is added.
    strength
        Factor of half the sum of squared coefficients.
    total
        The sum of the weights.
    intercept_strength
        Factor of half the sum of squared intercepts, which most models leave free.
    """

    data: Data
    loss: Loss
    intercept: bool
    strength: float
    total: float
    intercept_strength: float = 0.0
    last: float = field(default=np.nan, init=False)

    @property
    def size(self) -> int:
        """The number of coefficients and intercepts."""
        return self.loss.outputs * (self.data.width + self.intercept)

    @cached_property
    def strengths(self) -> Array:
        """The factor for each coefficient."""
        found = np.full(self.size, float(self.strength))
        if self.intercept:
            found[-self.loss.outputs :] = self.intercept_strength
        return found

    def slope(self, point: Array) -> Steps:
        """The value and the gradient."""
        asked = self._ask(sloped, point)
        total, gradient = yield asked
        return self._whole(point, total, gradient)

    def curve(self, point: Array) -> Steps:
        """The value, the gradient, the Hessian, and the share of rows at which the loss curves down."""
        asked = self._ask(curved, point)
        total, gradient, hessian, down = yield asked
        value, gradient = self._whole(point, total, gradient)
        hessian = hessian / self.total
        hessian[np.diag_indices_from(hessian)] += self.strengths
        return value, gradient, hessian, down / self.total

    def bend(self, point: Array, direction: Array) -> Steps:
        """The Hessian times a direction."""
        shaped = self._shaped(direction)
        product = yield self.data.ask(
            bent, added, self.loss, self._shaped(point), shaped, self.intercept,
            what=self._words("curvature"),
        )  # fmt: skip
        return product.ravel(order="F") / self.total + self.strengths * direction

    def along(self, point: Array, step: Array, lengths: Array) -> Steps:
        """The values after shares of a step, in one pass."""
        total = yield self.data.ask(
            values_along, added, self.loss, self._shaped(point), self._shaped(step), lengths,
            self.intercept, what=self._words("line search"),
        )  # fmt: skip
        points = point + lengths[:, np.newaxis] * step
        return total / self.total + 0.5 * points**2 @ self.strengths

    def _ask(self, kernel: Any, point: Array) -> Any:
        what = self._words("gradient")
        return self.data.ask(
            kernel, added, self.loss, self._shaped(point), self.intercept, what=what
        )

    def _words(self, what: str) -> str:
        return what if np.isnan(self.last) else f"{what}, objective {self.last:.6g}"

    def _shaped(self, point: Array) -> Array:
        if self.loss.outputs == 1:
            return point.copy()  # solvers work in place, and a local pass may still read it
        return point.reshape((self.loss.outputs, -1), order="F").copy(order="F")

    def _whole(self, point: Array, total: float, gradient: Array) -> tuple[float, Array]:
        pull = self.strengths * point
        self.last = total / self.total + 0.5 * float(pull @ point)
        return self.last, gradient.ravel(order="F") / self.total + pull
