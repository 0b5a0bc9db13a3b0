"""Gaussian mixtures and independent components over partitions take scikit-learn's own steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from scalekit.errors import NotDistributableError
from scalekit.learn.matrix import to_features
from tests.learn.fits.harness import WAYS, Roles, assert_same, over_parts, plain, scattered


def mixed(rows: int = 1_500) -> pl.DataFrame:
    """Three clouds, and three independent signals of other laws."""
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(3, 3)) * 8
    x = middles[rng.integers(0, 3, rows)] + rng.normal(size=(rows, 3)) * [1.0, 2.0, 0.5]
    s = np.c_[rng.laplace(size=rows), rng.uniform(-1, 1, rows), rng.exponential(size=rows)]
    m = s @ rng.normal(size=(3, 3)) + [0.0, 100.0, 0.0]
    white = (s - s.mean(axis=0)) / s.std(axis=0) @ np.linalg.qr(rng.normal(size=(3, 3)))[0]
    x[:, 1] += 1e3
    return pl.DataFrame(dict(zip("abcuvwpqr", np.c_[x, m, white].T, strict=True)))


ROWS = mixed()
ABC, UVW = Roles(["a", "b", "c"]), Roles(["u", "v", "w"])
MEANS = ROWS.select(ABC.features)[[0, 7, 11]].to_numpy()
PRECISIONS = {
    "full": np.stack([np.diag([1.0, 0.5, 2.0])] * 3), "tied": np.eye(3),
    "diag": np.full((3, 3), 0.7), "spherical": np.array([0.5, 0.6, 0.7]),
}  # fmt: skip


def given(kind: str, **settings: Any) -> GaussianMixture:
    return GaussianMixture(
        3, covariance_type=kind, weights_init=[0.3, 0.3, 0.4], means_init=MEANS,
        precisions_init=PRECISIONS[kind], **settings,
    )  # fmt: skip


MIXTURES: list[Any] = [
    *((given(kind), ABC, 1e-8, {}) for kind in PRECISIONS),
    (given("full", tol=1e-5, reg_covar=0.1, max_iter=1000), ABC, 1e-8, {}),
]
COMPONENTS: list[Any] = [
    (FastICA(random_state=0, tol=1e-6), UVW, 1e-8, {}),
    (FastICA(2, random_state=0, fun="exp", whiten_solver="eigh"), UVW, 1e-8, {}),
    (FastICA(3, random_state=1, fun="cube", whiten="arbitrary-variance"), UVW, 1e-8, {}),
    (FastICA(random_state=0, algorithm="deflation", fun_args={"alpha": 1.5}), UVW, 1e-8, {}),
    (FastICA(whiten=False, random_state=0), Roles(["p", "q", "r"]), 1e-8, {}),
]
CASES = [*MIXTURES, *COMPONENTS]

pytestmark = pytest.mark.filterwarnings("ignore:FastICA did not converge")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "kwargs"), CASES, ids=lambda _: "")
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, kwargs: Any, way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, ROWS, roles), rtol, **kwargs)
    exactness = "exact" if isinstance(estimator, GaussianMixture) else "converged"
    assert found.scalekit_fit_.exactness == exactness


@pytest.mark.parametrize("init", ["kmeans", "k-means++", "random", "random_from_data"])
@pytest.mark.parametrize("kind", list(PRECISIONS))
def test_what_is_drawn_is_the_same_everywhere(init: str, kind: str, tmp_path: Path) -> None:
    estimator = GaussianMixture(
        3, covariance_type=kind, init_params=init, random_state=0, n_init=2, max_iter=500
    )
    found = []
    for number, (way, settings) in enumerate(
        [("polars", {}), ("serial-8", {}), ("polars", {"solver": "auto"})]
    ):
        (tmp_path / str(number)).mkdir()
        with scattered(ROWS, way, tmp_path / str(number)) as frame:
            found.append(over_parts(estimator, frame, ABC, **settings))
    first, *others = found
    for other in others:
        np.testing.assert_allclose(other.means_, first.means_, rtol=1e-6)
        assert other.n_iter_ == first.n_iter_
    wanted = plain(estimator, ROWS, ABC)
    assert set(vars(first)) - {"scalekit_fit_"} == set(vars(wanted))
    if init == "kmeans":
        x = to_features(ROWS.select(ABC.features))
        assert adjusted_rand_score(first.predict(x), wanted.predict(x)) > 0.95
        assert first.lower_bound_ == pytest.approx(wanted.lower_bound_, rel=1e-3)


def test_says_that_it_did_not_converge(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        with pytest.warns(ConvergenceWarning, match="initialization did not converge"):
            over_parts(given("full", max_iter=1), frame, ABC)
        with pytest.warns(ConvergenceWarning, match="FastICA did not converge"):
            over_parts(FastICA(max_iter=1, random_state=0), frame, UVW)


def test_refuses_what_scikit_learn_refuses(tmp_path: Path) -> None:
    with scattered(ROWS.head(2), "serial-1", tmp_path) as frame:
        with pytest.raises(ValueError, match="Expected n_samples >= n_components"):
            over_parts(GaussianMixture(3), frame, ABC)
        with pytest.raises(NotDistributableError, match="GaussianMixture"):
            over_parts(BayesianGaussianMixture(), frame, ABC)
    with (
        scattered(ROWS.with_columns(a=1.0), "serial-1", tmp_path) as frame,
        pytest.raises(ValueError, match="ill-defined"),
    ):
        over_parts(GaussianMixture(2, reg_covar=0.0), frame, Roles(["a"]))
