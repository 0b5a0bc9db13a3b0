"""``sk.evaluate``: what a report says is what scikit-learn says of the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import metrics
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit import parts
from scalekit.errors import ColumnNotFoundError, ConfigError, InvalidOperationError, PlanError
from scalekit.judge.evaluate import evaluate
from scalekit.judge.report import Report
from tests.judge.rows import FEATURES, WAYS, people, read

PEOPLE = people(4000)
FRAME = sk.from_polars(PEOPLE)
SPLIT = sk.split(FRAME, key="id")
TEST = SPLIT.test.collect()
X_TEST = TEST.select(FEATURES).to_pandas()

KEYS: dict[str, Any] = {"key": "id", "baselines": ["dummy"]}


@pytest.fixture(autouse=True)
def untracked() -> Any:
    with sk.config(track=False):
        yield


def fitted(estimator: Any, target: str, **more: Any) -> Any:
    return sk.fit(estimator, SPLIT.train, target=target, features=FEATURES, **more)


def values(report: Report, model: str | None = None) -> dict[str, float]:
    whole = report.results.filter(pl.col("slice").is_null(), model=model or report.name)
    return dict(whole.select("metric", "value").iter_rows())


def test_figures_of_a_binary_model_are_those_of_scikit_learn():
    model = fitted(LogisticRegression(), "churned")
    report = evaluate(model, FRAME, target="churned", **KEYS)
    score = model.predict_proba(X_TEST)[:, 1]
    y = TEST["churned"].to_numpy()
    found = values(report)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, score), rel=1e-10)
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(y, score), rel=1e-10)
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(y, score), abs=1e-3)
    said = score >= report.threshold
    assert found["precision"] == pytest.approx(metrics.precision_score(y, said))
    assert found["recall"] == pytest.approx(metrics.recall_score(y, said))
    assert report.provenance["rows"] == {
        "train": SPLIT.train.collect().height,
        "valid": SPLIT.valid.collect().height,
        "test": TEST.height,
    }
    assert report.value("log_loss") == found["log_loss"]
    assert report.name == "LogisticRegression"


def test_the_threshold_is_the_best_of_the_valid_rows():
    model = fitted(LogisticRegression(), "churned")
    report = evaluate(model, FRAME, target="churned", **KEYS)
    valid = SPLIT.valid.collect()
    score = model.predict_proba(valid.select(FEATURES).to_pandas())[:, 1]
    y = valid["churned"].to_numpy()
    best = max(metrics.f1_score(y, score >= cut) for cut in score)
    assert metrics.f1_score(y, score >= report.threshold) == pytest.approx(best, abs=1e-12)
    assert report.provenance["threshold_from"] == f"largest F1 among {valid.height} valid rows"


def test_skill_is_what_the_dummy_loses_and_the_model_does_not():
    model = fitted(LogisticRegression(), "churned")
    report = evaluate(model, FRAME, target="churned", **KEYS)
    y = TEST["churned"].to_numpy()
    dummy = DummyClassifier(strategy="prior").fit(
        np.zeros((SPLIT.train.collect().height, 1)), SPLIT.train.collect()["churned"].to_numpy()
    )
    loss = metrics.log_loss(y, dummy.predict_proba(np.zeros((len(y), 1))))
    assert values(report, "dummy")["log_loss"] == pytest.approx(loss, rel=1e-10)
    assert report.skill.value == pytest.approx(1 - report.value("log_loss") / loss)
    assert report.skill.low < report.skill.value < report.skill.high
    assert report.baselines == ("dummy",)


def test_figures_of_a_model_of_several_classes():
    model = fitted(LogisticRegression(), "mood")
    report = evaluate(
        model, FRAME, target="mood", metrics=["log_loss", "f1_macro", "balanced_accuracy"], **KEYS
    )
    share = model.predict_proba(X_TEST)
    y = TEST["mood"].to_numpy()
    found = values(report)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, share), rel=1e-10)
    assert found["f1_macro"] == pytest.approx(
        metrics.f1_score(y, model.predict(X_TEST), average="macro")
    )
    assert report.layout.classes == ("calm", "glad", "sad")
    assert report.threshold is None


@pytest.mark.parametrize("weight", [None, "w"])
def test_figures_of_numbers(weight: str | None):
    model = fitted(LinearRegression(), "spend")
    report = evaluate(
        model, FRAME, target="spend", weight=weight, metrics=["rmse", "mae", "r2"], **KEYS
    )
    y, said = TEST["spend"].to_numpy(), model.predict(X_TEST)
    heavy = None if weight is None else TEST[weight].to_numpy()
    found = values(report)
    assert found["rmse"] == pytest.approx(
        metrics.root_mean_squared_error(y, said, sample_weight=heavy), rel=1e-10
    )
    assert found["mae"] == pytest.approx(
        metrics.mean_absolute_error(y, said, sample_weight=heavy), rel=1e-10
    )
    assert found["r2"] == pytest.approx(metrics.r2_score(y, said, sample_weight=heavy), rel=1e-10)


def test_figures_of_counts_and_of_quantiles():
    model = fitted(PoissonRegressor(), "calls")
    report = evaluate(model, FRAME, target="calls", task="count", **KEYS)
    y = TEST["calls"].to_numpy()
    assert report.value("poisson_deviance") == pytest.approx(
        metrics.mean_poisson_deviance(y, model.predict(X_TEST)), rel=1e-10
    )
    both = {q: fitted(QuantileRegressor(quantile=q, alpha=0.0), "spend") for q in (0.1, 0.9)}
    report = evaluate({"interval": both}, FRAME, target="spend", quantiles=(0.1, 0.9), **KEYS)
    y = TEST["spend"].to_numpy()
    wanted = [metrics.mean_pinball_loss(y, both[q].predict(X_TEST), alpha=q) for q in both]
    assert report.value("pinball") == pytest.approx(np.mean(wanted), rel=1e-10)
    assert report.name == "interval"


@pytest.mark.parametrize("way", WAYS)
def test_a_report_is_the_same_on_every_backend(way: str, tmp_path: Path):
    model = fitted(LogisticRegression(), "churned")
    wanted = evaluate(model, FRAME, target="churned", slices=["region"], group="customer", **KEYS)
    with read(way, PEOPLE, tmp_path) as frame:
        found = evaluate(
            model, frame, target="churned", slices=["region"], group="customer", **KEYS
        )
    key = ["model", "metric", "slice", "level"]
    numbers = ["value", "low", "high", "bound_low", "bound_high"]
    assert found.results.drop(numbers).equals(wanted.results.drop(numbers))
    for name in numbers:
        np.testing.assert_allclose(
            found.results[name].to_numpy(),
            wanted.results[name].to_numpy(),
            rtol=1e-9,
            atol=1e-9,
            err_msg=str(key),
        )
    assert found.threshold == wanted.threshold
    assert found.provenance["fingerprints"] == wanted.provenance["fingerprints"]
    assert found.provenance["schema"] == wanted.provenance["schema"]


def test_features_are_read_once(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    answers = parts.answers

    def counted(plan: Any, function: Any, *rest: Any) -> Any:
        asked.append(function.__name__)
        return answers(plan, function, *rest)

    model = fitted(LogisticRegression(), "churned")
    monkeypatch.setattr(parts, "answers", counted)
    report = evaluate(model, FRAME, target="churned", slices=["region"], **KEYS)
    assert asked == ["judge LogisticRegression, dummy"]
    assert report.provenance["passes"] == 1


def test_slices_have_figures_of_their_own():
    model = fitted(LogisticRegression(), "churned")
    report = evaluate(model, FRAME, target="churned", slices=["region"], **KEYS)
    south = TEST.filter(region="south")
    score = model.predict_proba(south.select(FEATURES).to_pandas())[:, 1]
    row = report.results.filter(
        model=report.name, slice="region", level="south", metric="log_loss"
    ).row(0, named=True)
    assert row["n"] == south.height
    assert row["events"] == south["churned"].sum()
    assert row["value"] == pytest.approx(
        metrics.log_loss(south["churned"].to_numpy(), score), rel=1e-10
    )


def test_an_estimator_is_fitted_on_the_train_rows(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("scalekit.judge.rows.FEW_ROWS", 10)
    monkeypatch.setattr("scalekit.judge.rows.FEW_EVENTS", 10)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    report = evaluate(pipeline, FRAME, target="churned", features=FEATURES, **KEYS)
    by_hand = evaluate(fitted(pipeline, "churned"), FRAME, target="churned", **KEYS)
    assert values(report) == pytest.approx(values(by_hand))
    assert report.model.scalekit_fit_.rows == SPLIT.train.collect().height
    assert (
        report.provenance["training"]["fingerprint"] == report.provenance["fingerprints"]["train"]
    )
    assert report.provenance["independence"]["is_known"]
    assert not hasattr(pipeline, "classes_")


def test_few_test_rows_are_cross_validated():
    report = evaluate(LogisticRegression(), FRAME, target="churned", features=FEATURES, **KEYS)
    assert report.provenance["rows"] == {"test": PEOPLE.height}
    assert "5-fold cross-validation by hash of id" in report.provenance["rows_from"]
    assert "themselves" in report.provenance["threshold_from"]
    assert report.model.scalekit_fit_.rows == SPLIT.train.collect().height
    assert report.skill.low > 0.1


def test_without_a_key_an_estimator_is_cross_validated_over_all_rows():
    report = evaluate(
        LinearRegression(), FRAME, target="spend", features=FEATURES, baselines=["dummy", "linear"]
    )
    assert report.provenance["rows"] == {"test": PEOPLE.height}
    assert report.layout.models == ("LinearRegression", "dummy", "linear")
    assert report.model.scalekit_fit_.rows == PEOPLE.height
    linear, mine = values(report, "linear"), values(report)
    assert linear["rmse"] == pytest.approx(mine["rmse"], rel=0.05)


def test_rows_that_are_given_are_judged_as_they_are_given():
    model = fitted(LogisticRegression(), "churned")
    report = evaluate(
        model,
        SPLIT.test,
        target="churned",
        train=SPLIT.train,
        valid=SPLIT.valid,
        baselines=["dummy"],
    )
    by_protocol = evaluate(model, FRAME, target="churned", **KEYS)
    assert values(report) == pytest.approx(values(by_protocol))
    assert report.threshold == by_protocol.threshold


def test_test_rows_alone_are_enough_and_the_report_says_what_is_missing():
    model = fitted(LogisticRegression(), "churned")
    report = evaluate(model, SPLIT.test, target="churned")
    assert report.threshold == 0.5
    assert report.provenance["threshold_from"] == "0.5, for there are no valid rows to choose it on"
    assert report.layout.models == ("LogisticRegression", "dummy")
    said = " ".join(report.notes)
    assert "best constant of the test rows themselves" in said
    assert "no linear baseline: there are no training rows" in said
    assert "test rows alone" in said


def test_the_part_that_a_protocol_holds_back_can_be_judged_alone():
    model = fitted(LogisticRegression(), "churned")
    whole = evaluate(model, FRAME, target="churned", **KEYS)
    alone = evaluate(model, SPLIT.test, target="churned", **KEYS)
    assert alone.provenance["fingerprints"]["test"] == whole.provenance["fingerprints"]["test"]
    assert alone.value("log_loss") == pytest.approx(whole.value("log_loss"))


def test_a_model_that_was_fitted_on_other_rows_is_noted():
    model = sk.fit(LogisticRegression(), FRAME, target="churned", features=FEATURES)
    report = evaluate(model, FRAME, target="churned", **KEYS)
    assert any("fitted on 4,000 rows, and the protocol has" in note for note in report.notes)
    outside = LogisticRegression().fit(X_TEST, TEST["churned"].to_numpy())
    assert any(
        "nothing is known" in note
        for note in evaluate(outside, FRAME, target="churned", **KEYS).notes
    )


def test_a_time_protocol_judges_the_latest_rows():
    report = evaluate(
        LinearRegression(),
        FRAME,
        target="spend",
        time="day",
        features=FEATURES,
        baselines=["dummy"],
    )
    late = PEOPLE.sort("day")["day"][int(0.85 * PEOPLE.height)]
    assert report.provenance["rows"]["test"] == (PEOPLE["day"] >= late).sum()
    assert report.provenance["rows_from"] == "split by day, the latest for the test"


def test_a_reference_is_a_baseline():
    old, new = (
        fitted(LogisticRegression(C=1e-4), "churned"),
        fitted(LogisticRegression(), "churned"),
    )
    report = evaluate(new, FRAME, target="churned", reference=old, **KEYS)
    alone = evaluate(old, FRAME, target="churned", **KEYS)
    assert report.baselines == ("dummy", "production")
    assert values(report, "production")["log_loss"] == values(alone)["log_loss"]


def test_labels_may_be_texts_and_the_positive_one_is_chosen():
    named = FRAME.with_columns(
        churned=sk.when(sk.col("churned")).then(sk.lit("gone")).otherwise(sk.lit("stays"))
    )
    model = sk.fit(
        LogisticRegression(), named.filter(sk.col("id") < 2000), target="churned", features=FEATURES
    )
    report = evaluate(model, named, target="churned", positive="gone", **KEYS)
    assert report.layout.classes == ("stays", "gone")
    by_default = evaluate(model, named, target="churned", **KEYS)
    assert by_default.layout.classes == ("gone", "stays")
    assert report.value("roc_auc") == pytest.approx(by_default.value("roc_auc"), abs=1e-3)
    with pytest.raises(InvalidOperationError, match="positive='left' is no class"):
        evaluate(model, named, target="churned", positive="left", **KEYS)


def test_rows_without_a_prediction_leave_a_model_without_figures_and_a_note():
    class Holes:
        def predict(self, rows: Any) -> Any:
            return np.where(rows["x0"] > 1, np.nan, 20.0)

    report = evaluate(Holes(), FRAME, target="spend", features=FEATURES, **KEYS)
    count = (TEST["x0"] > 1).sum()
    assert report.provenance["invalid"] == {"Holes": count}
    assert (
        f"Holes gave no valid prediction for {count:,} test rows: it has no figures" in report.notes
    )
    assert values(report)["rmse"] is None
    assert report.skill is None


def test_the_target_of_one_class_in_the_test_rows_has_figures_where_they_exist():
    model = fitted(LogisticRegression(), "churned")
    alike = SPLIT.test.filter(sk.col("churned"))
    report = evaluate(model, alike, target="churned", task="binary", baselines=["dummy"])
    assert report.value("log_loss") > 0
    assert values(report)["roc_auc"] is None


def test_what_cannot_be_judged_is_refused_before_anything_runs():
    model = fitted(LogisticRegression(), "churned")
    for error, words, call in [
        (PlanError, "takes a scalekit Frame", lambda: evaluate(model, PEOPLE, target="churned")),
        (ConfigError, "no target", lambda: evaluate(model, FRAME)),
        (ConfigError, "'kez'", lambda: evaluate(model, FRAME, target="churned", kez="id")),
        (
            ColumnNotFoundError,
            "'x0', 'x1', 'x2'|'x0'",
            lambda: evaluate(model, FRAME.drop("x0"), target="churned", **KEYS),
        ),
        (
            InvalidOperationError,
            "sk.compare takes several",
            lambda: evaluate({"a": model, "b": model}, FRAME, target="churned", **KEYS),
        ),
        (
            InvalidOperationError,
            "name of a baseline",
            lambda: evaluate({"dummy": model}, FRAME, target="churned", **KEYS),
        ),
        (
            InvalidOperationError,
            "cannot be a feature",
            lambda: evaluate(model, FRAME, target="churned", features=["churned"], **KEYS),
        ),
        (
            InvalidOperationError,
            "no test rows",
            lambda: evaluate(model, SPLIT.train, target="churned", **KEYS),
        ),
        (
            InvalidOperationError,
            "not fitted, and there are no rows to fit on",
            lambda: evaluate(LogisticRegression(), SPLIT.test, target="churned", valid=SPLIT.valid),
        ),
        (
            InvalidOperationError,
            "has no predict_proba",
            lambda: evaluate(
                fitted(LinearRegression(), "churned"), FRAME, target="churned", **KEYS
            ),
        ),
        (
            InvalidOperationError,
            "bring both to the same",
            lambda: evaluate(fitted(LogisticRegression(), "mood"), FRAME, target="churned", **KEYS),
        ),
    ]:
        with pytest.raises(error, match=words):
            call()


def test_a_figure_that_is_not_there_is_an_error_that_lists_those_that_are():
    report = evaluate(
        fitted(LinearRegression(), "spend"), FRAME, target="spend", metrics=["rmse"], **KEYS
    )
    with pytest.raises(
        InvalidOperationError,
        match=r"no figure 'rsme'.*metrics: rmse; models: LinearRegression, dummy",
    ):
        report.value("rsme")


def test_checks_of_the_rows_are_part_of_a_report():
    model = fitted(LinearRegression(), "spend")
    report = evaluate(model, FRAME, target="spend", data_checks={"x0": {"max": 0}}, **KEYS)
    assert not report.checks.passed
