from __future__ import annotations

import math

import polars as pl
import pytest

from scalekit.proof.floats import allowance, clusters, steps_between


@pytest.mark.parametrize(
    ("a", "b", "steps"),
    [
        (1.0, 1.0, 0),
        (1.0, math.nextafter(1.0, 2.0), 1),
        (-1.0, math.nextafter(-1.0, -2.0), 1),
        (0.0, -0.0, 0),
        (5e-324, -5e-324, 2),
        (1.0, 2.0, 2**52),
        (float("nan"), float("nan"), 0),
    ],
)
def test_steps(a: float, b: float, steps: int) -> None:
    assert steps_between(pl.Series([a]), pl.Series([b])).tolist() == [steps]
    assert steps_between(pl.Series([b]), pl.Series([a])).tolist() == [steps]


def test_steps_of_other_widths() -> None:
    for dtype, width in ((pl.Float32, 23), (pl.Float64, 52)):
        one, two = (pl.Series([value], dtype=dtype) for value in (1.0, 2.0))
        assert steps_between(one, two).tolist() == [2**width]
    half = pl.Series([1.0], dtype=pl.Float16)
    assert steps_between(half, half).tolist() == [0]


def test_nan_is_far_from_everything() -> None:
    apart = steps_between(pl.Series([float("nan"), 1.0]), pl.Series([1.0, float("nan")]))
    assert apart.min() == 2**64 - 1
    far = steps_between(pl.Series([-math.inf]), pl.Series([math.inf]))
    assert 2**63 < int(far[0]) < 2**64 - 1


def test_float32_has_fewer_steps_to_differ_by() -> None:
    assert allowance(pl.Float64(), 9007) == 9007
    assert allowance(pl.Float32(), 9007) == 140
    assert allowance(pl.Float32(), 1) == 1
    assert allowance(pl.Float32(), 0) == 0


def test_clusters_join_what_may_differ() -> None:
    values = pl.Series([2.0, 1.0, None, math.nextafter(1.0, 2.0), float("nan"), -0.0, 0.0])
    found = clusters(values, 4, 0.0).to_list()
    assert found[1] == found[3] != found[0]
    assert found[2] is None
    assert found[5] == found[6]
    assert len({found[0], found[1], found[4], found[5]}) == 4
