"""Components, covariances and partial least squares over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.covariance import (
    OAS,
    EmpiricalCovariance,
    LedoitWolf,
    MinCovDet,
    ShrunkCovariance,
)
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.decomposition import PCA, FactorAnalysis, TruncatedSVD

from scalekit.errors import NotDistributableError
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
X = ["x0", "x1", "x2", "small"]
ALL = [*X, "constant", "offset", "twin"]
SIGNS = {"loose": {"components_": np.inf}}
# means of the components that are left out: what remains of the whole when large parts are taken off
REST = {"loose": {"noise_variance_": 1e-9}}
NO_SCORES = {"absent": ("_x_scores", "_y_scores")}
NO_SCORES_AT_ALL = {"absent": ("_x_scores", "_y_scores", "x_scores_", "y_scores_")}

CASES: list[tuple[Any, Roles, float, dict[str, Any]]] = [
    (PCA(), Roles(X), 1e-10, {}),
    (PCA(2), Roles(X), 1e-10, {}),
    (PCA(2, svd_solver="full", whiten=True), Roles(ALL), 1e-10, REST),
    (PCA(0.95, svd_solver="full"), Roles([*X, "twin", "offset"]), 1e-10, REST),
    (PCA(0.5), Roles(X), 1e-10, {}),
    (PCA("mle"), Roles(X), 1e-10, {}),
    (PCA("mle", svd_solver="full"), Roles([*X, "offset", "twin"]), 1e-10, REST),
    (PCA(2, svd_solver="randomized", random_state=0), Roles(ALL), 1e-10, REST),
    (PCA(3, svd_solver="arpack", random_state=0), Roles(ALL), 1e-10, REST),
    (PCA(3, svd_solver="covariance_eigh"), Roles(X), 1e-10, {}),
    (TruncatedSVD(random_state=0), Roles(ALL), 1e-10, {}),
    (TruncatedSVD(3, n_iter=1, n_oversamples=1, random_state=0), Roles(X), 1e-10, {}),
    (TruncatedSVD(3, algorithm="arpack", random_state=0), Roles(ALL), 1e-10, {}),
    (FactorAnalysis(2), Roles(ALL), 1e-8, {}),
    (FactorAnalysis(2, rotation="varimax"), Roles(X), 1e-8, {}),
    (FactorAnalysis(tol=1e-6), Roles([*X, "offset"]), 1e-8, {}),
    (FactorAnalysis(2, svd_method="lapack"), Roles(ALL), 1e-8, SIGNS),
    (EmpiricalCovariance(), Roles([*X, "offset"]), 1e-10, {}),
    (EmpiricalCovariance(store_precision=False, assume_centered=True), Roles(ALL), 1e-10, {}),
    (ShrunkCovariance(shrinkage=0.3), Roles(ALL), 1e-10, {}),
    (OAS(), Roles(ALL), 1e-10, {}),
    (OAS(), Roles(["x1"]), 1e-10, {}),
    (LedoitWolf(), Roles(ALL), 1e-10, {}),
    (LedoitWolf(assume_centered=True), Roles(X), 1e-10, {}),
    (PLSRegression(), Roles([*X, "offset", "constant"], "y"), 1e-9, NO_SCORES_AT_ALL),
    (PLSRegression(3, scale=False), Roles([*X, "twin"], ["y", "amount"]), 1e-9, NO_SCORES_AT_ALL),
    (PLSCanonical(2), Roles([*X, "offset"], ["y", "amount"]), 1e-9, NO_SCORES),
    (PLSCanonical(1, algorithm="svd"), Roles(X, "y"), 1e-9, NO_SCORES),
    (CCA(2), Roles([*X, "offset"], ["y", "amount"]), 1e-9, NO_SCORES),
    (PLSSVD(2), Roles([*X, "offset"], ["y", "amount"]), 1e-9, {}),
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
    assert found.scalekit_fit_.passes <= 2
    if settings is SIGNS:
        apart = np.abs(found.components_) - np.abs(wanted.components_)
        assert np.abs(apart).max() <= rtol * np.abs(wanted.components_).max()


def test_small_components_are_as_accurate_as_in_memory(tmp_path: Path) -> None:
    """Singular values of a millionth of the greatest would drown in cross products."""
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    x = rng.normal(size=(2_000, 5)) * np.geomspace(1, 1e-6, 5) @ basis
    rows = pl.DataFrame({f"x{i}": x[:, i] for i in range(5)})
    roles = Roles(rows.columns)
    with scattered(rows, "serial-8", tmp_path) as frame:
        found = over_parts(PCA(svd_solver="full"), frame, roles)
    assert_same(found, plain(PCA(svd_solver="full"), rows, roles), 1e-9)


@pytest.mark.parametrize(
    "estimator",
    [PCA(3), PCA(2, svd_solver="randomized", random_state=0), PCA(2, svd_solver="arpack")],
    ids=str,
)
def test_fewer_rows_than_columns(estimator: Any, tmp_path: Path) -> None:
    rows, roles = ROWS.head(5), Roles([*X, "offset", "twin"])
    with scattered(rows, "serial-3", tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, rows, roles), 1e-9)


def test_all_components_of_fewer_rows_than_columns(tmp_path: Path) -> None:
    rows, roles = ROWS.head(5), Roles([*X, "offset", "twin"])
    with scattered(rows, "serial-3", tmp_path) as frame:
        found = over_parts(PCA(), frame, roles)
    wanted = plain(PCA(), rows, roles)
    assert found.components_.shape == wanted.components_.shape == (5, 6)
    np.testing.assert_allclose(found.explained_variance_, wanted.explained_variance_, atol=1e-9)


@pytest.mark.parametrize(
    "estimator",
    [
        PCA(), PCA(2), TruncatedSVD(random_state=0), FactorAnalysis(2), LedoitWolf(), OAS(),
        EmpiricalCovariance(),
    ],
    ids=str,
)  # fmt: skip
def test_columns_of_float32(estimator: Any, tmp_path: Path) -> None:
    rows = ROWS.with_columns(pl.col("x0", "x1", "x2").cast(pl.Float32))
    roles = Roles(["x0", "x1", "x2"])
    with scattered(rows, "serial-3", tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, rows, roles), 1e-5)


@pytest.mark.parametrize(
    ("estimator", "roles", "says"),
    [
        (PCA(9), Roles(X), "n_components=9 must be between 0 and"),
        (PCA(), Roles(["x0", "gap"]), "Input X contains NaN"),
        (TruncatedSVD(9), Roles(X), "must be <= n_features"),
        (PLSRegression(9), Roles(X, "y"), "upper bound is 4"),
    ],
    ids=str,
)
def test_what_scikit_learn_refuses(estimator: Any, roles: Roles, says: str, tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(ValueError, match=says):
        over_parts(estimator, frame, roles)


def test_the_robust_covariance_is_refused(tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(NotDistributableError, match="LedoitWolf"),
    ):
        over_parts(MinCovDet(), frame, Roles(X))
