"""IsotonicRegression over partitions equals scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.isotonic import IsotonicRegression

from scalekit.learn.matrix import to_features
from tests.learn.fits.harness import WAYS, Case, Roles, numbers, plain
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

ROWS = numbers().with_columns(
    pl.col("x0", "x1").round(1).name.suffix("_r"),
    short=pl.col("x0").round(1).cast(pl.Float32),
    down=-pl.col("x0").round(1),
    none=pl.when(pl.int_range(pl.len()) % 3 == 0).then(0.0).otherwise(pl.col("w")),
)

CASES: list[Case] = [
    *(
        (IsotonicRegression(**settings), Roles(["x0_r"], target, weight), 1e-12, {})
        for settings in (
            {},
            {"increasing": False},
            {"increasing": "auto"},
            {"y_min": 0, "y_max": 1, "out_of_bounds": "clip"},
        )
        for target in ("y", "late", "count")
        for weight in (None, "w", "none")
    ),
    (IsotonicRegression(), Roles(["x1"], "y"), 1e-12, {}),
    (IsotonicRegression(increasing="auto"), Roles(["down"], "y"), 1e-12, {}),
    (IsotonicRegression(increasing="auto"), Roles(["x1"], "y", "w"), 1e-12, {}),
    (IsotonicRegression(), Roles(["short"], "y"), 1e-6, {}),  # whose sums are float32 in plain fits
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    estimator, roles, rtol, _ = case
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes == 1
    x = to_features(ROWS.select(roles.features))
    ours, theirs = found.predict(x), plain(estimator, ROWS, roles).predict(x)
    assert np.max(np.abs(ours - theirs)) <= rtol * np.max(np.abs(theirs))


@pytest.mark.filterwarnings("error")
def test_warns_where_the_direction_may_be_chance(tmp_path: Path) -> None:
    case = (IsotonicRegression(increasing="auto"), Roles(["x3"], "offset"), 1e-12, {})
    with pytest.warns(UserWarning, match="spans zero"):
        assert_equals_plain(case, ROWS, "serial-3", tmp_path)


@pytest.mark.parametrize(
    ("estimator", "roles", "match"),
    [
        (IsotonicRegression(), Roles(["gap"], "y"), "Input X contains NaN"),
        (IsotonicRegression(), Roles(["x0", "x1"], "y"), "2d array with 1 feature"),
        (IsotonicRegression(), Roles(["x0"], "mode"), "could not convert string to float"),
    ],
)
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, roles: Roles, match: str, tmp_path: Path
) -> None:
    assert_raises_as_plain(estimator, ROWS, roles, tmp_path, match)
