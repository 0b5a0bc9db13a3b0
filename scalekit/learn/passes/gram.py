"""Means and centred cross products of the columns of X and y, of which those of all rows are made in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from scalekit.errors import NotDistributableError
from scalekit.learn.passes.batch import Array, Batch
from scalekit.learn.passes.blocks import blocks, centre, exact_sum, folded
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.requests import Steps
from scalekit.learn.passes.tsqr import Triangle, joined_triangles, triangle_of

MOST_COLUMNS = 10_000
"""Columns of X and y whose cross products are kept: 800 MB for each answer that is on its way."""


@dataclass(frozen=True)
class Gram:
    """Of some rows: how many, their weight, the mean of each column, and the weighted products of deviations from it.

    ``rest`` is what rounding took off the mean: means of parts that lie far from zero differ by less than that.
    """

    rows: int
    weight: float
    mean: Array
    cross: Array
    rest: Array | float = 0.0

    def factor(self) -> Array:
        """A matrix of as many rows as columns, whose cross products these are.

        Columns are brought to one scale first, so that those of small numbers keep their digits; directions in which
        the columns vary by less than rounding are left out, of which a square root would make something.
        """
        spread = np.sqrt(np.diag(self.cross))
        scale = np.where(spread > 0, spread, 1.0)
        values, vectors = np.linalg.eigh(self.cross / np.outer(scale, scale))
        least = 8 * len(scale) * np.finfo(float).eps * max(values[-1], 0.0)
        return np.asarray(
            (np.sqrt(np.where(values > least, values, 0.0))[:, None] * vectors.T) * scale
        )


Cross: TypeAlias = "Gram | Triangle"
"""Cross products of columns, or a triangle whose cross products they are."""


def gram(batch: Batch, who: str, target: bool = True) -> Gram:  # noqa: FBT001, FBT002
    """Cross products of X, and of y with it, for the estimator ``who``."""
    found: Gram = folded(blocks(batch, who, target=target), gram_of, joined_grams)
    return found


def triangle(batch: Batch, who: str, target: bool = True) -> Triangle:  # noqa: FBT001, FBT002
    """The same as :func:`gram`, as a triangle, which is as accurate as X itself."""
    found: Triangle = folded(blocks(batch, who, target=target), triangle_of, joined_triangles)
    return found


def gram_of(rows: Array, weight: Array | None = None) -> Gram:
    """Those of a matrix, which is overwritten."""
    total, mean, rest, centred = centre(rows, weight)
    return Gram(len(rows), total, mean, centred.T @ centred, rest)


def joined_grams(left: Gram, right: Gram) -> Gram:
    """Those of the rows of both (Chan, Golub, LeVeque 1983)."""
    total = left.weight + right.weight
    apart = (right.mean - left.mean) + (right.rest - left.rest)
    share = right.weight / total if total > 0 else 0.0
    cross = left.cross + right.cross
    cross += np.outer(apart * (left.weight * share), apart)
    mean, rest = exact_sum(left.mean, left.rest + apart * share)
    return Gram(left.rows + right.rows, total, mean, cross, rest)


def joined(left: Cross, right: Cross) -> Cross:
    """Those of the rows of both, in the form in which they are."""
    if isinstance(left, Gram):
        assert isinstance(right, Gram)
        return joined_grams(left, right)
    assert isinstance(right, Triangle)
    return joined_triangles(left, right)


def check_width(data: Data, who: str) -> None:
    """Refuse X of so many columns that their cross products do not fit.

    Raises
    ------
    NotDistributableError
        With what to do.
    """
    if data.width > MOST_COLUMNS:
        raise NotDistributableError(
            f"{who} is fitted by products of all pairs of columns, and X has {data.width:,} of these, "
            f"more than {MOST_COLUMNS:,}: choose some with SelectKBest or VarianceThreshold, or fit an SGDRegressor or "
            "SGDClassifier, which reads rows in batches"
        )


def asked_cross(
    estimator: Any, data: Data, *, target: bool = True, accurate: bool = False
) -> Steps:
    """The cross products of all rows: ``found = yield from asked_cross(estimator, data)``.

    As a triangle where they have to be as ``accurate`` as X itself, which takes some times as long.
    """
    who = type(estimator).__name__
    check_width(data, who)
    kernel: Callable[..., Any] = triangle if accurate else gram
    found = yield data.ask(kernel, joined, who, target, what="cross products")
    return found
