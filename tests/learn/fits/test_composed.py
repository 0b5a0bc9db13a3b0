"""Estimators that are made of others, over partitions, equal scikit-learn's own."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, OneHotEncoder, StandardScaler

from scalekit.errors import InvalidOperationError, NotDistributableError
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

ROWS = numbers().with_columns(
    often=pl.col("count") > 0, always=pl.lit(1), seldom=pl.col("days") == 1
)
MIXED = ["x0", "x1", "x2", "gap", "small", "city"]
PLAIN = ["x0", "x1", "x2", "small", "offset"]


def gaps(rows: Any) -> list[str]:
    """A selector of columns."""
    return [name for name in rows.columns if name == "gap"]


PREPARE = ColumnTransformer(
    [
        ("scaled", StandardScaler(), ["x0", "x1"]),
        ("gaps", MinMaxScaler(), gaps),
        ("slice", MaxAbsScaler(), slice(1, 3)),
        ("mask", MinMaxScaler(), [True, False, True, False, False, False]),
        ("place", "passthrough", [4]),
        ("text", "drop", ["city"]),
        ("empty", StandardScaler(), []),
    ],
    transformer_weights={"scaled": 2.0},
)
REST = ColumnTransformer([("scaled", StandardScaler(), ["x0"])], remainder=MinMaxScaler())
UNION = FeatureUnion([("a", StandardScaler()), ("b", "passthrough"), ("c", "drop"), ("d", MinMaxScaler())])  # fmt: skip
LATE = Roles(PLAIN, "late")
MODE = Roles(PLAIN, "mode")
LOGISTIC = LogisticRegression(solver="newton-cholesky")

TRANSFORMERS: list[Case] = [
    (PREPARE, Roles(MIXED), 1e-12, {}),
    (REST, Roles(PLAIN), 1e-12, {}),
    (ColumnTransformer([("all", UNION, PLAIN)], verbose_feature_names_out=False), Roles([*PLAIN, "x3"]), 1e-12, {}),
    (UNION, Roles(PLAIN), 1e-12, {}),
    (make_pipeline(PREPARE, "passthrough", UNION), Roles(MIXED), 1e-12, {}),
    (make_pipeline(PREPARE, StandardScaler()).set_output(transform="pandas"), Roles(MIXED), 1e-12, {}),
]  # fmt: skip

CASES: list[Case] = [
    *TRANSFORMERS,
    (make_pipeline(PREPARE, UNION), Roles(MIXED), 1e-12, {}),
    (make_pipeline(StandardScaler(), LOGISTIC), LATE, 1e-8, {}),
    (make_pipeline(StandardScaler(), LOGISTIC), Roles(PLAIN, "late", "w"), 1e-8, {}),
    (TransformedTargetRegressor(make_pipeline(StandardScaler(), Ridge()), transformer=MinMaxScaler()), Roles(PLAIN, "y"), 1e-8, {}),
    (make_pipeline(StandardScaler(), OneVsRestClassifier(LOGISTIC)), MODE, 1e-8, {}),
    (make_pipeline(StandardScaler(), OneVsRestClassifier(LOGISTIC)), LATE, 1e-8, {}),
    (make_pipeline(StandardScaler(), OneVsRestClassifier(LOGISTIC)), Roles(PLAIN, ["often", "always", "seldom"]), 1e-8, {}),
    (make_pipeline(StandardScaler(), OneVsOneClassifier(LOGISTIC)), MODE, 1e-8, {}),
    (make_pipeline(StandardScaler(), MultiOutputClassifier(LOGISTIC)), Roles(PLAIN, ["city", "mode"]), 1e-8, {}),
    (make_pipeline(StandardScaler(), ClassifierChain(LOGISTIC, order=[1, 0])), Roles(PLAIN, ["late", "often"]), 1e-8, {}),
    (make_pipeline(StandardScaler(), VotingClassifier([("a", LOGISTIC), ("b", "drop"), ("c", LogisticRegression(solver="newton-cholesky", C=0.1))], voting="soft")), MODE, 1e-8, {}),
    (make_pipeline(StandardScaler(), SelectFromModel(LOGISTIC), LOGISTIC), LATE, 1e-8, {}),
    (make_pipeline(StandardScaler(), RFE(LOGISTIC, n_features_to_select=2, step=2)), LATE, 1e-8, {}),
]  # fmt: skip

BY_GATHERING: list[Case] = [
    (TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp), Roles(PLAIN, "amount", "w"), 1e-8, {}),
    (TransformedTargetRegressor(transformer=MinMaxScaler()), Roles(PLAIN, ["y", "amount"]), 1e-8, {}),
    (MultiOutputRegressor(Ridge()), Roles(PLAIN, ["y", "amount"], "w"), 1e-8, {}),
    (RegressorChain(Ridge(), order="random", random_state=3), Roles(PLAIN, ["y", "amount"], "w"), 1e-8, {}),
    (VotingRegressor([("a", Ridge()), ("b", Ridge(3.0))], weights=[1, 2]), Roles(PLAIN, "y", "w"), 1e-8, {}),
    (OneVsRestClassifier(make_pipeline(StandardScaler(), GaussianNB())), MODE, 1e-8, {}),
    (OneVsOneClassifier(GaussianNB()), MODE, 1e-8, {}),
    (SelectFromModel(Ridge(), max_features=2, threshold="median"), Roles(PLAIN, "y", "w"), 1e-8, {}),
    (RFE(Ridge(), step=0.3), Roles(PLAIN, "y"), 1e-8, {}),
]  # fmt: skip
"""Cases whose members are fitted on gathered rows where they have no strategy."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES + BY_GATHERING, ids=lambda case: type(case[0]).__name__)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    estimator, roles, rtol, how = case
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles, on_unsupported="gather")
    assert_same(found, plain(estimator, ROWS, roles), rtol, **how)
    assert found.scalekit_fit_.rows == ROWS.height


@pytest.mark.parametrize("case", TRANSFORMERS[:4], ids=lambda case: type(case[0]).__name__)
def test_members_share_one_pass(case: Case, tmp_path: Path) -> None:
    estimator, roles, *_ = case
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        assert over_parts(estimator, frame, roles).scalekit_fit_.passes == 1


def test_a_vote_costs_no_more_passes_than_its_longest_member(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        alone = over_parts(make_pipeline(StandardScaler(), LOGISTIC), frame, MODE)
        three = VotingClassifier([(name, clone_of(LOGISTIC, c)) for name, c in zip("abc", (1, 2, 3), strict=True)])  # fmt: skip
        voted = over_parts(make_pipeline(StandardScaler(), three), frame, MODE)
    assert voted.scalekit_fit_.passes <= alone.scalekit_fit_.passes + 1  # one for the classes


def clone_of(estimator: Any, c: float) -> Any:
    return type(estimator)(**{**estimator.get_params(), "C": c})


def test_selectors_by_type_see_the_types_of_the_frame(tmp_path: Path) -> None:
    choice = [("numbers", StandardScaler(), make_column_selector(dtype_include=np.number))]
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        found = over_parts(ColumnTransformer(choice), frame, Roles(MIXED))
    wanted = plain(ColumnTransformer(choice), ROWS, Roles(MIXED))
    assert found.transformers_[0][2] == wanted.transformers_[0][2]
    assert np.allclose(
        found.transformers_[0][1].mean_, wanted.transformers_[0][1].mean_, rtol=1e-12
    )


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.3, 1.0])
@pytest.mark.parametrize("drop", [None, "first", "if_binary"])
def test_the_output_is_sparse_where_scikit_learns_is(threshold: float, drop: Any, tmp_path: Path) -> None:  # fmt: skip
    estimator = ColumnTransformer(
        [("kinds", OneHotEncoder(drop=drop), ["kind", "city"])], sparse_threshold=threshold
    )
    roles = Roles(["kind", "city"])
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        found = over_parts(estimator, frame, roles, on_unsupported="gather")
    assert found.sparse_output_ == plain(estimator, ROWS, roles).sparse_output_


def test_frozen_members_stay_as_they_are(tmp_path: Path) -> None:
    scaler = plain(StandardScaler(), ROWS.head(100), Roles(PLAIN))
    model = make_pipeline(FrozenEstimator(scaler), MinMaxScaler())
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(model, frame, Roles(PLAIN))
    assert np.array_equal(found[0].mean_, scaler.mean_)
    assert_same(found, plain(model, ROWS, Roles(PLAIN)), 1e-12)


def test_functions_that_are_no_inverse_of_each_other_are_warned_of(tmp_path: Path) -> None:
    model = TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.sqrt)
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.warns(UserWarning, match="strictly inverse"):  # fmt: skip
        over_parts(model, frame, Roles(PLAIN, "amount"), on_unsupported="gather")


def test_weights_that_nobody_hands_on_are_refused(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(InvalidOperationError, match="takes no sample_weight"):  # fmt: skip
        over_parts(OneVsRestClassifier(LOGISTIC), frame, Roles(PLAIN, "mode", "w"))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (ClassifierChain(LOGISTIC, cv=3), "cv=None"),
        (SelectFromModel(LOGISTIC, prefit=True), "FrozenEstimator"),
    ],
)
def test_what_has_no_fit_is_refused(model: Any, words: str, tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(NotDistributableError, match=words):  # fmt: skip
        over_parts(model, frame, Roles(PLAIN, ["late", "often"]))


def test_text_where_numbers_are_needed_is_told_in_scikit_learns_words(tmp_path: Path) -> None:
    with warnings.catch_warnings(), scattered(ROWS, "serial-3", tmp_path) as frame:
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="could not convert string to float"):
            over_parts(ColumnTransformer([("a", StandardScaler(), MIXED)]), frame, Roles(MIXED))
