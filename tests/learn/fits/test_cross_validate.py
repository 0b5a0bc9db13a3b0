"""sk.cross_validate gives what scikit-learn's gives: the same folds, scores and keys, on every backend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeavePOut,
    RepeatedStratifiedKFold,
    StratifiedShuffleSplit,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit.errors import NotDistributableError
from scalekit.learn.local import weight_parameter
from scalekit.learn.matrix import to_features, to_target, to_weights
from tests.learn.fits.harness import WAYS, Roles, numbers, scattered

ROWS = numbers()
PLAIN = ["x0", "x1", "x2", "small"]
LOGISTIC = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky"))
RIDGE = make_pipeline(StandardScaler(), Ridge())

CALLS: list[tuple[Any, Roles, dict[str, Any]]] = [
    (Ridge(), Roles(PLAIN, "y"), {}),
    (RIDGE, Roles(PLAIN, "y", "w"), {"cv": KFold(4, shuffle=True, random_state=0), "scoring": ("r2", "neg_mean_absolute_error"), "return_train_score": True}),
    (LOGISTIC, Roles(PLAIN, "mode"), {"cv": 3, "scoring": {"f": "f1_weighted", "auc": "roc_auc_ovr"}}),
    (LOGISTIC, Roles(PLAIN, "late", "days"), {"cv": StratifiedShuffleSplit(3, test_size=0.2, random_state=1), "scoring": "average_precision", "return_train_score": True}),
    (LOGISTIC, Roles(PLAIN, "late"), {"cv": RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0), "scoring": "neg_brier_score"}),
]  # fmt: skip


def plainly(estimator: Any, roles: Roles, rows: Any = ROWS, **how: Any) -> dict[str, Any]:
    """scikit-learn's own cross-validation of the same rows, in memory."""
    weights = {weight_parameter(estimator): to_weights(rows[roles.weight])} if roles.weight else {}
    features, target = to_features(rows.select(roles.features)), to_target(rows.select(roles.target))  # fmt: skip
    return cross_validate(estimator, features, target, params=weights, **how)  # type: ignore[no-any-return]


def assert_same_scores(found: Any, wanted: Any) -> None:
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        if name.endswith("_time"):
            assert found[name].shape == values.shape
        elif name != "estimator":
            assert found[name].dtype == values.dtype
            np.testing.assert_allclose(found[name], values, rtol=1e-9)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", range(len(CALLS)))
def test_equals_scikit_learns(case: int, way: str, tmp_path: Path) -> None:
    estimator, roles, how = CALLS[case]
    with scattered(ROWS, way, tmp_path) as frame:
        found = sk.cross_validate(
            estimator, frame, target=roles.target, features=list(roles.features), sample_weight=roles.weight,
            solver="passes", **how,
        )  # fmt: skip
    assert_same_scores(found, plainly(estimator, roles, **how))


def test_a_frame_that_fits_the_memory_is_scikit_learns_own(tmp_path: Path) -> None:
    with scattered(ROWS, "polars", tmp_path) as frame:
        found = sk.cross_validate(RIDGE, frame, target="y", features=PLAIN, sample_weight="w", return_estimator=True)  # fmt: skip
    wanted = plainly(RIDGE, Roles(PLAIN, "y", "w"), return_estimator=True)
    assert_same_scores(found, wanted)
    assert (found["estimator"][0][-1].coef_ == wanted["estimator"][0][-1].coef_).all()


def test_estimators_of_folds_are_genuine(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = sk.cross_validate(RIDGE, frame, target="y", features=PLAIN, solver="passes", return_estimator=True)  # fmt: skip
    wanted = plainly(RIDGE, Roles(PLAIN, "y"), return_estimator=True)
    assert list(found) == list(wanted)
    for ours, theirs in zip(found["estimator"], wanted["estimator"], strict=True):
        assert type(ours) is type(theirs)
        np.testing.assert_allclose(ours[-1].coef_, theirs[-1].coef_, rtol=1e-8)


def test_a_fold_without_some_class_scores_as_in_scikit_learn(tmp_path: Path) -> None:
    rows = ROWS.sort("mode")
    how: dict[str, Any] = {"cv": KFold(3), "scoring": ["accuracy", "neg_log_loss"]}
    wanted = Roles(PLAIN, "mode")
    with scattered(rows, "serial-3", tmp_path) as frame, pytest.warns(UserWarning, match="Scoring failed"):  # fmt: skip
        found = sk.cross_validate(LOGISTIC, frame, target="mode", features=PLAIN, solver="passes", **how)  # fmt: skip
    with pytest.warns(UserWarning, match="Scoring failed"):
        assert_same_scores(found, plainly(LOGISTIC, wanted, rows, **how))


def test_groups_are_refused_before_anything_is_read() -> None:
    frame = sk.from_polars(ROWS)
    with pytest.raises(NotDistributableError, match=r"sk\.split"):
        sk.cross_validate(Ridge(), frame, target="y", features=PLAIN, cv=GroupKFold(2), solver="passes")  # fmt: skip


def test_splits_that_overlap_are_scored_one_by_one(tmp_path: Path) -> None:
    rows = ROWS.head(6)
    how: dict[str, Any] = {"cv": LeavePOut(2), "scoring": "neg_mean_squared_error"}
    with scattered(rows, "serial-3", tmp_path) as frame:
        found = sk.cross_validate(Ridge(), frame, target="y", features=["x0"], solver="passes", **how)  # fmt: skip
    assert_same_scores(found, plainly(Ridge(), Roles(["x0"], "y"), rows, **how))
