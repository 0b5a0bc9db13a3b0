"""Selection of columns over partitions equals scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.feature_selection import (
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    VarianceThreshold,
    chi2,
    f_classif,
    f_regression,
    mutual_info_classif,
    r_regression,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import scalekit as sk
from scalekit.errors import NotDistributableError
from tests.learn.fits.harness import (
    WAYS,
    Case,
    Roles,
    assert_same,
    numbers,
    over_parts,
    plain,
    scattered,
)
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

ROWS = numbers().with_columns(
    pl.col("x0", "x1").abs().name.suffix("_abs"), one=pl.lit(1.0), alone=pl.lit("a")
)
NAMES = ["x0", "x1", "x2", "x3", "twin"]
COUNTS = ["x0_abs", "x1_abs", "small", "one"]
ALL = Roles([*NAMES, "small", "gap", "constant", "offset", "late"])
BY_P = (SelectFpr(), SelectFdr(alpha=0.01), SelectFwe())
BY_RANK = (
    SelectKBest(k=2),
    SelectPercentile(percentile=50),
    GenericUnivariateSelect(mode="k_best", param=3),
)


def scored(selector: Any, function: Any) -> Any:
    return clone(selector).set_params(score_func=function)


CASES: list[Case] = [
    *((VarianceThreshold(threshold), ALL, 1e-12, {}) for threshold in (0.0, 0.5, 5)),
    *(
        (scored(selector, function), Roles(names, target), 1e-12, {})
        for selector in (*BY_RANK, *BY_P)
        for function, names, targets in (
            (f_classif, NAMES, ("mode", "late", "small")),
            (f_regression, NAMES, ("y", "count")),
            (chi2, COUNTS, ("mode", "late", "alone")),
        )
        for target in targets
    ),
    *((scored(selector, r_regression), Roles(NAMES, "y"), 1e-12, {}) for selector in BY_RANK),
    (SelectKBest(f_regression, k="all"), Roles([*NAMES, "one"], "y"), 1e-12, {}),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes == 1


def test_columns_far_from_zero(tmp_path: Path) -> None:
    """There scikit-learn's sums of squares lose ten digits; here means lose what their own rounding costs."""
    roles = Roles(["offset"], "mode")
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        by_class = over_parts(SelectKBest(f_classif, k=1), frame, roles)
        by_number = over_parts(SelectKBest(r_regression, k=1), frame, Roles(["offset"], "y"))
    x = ROWS["offset"].to_numpy() - 1e6
    groups = [x[ROWS["mode"].to_numpy() == label] for label in ("air", "rail", "road")]
    assert by_class.scores_[0] == pytest.approx(stats.f_oneway(*groups).statistic, rel=1e-8)
    r = np.corrcoef(x, ROWS["y"].to_numpy())[0, 1]
    assert by_number.scores_[0] == pytest.approx(r, rel=1e-8)


@pytest.mark.parametrize(
    ("estimator", "roles", "match"),
    [
        (VarianceThreshold(1e30), ALL, "No feature in X meets the variance threshold"),
        (VarianceThreshold(), Roles(["constant"]), "No feature in X meets the variance threshold"),
        (SelectKBest(chi2, k="all"), Roles(NAMES, "mode"), "Input X must be non-negative"),
        (SelectKBest(chi2, k="all"), Roles(COUNTS, "y"), "Unknown label type"),
        (
            SelectKBest(k="all"),
            Roles(["gap"], "mode"),
            "SelectKBest does not accept missing values",
        ),
        (SelectKBest(k="all"), Roles(NAMES), "the target y is None"),
        (SelectKBest(k="all"), Roles(NAMES, ["y", "count"]), "y should be a 1d array"),
    ],
)
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, roles: Roles, match: str, tmp_path: Path
) -> None:
    assert_raises_as_plain(estimator, ROWS, roles, tmp_path, match)


def test_warns_as_scikit_learn_does() -> None:
    frame = sk.from_polars(ROWS)
    with (
        pytest.warns(UserWarning, match="k=10 is greater than n_features=2"),
        pytest.warns(UserWarning, match=r"Features \[1\] are constant"),
    ):
        found = sk.fit(
            SelectKBest(), frame, features=["x0", "one"], target="mode", solver="passes"
        )  # fmt: skip
    assert np.isnan(found.scores_[1])


def test_other_scores_are_refused() -> None:
    with pytest.raises(
        NotDistributableError, match="score_func=mutual_info_classif takes all rows"
    ):
        sk.fit(
            SelectKBest(mutual_info_classif), sk.from_polars(ROWS), features=NAMES, target="mode",
            solver="passes",
        )  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_sparse_columns_are_scored(way: str, tmp_path: Path) -> None:
    steps = make_pipeline(OneHotEncoder(), SelectPercentile(chi2, percentile=50))
    roles = Roles(["kind", "city"], "mode")
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(steps, frame, roles)
    assert_same(found[-1], plain(steps, ROWS, roles)[-1], 1e-10)
