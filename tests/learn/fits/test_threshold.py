"""A classifier with a threshold that is given, over partitions, equals scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scalekit.errors import InvalidOperationError
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

ROWS = numbers()
X = ["x0", "x1", "x2", "small"]
SCALED = make_pipeline(StandardScaler(), LogisticRegression())

CASES: list[Case] = [
    (FixedThresholdClassifier(SCALED, threshold=0.3), Roles(X, "late"), 1e-8, {}),
    (
        FixedThresholdClassifier(SCALED, threshold=0.1, response_method="decision_function"),
        Roles(X, "late"),
        1e-8,
        {},
    ),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "how"), CASES, ids=lambda v: None)
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, how: dict[str, Any], way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    wanted = plain(estimator, ROWS, roles)
    assert_same(found, wanted, rtol, **how)
    rows = ROWS.select(X).to_pandas()
    assert (found.predict(rows) == wanted.predict(rows)).all()
    assert found.scalekit_fit_.exactness == "converged"


def test_more_than_two_classes_are_refused_as_scikit_learn_refuses_them(tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(ValueError, match="Only binary classification is supported"),
    ):
        over_parts(FixedThresholdClassifier(SCALED), frame, Roles(X, "mode"))


def test_weights_are_refused(tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(InvalidOperationError, match="takes no sample_weight"),
    ):
        over_parts(FixedThresholdClassifier(SCALED), frame, Roles(X, "late", "w"))
