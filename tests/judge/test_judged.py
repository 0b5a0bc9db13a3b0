"""Models in a pass: what they are asked, and their answers as outputs of a task."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LinearRegression, LogisticRegression, QuantileRegressor
from sklearn.svm import LinearSVC

from scalekit.errors import ColumnNotFoundError, ComputeError, InvalidOperationError
from scalekit.judge.fitting import default_features, is_fitted, name_of
from scalekit.judge.judged import FOLD, ByFold, Constant, Judged, Seen, outputs_of
from scalekit.judge.protocol.protocol import Protocol
from tests.judge.rows import FEATURES, people

PEOPLE = people(300)
X = PEOPLE.select(FEATURES).to_pandas()


def asked(model: Any, task: str, classes: tuple[Any, ...] = (), **more: Any) -> Any:
    given = {"columns": PEOPLE.columns, "features": FEATURES, **more}
    outputs, inputs = outputs_of(model, task, classes, given["columns"], given["features"])
    assert set(inputs) <= set(given["columns"])
    pickle.loads(pickle.dumps(Judged("m", outputs, inputs)))
    return outputs(Seen(PEOPLE))


def test_the_probability_of_the_positive_class():
    model = LogisticRegression().fit(X, PEOPLE["churned"].to_numpy())
    wanted = model.predict_proba(X)
    assert np.array_equal(asked(model, "binary", (False, True)), wanted[:, 1])
    assert np.array_equal(asked(model, "binary", (True, False)), wanted[:, 0])


def test_columns_of_classes_stand_where_the_layout_has_them():
    model = LogisticRegression().fit(X, PEOPLE["mood"].to_numpy())
    wanted = model.predict_proba(X)
    found = asked(model, "multiclass", ("aloof", "calm", "glad", "sad"))
    assert np.array_equal(found[:, 1:], wanted)
    assert not found[:, 0].any()


def test_labels_of_other_types_that_are_equal_are_the_same_class():
    model = LogisticRegression().fit(X, PEOPLE["churned"].to_numpy().astype(np.int8))
    assert np.array_equal(asked(model, "binary", (False, True)), model.predict_proba(X)[:, 1])


def test_a_class_that_the_target_lacks_is_an_error():
    model = LogisticRegression().fit(X, PEOPLE["mood"].to_numpy())
    with pytest.raises(
        InvalidOperationError, match=r"classes \['calm', 'glad', 'sad'\].*'sad' is none"
    ):
        asked(model, "multiclass", ("calm", "glad"))


def test_numbers_and_quantiles():
    y = PEOPLE["spend"].to_numpy()
    model = LinearRegression().fit(X, y)
    assert np.array_equal(asked(model, "regression"), model.predict(X))
    low, high = (QuantileRegressor(quantile=q).fit(X, y) for q in (0.1, 0.9))
    found = asked({0.9: high, 0.1: low}, "quantile")
    assert np.array_equal(found, np.c_[low.predict(X), high.predict(X)])


def test_an_object_that_only_predicts():
    class Rule:
        def predict_proba(self, rows: Any) -> list[list[float]]:
            return [[0.0, 1.0] if x > 0 else [1.0, 0.0] for x in rows["x0"]]

    assert np.array_equal(
        outputs_of(Rule(), "binary", (True, False), PEOPLE.columns, FEATURES)[0](Seen(PEOPLE)),
        (X["x0"] <= 0).astype(float),  # columns are in sorted order: False, True
    )


def test_a_model_that_was_fitted_on_arrays_takes_the_features_in_their_order():
    model = LinearRegression().fit(X.to_numpy(), PEOPLE["spend"].to_numpy())
    assert np.array_equal(asked(model, "regression"), model.predict(X.to_numpy()))
    with pytest.raises(InvalidOperationError, match="3 unnamed columns, and there are 2 features"):
        asked(model, "regression", features=FEATURES[:2])


def test_columns_that_are_not_there_are_named():
    model = LinearRegression().fit(X, PEOPLE["spend"].to_numpy())
    with pytest.raises(ColumnNotFoundError, match="'x2'"):
        asked(model, "regression", columns=["x0", "x1", "id"])


def test_a_model_without_probabilities_is_refused_with_a_way_out():
    model = LinearSVC().fit(X, PEOPLE["churned"].to_numpy())
    with pytest.raises(
        InvalidOperationError,
        match=r"LinearSVC has no predict_proba.*CalibratedClassifierCV\(LinearSVC\(\)\)",
    ):
        asked(model, "binary", (False, True))
    calibrated = CalibratedClassifierCV(LinearSVC()).fit(X, PEOPLE["churned"].to_numpy())
    assert asked(calibrated, "binary", (False, True)).shape == (300,)
    with pytest.raises(InvalidOperationError, match="not the class LinearSVC"):
        asked(LinearSVC, "binary", (False, True))
    with pytest.raises(InvalidOperationError, match="object has no method 'predict'"):
        asked(object(), "regression")


class Broken:
    """A model that fails on rows, or gives what is no answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def predict(self, rows: Any) -> Any:
        if self.answer is None:
            raise ValueError("x0 is out of range")
        return self.answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, r"Broken.predict failed on 300 rows: x0 is out of range"),
        (["a"] * 300, "could not convert string to float"),
        ([1.0, 2.0], r"an array of shape \(2,\) for 300 rows"),
        (np.zeros((300, 2, 2)), r"shape \(300, 2, 2\)"),
    ],
)
def test_a_model_that_fails_is_named(answer: Any, words: str):
    with pytest.raises(ComputeError, match=words):
        asked(Broken(answer), "regression")


def test_one_column_of_answers_is_as_good_as_none():
    assert np.array_equal(asked(Broken(np.ones((300, 1))), "regression"), np.ones(300))


def test_each_fold_asks_its_own_model():
    folded = PEOPLE.with_columns((pl.col("id") % 3).alias(FOLD))
    members = tuple(Constant((float(fold),)) for fold in range(3))
    assert np.array_equal(ByFold(members)(Seen(folded)), np.arange(300) % 3)
    shares = tuple(Constant((fold / 10, 1 - fold / 10)) for fold in range(3))
    assert ByFold(shares)(Seen(folded)).shape == (300, 2)


def test_features_are_converted_once_for_all_who_read_the_same():
    seen = Seen(PEOPLE)
    assert seen.features(("x0", "x1")) is seen.features(("x0", "x1"))


def test_what_is_fitted():
    assert is_fitted(LinearRegression().fit(X, X["x0"]))
    assert not is_fitted(LinearRegression())
    assert is_fitted(Broken(1))
    assert not is_fitted({0.1: LinearRegression()})


def test_names_and_default_features():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    assert name_of(make_pipeline(StandardScaler(), LinearRegression())) == "LinearRegression"
    protocol = Protocol(
        "binary",
        "churned",
        key="id",
        group="customer",
        time="day",
        weight="w",
        split={"kind": "hash"},
    )
    assert default_features(PEOPLE.columns, protocol) == (
        "x0",
        "x1",
        "x2",
        "gap",
        "region",
        "mood",
        "spend",
        "calls",
    )


def test_the_time_of_a_model_is_its_own(monkeypatch: pytest.MonkeyPatch):
    seen = Seen(PEOPLE)
    model = LinearRegression().fit(X, PEOPLE["spend"].to_numpy())
    outputs, inputs = outputs_of(model, "regression", (), PEOPLE.columns, FEATURES)
    ready: list[bool] = []

    def clock() -> float:
        ready.append(tuple(FEATURES) in seen._features)
        return float(len(ready))

    monkeypatch.setattr("scalekit.judge.judged.perf_counter", clock)
    answer, seconds = Judged("m", outputs, inputs).timed(seen)
    assert np.array_equal(answer, model.predict(X))
    assert seconds == 1.0
    assert ready == [True, True]  # rows were a frame before the clock began
