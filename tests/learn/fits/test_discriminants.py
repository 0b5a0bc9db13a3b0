"""Discriminants and the ridge classifier over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV

from scalekit.errors import NotDistributableError
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
X = ["x0", "x1", "x2", "x3", "small"]
ALL = [*X, "constant", "offset"]
LDA, QDA = LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
SIGNS = {"loose": {"scalings_": np.inf, "rotations_": np.inf}}

CASES: list[tuple[Any, Roles, float, dict[str, Any]]] = [
    (LDA(store_covariance=True), Roles(X, "mode"), 1e-10, SIGNS),
    (LDA(n_components=2, tol=1e-6), Roles(X, "kind"), 1e-10, SIGNS),
    (LDA(priors=[0.3, 0.7]), Roles(X, "late"), 1e-10, SIGNS),
    (LDA(solver="lsqr"), Roles(X, "kind"), 1e-10, {}),
    (LDA(solver="lsqr", shrinkage=0.1), Roles(ALL, "mode"), 1e-10, {}),
    (LDA(solver="eigen"), Roles(X, "late"), 1e-10, SIGNS),
    (LDA(solver="eigen", shrinkage=0.3, n_components=1), Roles(X, "mode"), 1e-10, SIGNS),
    (QDA(store_covariance=True), Roles([*X, "offset"], "kind"), 1e-10, SIGNS),
    (QDA(reg_param=0.1, priors=[0.5, 0.5]), Roles(ALL, "late"), 1e-10, SIGNS),
    (QDA(solver="eigen", shrinkage=0.2), Roles(ALL, "mode"), 1e-10, SIGNS),
    (RidgeClassifier(), Roles(ALL, "kind"), 1e-8, {}),
    (RidgeClassifier(), Roles(ALL, "late", "w"), 1e-8, {}),
    (RidgeClassifier(class_weight="balanced"), Roles(ALL, "mode", "w"), 1e-8, {}),
    (RidgeClassifier(class_weight={"air": 3.0}, fit_intercept=False), Roles(X, "mode"), 1e-8, {}),
]


CASES += [
    (RidgeClassifierCV(), Roles(X, "kind"), 1e-8, {}),
    (RidgeClassifierCV([0.1, 1e3, 1e4]), Roles([*X, "offset"], "late", "w"), 1e-8, {}),
    (
        RidgeClassifierCV(class_weight="balanced", fit_intercept=False),
        Roles(X, "mode", "w"),
        1e-8,
        {},
    ),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "settings"), CASES, ids=str)
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, settings: dict[str, Any], way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    wanted = plain(estimator, ROWS, roles)
    assert_same(found, wanted, rtol, **settings)
    assert found.scalekit_fit_.passes == 1 + isinstance(estimator, RidgeClassifierCV)
    x = ROWS.select(roles.features).to_pandas()
    scores = wanted.decision_function(x)
    apart = np.abs(found.decision_function(x) - scores).max()
    assert apart <= 1e-7 * np.abs(scores).max()
    if isinstance(estimator, LDA) and estimator.solver != "lsqr":
        # LAPACK chooses the signs of directions, in memory too, where they follow from the order of rows
        found_x, wanted_x = np.abs(found.transform(x)), np.abs(wanted.transform(x))
        assert np.abs(found_x - wanted_x).max() <= 1e-7 * wanted_x.max()


def test_linear_discriminants_of_columns_far_from_zero(tmp_path: Path) -> None:
    roles = Roles([*X, "offset"], "mode")
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        found = over_parts(LDA(), frame, roles)
    wanted = plain(LDA(), ROWS, roles)
    assert np.abs(found.coef_ - wanted.coef_).max() <= 1e-7 * np.abs(wanted.coef_).max()


@pytest.mark.parametrize(
    "estimator",
    [LDA(), LDA(solver="lsqr"), LDA(solver="eigen"), QDA(), RidgeClassifier(), RidgeClassifierCV()],
    ids=str,
)
def test_columns_of_float32(estimator: Any, tmp_path: Path) -> None:
    rows = ROWS.with_columns(pl.col("x0", "x1", "x2").cast(pl.Float32))
    roles = Roles(["x0", "x1", "x2"], "mode")
    with scattered(rows, "serial-3", tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, rows, roles), 1e-5, **SIGNS)


@pytest.mark.parametrize(
    ("estimator", "roles", "error", "says"),
    [
        (QDA(), Roles(ALL, "mode"), np.linalg.LinAlgError, "not full rank"),
        (LDA(n_components=5), Roles(X, "mode"), ValueError, "n_components cannot be larger"),
        (QDA(), Roles(["x0", "offset"], "constant"), ValueError, "continuous"),
    ],
    ids=str,
)
def test_what_scikit_learn_refuses(
    estimator: Any, roles: Roles, error: type[Exception], says: str, tmp_path: Path
) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(error, match=says):
        over_parts(estimator, frame, roles)


def test_a_class_of_one_row_is_refused_by_the_quadratic_discriminant(tmp_path: Path) -> None:
    rows = ROWS.with_row_index().with_columns(label=(pl.col("index") == 7).cast(pl.Int64))
    with (
        scattered(rows, "serial-3", tmp_path) as frame,
        pytest.raises(ValueError, match="only 1 sample in class 1"),
    ):
        over_parts(QDA(), frame, Roles(X, "label"))


@pytest.mark.parametrize(
    ("estimator", "says"),
    [
        (LDA(solver="lsqr", shrinkage="auto"), "give a number"),
        (QDA(solver="eigen", shrinkage="auto"), "give a number"),
        (RidgeClassifier(solver="saga"), "solver='auto'"),
        (RidgeClassifierCV(cv=5), "GridSearchCV"),
        (RidgeClassifierCV(store_cv_results=True), "store_cv_results"),
    ],
    ids=str,
)
def test_parameters_without_a_fit_over_partitions(
    estimator: Any, says: str, tmp_path: Path
) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(NotDistributableError, match=says),
    ):
        over_parts(estimator, frame, Roles(X, "mode"))
