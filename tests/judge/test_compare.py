"""``sk.compare``: models on the same rows, by one pass or by what was counted before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn import metrics
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

import scalekit as sk
from scalekit import parts
from scalekit.errors import InvalidOperationError
from scalekit.judge.compare import compare
from scalekit.judge.comparison import Comparison
from scalekit.judge.evaluate import evaluate
from tests.judge.rows import FEATURES, WAYS, people, read

PEOPLE = people(4000)
FRAME = sk.from_polars(PEOPLE)
SPLIT = sk.split(FRAME, key="id")
TEST = SPLIT.test.collect()

KEYS: dict[str, Any] = {"target": "churned", "key": "id", "baselines": ["dummy"]}


@pytest.fixture(autouse=True)
def untracked() -> Any:
    with sk.config(track=False):
        yield


def fitted(estimator: Any, features: list[str] = FEATURES, target: str = "churned") -> Any:
    return sk.fit(estimator, SPLIT.train, target=target, features=features)


OLD = fitted(LogisticRegression(), ["x0", "x2"])
NEW = fitted(LogisticRegression(), FEATURES)


def whole(found: Comparison, metric: str, model: str = "dev") -> dict[str, Any]:
    return found.differences.filter(pl.col("slice").is_null(), model=model, metric=metric).row(
        0, named=True
    )


def test_a_difference_is_that_of_the_figures():
    found = compare({"prod": OLD, "dev": NEW}, FRAME, **KEYS)
    y = TEST["churned"].to_numpy()
    losses = [
        metrics.log_loss(y, m.predict_proba(TEST.select(m.feature_names_in_).to_pandas()))
        for m in (OLD, NEW)
    ]
    row = whole(found, "log_loss")
    assert row["reference_value"] == pytest.approx(losses[0], rel=1e-10)
    assert row["model_value"] == pytest.approx(losses[1], rel=1e-10)
    assert row["value"] == pytest.approx(losses[1] - losses[0])
    assert row["low"] < row["value"] < row["high"] < 0
    assert row["verdict"] == "better"
    assert row["direction"] == "down"
    assert found.best == ("dev",)
    assert set(found.results["model"]) == {"prod", "dev", "dummy"}


def test_a_paired_interval_is_narrower_than_those_of_the_figures():
    close = fitted(LogisticRegression(C=0.5))
    found = compare({"prod": NEW, "dev": close}, FRAME, **KEYS)
    row = whole(found, "log_loss")
    figure = found.results.filter(pl.col("slice").is_null(), model="dev", metric="log_loss").row(
        0, named=True
    )
    assert row["high"] - row["low"] < (figure["high"] - figure["low"]) / 10
    assert set(found.best) == {"prod", "dev"}


def test_a_better_model_is_promoted_and_the_same_one_is_not():
    found = compare({"prod": OLD, "dev": NEW}, FRAME, **KEYS)
    assert found.decision.passed, found.decision
    assert found.decision.independent
    assert found.decision.candidate is NEW
    assert found.decision.incumbent is None
    back = compare({"prod": NEW, "dev": OLD}, FRAME, **KEYS).decision
    assert [one.name for one in back.unmet] == ["skill", "better"]
    same = {"prod": NEW, "dev": NEW}
    assert not compare(same, FRAME, **KEYS).decision
    assert compare(same, FRAME, allow_equal=True, **KEYS).decision


def test_rows_that_a_model_may_have_seen_stop_a_promotion_unless_somebody_knows_better():
    outside = LogisticRegression().fit(
        TEST.select(FEATURES).to_pandas(), TEST["churned"].to_numpy()
    )
    found = compare({"prod": OLD, "dev": outside}, FRAME, **KEYS).decision
    assert [one.name for one in found.unmet] == ["independent"]
    assert "dev: nothing is known" in found.unmet[0].message
    assert compare({"prod": OLD, "dev": outside}, FRAME, independent=True, **KEYS).decision
    assert not compare({"prod": OLD, "dev": NEW}, FRAME, independent=False, **KEYS).decision


def test_one_pass_asks_all_models(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    answers = parts.answers

    def counted(plan: Any, function: Any, *rest: Any) -> Any:
        asked.append(function.__name__)
        return answers(plan, function, *rest)

    monkeypatch.setattr(parts, "answers", counted)
    compare({name: NEW for name in "abcde"}, FRAME, slices=["region"], **KEYS)
    assert asked == ["judge a, b, c, d, e, dummy"]


@pytest.mark.parametrize("way", WAYS)
def test_a_comparison_is_the_same_on_every_backend(way: str, tmp_path: Path):
    keys = {**KEYS, "slices": ["region"], "guards": {"ece": 0.05, "slice:region": -0.05}}
    wanted = compare({"prod": OLD, "dev": NEW}, FRAME, **keys)
    with read(way, PEOPLE, tmp_path) as frame:
        found = compare({"prod": OLD, "dev": NEW}, frame, **keys)
    assert_frame_equal(found.differences, wanted.differences, rel_tol=1e-8, abs_tol=1e-9)
    assert_frame_equal(found.disagreement, wanted.disagreement, rel_tol=1e-9)
    assert [c.met for c in found.decision.conditions] == [c.met for c in wanted.decision.conditions]


def test_reports_are_compared_by_what_was_counted_and_give_the_same(
    monkeypatch: pytest.MonkeyPatch,
):
    keys = {**KEYS, "slices": ["region"], "guards": {"roc_auc": -0.01}}
    jointly = compare({"prod": OLD, "dev": NEW}, FRAME, **keys)
    reports = {"prod": evaluate(OLD, FRAME, **keys), "dev": evaluate(NEW, FRAME, **keys)}
    monkeypatch.setattr(parts, "answers", None)  # no row is read
    found = compare(reports)
    assert_frame_equal(found.differences, jointly.differences)
    assert found.best == jointly.best
    assert found.decision.passed == jointly.decision.passed
    assert found.tally is None
    assert found.disagreement.is_empty()
    assert_frame_equal(found.results.drop_nulls("value"), jointly.results.drop_nulls("value"))


def test_reports_of_other_protocols_or_rows_do_not_compare():
    one = evaluate(OLD, FRAME, **KEYS)
    other = evaluate(NEW, FRAME, **{**KEYS, "split": {"salt": "v2"}})
    with pytest.raises(
        InvalidOperationError, match=f"'a' was judged by the protocol {one.protocol.id}, and 'b' by"
    ):
        compare({"a": one, "b": other})
    fewer = evaluate(NEW, FRAME.filter(sk.col("id") > 100), **KEYS)
    with pytest.raises(InvalidOperationError, match="other test rows"):
        compare({"a": one, "b": fewer})
    with pytest.raises(InvalidOperationError, match="'b': not judged before"):
        compare({"a": one, "b": NEW})
    with pytest.raises(InvalidOperationError, match="leave out target"):
        compare({"a": one, "b": one}, target="churned")


def test_a_report_and_a_model_are_compared_on_a_frame_by_the_protocol_of_the_report():
    report = evaluate(OLD, FRAME, **KEYS)
    found = compare({"prod": report, "dev": NEW}, FRAME)
    assert found.protocol == report.protocol
    assert_frame_equal(
        found.differences, compare({"prod": OLD, "dev": NEW}, FRAME, **KEYS).differences
    )


def test_guards_share_their_chance_of_a_false_alarm():
    keys = {**KEYS, "guards": {"roc_auc": -0.01, "brier": 0.01, "ece": 0.01}}
    close = fitted(LogisticRegression(C=0.01))
    found = compare({"prod": NEW, "dev": close}, FRAME, **keys)
    rows = {name: whole(found, name) for name in keys["guards"]}
    ordered = sorted(rows.values(), key=lambda row: row["p"])
    wanted, so_far = [], 0.0
    for place, row in enumerate(ordered):
        so_far = max(so_far, min(1.0, row["p"] * (3 - place)))
        wanted.append(so_far)
    assert [row["p_adjusted"] for row in ordered] == pytest.approx(wanted)
    assert whole(found, "log_loss")["p_adjusted"] == whole(found, "log_loss")["p"]
    assert {name: row["guard"] for name, row in rows.items()} == keys["guards"]


def test_disagreement_is_that_of_the_hard_predictions():
    found = compare({"prod": OLD, "dev": NEW}, FRAME, **KEYS)
    y = TEST["churned"].to_numpy()
    scores = [
        m.predict_proba(TEST.select(m.feature_names_in_).to_pandas())[:, 1] for m in (OLD, NEW)
    ]
    right = [(score >= 0.5) == y for score in scores]
    row = found.disagreement.row(0, named=True)
    assert row["both_right"] == (right[0] & right[1]).sum()
    assert row["only_reference"] == (right[0] & ~right[1]).sum()
    assert row["only_model"] == (~right[0] & right[1]).sum()
    assert row["correlation"] == pytest.approx(np.corrcoef(*scores)[0, 1])
    assert 0 <= row["p"] <= 1


def test_what_models_read_and_cost_is_told():
    found = compare({"prod": OLD, "dev": NEW}, FRAME, **KEYS)
    row = found.models.row(1, named=True)
    assert (row["features"], row["added"], row["removed"], row["retyped"]) == (3, ["x1"], [], [])
    assert row["microseconds"] > 0
    assert row["bytes"] > 100
    back = compare({"prod": NEW, "dev": OLD}, FRAME, **KEYS)
    assert back.models.row(1, named=True)["removed"] == ["x1"]


def test_several_models_and_who_is_tied_with_the_best():
    models = {
        "bad": fitted(LogisticRegression(), ["x2"]),
        "good": NEW,
        "twin": fitted(LogisticRegression(C=0.9)),
        "half": OLD,
    }
    found = compare(models, FRAME, **KEYS)
    assert set(found.best) == {"good", "twin"}
    assert set(found.decisions) == {"good", "twin", "half"}
    assert all(found.decisions.values())
    with pytest.raises(InvalidOperationError, match="3 decisions"):
        _ = found.decision


def test_estimators_are_fitted_first():
    models = {"flat": Ridge(1e5), "steep": LinearRegression()}
    found = compare(models, FRAME, target="spend", key="id", features=FEATURES)
    assert found.best == ("steep",)
    assert found.decision.passed
    assert found.decision.candidate.coef_.shape == (3,)
    assert found.provenance["rows"] == {"test": PEOPLE.height}  # few rows: in folds


def test_checks_of_the_rows_count():
    found = compare({"prod": OLD, "dev": NEW}, FRAME, data_checks={"x0": {"max": 0}}, **KEYS)
    assert [one.name for one in found.decision.unmet] == ["checks"]
    checked = sk.check(FRAME, {"x0": {"max": 0}})
    reports = {"prod": evaluate(OLD, FRAME, **KEYS), "dev": evaluate(NEW, FRAME, **KEYS)}
    assert [one.name for one in compare(reports, data_checks=checked).decision.unmet] == ["checks"]
    with pytest.raises(InvalidOperationError, match="there is no frame"):
        compare(reports, data_checks={"x0": {"max": 0}})


@pytest.mark.parametrize(
    "models", [NEW, {"a": NEW}, {}, {"dummy": NEW, "b": OLD}, {1: NEW, 2: OLD}]
)
def test_two_models_by_name_are_needed(models: Any):
    with pytest.raises(InvalidOperationError):
        compare(models, FRAME, **KEYS)


def test_a_comparison_goes_into_json():
    import json

    found = compare({"prod": OLD, "dev": NEW}, FRAME, slices=["region"], **KEYS)
    stored = json.loads(json.dumps(found.to_dict()))
    assert stored["best"] == ["dev"]
    assert stored["decisions"]["dev"]["passed"] is True
