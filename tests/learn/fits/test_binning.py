"""Bins and splines over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import KBinsDiscretizer, SplineTransformer

import scalekit as sk
from scalekit.learn.strategies import binning
from tests.learn.fits.harness import WAYS, Case, Roles, differences, numbers, plain
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

ROWS = numbers().with_columns(pl.col("x0", "x1").cast(pl.Float32).name.suffix("_32"))
NAMES = ["x0", "x1", "x2", "x3", "constant", "offset", "small"]
PLAIN, WEIGHTED, DAYS = Roles(NAMES), Roles(NAMES, None, "w"), Roles(NAMES, None, "days")
SHORT = Roles(["x0_32", "x1_32"])
GAPS = Roles(["gap", "x0"])

BINS: list[Case] = [
    (KBinsDiscretizer(), Roles(NAMES[:4]), 0.0, {}),
    *(
        (KBinsDiscretizer(strategy=strategy, subsample=most), roles, 1e-10, {})
        for strategy in ("uniform", "quantile", "kmeans")
        for most in (200_000, None)
        for roles in (PLAIN, WEIGHTED, DAYS)
    ),
    *(
        (KBinsDiscretizer([2, 3, 4, 5, 6, 7, 8], encode=how, quantile_method="linear"), PLAIN, 0.0, {})
        for how in ("ordinal", "onehot-dense")
    ),
    *(
        (KBinsDiscretizer(quantile_method=method), PLAIN, 0.0, {})
        for method in ("inverted_cdf", "hazen", "closest_observation", "median_unbiased")
    ),
    (KBinsDiscretizer(quantile_method="inverted_cdf"), WEIGHTED, 0.0, {}),
    (KBinsDiscretizer(), SHORT, 0.0, {}),
    (KBinsDiscretizer(strategy="uniform", dtype=np.float64), SHORT, 0.0, {}),
    (KBinsDiscretizer(), Roles(["small", "count"]), 0.0, {}),
]  # fmt: skip
SPLINES: list[Case] = [
    (SplineTransformer(**settings), roles, 0.0, {})
    for settings in (
        {},
        {"n_knots": 7, "degree": 2, "extrapolation": "periodic"},
        {"knots": "quantile"},
        {"knots": "quantile", "include_bias": False, "extrapolation": "linear"},
    )
    for roles in (PLAIN, WEIGHTED, SHORT)
] + [
    (SplineTransformer(knots="quantile", handle_missing="zeros"), GAPS, 0.0, {}),
    (SplineTransformer(handle_missing="zeros"), GAPS, 0.0, {}),
    (SplineTransformer(knots=np.array([[0.0], [1.0], [2.5]])), Roles(["x0"]), 0.0, {}),
]
CASES = [*BINS, *SPLINES]


@pytest.mark.filterwarnings("ignore:Feature . is constant", "ignore:Bins whose width")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", BINS, ids=named)
def test_bins_equal_the_plain_ones(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    if case[0].strategy != "kmeans":
        assert found.scalekit_fit_.passes <= 4


@pytest.mark.parametrize("roles", [PLAIN, WEIGHTED], ids=["plain", "weighted"])
def test_centres_of_many_rows_are_found_over_partitions(
    roles: Roles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(binning, "FEW", 100)
    few = Roles(roles.features[:4], None, roles.weight)
    case: Case = (KBinsDiscretizer(4, strategy="kmeans", subsample=None), few, 1e-10, {})
    found = assert_equals_plain(case, ROWS, "serial-8", tmp_path)
    assert found.scalekit_fit_.passes > 3


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", SPLINES, ids=named)
def test_splines_equal_the_plain_ones(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes <= (4 if isinstance(case[0].knots, str) else 0)
    wanted = plain(case[0], ROWS, case[1])
    for ours, theirs in zip(found.bsplines_, wanted.bsplines_, strict=True):
        assert ours.k == theirs.k
        assert ours.extrapolate == theirs.extrapolate
        for what in ("t", "c"):
            assert all(
                d <= 1e-15 for _, d in differences(getattr(ours, what), getattr(theirs, what), what)
            )


def test_a_sample_of_rows_is_the_same_everywhere() -> None:
    few = KBinsDiscretizer(subsample=500, random_state=1, strategy="quantile")
    found = [
        sk.fit(few, sk.from_polars(rows), features=NAMES[:4], solver=solver)
        for rows in (ROWS, ROWS.sample(fraction=1.0, shuffle=True, seed=1))
        for solver in ("auto", "passes")
    ]
    for one in found:
        for ours, first in zip(one.bin_edges_, found[0].bin_edges_, strict=True):
            assert np.array_equal(ours, first)
        assert one.subsample == 500


def test_warns_as_scikit_learn_does() -> None:
    with (
        pytest.warns(UserWarning, match="Feature 1 is constant"),
        pytest.warns(UserWarning, match="width are too small"),
    ):
        sk.fit(
            KBinsDiscretizer(8), sk.from_polars(ROWS), features=["small", "constant"], solver="passes"
        )  # fmt: skip


@pytest.mark.parametrize(
    ("estimator", "roles", "match"),
    [
        (KBinsDiscretizer(), GAPS, "does not accept missing values"),
        (KBinsDiscretizer(quantile_method="linear"), WEIGHTED, "When fitting with strategy"),
        (KBinsDiscretizer([2, 1]), SHORT, "invalid number of bins at indices 1"),
        (SplineTransformer(), GAPS, "set handle_missing='zeros'"),
        (SplineTransformer(knots="quantile"), GAPS, "set handle_missing='zeros'"),
        (SplineTransformer(2, extrapolation="periodic"), SHORT, "Periodic splines require"),
    ],
)
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, roles: Roles, match: str, tmp_path: Path
) -> None:
    assert_raises_as_plain(estimator, ROWS, roles, tmp_path, match)
