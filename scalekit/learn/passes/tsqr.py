"""A triangle whose cross products are those of all rows, made of the triangles of parts: a tall and skinny QR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scalekit.learn.passes.batch import Array
from scalekit.learn.passes.blocks import centre, exact_sum


@dataclass(frozen=True)
class Triangle:
    """Of some rows: how many, their weight, the mean of each column, and R of a QR of the deviations from it.

    It is as accurate as the rows themselves, where products of columns lose half of the digits (Demmel, Grigori,
    Hoemmen, Langou 2012; LEARN.md, 3.2). ``rest`` is what rounding took off the mean.
    """

    rows: int
    weight: float
    mean: Array
    r: Array
    rest: Array | float = 0.0

    def factor(self) -> Array:
        """A matrix, of as many rows as columns or less, with the cross products of the deviations."""
        return self.r


def triangle_of(rows: Array, weight: Array | None = None) -> Triangle:
    """That of a matrix, which is overwritten."""
    total, mean, rest, centred = centre(rows, weight)
    return Triangle(len(rows), total, mean, _r(centred), rest)


def joined_triangles(left: Triangle, right: Triangle) -> Triangle:
    """That of the rows of both: what their means differ by is one row more."""
    total = left.weight + right.weight
    apart = (right.mean - left.mean) + (right.rest - left.rest)
    share = right.weight / total if total > 0 else 0.0
    between = apart * np.sqrt(left.weight * share)
    r = _r(np.vstack([left.r, right.r, between]))
    mean, rest = exact_sum(left.mean, left.rest + apart * share)
    return Triangle(left.rows + right.rows, total, mean, r, rest)


def _r(rows: Array) -> Array:
    return np.asarray(np.linalg.qr(rows, mode="r"))
