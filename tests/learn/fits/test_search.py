"""Searches over partitions equal scikit-learn's own: the same folds, scores, ranks and best model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    RandomizedSearchCV,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import scalekit as sk
from scalekit.errors import InvalidOperationError, NotDistributableError
from scalekit.learn.passes.numbered import numbered
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
PLAIN = ["x0", "x1", "x2", "small", "offset"]
LOGISTIC = LogisticRegression(solver="newton-cholesky")
SCALED = Pipeline([("scale", StandardScaler()), ("classify", LOGISTIC)])
RIDGE = Pipeline([("scale", StandardScaler()), ("fit", Ridge())])
ALPHAS = {"alpha": [0.1, 1.0, 100.0]}
CS = {"classify__C": [0.1, 1.0]}


def second(results: Any) -> int:
    """A rule of a user's own for the best candidate."""
    return 1


TIMES = {
    **{f"cv_results_['{what}_{of}_time']": np.inf for what in ("mean", "std") for of in ("fit", "score")},
    "refit_time_": np.inf,
}  # fmt: skip

CASES: list[Case] = [
    (GridSearchCV(Ridge(), ALPHAS, return_train_score=True), Roles(PLAIN, "y"), 1e-8, {"loose": TIMES}),
    (GridSearchCV(Ridge(), ALPHAS, scoring=["r2", "neg_mean_squared_error", "neg_root_mean_squared_error", "neg_median_absolute_error", "neg_max_error"], refit="r2", cv=KFold(3, shuffle=True, random_state=0)), Roles(PLAIN, "y", "w"), 1e-8, {"loose": TIMES}),
    (GridSearchCV(RIDGE, {"fit__alpha": [0.1, 100.0], "scale__with_std": [True, False]}, cv=ShuffleSplit(4, random_state=1)), Roles(PLAIN, "y", "w"), 1e-8, {"loose": TIMES}),
    (GridSearchCV(RIDGE, {"fit": [Ridge(3.0), Lasso(0.1)], "scale": ["passthrough", MinMaxScaler()]}, cv=TimeSeriesSplit(3)), Roles(PLAIN, "y"), 1e-8, {"loose": TIMES}),
    (GridSearchCV(Ridge(), ALPHAS, cv=RepeatedKFold(n_splits=3, n_repeats=2, random_state=0), scoring="neg_mean_absolute_percentage_error"), Roles(PLAIN, "amount"), 1e-8, {"loose": TIMES}),
    (GridSearchCV(Ridge(), ALPHAS, cv=PredefinedSplit(np.arange(2_000) % 4 - 1)), Roles(PLAIN, ["y", "amount"]), 1e-8, {"loose": TIMES}),
    (RandomizedSearchCV(SCALED, {"classify__C": [0.01, 0.1, 1.0, 10.0]}, n_iter=3, random_state=3, cv=3, scoring={"a": "accuracy", "loss": "neg_log_loss", "auc": "roc_auc", "f1": make_scorer(f1_score, pos_label=False)}, refit="auc", return_train_score=True), Roles(PLAIN, "late"), 1e-8, {"loose": TIMES}),
    (GridSearchCV(SCALED, CS, cv=3, scoring=("balanced_accuracy", "f1_macro", "roc_auc_ovr", "neg_log_loss", "matthews_corrcoef"), refit="neg_log_loss"), Roles(PLAIN, "mode"), 1e-8, {"loose": TIMES}),
    (GridSearchCV(LOGISTIC, {"C": [0.1, 1.0]}, cv=3), Roles(["x0", "x1"], "mode", "w"), 1e-8, {"loose": TIMES}),
    (GridSearchCV(RIDGE, {"fit__alpha": [0.1, 100.0]}, refit=second), Roles(PLAIN, "y"), 1e-8, {"loose": TIMES}),
    (GridSearchCV(RIDGE, {"fit__alpha": [0.1, 100.0]}, refit=False), Roles(PLAIN, "y"), 1e-8, {"loose": TIMES}),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", range(len(CASES)))
def test_equals_the_plain_search(number: int, way: str, tmp_path: Path) -> None:
    estimator, roles, rtol, how = CASES[number]
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, ROWS, roles), rtol, **how)


def test_all_candidates_and_folds_share_their_passes(tmp_path: Path) -> None:
    many = GridSearchCV(RIDGE, {"fit__alpha": list(np.logspace(-3, 3, 20))}, cv=7)
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        found = over_parts(many, frame, Roles(PLAIN, "y"))
    # folds; scalers; cross products; scores; scaler and cross products of the best
    assert found.scalekit_fit_.passes == 6


@pytest.mark.parametrize("cv", [7, RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)])
def test_linear_models_are_searched_in_two_readings(cv: Any, tmp_path: Path) -> None:
    """One for the folds, one for cross products of which all fits and scores are made, the last fit too."""
    many = GridSearchCV(Lasso(), {"alpha": list(np.logspace(-3, 0, 9)), "positive": [True, False]}, cv=cv, scoring=["r2", "neg_mean_squared_error"], refit="r2", return_train_score=True)  # fmt: skip
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        found = over_parts(many, frame, Roles(PLAIN, "y", "w"))
    assert found.scalekit_fit_.passes == 2
    wanted = plain(many, ROWS, Roles(PLAIN, "y", "w"))
    # dual_gap_ is the difference of sums that are nearly equal
    assert_same(found, wanted, 1e-8, loose={**TIMES, "best_estimator_.dual_gap_": 1e-6})


def test_a_search_within_a_search(tmp_path: Path) -> None:
    inner = GridSearchCV(Ridge(), ALPHAS, cv=3)
    outer = GridSearchCV(inner, {"estimator__fit_intercept": [True, False]}, cv=KFold(3, shuffle=True, random_state=1))  # fmt: skip
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(outer, frame, Roles(PLAIN, "y"))
    wanted = plain(outer, ROWS, Roles(PLAIN, "y"))
    assert np.allclose(found.cv_results_["mean_test_score"], wanted.cv_results_["mean_test_score"], rtol=1e-9)  # fmt: skip
    assert found.best_estimator_.best_params_ == wanted.best_estimator_.best_params_
    assert np.allclose(found.best_estimator_.best_estimator_.coef_, wanted.best_estimator_.best_estimator_.coef_, rtol=1e-8)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_folds_of_rows_without_an_order_are_those_of_the_fit_in_memory(way: str, tmp_path: Path) -> None:  # fmt: skip
    search = GridSearchCV(RIDGE, {"fit__alpha": [0.1, 100.0]}, cv=KFold(3))
    found = []
    with scattered(ROWS, way, tmp_path) as frame:
        grouped = frame.group_by("x0", "x1", "y").agg(sk.col("w").sum())
        for solver in ("passes", "memory"):
            found.append(sk.fit(search, grouped, target="y", solver=solver))  # type: ignore[arg-type]
    scores = [model.cv_results_["mean_test_score"] for model in found]
    assert np.allclose(scores[0], scores[1], rtol=1e-12)
    assert found[0].scalekit_fit_.order == "row hash"


def test_positions_of_rows_without_an_order_are_decided_by_their_values(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        plan = frame.select("x0", "city").unique()._plan
        rows = sk.Frame(numbered(plan)).collect()
    again = sk.Frame(numbered(sk.from_polars(ROWS.reverse()).select("x0", "city").unique()._plan))
    with sk.config(backend="polars"):
        assert rows.equals(again.collect())


def test_a_candidate_that_fails_gets_the_error_score(tmp_path: Path) -> None:
    search = GridSearchCV(Ridge(), {"alpha": [1.0, -1.0]}, cv=3)
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.warns(FitFailedWarning, match="3 fits failed"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        found = over_parts(search, frame, Roles(PLAIN, "y"))
    assert np.isnan(found.cv_results_["mean_test_score"]).tolist() == [False, True]
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(ValueError, match="alpha"):
        over_parts(search.set_params(error_score="raise"), frame, Roles(PLAIN, "y"))


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (GridSearchCV(Ridge(), ALPHAS, cv=GroupKFold(3)), "groups"),
        (GridSearchCV(Ridge(), ALPHAS, scoring=lambda model, x, y: 0.0), "make_scorer"),
        (GridSearchCV(StandardScaler(), {"with_std": [True]}), "scoring="),
    ],
    ids=["groups", "function", "no score"],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_read(search: Any, words: str) -> None:  # fmt: skip
    frame = sk.from_polars(ROWS.select("x0", "y"))
    with pytest.raises(NotDistributableError, match=words):
        sk.fit(search, frame, target="y", solver="passes")


def test_what_the_genuine_search_refuses_it_refuses_before_the_fits(tmp_path: Path) -> None:
    search = GridSearchCV(Ridge(), ALPHAS, scoring=["r2", "neg_mean_squared_error"])
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(ValueError, match="refit"):
        over_parts(search, frame, Roles(PLAIN, "y"))


def test_a_test_set_of_one_row_has_no_r2(tmp_path: Path) -> None:
    search = GridSearchCV(Ridge(), ALPHAS, cv=LeaveOneOut(), refit=False)
    rows, roles = ROWS.head(8), Roles(["x0"], "y")
    with scattered(rows, "serial-3", tmp_path) as frame, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = over_parts(search, frame, roles).cv_results_["mean_test_score"]
        assert np.isnan(found).all()
        search.scoring = "neg_mean_squared_error"
        found = over_parts(search, frame, roles).cv_results_["mean_test_score"]
    assert np.allclose(found, plain(search, rows, roles).cv_results_["mean_test_score"], rtol=1e-9)


def test_a_split_that_names_a_row_twice_is_refused(tmp_path: Path) -> None:
    twice = [([0, 0, 1], [2]), ([1, 2], [0])]
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(InvalidOperationError, match="twice"):  # fmt: skip
        over_parts(GridSearchCV(Ridge(), ALPHAS, cv=twice), frame, Roles(PLAIN, "y"))
