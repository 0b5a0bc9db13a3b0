"""Linear support vector machines over partitions find the optimum that liblinear approaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.svm import LinearSVC, LinearSVR

from scalekit.errors import NotDistributableError
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
X = ["x0", "x1", "small"]
TWO, THREE = Roles(X, "late"), Roles(X, "mode", "w")
NUMBER = Roles(X, "y", "w")
KWARGS = {"loose": {"n_iter_": np.inf}}
EXACT = {"tol": 1e-9, "max_iter": 1_000_000}

CASES: list[Any] = [
    (LinearSVC(**EXACT), TWO, 1e-4, KWARGS),
    (LinearSVC(**EXACT, fit_intercept=False), TWO, 1e-4, KWARGS),
    (LinearSVC(**EXACT), THREE, 1e-4, KWARGS),
    (LinearSVC(**EXACT, class_weight={"air": 3, "rail": 0.5}), THREE, 1e-4, KWARGS),
    (LinearSVC(**EXACT, class_weight="balanced", intercept_scaling=5), TWO, 1e-4, KWARGS),
    (LinearSVC(**EXACT, penalty="l1", C=0.01), TWO, 1e-4, KWARGS),
    (LinearSVC(**EXACT, loss="hinge", C=0.01), TWO, 1e-3, KWARGS),
    (LinearSVR(**EXACT, C=0.01), NUMBER, 1e-3, KWARGS),
    (LinearSVR(**EXACT, C=0.1, epsilon=0.3, loss="squared_epsilon_insensitive"), NUMBER, 1e-4, KWARGS),
    (LinearSVR(**EXACT, loss="squared_epsilon_insensitive", fit_intercept=False), NUMBER, 1e-4, KWARGS),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "kwargs"), CASES, ids=str)
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, kwargs: Any, way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, ROWS, roles), rtol, **kwargs)
    assert found.scalekit_fit_.passes <= (12 if "squared" in estimator.loss else 90)


def test_several_classes_share_their_passes(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(LinearSVC(), frame, THREE)
        assert found.scalekit_fit_.passes <= found.n_iter_ + 3


def test_crammer_and_singer_are_refused(tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(NotDistributableError, match="ovr"),
    ):
        over_parts(LinearSVC(multi_class="crammer_singer"), frame, TWO)


def test_scikit_learn_checks_the_parameters(tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(ValueError, match="Unsupported set of arguments"),
    ):
        over_parts(LinearSVC(penalty="l1", loss="hinge"), frame, TWO)
