"""Losses of linear models, row by row: value, slope and curvature with respect to the linear predictor.

They drop the same constants as scikit-learn's, since a solver that stops by a relative change of the objective sees them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from scalekit.learn.passes.batch import Array


class Loss(ABC):
    """A loss of targets and linear predictors.

    Attributes
    ----------
    outputs
        The number of linear predictors of a row; 1 stands for a vector of them, of one for each row.
    """

    outputs: int = 1

    @abstractmethod
    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""

    def slope(self, y: Array, raw: Array) -> tuple[Array, Array]:
        """The losses and their derivatives."""
        loss, slope, _ = self.curve(y, raw)
        return loss, slope


@dataclass(frozen=True)
class Binomial(Loss):
    """Log loss of targets 0 and 1, by the logit of being wrong: no small difference of large values is taken."""

    def slope(self, y: Array, raw: Array) -> tuple[Array, Array]:
        """The losses and their derivatives."""
        side = 1.0 - 2.0 * y
        wrong = side * raw
        rest = np.exp(-np.abs(wrong))
        chance = np.where(wrong >= 0.0, 1.0, rest) / (1.0 + rest)
        return np.maximum(wrong, 0.0) + np.log1p(rest), side * chance

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""
        rest = np.exp(-np.abs(raw))
        return (*self.slope(y, raw), rest / (1.0 + rest) ** 2)


@dataclass(frozen=True)
class Multinomial(Loss):
    """Log loss of classes 0, 1, ..., one linear predictor each; probabilities stand for the second derivatives."""

    outputs: int

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their derivatives, and the probabilities, of which the second derivatives are made."""
        rows, classes = np.arange(len(y)), y.astype(np.intp)
        top = raw.max(axis=1)
        chances = np.exp(raw - top[:, np.newaxis])
        total = chances.sum(axis=1)
        chances /= total[:, np.newaxis]
        loss = np.log(total) + top - raw[rows, classes]
        slope = chances.copy()
        slope[rows, classes] -= 1.0
        return loss, slope, chances


class Without(Loss):
    """A loss of the rows outside a fold: targets hold the number of the fold times that of classes, plus the class."""

    def __init__(self, loss: Loss, classes: int, fold: int) -> None:
        self.loss = loss
        self.classes = classes
        self.fold = fold
        self.outputs = loss.outputs

    def slope(self, y: Array, raw: Array) -> tuple[Array, Array]:
        """The losses and their derivatives, 0 inside."""
        fold, label = np.divmod(y, self.classes)
        outside = fold != self.fold
        loss, slope = self.loss.slope(label, raw)
        return outside * loss, _like(outside, slope) * slope

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The same with second derivatives: hardly more than 0 inside, where nothing curves down."""
        fold, label = np.divmod(y, self.classes)
        outside = fold != self.fold
        loss, slope, curve = self.loss.curve(label, raw)
        mask = _like(outside, slope)
        return outside * loss, mask * slope, np.where(mask, curve, np.finfo(np.float64).tiny)


def _like(mask: Array, values: Array) -> Array:
    return mask if values.ndim == 1 else mask[:, np.newaxis]


@dataclass(frozen=True)
class Poisson(Loss):
    """Half the Poisson deviance of the exponential."""

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""
        mean = np.exp(raw)
        return mean - y * raw, mean - y, mean


@dataclass(frozen=True)
class Gamma(Loss):
    """Half the gamma deviance of the exponential."""

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""
        ratio = y * np.exp(-raw)
        return raw + ratio, 1.0 - ratio, ratio


@dataclass(frozen=True)
class Tweedie(Loss):
    """Half the Tweedie deviance of the exponential, of a power other than 1 and 2."""

    power: float

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""
        p = self.power
        if p == 0.0:
            mean = np.exp(raw)
            return 0.5 * (mean - y) ** 2, mean * (mean - y), mean * (2.0 * mean - y)
        one, two = np.exp((1.0 - p) * raw), np.exp((2.0 - p) * raw)
        loss = two / (2.0 - p) - y * one / (1.0 - p)
        return loss, two - y * one, (2.0 - p) * two - (1.0 - p) * y * one


@dataclass(frozen=True)
class TweedieIdentity(Loss):
    """Half the Tweedie deviance of the linear predictor itself."""

    power: float

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""
        p = self.power
        if p == 0.0:
            off = raw - y
            return 0.5 * off**2, off, np.ones_like(off)
        with np.errstate(all="ignore"):  # a solver may try predictions that are not positive
            scale = raw**-p
            return self._loss(y, raw), scale * (raw - y), scale * ((1.0 - p) + p * y / raw)

    def _loss(self, y: Array, raw: Array) -> Array:
        p = self.power
        some = np.where(y > 0.0, y, 1.0)  # what is made of it counts where y is positive only
        if p == 1.0:
            loss: Array = np.where(y == 0.0, raw, y * np.log(some / raw) + raw - y)
        elif p == 2.0:
            loss = np.log(raw / y) + y / raw - 1.0
        else:
            one = raw ** (1.0 - p)
            rest = np.where(y > 0.0, some ** (2.0 - p) / ((1.0 - p) * (2.0 - p)), 0.0)
            loss = raw * one / (2.0 - p) - y * one / (1.0 - p) + rest
        return loss


@dataclass(frozen=True)
class SquaredHinge(Loss):
    """The squared distance to the right side of the margin, where one class has to be told from all others.

    Attributes
    ----------
    label
        The class.
    own, other
        Weights of its rows, and of all others.
    """

    label: float
    own: float = 1.0
    other: float = 1.0

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""
        is_own = y == self.label
        side, weight = np.where(is_own, 1.0, -1.0), np.where(is_own, self.own, self.other)
        off = np.maximum(1.0 - side * raw, 0.0)
        return weight * off**2, -2.0 * weight * side * off, 2.0 * weight * (off > 0.0)


@dataclass(frozen=True)
class Hinge(Loss):
    """The distance itself, whose corner is rounded off over ``width``."""

    label: float
    own: float = 1.0
    other: float = 1.0
    width: float = 1.0

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""
        is_own = y == self.label
        side, weight = np.where(is_own, 1.0, -1.0), np.where(is_own, self.own, self.other)
        loss, slope, curve = rounded(1.0 - side * raw, self.width)
        return weight * loss, -weight * side * slope, weight * curve


@dataclass(frozen=True)
class SquaredTube(Loss):
    """The squared distance to a tube around the target."""

    epsilon: float

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""
        off = raw - y
        far = np.maximum(np.abs(off) - self.epsilon, 0.0)
        return far**2, 2.0 * np.sign(off) * far, 2.0 * (far > 0.0)


@dataclass(frozen=True)
class Tube(Loss):
    """The distance to a tube around the target, whose corners are rounded off over ``width``."""

    epsilon: float
    width: float = 1.0

    def curve(self, y: Array, raw: Array) -> tuple[Array, Array, Array]:
        """The losses, their first and their second derivatives."""
        off = raw - y
        above, slope, curve = rounded(off - self.epsilon, self.width)
        below, fall, bend = rounded(-off - self.epsilon, self.width)
        return above + below, slope - fall, curve + bend


def rounded(values: Array, width: float) -> tuple[Array, Array, Array]:
    """What is positive of some values, with the corner at 0 a parabola of a width, and its derivatives."""
    near = np.clip(values + 0.5 * width, 0.0, width)
    loss = near**2 / (2.0 * width) + np.maximum(values - 0.5 * width, 0.0)
    return loss, near / width, ((near > 0.0) & (near < width)) / width


def tweedie(power: float, *, log: bool) -> Loss:
    """The loss of a Tweedie distribution, with a logarithm or no link."""
    if not log:
        return TweedieIdentity(power)
    named: dict[float, Loss] = {1.0: Poisson(), 2.0: Gamma()}
    return named.get(power) or Tweedie(power)
