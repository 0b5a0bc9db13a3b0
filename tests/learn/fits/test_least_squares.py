"""Linear models of squared loss over partitions equal scikit-learn's own."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    Lars,
    Lasso,
    LassoLars,
    LinearRegression,
    MultiTaskElasticNet,
    MultiTaskLasso,
    OrthogonalMatchingPursuit,
    Ridge,
)

from scalekit.errors import NotDistributableError
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
X = ["x0", "x1", "x2", "x3", "small", "twin"]
ALL = [*X, "constant", "offset"]
ONE, WEIGHTED = Roles(ALL, "y"), Roles(ALL, "y", "w")
TWO, TWO_WEIGHTED = Roles(ALL, ["y", "amount"]), Roles(ALL, ["y", "amount"], "w")
NOT_CONSTANT = Roles([*X, "offset"], "y")

# dual_gap_ is the difference of two sums that are nearly equal: it is compared on the scale of the objective below
GAP: dict[str, Any] = {"loose": {"dual_gap_": 1e-6}}
CASES: list[tuple[Any, Roles, float, dict[str, Any]]] = [
    (LinearRegression(), ONE, 1e-10, {}),
    (LinearRegression(), WEIGHTED, 1e-10, {}),
    (LinearRegression(), TWO, 1e-10, {}),
    (LinearRegression(fit_intercept=False), ONE, 1e-10, {}),
    (LinearRegression(fit_intercept=False), TWO_WEIGHTED, 1e-10, {}),
    (LinearRegression(positive=True), NOT_CONSTANT, 1e-10, {}),
    (Ridge(), ONE, 1e-8, {}),
    (Ridge(alpha=100.0), WEIGHTED, 1e-8, {}),
    (Ridge(alpha=[1.0, 5.0]), TWO_WEIGHTED, 1e-8, {}),
    (Ridge(fit_intercept=False), TWO, 1e-8, {}),
    (Ridge(solver="svd"), WEIGHTED, 1e-8, {}),
    (Ridge(solver="lsqr"), Roles(X[:3], "y"), 1e-8, {}),
    (Ridge(solver="sparse_cg"), Roles(X[:3], "y", "w"), 1e-8, {}),
    (Ridge(positive=True), ONE, 1e-8, {}),
    (Lasso(0.1), ONE, 1e-8, GAP),
    (Lasso(0.01, precompute=True), WEIGHTED, 1e-8, GAP),
    (Lasso(0.1, selection="random", random_state=3), TWO, 1e-8, GAP),
    (Lasso(0.1, fit_intercept=False, positive=True), WEIGHTED, 1e-8, GAP),
    (ElasticNet(0.1), ONE, 1e-8, GAP),
    (ElasticNet(0.1, l1_ratio=0.9), TWO_WEIGHTED, 1e-8, GAP),
    (MultiTaskLasso(0.1), TWO, 1e-8, GAP),
    (MultiTaskElasticNet(0.1), TWO_WEIGHTED, 1e-8, GAP),
    (Lars(), ONE, 1e-8, {}),
    (Lars(n_nonzero_coefs=3), TWO, 1e-8, {}),
    (LassoLars(0.05), ONE, 1e-8, {}),
    (LassoLars(0.05, fit_path=False), TWO, 1e-8, {}),
    (OrthogonalMatchingPursuit(n_nonzero_coefs=3), ONE, 1e-8, {}),
    (OrthogonalMatchingPursuit(tol=3000.0), TWO, 1e-8, {}),
    (BayesianRidge(compute_score=True), ONE, 1e-8, {"loose": {"X_offset_": 1e-12}}),
    (BayesianRidge(), WEIGHTED, 1e-8, {}),
    (BayesianRidge(fit_intercept=False), Roles(X, "y", "w"), 1e-8, {}),
    (
        ARDRegression(compute_score=True),
        Roles(["x0", "x1", "x2", "small", "offset"], "y"),
        1e-8,
        {},
    ),
    (ARDRegression(fit_intercept=False), Roles(["x0", "x1", "x2", "small"], "y"), 1e-8, {}),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "settings"), CASES, ids=str)
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, settings: dict[str, Any], way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, ROWS, roles), rtol, **settings)
    assert found.scalekit_fit_.passes == 1
    assert found.scalekit_fit_.exactness == "exact"


def ill_conditioned(condition: float, rows: int = 3_000) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    left = np.linalg.qr(rng.normal(size=(rows, 6)))[0]
    right = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    x = left * np.geomspace(1, 1 / condition, 6) @ right.T * np.sqrt(rows)
    y = x @ np.arange(1.0, 7.0)
    return pl.DataFrame({**{f"x{i}": x[:, i] for i in range(6)}, "y": y})


@pytest.mark.parametrize("condition", [1e2, 1e4, 1e6 / 2])
def test_linear_regression_is_as_accurate_as_in_memory(condition: float, tmp_path: Path) -> None:
    """Cross products would be off by 3e-5 at a condition of a million (LEARN.md, 3.2)."""
    rows = ill_conditioned(condition)
    roles = Roles([f"x{i}" for i in range(6)], "y")
    with scattered(rows, "serial-8", tmp_path) as frame:
        found = over_parts(LinearRegression(), frame, roles)
    wanted = plain(LinearRegression(), rows, roles)
    assert found.rank_ == wanted.rank_ == 6
    assert np.abs(found.coef_ - wanted.coef_).max() <= 1e-10 * np.abs(wanted.coef_).max()


@pytest.mark.parametrize("way", WAYS)
def test_a_deficient_rank_is_found_as_in_memory(way: str, tmp_path: Path) -> None:
    rows = ROWS.with_columns(
        *(pl.col("kind").eq(kind).cast(pl.Float64).alias(f"is {kind}") for kind in "abcde")
    )
    roles = Roles(["x0", *(f"is {kind}" for kind in "abcde")], "y")
    with scattered(rows, way, tmp_path) as frame:
        found = over_parts(LinearRegression(), frame, roles)
    wanted = plain(LinearRegression(), rows, roles)
    assert found.rank_ == wanted.rank_ == 5
    x = rows.select(roles.features).to_pandas()
    assert np.abs(found.predict(x) - wanted.predict(x)).max() <= 1e-9


@pytest.mark.parametrize("estimator", [LinearRegression(), Ridge(), Lasso(0.01), BayesianRidge()])
def test_few_rows(estimator: Any, tmp_path: Path) -> None:
    rows = ROWS.head(4)
    roles = Roles(["x0", "x1", "offset", "small", "gap"], "y")
    rows = rows.with_columns(pl.col("gap").fill_null(0.0))
    with scattered(rows, "serial-3", tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    wanted = plain(estimator, rows, roles)
    x = rows.select(roles.features).to_pandas()
    assert set(vars(found)) - {"scalekit_fit_"} == set(vars(wanted))
    np.testing.assert_allclose(found.predict(x), wanted.predict(x), rtol=1e-8)
    assert np.shape(getattr(found, "singular_", 0)) == np.shape(getattr(wanted, "singular_", 0))


@pytest.mark.parametrize("targets", ["y", ["y", "amount"]])
@pytest.mark.parametrize(
    "estimator", [LinearRegression(), Ridge(), Lasso(0.1), Lars(), ElasticNet(0.1)], ids=str
)
def test_columns_of_float32_give_attributes_of_float32(
    estimator: Any, targets: Any, tmp_path: Path
) -> None:
    """scikit-learn computes in float32 there; passes compute in float64, and round at the end."""
    roles = Roles(["x0", "x1", "x2"], targets)
    rows = ROWS.with_columns(pl.col("x0", "x1", "x2").cast(pl.Float32))
    with scattered(rows, "serial-3", tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, rows, roles), 1e-5, loose={"dual_gap_": 10.0})


def test_what_lies_far_from_zero_keeps_its_digits(tmp_path: Path) -> None:
    rows = ROWS.with_columns(pl.col("x0") + 1e9, pl.col("y") - 1e9)
    roles = Roles(["x0", "x1"], "y")
    with scattered(rows, "serial-8", tmp_path) as frame:
        found = over_parts(Ridge(), frame, roles)
    wanted = plain(Ridge(), rows, roles)
    assert np.abs(found.coef_ - wanted.coef_).max() <= 1e-8 * np.abs(wanted.coef_).max()


def test_a_fit_that_does_not_converge_warns_as_in_memory(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame, warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConvergenceWarning, match="did not converge"):
            over_parts(Lasso(1e-4, max_iter=2), frame, Roles(X, "y"))


@pytest.mark.parametrize(
    ("estimator", "says"),
    [
        (Ridge(solver="sag"), "solver='auto'"),
        (Ridge(solver="saga"), "solver='auto'"),
        (Lars(jitter=1e-3), "jitter"),
        (Lasso(precompute=np.eye(8)), "precompute"),
    ],
)
def test_parameters_without_a_fit_over_partitions(
    estimator: Any, says: str, tmp_path: Path
) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(NotDistributableError, match=says),
    ):
        over_parts(estimator, frame, ONE)


@pytest.mark.parametrize(
    ("features", "target", "says"),
    [
        (["x0", "gap"], "y", "Input X contains NaN"),
        (["x0", "kind"], "y", "could not convert string to float"),
        (["x0"], "kind", "could not convert string to float"),
    ],
)
def test_input_that_scikit_learn_refuses(
    features: list[str], target: str, says: str, tmp_path: Path
) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(ValueError, match=says):
        over_parts(Ridge(), frame, Roles(features, target))
