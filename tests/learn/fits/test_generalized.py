"""Generalised linear models and Huber's regression over partitions take scikit-learn's own steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    PoissonRegressor,
    QuantileRegressor,
    TweedieRegressor,
)

from scalekit.errors import NotDistributableError
from scalekit.learn.strategies.losses import tweedie
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
X = ["x0", "x1", "small", "constant"]
COUNT, AMOUNT = Roles(X, "count"), Roles(X, "amount", "w")
NO_OUTLIERS = {"absent": ("outliers_",)}

CASES: list[Any] = [
    (PoissonRegressor(), COUNT, 1e-8, {}),
    (PoissonRegressor(alpha=0.0, fit_intercept=False), Roles(X, "count", "days"), 1e-8, {}),
    (PoissonRegressor(solver="newton-cholesky"), Roles(X, "late"), 1e-10, {}),
    (GammaRegressor(alpha=0.01), AMOUNT, 1e-8, {}),
    (GammaRegressor(solver="newton-cholesky"), AMOUNT, 1e-10, {}),
    (TweedieRegressor(), Roles(X, "y", "w"), 1e-8, {}),
    (TweedieRegressor(power=1.5, alpha=0.1), AMOUNT, 1e-8, {}),
    (TweedieRegressor(power=1.7, alpha=0.1, solver="newton-cholesky"), AMOUNT, 1e-10, {}),
    (TweedieRegressor(power=0, link="log"), AMOUNT, 1e-8, {}),
    (TweedieRegressor(power=2, link="identity", alpha=10.0), AMOUNT, 1e-8, {}),
    (TweedieRegressor(power=-1, alpha=10.0), AMOUNT, 1e-8, {}),
    (HuberRegressor(), Roles(X[:3], "y"), 1e-8, NO_OUTLIERS),
    (HuberRegressor(epsilon=1.1, alpha=1), Roles(X[:3], "y", "w"), 1e-8, NO_OUTLIERS),
    (HuberRegressor(fit_intercept=False), Roles(X[:3], "y"), 1e-8, NO_OUTLIERS),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::scipy.linalg.LinAlgWarning")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "kwargs"), CASES, ids=str)
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, kwargs: Any, way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, ROWS, roles), rtol, **kwargs)
    if getattr(estimator, "solver", "") == "newton-cholesky":
        assert found.scalekit_fit_.passes <= 14


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("power", [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
def test_losses_are_those_of_scikit_learn(power: float, log: bool) -> None:
    from sklearn._loss.loss import HalfTweedieLoss, HalfTweedieLossIdentity

    rng = np.random.default_rng(0)
    y, raw = rng.gamma(1.0, size=100), rng.uniform(0.1, 2.0, size=100)
    if power < 2:
        y[:10] = 0.0
    wanted = (HalfTweedieLoss if log else HalfTweedieLossIdentity)(power=power)
    loss, slope, curve = tweedie(power, log=log).curve(y, raw)
    np.testing.assert_allclose(loss, wanted.loss(y, raw), rtol=1e-12, atol=1e-14)
    slopes, curves = wanted.gradient_hessian(y, raw)
    np.testing.assert_allclose(slope, slopes, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(curve, curves, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("estimator", "rows", "roles", "words"),
    [
        (PoissonRegressor(), ROWS, Roles(["x0"], "y"), "out of the valid range of the loss"),
        (GammaRegressor(), ROWS, Roles(["x0"], "count"), "out of the valid range of the loss"),
        (PoissonRegressor(), ROWS, Roles(["gap"], "count"), "contains NaN"),
        (HuberRegressor(), ROWS, Roles(["x0"], "city"), "could not convert string to float"),
        (HuberRegressor(), ROWS.with_columns(y=float("inf")), Roles(["x0"], "y"), "infinity"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, rows: pl.DataFrame, roles: Roles, words: str, tmp_path: Path
) -> None:
    with scattered(rows, "serial-3", tmp_path) as frame, pytest.raises(ValueError, match=words):
        over_parts(estimator, frame, roles)


@pytest.mark.parametrize("estimator", [PoissonRegressor(max_iter=1), HuberRegressor(max_iter=1)])
def test_says_that_it_did_not_converge(estimator: Any, tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"),
    ):
        assert over_parts(estimator, frame, COUNT).n_iter_ == 1


@pytest.mark.parametrize("estimator", [QuantileRegressor(), PoissonRegressor(warm_start=True)])
def test_has_no_fit_by_passes(estimator: Any, tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(NotDistributableError, match=r"HuberRegressor|warm_start"),
    ):
        over_parts(estimator, frame, COUNT)
