"""What a feature is worth to a model, and what more rows are worth to an estimator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal
from sklearn.linear_model import LinearRegression, LogisticRegression

import scalekit as sk
from scalekit.errors import InvalidOperationError
from tests.judge.rows import FEATURES, WAYS, people, read

PEOPLE = people(4000)
FRAME = sk.from_polars(PEOPLE)
TRAIN = sk.split(FRAME, key="id").train
KEYS: dict[str, Any] = {"key": "id", "baselines": ["dummy"]}


@pytest.fixture(autouse=True)
def untracked() -> Any:
    with sk.config(track=False):
        yield


MODEL = sk.fit(LogisticRegression(), TRAIN, target="churned", features=FEATURES)


def test_features_that_matter_are_told_from_those_that_do_not():
    report = sk.evaluate(MODEL, FRAME, target="churned", importance=True, **KEYS)
    found = report.importance
    assert found["feature"].to_list()[:2] == ["x0", "x1"]
    assert set(found["kind"]) == {"permutation"}
    by = {row["feature"]: row for row in found.iter_rows(named=True)}
    assert by["x0"]["low"] > 0.05
    assert by["x1"]["low"] > 0
    assert abs(by["x2"]["importance"]) < 0.01
    assert by["x2"]["low"] <= by["x2"]["importance"] <= by["x2"]["high"]
    assert "x0" in report.to_html()


@pytest.mark.parametrize("way", WAYS)
def test_importance_is_the_same_on_every_backend(way: str, tmp_path: Path):
    wanted = sk.evaluate(MODEL, FRAME, target="churned", importance=True, **KEYS).importance
    with read(way, PEOPLE, tmp_path) as frame:
        found = sk.evaluate(MODEL, frame, target="churned", importance=True, **KEYS).importance
    assert_frame_equal(found, wanted, rel_tol=1e-9)


def test_more_rows_than_are_shuffled_are_sampled(monkeypatch: pytest.MonkeyPatch):
    whole = sk.evaluate(MODEL, FRAME, target="churned", importance=True, **KEYS).importance
    monkeypatch.setattr("scalekit.judge.importance.MOST_ROWS", 300)
    found = sk.evaluate(MODEL, FRAME, target="churned", importance=True, **KEYS).importance
    assert found["feature"].to_list()[0] == "x0"
    assert found["high"][0] - found["low"][0] > whole["high"][0] - whole["low"][0]


def test_importance_of_more_is_better_and_of_folds():
    report = sk.evaluate(
        LinearRegression(),
        FRAME,
        target="spend",
        features=FEATURES,
        primary="r2",
        importance=True,
        **KEYS,
    )
    assert report.importance["feature"][0] == "x0"
    assert report.importance["low"][0] > 0.3


def test_a_learning_curve_is_judged_on_the_same_rows():
    report = sk.evaluate(MODEL, FRAME, target="churned", learning_curve=True, **KEYS)
    curve = report.learning_curve
    assert curve["share"].to_list() == [0.1, 0.3, 1.0]
    assert curve["rows"].is_sorted()
    assert curve["rows"][-1] == TRAIN.collect().height
    assert set(curve["metric"]) == {"log_loss"}
    assert curve["value"][-1] == pytest.approx(report.value("log_loss"))
    assert "learning" in report.to_html()


def test_a_learning_curve_of_folds_holds_one_of_them_back():
    report = sk.evaluate(
        LinearRegression(), FRAME, target="spend", features=FEATURES, learning_curve=True, **KEYS
    )
    curve = report.learning_curve
    assert curve["rows"][-1] == pytest.approx(0.8 * PEOPLE.height, rel=0.05)
    assert curve["value"][0] == pytest.approx(curve["value"][-1], rel=0.1)


def test_what_has_no_learning_curve_is_an_error():
    test = sk.split(FRAME, key="id").test
    with pytest.raises(InvalidOperationError, match="there are none: give train="):
        sk.evaluate(MODEL, test, target="churned", baselines=["dummy"], learning_curve=True)

    class Rule:
        def predict_proba(self, rows: Any) -> Any:
            return [[0.5, 0.5]] * len(rows)

    with pytest.raises(InvalidOperationError, match="Rule is no estimator"):
        sk.evaluate(Rule(), FRAME, target="churned", features=FEATURES, learning_curve=True, **KEYS)
