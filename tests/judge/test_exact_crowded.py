"""``sk.evaluate(..., exact=True)``: areas under curves are those of scikit-learn, wherever scores are crowded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

import scalekit as sk
from scalekit import parts
from scalekit.judge.evaluate import evaluate
from scalekit.judge.report import Report
from tests.judge.rows import FEATURES, WAYS, people, read

PEOPLE = people(4000)
FRAME = sk.from_polars(PEOPLE)
SPLIT = sk.split(FRAME, key="id")
TEST = SPLIT.test.collect()
Y = TEST["churned"].to_numpy()

KEYS: dict[str, Any] = {"key": "id", "baselines": ["dummy"]}
METRICS = ["roc_auc", "average_precision", "ks", "lift_10", "log_loss"]


@pytest.fixture(autouse=True)
def untracked() -> Any:
    with sk.config(track=False):
        yield


class Crowded:
    """Says probabilities within a width of a middle: in one bin of a first pass, where the width is small."""

    def __init__(self, middle: float, width: float, digits: int | None = None) -> None:
        self.middle, self.width, self.digits = middle, width, digits

    def predict_proba(self, rows: Any) -> Any:
        signal = 1.5 * np.asarray(rows["x0"]) - np.asarray(rows["x1"])
        share = 1 / (1 + np.exp(-signal))
        if self.digits is not None:
            share = np.round(share, self.digits)
        score = self.middle + self.width * (share - 0.5)
        return np.column_stack([1 - score, score])


def row_of(report: Report, metric: str) -> dict[str, Any]:
    whole = report.results.filter(pl.col("slice").is_null(), model=report.name, metric=metric)
    return whole.to_dicts()[0]


def assert_exact(row: dict[str, Any], wanted: float) -> None:
    assert row["value"] == pytest.approx(wanted, abs=1e-6)
    assert row["bound_low"] - 1e-12 <= wanted <= row["bound_high"] + 1e-12
    assert row["bound_high"] - row["bound_low"] <= 1e-6


MODELS = {
    "spread": Crowded(0.5, 0.9),
    "one bin": Crowded(0.5001, 1e-5),
    "few bits": Crowded(0.5001, 1e-12),
    "near 0": Crowded(1e-9, 1e-12),
    "tiny": Crowded(1e-200, 1e-201),
    "ties in one bin": Crowded(0.5001, 1e-6, digits=2),
    "few values": Crowded(0.5, 0.9, digits=1),
}


@pytest.mark.parametrize("kind", MODELS)
def test_areas_are_those_of_scikit_learn(kind: str):
    model = MODELS[kind]
    report = evaluate(
        model, FRAME, target="churned", features=FEATURES, metrics=METRICS, exact=True, **KEYS
    )
    score = model.predict_proba(TEST.select(FEATURES))[:, 1]
    assert_exact(row_of(report, "roc_auc"), roc_auc_score(Y, score))
    assert_exact(row_of(report, "average_precision"), average_precision_score(Y, score))
    for metric in ("roc_auc", "average_precision"):
        row = row_of(report, metric)
        assert row["low"] < row["value"] < row["high"]


def test_intervals_of_crowded_scores_are_those_of_the_same_ranks_spread_out():
    crowded, spread = (
        evaluate(
            MODELS[kind], FRAME, target="churned", features=FEATURES, metrics=METRICS,
            primary="roc_auc", exact=True, **KEYS,
        )
        for kind in ("one bin", "spread")
    )  # fmt: skip
    for metric in ("roc_auc", "average_precision", "ks"):
        one, other = row_of(crowded, metric), row_of(spread, metric)
        for end in ("value", "low", "high"):
            assert one[end] == pytest.approx(other[end], abs=3e-3), (metric, end)
    assert crowded.skill == pytest.approx(spread.skill, abs=6e-3)
    binned = evaluate(
        MODELS["one bin"], FRAME, target="churned", features=FEATURES, metrics=METRICS, **KEYS
    )
    assert row_of(binned, "roc_auc")["value"] == pytest.approx(0.5, abs=1e-9)
    assert row_of(binned, "roc_auc")["bound_high"] == 1.0


def test_weights_count(tmp_path: Path):
    model = MODELS["one bin"]
    report = evaluate(
        model, FRAME, target="churned", features=FEATURES, metrics=METRICS, weight="w", exact=True,
        **KEYS,
    )  # fmt: skip
    score = model.predict_proba(TEST.select(FEATURES))[:, 1]
    w = TEST["w"].to_numpy()
    assert_exact(row_of(report, "roc_auc"), roc_auc_score(Y, score, sample_weight=w))
    wanted = average_precision_score(Y, score, sample_weight=w)
    assert_exact(row_of(report, "average_precision"), wanted)


def test_the_areas_of_several_classes():
    model = sk.fit(LogisticRegression(), SPLIT.train, target="mood", features=FEATURES)
    metrics = ["roc_auc_ovr", "roc_auc_by_class", "roc_auc_ovr_weighted", "roc_auc_ovo", "log_loss"]
    report = evaluate(model, FRAME, target="mood", metrics=metrics, exact=True, **KEYS)
    said = model.predict_proba(TEST.select(FEATURES).to_pandas())
    moods = TEST["mood"].to_numpy()
    assert_exact(row_of(report, "roc_auc_ovr"), roc_auc_score(moods, said, multi_class="ovr"))
    wanted = roc_auc_score(moods, said, multi_class="ovr", average="weighted")
    assert row_of(report, "roc_auc_ovr_weighted")["value"] == pytest.approx(wanted, abs=1e-6)
    for place, mood in enumerate(model.classes_):
        found = row_of(report, f"roc_auc[{mood}]")
        assert found["value"] == pytest.approx(roc_auc_score(moods == mood, said[:, place]), abs=1e-6)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_the_same_on_every_backend(way: str, tmp_path: Path):
    keys = {**KEYS, "target": "churned", "features": FEATURES, "metrics": METRICS, "exact": True}
    wanted = evaluate(MODELS["one bin"], FRAME, **keys)
    with read(way, PEOPLE.reverse(), tmp_path) as frame:
        found = evaluate(MODELS["one bin"], frame, **keys)
    for metric in METRICS:
        assert row_of(found, metric) == pytest.approx(row_of(wanted, metric), abs=1e-7)


def test_passes_are_counted_and_only_what_is_open_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    answers = parts.answers

    def counted(plan: Any, function: Any, *rest: Any) -> Any:
        asked.append(getattr(function, "__name__", ""))
        return answers(plan, function, *rest)

    monkeypatch.setattr(parts, "answers", counted)
    keys = {"target": "churned", "features": FEATURES, "metrics": METRICS, **KEYS}
    report = evaluate({"m": MODELS["spread"]}, FRAME, exact=True, **keys)
    assert [one for one in asked if one.startswith("rank")] == ["rank m"]
    assert report.provenance["passes"] == 2
    assert report.provenance["refined"] == ["roc_auc", "average_precision", "ks", "lift_10"]
    asked.clear()
    few = evaluate({"m": MODELS["few values"]}, FRAME, exact=True, **keys)
    assert [one for one in asked if one.startswith("rank")] == []
    assert few.provenance["passes"] == 1


def test_figures_of_slices_and_others_stay():
    keys = {**KEYS, "target": "churned", "features": FEATURES, "slices": ["region"]}
    exact = evaluate(MODELS["spread"], FRAME, exact=True, **keys)
    binned = evaluate(MODELS["spread"], FRAME, **keys)
    assert exact.results.columns == binned.results.columns
    same = pl.col("slice").is_not_null() | (pl.col("metric") == "log_loss")
    assert exact.results.filter(same).equals(binned.results.filter(same))
    assert exact.results.height == binned.results.height


def test_a_cross_validated_model_is_ranked_by_what_each_fold_says():
    report = evaluate(
        LogisticRegression(), FRAME, target="churned", features=FEATURES, exact=True, **KEYS
    )
    assert "cross-validation" in report.provenance["rows_from"]
    row = row_of(report, "roc_auc")
    assert row["bound_high"] - row["bound_low"] <= 1e-6


def test_numbers_have_no_areas():
    model = sk.fit(LinearRegression(), SPLIT.train, target="spend", features=FEATURES)
    report = evaluate(model, FRAME, target="spend", exact=True, **KEYS)
    assert "exact=True is for areas under curves: regression has none" in report.notes
