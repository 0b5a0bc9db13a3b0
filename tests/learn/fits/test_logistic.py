"""Logistic regression over partitions takes scikit-learn's own steps, or finds the optimum that it approaches."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from scalekit.errors import NotDistributableError
from scalekit.learn.matrix import to_features
from scalekit.learn.passes.batch import Batch
from scalekit.learn.passes.inverted import inverted
from scalekit.learn.strategies.losses import Binomial, Multinomial
from scalekit.learn.strategies.objective import bent, curved, sloped
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
TWO = Roles(["x0", "x1", "small", "twin"], "late")
TEXT = Roles(["x0", "x1", "small"], "kind")
THREE = Roles(["x0", "x1", "small"], "mode")
WEIGHTED = Roles(["x0", "x1", "small"], "mode", "w")
NO_COUNT = {"loose": {"n_iter_": np.inf}}

SAME: list[Any] = [
    (LogisticRegression(), TWO, 1e-8, {}),
    (LogisticRegression(class_weight="balanced"), Roles(TWO.features, "late", "w"), 1e-8, {}),
    (LogisticRegression(C=0.01, fit_intercept=False), TWO, 1e-8, {}),
    (LogisticRegression(solver="newton-cg"), TWO, 1e-8, {}),
    (LogisticRegression(solver="newton-cholesky"), TWO, 1e-10, {}),
    (LogisticRegression(solver="newton-cholesky", C=np.inf), TWO, 1e-10, {}),
    (LogisticRegression(), THREE, 1e-6, {}),
    (LogisticRegression(), WEIGHTED, 1e-6, {}),
    (LogisticRegression(class_weight={"air": 2.0}), THREE, 1e-6, {}),
    (LogisticRegression(solver="newton-cg"), THREE, 1e-6, {}),
    (LogisticRegression(solver="newton-cholesky"), WEIGHTED, 1e-10, {}),
    (LogisticRegression(solver="newton-cholesky", C=np.inf), THREE, 1e-10, {}),
    (LogisticRegression(solver="newton-cholesky"), TEXT, 1e-10, {}),
    (LogisticRegression(solver="newton-cholesky"), Roles(["x0", "x1"], "days"), 1e-10, {}),
]
OPTIMUM: list[Any] = [
    (LogisticRegression(solver="liblinear", tol=1e-9, intercept_scaling=3.0), THREE.features, 1e-4, {}),
    (LogisticRegression(solver="liblinear", tol=1e-9, C=0.05, l1_ratio=1), THREE.features, 1e-4, {}),
    (LogisticRegression(solver="liblinear", tol=1e-9, fit_intercept=False), THREE.features, 1e-4, {}),
    (LogisticRegression(solver="saga", tol=1e-8, C=0.1, l1_ratio=0.5, max_iter=9999), WEIGHTED, 1e-4, {}),
    (LogisticRegression(solver="saga", tol=1e-8, C=0.02, l1_ratio=1, max_iter=9999), THREE, 1e-4, {}),
    (LogisticRegression(solver="sag", tol=1e-8, max_iter=9999), THREE, 1e-4, {}),
]  # fmt: skip
OPTIMUM = [
    (one, Roles(roles, "late") if isinstance(roles, list) else roles, rtol, NO_COUNT)
    for one, roles, rtol, _ in OPTIMUM
]
CASES = [*SAME, *OPTIMUM]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "kwargs"), CASES, ids=str)
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, kwargs: Any, way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    wanted = plain(estimator, ROWS, roles)
    assert_same(found, wanted, rtol, **kwargs)
    x = to_features(ROWS.select(roles.features))
    chances = np.abs(found.predict_proba(x) - wanted.predict_proba(x)).max()
    assert chances <= max(1e-6, rtol)
    assert found.scalekit_fit_.exactness == "converged"


def test_passes_are_evaluations_and_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.linear_model._linear_loss import LinearModelLoss

    evaluations = 0
    original = LinearModelLoss.loss_gradient

    def counting(*arguments: Any, **named: Any) -> Any:
        nonlocal evaluations
        evaluations += 1
        return original(*arguments, **named)

    monkeypatch.setattr(LinearModelLoss, "loss_gradient", counting)
    plain(LogisticRegression(), ROWS, TWO)
    wanted = evaluations
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        assert over_parts(LogisticRegression(), frame, TWO).scalekit_fit_.passes <= wanted + 3
        for solver in ("newton-cholesky", "newton-cg", "saga", "liblinear"):
            found = over_parts(LogisticRegression(solver=solver), frame, TWO)
            assert found.scalekit_fit_.passes <= 12


def test_says_that_it_did_not_converge(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"):
            found = over_parts(LogisticRegression(max_iter=3), frame, TWO)
        assert found.n_iter_.tolist() == [3]
        with pytest.warns(ConvergenceWarning, match="Newton solver did not converge"):
            over_parts(LogisticRegression(max_iter=2, solver="newton-cholesky"), frame, TWO)


@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")
def test_a_singular_hessian_falls_back_to_lbfgs(tmp_path: Path) -> None:
    rows = ROWS.with_columns(again=pl.col("x0"))
    roles = Roles(["x0", "again", "x1"], "late")
    estimator = LogisticRegression(solver="newton-cholesky", C=np.inf)
    with scattered(rows, "serial-3", tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, rows, roles), 1e-6, loose={"n_iter_": np.inf})


@pytest.mark.parametrize(
    ("rows", "roles", "words"),
    [
        (ROWS.with_columns(late=True), TWO, "at least 2 classes"),
        (ROWS, Roles(["x0", "gap"], "late"), "contains NaN"),
        (ROWS, Roles(["x0", "city"], "late"), "could not convert string to float"),
        (ROWS, Roles(["x0"], "y"), "Unknown label type: continuous"),
        (ROWS.with_columns(w=float("nan")), WEIGHTED, "sample_weight contains NaN"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses_what_scikit_learn_refuses(
    rows: pl.DataFrame, roles: Roles, words: str, tmp_path: Path
) -> None:
    with (
        scattered(rows, "serial-3", tmp_path) as frame,
        pytest.raises(ValueError, match=words),
    ):
        over_parts(LogisticRegression(), frame, roles)


def test_solvers_of_two_classes_refuse_three(tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(ValueError, match=r"liblinear.*multiclass"),
    ):
        over_parts(LogisticRegression(solver="liblinear"), frame, THREE)


def test_a_warm_start_is_refused(tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(NotDistributableError, match="warm_start"),
    ):
        over_parts(LogisticRegression(warm_start=True), frame, TWO)


@pytest.mark.parametrize("weight", [False, True])
@pytest.mark.parametrize("loss", [Binomial(), Multinomial(3)], ids=str)
def test_sparse_rows_are_as_good_as_dense_ones(loss: Any, weight: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5)) * (rng.random((300, 5)) < 0.3)
    y = rng.integers(0, max(2, loss.outputs), 300).astype(float)
    w = rng.random(300) if weight else None
    shape = (6,) if loss.outputs == 1 else (3, 6)
    coef, direction = rng.normal(size=shape), rng.normal(size=shape)
    found, wanted = (
        (
            *sloped(batch, loss, coef, True),
            *curved(batch, loss, coef, True),
            bent(batch, loss, coef, direction, True),
        )
        for batch in (
            Batch(pl.DataFrame({"i": y}), lambda x=x: x, lambda: y, lambda: w)
            for x in (sparse.csr_array(x), x)
        )
    )
    for left, right in zip(found, wanted, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-12)
    product = wanted[4] @ direction.ravel(order="F")
    np.testing.assert_allclose(wanted[6].ravel(order="F"), product, rtol=1e-10, atol=1e-10)


def _threads() -> int:
    return sum(thread.name == "scalekit-solver" for thread in threading.enumerate())


def test_a_solver_ends_with_its_fit() -> None:
    def solve(ask: Any) -> Any:
        return ask(ask(1))

    def answer(question: int) -> Any:
        return (yield question)

    fit = inverted(solve, answer)
    assert fit.send(None) == 1
    assert fit.send(10) == 10
    with pytest.raises(StopIteration) as end:
        fit.send(100)
    assert end.value.value == 100

    abandoned = inverted(solve, answer)
    abandoned.send(None)
    assert _threads() == 1
    abandoned.close()

    failed = inverted(solve, answer)
    failed.send(None)
    with pytest.raises(OSError, match="a worker died"):
        failed.throw(OSError("a worker died"))

    broken = inverted(lambda ask: 1 / ask(0), answer)
    broken.send(None)
    with pytest.raises(ZeroDivisionError):
        broken.send(0)
    assert _threads() == 0
