"""``sk.leaderboard``: runs that were judged alike are ranked, the others stand below and say why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.linear_model import LogisticRegression

import scalekit as sk
from scalekit import parts
from scalekit.errors import InvalidOperationError, RunNotFoundError
from scalekit.judge.recorded import fingerprint_of, report_of
from tests.judge.rows import FEATURES, people

PEOPLE = people(4000)
FRAME = sk.from_polars(PEOPLE)
TRAIN = sk.split(FRAME, key="id").train
KEYS: dict[str, Any] = {"target": "churned", "key": "id", "baselines": ["dummy"]}


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> Any:
    with sk.config(store=str(tmp_path / "runs")):
        yield


def fitted(features: list[str], c: float = 1.0) -> Any:
    with sk.config(track=False):
        return sk.fit(LogisticRegression(C=c), TRAIN, target="churned", features=features)


SMALL, LARGE, TWIN = fitted(["x2"]), fitted(FEATURES), fitted(FEATURES, c=0.9)


def test_runs_of_one_protocol_and_one_test_are_ranked():
    models = {"small": SMALL, "large": LARGE, "twin": TWIN}
    reports = {name: sk.evaluate({name: model}, FRAME, **KEYS) for name, model in models.items()}
    board = sk.leaderboard()
    ranked = board.ranked
    assert ranked["rank"].to_list() == [1, 2, 3]
    assert set(ranked["name"].head(2)) == {"large", "twin"}
    assert ranked["tied"].to_list() == [True, True, False]
    assert ranked["value"].is_sorted()
    for row in ranked.iter_rows(named=True):
        report = reports[row["name"]]
        assert row["value"] == report.value("log_loss")
        assert row["skill"] == report.skill.value
        assert row["run"] == report.provenance["run"]
    assert board.evaluations == 3
    assert board.people == 1
    assert board.frame() is board.table


def test_what_does_not_compare_stands_below_without_a_rank():
    sk.evaluate({"first": LARGE}, FRAME, **KEYS)
    sk.evaluate({"salted": LARGE}, FRAME, **{**KEYS, "split": {"salt": "v2"}})
    sk.evaluate({"fewer": LARGE}, FRAME.filter(sk.col("id") > 50), **KEYS)
    sk.evaluate({"second": SMALL}, FRAME, **KEYS)
    board = sk.leaderboard()
    assert board.table["name"].to_list() == ["first", "second", "fewer", "salted"]
    assert board.table["rank"].to_list() == [1, 2, None, None]
    whys = dict(board.table.select("name", "why").iter_rows())
    assert whys["fewer"] == "judged on other test rows"
    assert whys["salted"].startswith("judged by another protocol")
    assert board.caption.startswith(
        f"2 of 4 runs by protocol {board.protocol_id}; their test rows were used 2 times by one person"
    )
    assert 'style="color:#888"' in board._repr_html_()
    assert board._repr_html_().count("<tr") == 5
    assert "judged on other test rows" in repr(board)


def test_a_protocol_is_chosen():
    report = sk.evaluate({"first": LARGE}, FRAME, **KEYS)
    other = sk.evaluate({"salted": LARGE}, FRAME, **{**KEYS, "split": {"salt": "v2"}})
    for chosen in (other.protocol, other.protocol.id):
        assert sk.leaderboard(protocol=chosen).ranked["name"].to_list() == ["salted"]
    with pytest.raises(InvalidOperationError, match=f"by the protocol none.*{report.protocol.id}"):
        sk.leaderboard(protocol="none")


def test_a_model_without_figures_has_no_rank():
    class Never:
        def predict_proba(self, rows: Any) -> Any:
            return [[float("nan")] * 2] * len(rows)

    sk.evaluate({"first": LARGE}, FRAME, **KEYS)
    sk.evaluate({"never": Never()}, FRAME, features=FEATURES, **KEYS)
    assert dict(sk.leaderboard().table.select("name", "why").iter_rows()) == {
        "first": "",
        "never": "has no log_loss",
    }


def test_no_evaluation_is_an_error():
    with pytest.raises(RunNotFoundError, match=r"sk.evaluate\(model, frame, protocol\) leaves one"):
        sk.leaderboard()


def test_a_run_has_the_report_that_was_made():
    report = sk.evaluate({"large": LARGE}, FRAME, slices=["region"], **KEYS)
    run = sk.open_run(report.provenance["run"])
    stored = report_of(run, with_model=True)
    assert_frame_equal(stored.results, report.results)
    assert stored.protocol == report.protocol
    assert stored.skill == report.skill
    assert stored.findings == report.findings
    assert stored.threshold == report.threshold
    assert fingerprint_of(stored) == fingerprint_of(report) == run.record.evaluation["fingerprint"]
    assert stored.model.coef_.tolist() == LARGE.coef_.tolist()
    assert stored.tallies["test"].rows == report.tallies["test"].rows
    assert run.report_html() == report.to_html()
    assert run.record.metrics["log_loss"].value == report.value("log_loss")
    assert stored.to_text() == report.to_text()


def test_one_evaluation_leaves_one_run_whatever_it_fits():
    sk.evaluate(
        {"estimator": LogisticRegression()}, FRAME, target="churned", key="id", features=FEATURES
    )
    assert sk.runs().collect()["name"].to_list() == ["estimator"]


def test_runs_are_compared_without_reading_rows(monkeypatch: pytest.MonkeyPatch):
    runs = {
        n: sk.evaluate({n: m}, FRAME, **KEYS).provenance["run"]
        for n, m in {"small": SMALL, "large": LARGE}.items()
    }
    with sk.config(track=False):
        jointly = sk.compare({"small": SMALL, "large": LARGE}, FRAME, **KEYS)
    monkeypatch.setattr(parts, "answers", None)
    found = sk.compare(runs)
    assert_frame_equal(found.differences, jointly.differences)
    assert found.decision.passed
    assert found.decision.candidate == f"runs:/{runs['large']}"
    assert found.provenance["runs"] == runs


def test_from_comparison_to_production_and_back():
    runs = {
        n: sk.evaluate({n: m}, FRAME, **KEYS).provenance["run"]
        for n, m in {"small": SMALL, "large": LARGE}.items()
    }
    sk.promote("churn", model=f"runs:/{runs['small']}", force="the first")
    stored = sk.compare({"prod": "models:/churn@production", "dev": runs["large"]})
    assert stored.decision.incumbent == "models:/churn/1"
    jointly = sk.compare({"prod": "models:/churn@production", "dev": LARGE}, FRAME)
    assert jointly.protocol.id == stored.protocol.id
    assert jointly.decision.passed
    sk.promote("churn", stored.decision)
    assert sk.load_model("models:/churn@production").coef_.tolist() == LARGE.coef_.tolist()
    back = sk.compare({"prod": "models:/churn@production", "dev": runs["small"]})
    assert not back.decision.passed
    assert sk.rollback("churn").version == 1


def test_the_model_in_production_is_a_baseline_where_the_protocol_says_so():
    keys = {**KEYS, "baselines": ["dummy", "production"]}
    nameless = sk.evaluate(LARGE, FRAME, **keys)
    assert (
        "no model in production: the protocol has no name= by which it is registered"
        in nameless.notes
    )
    before = sk.evaluate(LARGE, FRAME, name="large", **{**keys, "protocol": None})
    assert before.baselines == ("dummy",)
    protocol = before.protocol.with_(name="churn")
    assert (
        "no model in production: models:/churn@production is not registered"
        in sk.evaluate(LARGE, FRAME, protocol).notes
    )
    sk.promote("churn", model=SMALL, force="the first")
    report = sk.evaluate(LARGE, FRAME, protocol)
    assert report.baselines == ("dummy", "production")
    assert report.value("log_loss", model="production") > report.value("log_loss")
    named = sk.evaluate(LARGE, FRAME, reference="models:/churn@production", **KEYS)
    assert named.value("log_loss", model="production") == report.value(
        "log_loss", model="production"
    )


def test_a_run_that_only_fits_has_no_report():
    with sk.track("fits") as run:
        sk.fit(LogisticRegression(), TRAIN, target="churned", features=FEATURES)
    with pytest.raises(InvalidOperationError, match="not judged before"):
        sk.compare({"a": run.id, "b": run.id})
    with pytest.raises(InvalidOperationError, match="nothing was evaluated in it"):
        report_of(sk.open_run(run.id))


def test_figures_of_a_stored_run_are_a_frame():
    report = sk.evaluate({"large": LARGE}, FRAME, **KEYS)
    found = sk.open_run(report.provenance["run"]).metrics()
    assert found.filter(pl.col("slice").is_null(), model="large", metric="roc_auc")[
        "value"
    ].item() == report.value("roc_auc")
