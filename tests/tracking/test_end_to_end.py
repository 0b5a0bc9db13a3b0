"""From rows to production and back: evaluations leave runs, comparisons decide, aliases move."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit.errors import PromotionRefusedError
from scalekit.judge.compare import compare
from scalekit.judge.evaluate import evaluate
from tests.judge.rows import FEATURES, WAYS, people, read

KEYS: dict[str, Any] = {"target": "churned", "key": "id", "baselines": ["dummy"]}
ROWS = people(3000)


def fitted(frame: sk.Frame, features: list[str]) -> Any:
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    return sk.fit(pipeline, sk.split(frame, key="id").train, target="churned", features=features)


@pytest.mark.parametrize("way", WAYS)
def test_an_evaluation_leaves_a_run_without_any_set_up_on_every_backend(way, tmp_path):
    """LEARN §6 I."""
    with read(way, ROWS, tmp_path) as frame:
        report = evaluate(fitted(frame, FEATURES), frame, **KEYS)
        row = sk.runs().collect().row(0, named=True)
    assert row["id"] == report.provenance["run"]
    assert row["kind"] == "evaluation"
    assert row["value"] == report.value("log_loss")
    assert row["skill_low"] == report.skill.low
    assert row["protocol_id"] == report.protocol.id
    found = sk.open_run(row["id"])
    assert found.report_html() == report.to_html()  # nothing in it looks like a secret
    assert found.metrics().select(report.results.columns).equals(report.results)
    rows = ROWS.select(FEATURES).to_pandas()
    assert (
        found.load_model().predict_proba(rows).tolist() == report.model.predict_proba(rows).tolist()
    )


def test_two_runs_are_compared_without_reading_a_row():
    frame = sk.from_polars(ROWS)
    with sk.track("churn"):
        reports = [evaluate(fitted(frame, names), frame, **KEYS) for names in (["x2"], FEATURES)]
    runs = [f"runs:/{report.provenance['run']}" for report in reports]
    again = compare({"old": runs[0], "new": runs[1]})
    at_once = compare({"old": sk.load_model(runs[0]), "new": sk.load_model(runs[1])}, frame, **KEYS)
    stored, scored = (
        found.differences.filter(pl.col("slice").is_null(), metric="log_loss", model="new")
        .select("value", "low", "high")
        .row(0)
        for found in (again, at_once)
    )
    assert stored == pytest.approx(scored, abs=1e-9)


def test_a_better_model_goes_to_production_and_back(tmp_path):
    """LEARN §6 I: promote refuses without a passing decision; rollback restores."""
    frame = sk.from_polars(ROWS)
    weak, strong = fitted(frame, ["x2"]), fitted(frame, FEATURES)
    with pytest.raises(PromotionRefusedError):
        sk.promote("churn", model=weak)
    sk.promote("churn", model=weak, force="the first")
    worse = compare({"prod": strong, "dev": weak}, frame, **KEYS)
    with pytest.raises(PromotionRefusedError, match="did not pass"):
        sk.promote("churn", worse.decision, model=weak)
    better = compare({"prod": "models:/churn@production", "dev": strong}, frame, **KEYS)
    version = sk.promote("churn", better.decision)
    assert version.forced is None
    assert version.decision["incumbent"] == "models:/churn/1"
    assert list(sk.load_model("models:/churn@production").feature_names_in_) == FEATURES
    with pytest.raises(PromotionRefusedError, match="compare again"):
        sk.promote("churn", better.decision)
    sk.rollback("churn")
    assert list(sk.load_model("models:/churn@production").feature_names_in_) == ["x2"]
