"""Cross products and triangles of parts give those of all rows, to the last digits."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest

from scalekit.learn.passes.gram import gram_of, joined, joined_grams
from scalekit.learn.passes.moment_data import rows_around, rows_like
from scalekit.learn.passes.tsqr import joined_triangles, triangle_of

RNG = np.random.default_rng(0)
ROWS = np.column_stack(
    [
        RNG.normal(size=3_000),
        1e6 + RNG.normal(size=3_000),
        1e-6 * RNG.normal(size=3_000),
        np.full(3_000, 3.7),
    ]
)
WEIGHT = RNG.uniform(0, 2, size=3_000) * (RNG.random(3_000) > 0.1)
ENDS = [1, 2, 700, 1_900, 2_999]


def parts(of: Any, weight: Any) -> list[Any]:
    weights = [None] * 6 if weight is None else np.split(weight, ENDS)
    return [of(p.copy(), w) for p, w in zip(np.split(ROWS, ENDS), weights, strict=True)]


def exact(weight: Any) -> tuple[Any, Any]:
    """Means and cross products in more digits than float64 has."""
    wide = ROWS.astype(np.longdouble)
    w = np.ones(len(ROWS)) if weight is None else weight
    mean = (w @ wide) / w.sum()
    apart = wide - mean
    return mean, (apart.T * w) @ apart


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["alike", "weighted"])
@pytest.mark.parametrize(("of", "join"), [(gram_of, joined_grams), (triangle_of, joined_triangles)])
def test_parts_give_the_whole(of: Any, join: Any, weight: Any) -> None:
    found = reduce(join, parts(of, weight))
    mean, cross = exact(weight)
    scale = np.sqrt(np.maximum(np.diag(cross), 1e-300)).astype(float)
    scale[-1] = 1.0  # constant
    factor = found.factor()
    assert found.rows == len(ROWS)
    assert (
        np.abs((found.mean - mean.astype(float)) / np.maximum(scale / 50, np.abs(found.mean))).max()
        <= 1e-15
    )
    apart = (factor.T @ factor - cross.astype(float)) / np.outer(scale, scale)
    assert np.abs(apart).max() <= 1e-12


def test_a_constant_column_varies_by_nothing_at_all() -> None:
    found = reduce(joined_grams, parts(gram_of, WEIGHT))
    assert (found.cross[-1] == 0).all()
    assert found.mean[-1] == 3.7


def test_parts_without_weight_change_nothing() -> None:
    rows = RNG.normal(size=(10, 3))
    some = gram_of(rows.copy(), np.ones(10))
    none = gram_of(rows.copy(), np.zeros(10))
    for both in (joined_grams(some, none), joined_grams(none, some)):
        np.testing.assert_allclose(both.cross, some.cross, rtol=1e-15)
        np.testing.assert_allclose(both.mean, some.mean, rtol=1e-15)
        assert both.weight == 10
        assert both.rows == 20


def test_directions_without_variation_are_none() -> None:
    """The square root of a rounding error would be a direction of its own."""
    rows = RNG.normal(size=(500, 2))
    found = gram_of(np.column_stack([rows, rows.sum(axis=1)])).factor()
    values = np.linalg.svd(found, compute_uv=False)
    assert values[-1] <= 1e-12 * values[0]


def test_rows_that_stand_for_all() -> None:
    found = reduce(joined, parts(triangle_of, WEIGHT))
    factor = found.factor()
    around_zero = rows_like(found)
    np.testing.assert_allclose(around_zero.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(around_zero.T @ around_zero, factor.T @ factor, rtol=1e-10)
    apart = rows_around(found, found.mean)
    np.testing.assert_allclose(
        apart.T @ apart / len(apart), factor.T @ factor / found.weight, rtol=1e-10
    )
    raw = rows_like(found, centred=False)
    wanted = factor.T @ factor + found.weight * np.outer(found.mean, found.mean)
    np.testing.assert_allclose(raw.T @ raw, wanted, rtol=1e-10)
