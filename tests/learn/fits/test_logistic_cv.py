"""Logistic regression chooses its penalty over partitions as in memory: the same folds, paths and scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import GroupKFold, ShuffleSplit, StratifiedKFold

from scalekit.errors import NotDistributableError
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers(1_200)
X = ["x0", "x1", "small"]
TWO, THREE = Roles(X, "late"), Roles(X, "mode", "w")
NEW: dict[str, Any] = {"use_legacy_attributes": False, "l1_ratios": (0,)}
OLD: dict[str, Any] = {"use_legacy_attributes": True, "scoring": None}
MIXED = StratifiedKFold(3, shuffle=True, random_state=0)
NEWTON: dict[str, Any] = {"Cs": 2, "cv": 3, "solver": "newton-cholesky"}
NO_COUNT = {"loose": {"n_iter_": np.inf}}

SAME: list[Any] = [
    (LogisticRegressionCV(Cs=4, **OLD), TWO, 1e-6, {}),
    (LogisticRegressionCV(**NEWTON, **NEW), Roles(X, "late", "w"), 1e-8, {}),
    (LogisticRegressionCV(**NEWTON, **OLD), THREE, 1e-8, {}),
    (LogisticRegressionCV(**NEWTON, **NEW, scoring="neg_log_loss"), THREE, 1e-8, {}),
    (LogisticRegressionCV(**NEWTON, **OLD, refit=False, fit_intercept=False), TWO, 1e-8, {}),
    (LogisticRegressionCV(**NEWTON, **NEW, refit=False, class_weight="balanced"), THREE, 1e-8, {}),
    (LogisticRegressionCV(Cs=[0.1, 1.0], cv=MIXED, **OLD, class_weight={True: 2.0}), TWO, 1e-6, {}),
    (LogisticRegressionCV(Cs=2, cv=MIXED, **NEW, scoring="roc_auc", solver="newton-cg"), TWO, 1e-6, {}),
    (LogisticRegressionCV(Cs=2, cv=ShuffleSplit(2, random_state=0), **NEW, solver="newton-cholesky"), THREE, 1e-8, {}),
]  # fmt: skip
OPTIMUM: list[Any] = [
    (
        LogisticRegressionCV(
            Cs=[0.1, 1.0], cv=2, solver="saga", l1_ratios=(0, 0.5, 1), tol=1e-7, max_iter=9999,
            use_legacy_attributes=False, scoring="neg_log_loss",
        ),
        TWO, 1e-4, NO_COUNT,
    ),
    (LogisticRegressionCV(Cs=2, cv=2, solver="liblinear", **OLD, tol=1e-8), TWO, 1e-4, NO_COUNT),
]  # fmt: skip
CASES = [*SAME, *OPTIMUM]

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "kwargs"), CASES, ids=lambda _: "")
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, kwargs: Any, way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, ROWS, roles), rtol, **kwargs)


def test_folds_share_their_passes(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(LogisticRegressionCV(**{**NEWTON, "cv": 5}, **NEW), frame, TWO)
        alone = over_parts(LogisticRegression(solver="newton-cholesky"), frame, TWO)
    # as one path and a refit, not as five: classes with folds, the kept rows, weights, scores
    longest = int(found.n_iter_.sum(axis=-1).max())
    assert found.scalekit_fit_.passes <= longest + 2 + alone.scalekit_fit_.passes + 6


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"cv": GroupKFold(2)}, "groups"), ({"scoring": lambda model, x, y: 0.0}, "make_scorer")],
    ids=["groups", "function"],
)
def test_is_refused(settings: Any, words: str, tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(NotDistributableError, match=words),
    ):
        over_parts(LogisticRegressionCV(**settings), frame, TWO)
