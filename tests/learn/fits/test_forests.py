"""Forests, bags and landmarks over partitions are scikit-learn's own: they draw the same rows, and grow the same trees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit.errors import NotDistributableError
from scalekit.learn.matrix import to_features
from scalekit.learn.strategies import bagging, forests, landmarks
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
GAPS = ["x0", "x1", "gap", "small", "offset"]
FULL = ["x0", "x1", "small", "offset"]
ONES: dict[str, Any] = {"absent": ["_sample_weight"]}
"""A weight for each row is not kept."""

FORESTS: list[Case] = [
    (RandomForestClassifier(5, random_state=0), Roles(GAPS, "mode"), 1e-12, {}),
    (RandomForestRegressor(5, random_state=0, max_samples=0.3, min_samples_leaf=0.01), Roles(GAPS, "y"), 1e-12, {}),
    (RandomForestClassifier(5, random_state=0, class_weight="balanced_subsample", max_samples=30), Roles(GAPS, "city"), 1e-12, {}),
    (RandomForestClassifier(5, random_state=0, class_weight="balanced"), Roles(GAPS, "mode", "w"), 1e-12, ONES),
    (RandomForestRegressor(5, random_state=0, criterion="poisson"), Roles(GAPS, "amount", "w"), 1e-12, ONES),
    (RandomForestClassifier(5, random_state=0, min_samples_split=0.02), Roles(GAPS, ["mode", "city"]), 1e-12, {}),
    (ExtraTreesClassifier(5, random_state=0, class_weight={"air": 2, "rail": 1, "road": 3}), Roles(GAPS, "mode", "w"), 1e-12, ONES),
    (ExtraTreesRegressor(5, random_state=0), Roles(GAPS, ["y", "amount"]), 1e-12, {}),
]  # fmt: skip

CASES: list[Case] = [
    *FORESTS,
    (BaggingClassifier(n_estimators=5, random_state=0), Roles(FULL, "mode"), 1e-12, {}),
    (BaggingClassifier(LogisticRegression(solver="newton-cholesky"), n_estimators=5, random_state=0, max_features=0.5, bootstrap_features=True, max_samples=0.1), Roles(["x0", "x1", "small"], "mode", "w"), 1e-8, ONES),
    (BaggingRegressor(make_pipeline(StandardScaler(), KNeighborsRegressor()), n_estimators=5, random_state=0, max_features=3), Roles(FULL, "y"), 1e-12, {}),
    (BaggingRegressor(Ridge(), n_estimators=5, random_state=0, bootstrap=False, max_samples=50), Roles(FULL, ["y", "amount"]), 1e-8, {}),
    (IsolationForest(n_estimators=5, random_state=0), Roles(FULL), 1e-12, {}),
    (IsolationForest(n_estimators=5, random_state=0, contamination=0.1, max_samples=100), Roles(FULL, None, "w"), 1e-12, {}),
    (Nystroem(n_components=20, random_state=3), Roles(FULL), 1e-12, {}),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case[0]).__name__)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    estimator, roles, rtol, how = case
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    wanted = plain(estimator, ROWS, roles)
    assert_same(found, wanted, rtol, **how)
    assert found.scalekit_fit_.passes <= 3
    if hasattr(wanted, "predict"):
        x = to_features(ROWS.select(roles.features))
        ours, theirs = found.predict(x), wanted.predict(x)
        assert (ours == theirs).all() or np.allclose(ours, theirs, rtol=1e-8)


@pytest.mark.parametrize("case", FORESTS, ids=lambda case: type(case[0]).__name__)
def test_trees_are_the_same_to_the_last_bit(case: Case, tmp_path: Path) -> None:
    estimator, roles, *_ = case
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    for ours, theirs in zip(found.estimators_, plain(estimator, ROWS, roles).estimators_, strict=True):  # fmt: skip
        a, b = ours.tree_.__getstate__(), theirs.tree_.__getstate__()
        assert (a["nodes"] == b["nodes"]).all()
        assert (a["values"] == b["values"]).all()


def test_rows_are_brought_in_waves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forests, "WAVE", 10_000)
    model = RandomForestRegressor(6, random_state=0, max_samples=300)
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(model, frame, Roles(FULL, "y"))
    assert found.scalekit_fit_.passes > 3
    assert_same(found, plain(model, ROWS, Roles(FULL, "y")), 1e-12)


@pytest.mark.parametrize(
    ("model", "roles", "drawn"),
    [
        (RandomForestRegressor(20, random_state=0), Roles(FULL, "y"), RandomForestRegressor(20, random_state=0, max_samples=500)),
        (ExtraTreesRegressor(20, random_state=0), Roles(FULL, "y"), ExtraTreesRegressor(20, random_state=0, bootstrap=True, max_samples=500)),
        (BaggingRegressor(n_estimators=20, random_state=0), Roles(FULL, "y"), BaggingRegressor(n_estimators=20, random_state=0, max_samples=500)),
        (IsolationForest(n_estimators=20, random_state=0, contamination=0.1), Roles(FULL), None),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_of_too_many_rows_members_draw_so_many(model: Any, roles: Roles, drawn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    for module in (forests, bagging, landmarks):
        monkeypatch.setattr(module, "MOST_DRAWN", 500)
    found = []
    for way in ("serial-8", "polars"):
        (folder := tmp_path / way).mkdir()
        with scattered(ROWS, way, folder) as frame:
            if drawn is None:
                found.append(over_parts(model, frame, roles))
            else:
                with pytest.warns(UserWarning, match="500 rows that it draws of 2,000"):
                    found.append(over_parts(model, frame, roles))
    x = to_features(ROWS.select(roles.features))
    assert (found[0].predict(x) == found[1].predict(x)).all()
    if drawn is None:
        assert np.mean(found[0].predict(x) == -1) == pytest.approx(0.1, abs=0.002)
        return
    wanted = plain(drawn, ROWS, roles)
    y = ROWS[roles.target].to_numpy()
    assert found[0].score(x, y) == pytest.approx(wanted.score(x, y), abs=0.05)


def test_a_search_over_forests_has_scikit_learns_scores(tmp_path: Path) -> None:
    model = GridSearchCV(RandomForestRegressor(4, random_state=0, max_samples=200), {"max_depth": [2, 5]}, cv=KFold(3))  # fmt: skip
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(model, frame, Roles(FULL, "y"))
    wanted = plain(model, ROWS, Roles(FULL, "y"))
    for name in ("mean_test_score", "std_test_score"):
        assert np.allclose(found.cv_results_[name], wanted.cv_results_[name], rtol=1e-10)


def test_rows_without_an_order_are_drawn_as_in_memory(tmp_path: Path) -> None:
    model = RandomForestRegressor(4, random_state=0)
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        grouped = frame.group_by("x0", "x1", "y").agg(sk.len())
        ours = sk.fit(model, grouped, target="y", solver="passes")
        theirs = sk.fit(model, grouped, target="y", solver="memory")
    x = ROWS.select("x0", "x1", pl.lit(1).alias("len")).to_pandas()
    assert (ours.predict(x) == theirs.predict(x)).all()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (RandomForestClassifier(oob_score=True), "cross_validate"),
        (RandomForestClassifier(warm_start=True), "at once"),
        (BaggingClassifier(oob_score=True), "cross_validate"),
        (IsolationForest(warm_start=True), "warm_start"),
    ],
)
def test_what_has_no_fit_is_refused(model: Any, words: str) -> None:
    with pytest.raises(NotDistributableError, match=words):
        sk.fit(model, sk.from_polars(ROWS.select(*FULL, "mode")), target="mode", solver="passes")
