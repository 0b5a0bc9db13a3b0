"""PowerTransformer over partitions finds the exponents that SciPy finds, to the tolerance of its search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.preprocessing import PowerTransformer

from tests.learn.fits.harness import WAYS, Case, Roles, numbers, over_parts, scattered
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

ROWS = numbers().with_columns(
    (pl.col("x0", "x1", "x3").abs() + 0.1).name.suffix("_abs"),
    skewed=pl.col("x0").exp(),
    negative=-pl.col("x0").exp(),
    holes=pl.col("gap").exp(),
    zero=pl.lit(0.0),
    empty=pl.lit(None, dtype=pl.Float64),
    short=pl.col("x1").cast(pl.Float32),
)
ALL = Roles(
    ["x0", "x1", "x2", "x3", "gap", "constant", "small", "negative", "skewed", "amount", "zero"]
)
POSITIVE = Roles(["x0_abs", "x1_abs", "x3_abs", "holes", "amount", "skewed"])
TOLERANCE = 1e-6  # SciPy's searches end within 1.5e-8 of an exponent, and rounding moves the best by as much

CASES: list[Case] = [
    (PowerTransformer(), ALL, TOLERANCE, {}),
    (PowerTransformer(standardize=False), ALL, TOLERANCE, {}),
    (PowerTransformer("box-cox"), POSITIVE, TOLERANCE, {}),
    (PowerTransformer("box-cox", standardize=False), POSITIVE, TOLERANCE, {}),
    (PowerTransformer(), Roles(["short"]), 1e-5, {}),  # searched in float32 by plain fits
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes <= 40
    assert found.scalekit_fit_.exactness == "converged"


@pytest.mark.parametrize("method", ["box-cox", "yeo-johnson"])
def test_no_exponent_near_by_is_more_likely(method: str, tmp_path: Path) -> None:
    likelihood = stats.boxcox_llf if method == "box-cox" else stats.yeojohnson_llf
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        found = over_parts(PowerTransformer(method), frame, POSITIVE)
    for name, exponent in zip(POSITIVE.features, found.lambdas_, strict=True):
        x = ROWS[name].drop_nulls().to_numpy()
        best = likelihood(exponent, x)
        around = [likelihood(exponent + step, x) for step in (-1e-4, 1e-4)]
        assert np.all(best >= np.array(around))


@pytest.mark.parametrize(
    ("estimator", "roles", "match"),
    [
        (PowerTransformer("box-cox"), Roles(["x0"]), "strictly positive data"),
        (PowerTransformer("box-cox"), Roles(["constant"]), "Data must not be constant"),
        (PowerTransformer("box-cox"), Roles(["amount", "empty"]), "Column must not be all nan"),
        (PowerTransformer(), Roles(["empty"]), "not enough values to unpack"),
        (PowerTransformer(), Roles(["city"]), "could not convert string to float"),
    ],
)
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, roles: Roles, match: str, tmp_path: Path
) -> None:
    assert_raises_as_plain(estimator, ROWS, roles, tmp_path, match)
