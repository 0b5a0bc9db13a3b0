"""Stacks, calibrated classifiers, codes of classes and thresholds over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, StackingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.multiclass import OutputCodeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scalekit.errors import NotDistributableError
from scalekit.learn.matrix import to_features
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

ROWS = numbers().with_columns(two=pl.col("late").cast(pl.Int64) + 1)
PLAIN = ["x0", "x1", "small"]
LOGISTIC = LogisticRegression(solver="newton-cholesky")
SCALED = make_pipeline(StandardScaler(), Ridge(10.0))
FROZEN = FrozenEstimator(plain(LOGISTIC, ROWS.head(500), Roles(PLAIN, "late")))
LINEAR = [("a", Ridge()), ("b", "drop"), ("c", SCALED)]
KINDS = [("a", LOGISTIC), ("b", GaussianNB())]

CASES: list[Case] = [
    (StackingRegressor(LINEAR, final_estimator=Ridge()), Roles(PLAIN, "y"), 1e-8, {}),
    (StackingRegressor([("a", Ridge()), ("c", Lasso(0.1))], passthrough=True, cv=KFold(3, shuffle=True, random_state=0)), Roles(PLAIN, "y", "w"), 1e-6, {}),
    (StackingClassifier(KINDS, final_estimator=LOGISTIC, cv=3), Roles(PLAIN, "mode"), 1e-6, {}),
    (StackingClassifier(KINDS, final_estimator=LOGISTIC, stack_method="predict_proba", cv=StratifiedKFold(3, shuffle=True, random_state=1)), Roles(PLAIN, "late", "w"), 1e-6, {}),
    (CalibratedClassifierCV(LOGISTIC, cv=3), Roles(PLAIN, "late"), 1e-6, {}),
    (CalibratedClassifierCV(LOGISTIC, cv=3, method="isotonic"), Roles(PLAIN, "mode", "w"), 1e-6, {}),
    (CalibratedClassifierCV(GaussianNB(), cv=3, ensemble=False), Roles(PLAIN, "mode"), 1e-6, {}),
    (CalibratedClassifierCV(GaussianNB(), cv=ShuffleSplit(2, random_state=0)), Roles(PLAIN, "late"), 1e-6, {}),
    (CalibratedClassifierCV(LOGISTIC, cv=3, method="temperature"), Roles(PLAIN, "mode"), 1e-6, {}),
    (CalibratedClassifierCV(LOGISTIC, cv=3, method="temperature"), Roles(PLAIN, "late"), 1e-6, {}),
    (CalibratedClassifierCV(LOGISTIC, cv=3, method="temperature", ensemble=False), Roles(PLAIN, "late"), 1e-6, {}),
    (CalibratedClassifierCV(FROZEN), Roles(PLAIN, "late"), 1e-6, {}),
    (OutputCodeClassifier(LOGISTIC, random_state=0), Roles(PLAIN, "mode"), 1e-6, {}),
    (OutputCodeClassifier(GaussianNB(), random_state=1), Roles(PLAIN, "mode"), 1e-6, {}),
    (FixedThresholdClassifier(LOGISTIC, threshold=0.3), Roles(PLAIN, "late"), 1e-6, {}),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case[0]).__name__)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    estimator, roles, rtol, how = case
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    wanted = plain(estimator, ROWS, roles)
    assert_same(found, wanted, rtol, **how)
    x = to_features(ROWS.select(roles.features))
    method = "predict_proba" if hasattr(wanted, "predict_proba") else "predict"
    ours, theirs = getattr(found, method)(x), getattr(wanted, method)(x)
    assert (ours == theirs).all() or np.allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ensemble", [True, False])
def test_a_temperature_of_labels_that_are_no_codes(
    way: str, ensemble: bool, tmp_path: Path
) -> None:
    """Compared with the codes 0 and 1: scikit-learn 1.9 itself reads beyond an array's end for the labels 1 and 2."""
    estimator = CalibratedClassifierCV(LOGISTIC, cv=3, method="temperature", ensemble=ensemble)
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, Roles(PLAIN, "two"))
    wanted = plain(estimator, ROWS, Roles(PLAIN, "late"))
    x = to_features(ROWS.select(PLAIN))
    np.testing.assert_allclose(found.predict_proba(x), wanted.predict_proba(x), rtol=1e-6)
    np.testing.assert_array_equal(found.classes_, [1, 2])
    np.testing.assert_array_equal(found.predict(x), wanted.predict(x) + 1)


def test_members_on_all_folds_share_their_passes(tmp_path: Path) -> None:
    stack = StackingRegressor([("a", Ridge()), ("b", Ridge(3.0))], final_estimator=Ridge(), cv=7)
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(stack, frame, Roles(PLAIN, "y"))
    assert found.scalekit_fit_.passes == 3  # folds, members, final estimator


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (StackingRegressor(LINEAR, cv="prefit"), "FrozenEstimator"),
        (StackingRegressor(LINEAR, cv=GroupKFold()), "groups"),
        (CalibratedClassifierCV(LOGISTIC, cv=GroupKFold()), "groups"),
    ],
)
def test_what_has_no_fit_is_refused(model: Any, words: str, tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(NotDistributableError, match=words):  # fmt: skip
        over_parts(model, frame, Roles(PLAIN, "late"))


def test_a_class_too_rare_for_the_folds_is_told_in_scikit_learns_words(tmp_path: Path) -> None:
    rows = ROWS.with_columns(rare=pl.int_range(pl.len()) < 2)
    with scattered(rows, "serial-3", tmp_path) as frame, pytest.raises(ValueError, match="less than 5 examples"):  # fmt: skip
        over_parts(CalibratedClassifierCV(LOGISTIC, cv=5), frame, Roles(PLAIN, "rare"))
