"""``exact=True``: ranks of a binary model as scikit-learn has them, by one pass more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from polars.testing import assert_frame_equal
from sklearn import metrics
from sklearn.linear_model import LinearRegression, LogisticRegression

import scalekit as sk
from scalekit import parts
from tests.judge.rows import FEATURES, WAYS, people, read

PEOPLE = people(6000)
FRAME = sk.from_polars(PEOPLE)
SPLIT = sk.split(FRAME, key="id")
TEST = SPLIT.test.collect()
MODEL = sk.fit(LogisticRegression(C=1e-3), SPLIT.train, target="churned", features=FEATURES)
KEYS: dict[str, Any] = {"target": "churned", "key": "id", "baselines": ["dummy"]}


@pytest.fixture(autouse=True)
def untracked() -> Any:
    with sk.config(track=False):
        yield


@pytest.mark.parametrize("weight", [None, "w"])
def test_ranks_are_those_of_scikit_learn(weight: str | None):
    report = sk.evaluate(MODEL, FRAME, exact=True, weight=weight, **KEYS)
    score = MODEL.predict_proba(TEST.select(FEATURES).to_pandas())[:, 1]
    y = TEST["churned"].to_numpy()
    heavy = None if weight is None else TEST[weight].to_numpy()
    area = metrics.roc_auc_score(y, score, sample_weight=heavy)
    assert report.value("roc_auc") == pytest.approx(area, abs=1e-6)
    precision = metrics.average_precision_score(y, score, sample_weight=heavy)
    assert report.value("average_precision") == pytest.approx(precision, abs=1e-6)
    row = report.results.filter(model=report.name, metric="roc_auc").row(0, named=True)
    assert row["bound_low"] - 1e-12 <= area <= row["bound_high"] + 1e-12
    assert row["bound_high"] - row["bound_low"] < 1e-6
    assert row["low"] < row["value"] < row["high"]
    assert report.provenance["passes"] == 2
    assert report.provenance["refined"] == ["roc_auc", "average_precision", "lift_10"]


def test_without_it_bounds_hold_the_value_and_ranks_are_close():
    close = sk.evaluate(MODEL, FRAME, **KEYS)
    exact = sk.evaluate(MODEL, FRAME, exact=True, **KEYS)
    row = close.results.filter(model=close.name, metric="roc_auc").row(0, named=True)
    assert row["bound_low"] <= exact.value("roc_auc") <= row["bound_high"]
    assert abs(exact.value("roc_auc") - row["value"]) < 1e-3
    others = close.results.filter(~close.results["metric"].is_in(exact.provenance["refined"]))
    assert_frame_equal(
        others, exact.results.filter(~exact.results["metric"].is_in(exact.provenance["refined"]))
    )


def test_scores_that_are_the_same_are_tied():
    class Steps:
        def predict_proba(self, rows: Any) -> Any:
            score = np.clip(np.round(rows["x0"].to_numpy() / 4 + 0.5, 1), 0, 1)
            return np.c_[1 - score, score]

    report = sk.evaluate(Steps(), FRAME, features=FEATURES, exact=True, **KEYS)
    score = Steps().predict_proba(TEST.select(FEATURES).to_pandas())[:, 1]
    assert report.value("roc_auc") == pytest.approx(
        metrics.roc_auc_score(TEST["churned"].to_numpy(), score), abs=1e-12
    )


@pytest.mark.parametrize("way", WAYS)
def test_it_is_the_same_on_every_backend(way: str, tmp_path: Path):
    wanted = sk.evaluate(MODEL, FRAME, exact=True, **KEYS)
    with read(way, PEOPLE, tmp_path) as frame:
        found = sk.evaluate(MODEL, frame, exact=True, **KEYS)
    assert_frame_equal(found.results, wanted.results, rel_tol=1e-9, abs_tol=1e-12)


def test_it_takes_one_pass_more(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    answers = parts.answers

    def counted(plan: Any, function: Any, *rest: Any) -> Any:
        asked.append(function.__name__)
        return answers(plan, function, *rest)

    monkeypatch.setattr(parts, "answers", counted)
    sk.evaluate(MODEL, FRAME, exact=True, **KEYS)
    assert asked == ["judge LogisticRegression, dummy", "rank LogisticRegression"]


def test_folds_and_other_tasks():
    report = sk.evaluate(LogisticRegression(), FRAME, features=FEATURES, exact=True, **KEYS)
    assert report.provenance["rows"] == {"test": PEOPLE.height}
    assert 0.7 < report.value("roc_auc") < 0.9
    numbers = sk.evaluate(
        LinearRegression(), FRAME, target="spend", key="id", features=FEATURES, exact=True
    )
    assert numbers.provenance["passes"] == 1


def test_a_model_without_valid_predictions_stays_without():
    class Never:
        def predict_proba(self, rows: Any) -> Any:
            return np.full((len(rows), 2), np.nan)

    report = sk.evaluate(Never(), FRAME, features=FEATURES, exact=True, **KEYS)
    row = report.results.filter(model="Never", metric="roc_auc").row(0, named=True)
    assert row["value"] is None
