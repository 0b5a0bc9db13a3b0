from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import threading
import warnings
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit.errors import InvalidOperationError, TrackingWarning
from scalekit.tracking.estimators import describe_estimator
from scalekit.tracking.keeping import open_evaluation, track_fit, untracked
from scalekit.tracking.listing import evaluations_of
from scalekit.tracking.plain import plain
from scalekit.tracking.record import Measured, RunRecord, from_json, to_json
from scalekit.tracking.results import Fitted


@pytest.fixture
def frame() -> sk.Frame:
    return sk.from_dict({"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})


def only_run() -> RunRecord:
    (run_id,) = sk.runs().collect()["id"]
    return sk.open_run(run_id).record


# Blocks


def test_a_block_leaves_what_was_logged(own_place):
    (own_place / "notes.md").write_text("notes")
    with sk.track("churn", name="wide", tags={"team": "crm"}) as run:
        run.log(parameters={"window": 30}, metrics={"auc": 0.7})
        run.log(parameters={"window": 90, "deep": {"a": [1, 2]}}, tags={"sprint": "12"})
        run.log(metrics={"auc": Measured(0.8, 0.7, 0.9), "rmse": float("inf")})
        run.log(files={"notes.md": Path("notes.md"), "b.bin": b"\0\1", "t.txt": "é"})
        (own_place / "notes.md").write_text("changed afterwards")
    found = sk.open_run(run.id)
    assert found.record.parameters == {"window": 90, "deep": {"a": [1, 2]}}
    assert found.record.metrics == {"auc": Measured(0.8, 0.7, 0.9), "rmse": Measured(float("inf"))}
    assert found.record.tags == {"team": "crm", "sprint": "12"}
    assert [found.logged(name) for name in ("notes.md", "b.bin", "t.txt")] == [
        b"notes", b"\0\1", "é".encode(),
    ]  # fmt: skip
    assert found.metrics().rows() == [
        ("wide", "auc", 0.8, 0.7, 0.9),
        ("wide", "rmse", float("inf"), None, None),
    ]
    assert found.record.kind == "run"
    assert (found.report(), found.report_html(), found.protocol(), found.tallies()) == (
        None,
        None,
        None,
        {},
    )
    assert repr(found) == f"Run(churn/{run.id}, 'wide', run, finished, auc=0.8, rmse=inf)"


def test_what_is_logged_is_checked(own_place):
    with sk.track("p") as run:
        with pytest.raises(InvalidOperationError, match="metric 'auc' is 'good': give a number"):
            run.log(metrics={"auc": "good"})
        with pytest.raises(InvalidOperationError, match="the Path of a file that exists"):
            run.log(files={"a.txt": Path("missing.txt")})
        with pytest.raises(TypeError):
            run.log({"auc": 1.0})
    with pytest.raises(InvalidOperationError, match="runs never change: open another"):
        run.log(metrics={"auc": 1.0})
    assert only_run().metrics == {}


def test_a_block_that_fails_leaves_a_run_that_says_so():
    def fails() -> None:
        with sk.track("p") as run:
            run.log(metrics={"m": 1.0}, tags={"id": run.id})
            raise ValueError("no luck at postgresql://me:hunter2@db/x\nand more")

    with pytest.raises(ValueError, match="no luck"):
        fails()
    record = only_run()
    assert record.tags == {"id": record.id}
    assert (record.status, record.error) == (
        "failed",
        "ValueError: no luck at postgresql://***@db/x",
    )
    assert record.metrics == {"m": Measured(1.0)}


def test_a_run_is_logged_to_by_the_process_that_opened_it():
    with sk.track("p") as run, pytest.raises(TypeError, match="log them here"):
        pickle.dumps(run)


def test_blocks_nest_and_belong_to_their_thread(frame):
    def elsewhere() -> None:
        sk.fit(DummyRegressor(), frame, target="y")  # in no block

    with sk.track("outer") as outer:
        with sk.track("inner") as inner:
            sk.fit(LinearRegression(), frame, target="y")
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        sk.fit(Ridge(), frame, target="y")
    assert len(sk.runs().collect()) == 2
    assert sk.open_run(inner.id).record.parent == outer.id
    assert sk.open_run(inner.id).load_model().coef_.tolist() == pytest.approx([2.0])
    assert type(sk.open_run(outer.id).load_model()) is Ridge


def test_tasks_have_blocks_of_their_own():
    async def task(name: str) -> None:
        with sk.track("p", name=name) as run:
            await asyncio.sleep(0.01)
            run.log(parameters={"name": name})

    async def both() -> None:
        await asyncio.gather(task("a"), task("b"))

    asyncio.run(both())
    found = sk.runs().select("name", "params.name").collect()
    assert sorted(found.rows()) == [("a", "a"), ("b", "b")]


# Fits


def test_a_fit_in_a_block_leaves_the_model_and_how_it_was_made(frame):
    pipeline = make_pipeline(StandardScaler(with_mean=False), Ridge(alpha=0.5))
    with sk.track("prices") as run:
        model = sk.fit(pipeline, frame, target="y")
    found = sk.open_run(run.id)
    record = found.record
    assert (record.kind, record.name) == ("fit", "Pipeline")
    assert record.estimator["class"] == "sklearn.pipeline.Pipeline"
    assert record.estimator["changed"]["ridge__alpha"] == 0.5
    assert record.estimator["parameters"]["ridge__fit_intercept"] is True
    assert "ridge__fit_intercept" not in record.estimator["changed"]
    assert record.fit["rows"] == 3
    assert record.fit["exactness"] == model.scalekit_fit_.exactness
    assert record.fit["features"] == ["x"]
    assert record.fit["seconds"] > 0
    loaded = found.load_model()
    assert (
        loaded.predict(frame.to_pandas()[["x"]]).tolist()
        == model.predict(frame.to_pandas()[["x"]]).tolist()
    )
    assert loaded.scalekit_fit_.rows == 3
    lock = found.read("model/requirements.txt").decode()
    assert "scikit-learn==" in lock
    assert "polars==" in lock
    assert {"python", "scikit-learn", "polars", "scalekit"} <= set(record.versions)


def test_each_further_model_of_a_block_leaves_a_run_of_its_own(frame):
    with sk.track("prices", tags={"sprint": "12"}) as run:
        for alpha in (0.1, 1.0, 10.0):
            sk.fit(Ridge(alpha=alpha), frame, target="y")
    found = sk.runs("prices").sort("id").collect()
    assert found["params.alpha"].to_list() in ([["0.1", "10.0", None]], ["0.1", None, "10.0"])
    assert found["parent"].to_list() == [None, run.id, run.id]
    assert found["tags.sprint"].to_list() == ["12"] * 3


def test_outside_a_block_a_fit_leaves_a_run_only_if_that_is_asked_for(frame, own_place):
    sk.fit(DummyRegressor(), frame, target="y")
    assert not (own_place / ".scalekit").exists()
    with sk.config(track=True):
        sk.fit(DummyRegressor(), frame, target="y")
    assert (only_run().project, only_run().kind) == ("default", "fit")


def test_nothing_is_left_of_steps(frame):
    with sk.track("p") as run, untracked():
        sk.fit(DummyRegressor(), frame, target="y")
        assert open_evaluation() is None
        assert track_fit(Fitted(DummyRegressor())) is None
    assert only_run().kind == "run"
    assert only_run().id == run.id


def test_models_need_not_be_saved(frame):
    with sk.track("p", save_models=False) as run:
        sk.fit(DummyRegressor(), frame, target="y")
    found = sk.open_run(run.id)
    assert found.record.estimator["class"].endswith("DummyRegressor")
    assert found.read("model/model.pkl") is None
    assert sk.runs().collect()["has_model"].to_list() == [False]


def test_a_model_that_cannot_be_saved_does_not_cost_the_run():
    class Stubborn:
        def __reduce__(self):
            raise RuntimeError("not me; password=hunter2")

    warned = pytest.warns(TrackingWarning, match="Stubborn cannot be saved: not me")
    with sk.track("p") as run, warned:
        track_fit(Fitted(Stubborn(), 1.0, {"rows": 7, "fingerprint": "7-a-b"}))
    record = sk.open_run(run.id).record
    assert "hunter2" not in record.model["error"]
    assert record.fit == {"seconds": 1.0, "training": {"rows": 7, "fingerprint": "7-a-b"}}


def test_a_store_that_fills_up_does_not_cost_the_model(frame, own_place):
    (own_place / "file").write_text("")
    warned = pytest.warns(TrackingWarning, match="was not kept: cannot keep runs in")
    with sk.config(track=True, store=str(own_place / "file")), warned:
        model = sk.fit(DummyRegressor(), frame, target="y")
    assert model.constant_.tolist() == [[3.0]]


# Evaluations


def test_an_evaluation_leaves_a_run_without_any_set_up(evaluated):
    """LEARN §6 I."""
    model = DummyRegressor().fit([[0.0]], [2.0])
    opened = open_evaluation(model)
    handed = evaluated(model=model, training={"rows": 70, "fingerprint": "70-x-y"}, threshold=0.4)
    opened.leave(handed)
    found = sk.open_run(opened.run_id)
    assert found.record.kind == "evaluation"
    assert (found.record.project, found.record.name) == ("default", "churn")
    assert (
        found.metrics()
        .filter(pl.col("metric") == "log_loss")
        .equals(handed.results.select(found.metrics().columns))
    )
    assert found.metrics().filter(pl.col("metric") == "roc_auc")["value"].to_list() == [0.8]
    assert found.report() == {"name": "churn", "skill": [0.4, 0.35, 0.45]}
    assert found.report_html() == handed.html
    assert found.protocol() == handed.protocol
    assert found.record.fit["training"] == {"rows": 70, "fingerprint": "70-x-y"}
    row = sk.runs().collect().row(0, named=True)
    expected = {
        "primary": "log_loss", "value": 0.31, "low": 0.30, "high": 0.32, "skill": 0.4, "skill_low": 0.35,
        "protocol_id": "p1", "fingerprint": "1000-ab-cd", "metrics.roc_auc": 0.8, "estimator": "DummyRegressor",
        "has_model": True,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_statistics_come_back_as_they_were(evaluated):
    opened = open_evaluation()
    handed = evaluated()
    opened.leave(handed)
    found = sk.open_run(opened.run_id).tallies()
    assert {role: list(named) for role, named in found.items()} == {
        "test": ["sums", "none"], "valid": ["sums"],
    }  # fmt: skip
    for role, named in handed.tallies.items():
        for name, table in named.items():
            assert found[role][name].equals(table, check_metadata=True)


def test_polars_frames_are_statistics_too(evaluated):
    opened = open_evaluation()
    table = pl.DataFrame({"block": [0, 1], "n": pl.Series([3, 4], dtype=pl.UInt32)})
    opened.leave(evaluated(tallies={"test": {"counts": table}}))
    found = sk.open_run(opened.run_id).tallies()["test"]["counts"]
    assert isinstance(found, pa.Table)
    assert pl.from_arrow(found).equals(table)


def test_an_evaluation_belongs_to_the_run_of_its_fit(frame, evaluated):
    with sk.track("prices") as run:
        models = [sk.fit(Ridge(alpha=alpha), frame, target="y") for alpha in (1.0, 2.0)]
        for model in reversed(models):
            opened = open_evaluation(model)
            opened.leave(evaluated(model=model, name=f"alpha {model.alpha}"))
    found = sk.runs("prices").sort("id").collect()
    assert found["name"].to_list() == ["alpha 1.0", "alpha 2.0"]
    assert found["kind"].to_list() == ["evaluation"] * 2
    assert found["params.alpha"].to_list() == [None, "2.0"]
    assert sk.open_run(run.id).load_model().alpha == 1.0


def test_a_second_evaluation_of_a_model_is_a_run_of_its_own(frame, evaluated):
    with sk.track("prices", name="candidate"):
        model = sk.fit(Ridge(), frame, target="y")
        for fingerprint in ("a", "b"):
            open_evaluation(model).leave(evaluated(model=model, fingerprint=fingerprint))
    found = sk.runs("prices").sort("id").collect()
    assert found["fingerprint"].to_list() == ["a", "b"]
    assert found["has_model"].to_list() == [True, True]
    assert found["name"].to_list() == ["candidate", "churn"]


def test_finished_evaluations_of_a_loop_are_there_before_its_end(frame, evaluated):
    with sk.track("prices"):
        for alpha in (1.0, 2.0, 3.0):
            model = sk.fit(Ridge(alpha=alpha), frame, target="y")
            open_evaluation(model).leave(evaluated(model=model))
        assert len(sk.runs("prices").collect()) == 2  # the block's own comes with its end
    assert len(sk.runs("prices").collect()) == 3


def test_a_test_set_knows_how_often_it_was_used(evaluated, store, monkeypatch):
    rows = {"rows": 1000, "xor": 2**63, "sum": 5}
    for user in ("ann", "bob", "ann"):
        monkeypatch.setenv("LOGNAME", user)
        open_evaluation().leave(evaluated(fingerprint=rows))
    open_evaluation().leave(evaluated(fingerprint=rows | {"sum": 6}))
    assert evaluations_of(dict(reversed(rows.items())), store) == (3, 2)
    assert evaluations_of("another", store) == (0, 0)


def test_evaluations_may_be_left_out(evaluated):
    with sk.config(track=False):
        assert open_evaluation() is None
    with sk.config(track=False), sk.track("p") as run:
        assert open_evaluation().run_id == run.id


def test_an_evaluation_that_was_never_finished_leaves_nothing(own_place):
    assert open_evaluation() is not None
    assert not (own_place / ".scalekit").exists()


# What is written down


def test_secrets_stay_out_of_runs(monkeypatch, own_place, evaluated):
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "canary-in-the-environment")
    secrets = ["canary-in-the-environment", "hunter2", "AKIAABCDEFGHIJKLMNOP", "s3cr3t-token-value"]
    with sk.track("p", name=f"uses {secrets[0]}", tags={"password": "hunter2"}) as run:
        run.log(
            parameters={
                "url": "postgresql://ann:hunter2@db/x",
                "api_key": "s3cr3t-token-value",
                "nested": {"note": "canary-in-the-environment", "key_id": "AKIAABCDEFGHIJKLMNOP"},
            }
        )
        open_evaluation().leave(
            evaluated(
                html="<p>canary-in-the-environment</p>",
                protocol="name: canary-in-the-environment",
                report={"text": ["password=hunter2", {"token": "s3cr3t-token-value"}]},
                provenance={"source": "s3://b/x?X-Amz-Signature=s3cr3t-token-value"},
            )
        )
    folder = own_place / ".scalekit" / "p" / "runs" / run.id
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert [text for text in secrets if text.encode() in written] == []
    assert b"***" in written


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (float("nan"), "", "nan"),
        (-float("inf"), "", "-inf"),
        (pl.Series([1]).to_numpy()[0], "", 1),
        ({"b", "a"}, "", ["a", "b"]),
        (Path("a/b"), "", "a/b"),
        (len, "", "builtins.len"),
        (Ridge, "", "sklearn.linear_model._ridge.Ridge"),
        (object(), "", "<object object>"),
        (b"x", "", "b'x'"),
        ("word", "token", "***"),
        (3, "token", 3),
        ("char", "tokenizer", "char"),
        (True, "password", True),
        (Measured(1.0), "", {"value": 1.0, "low": None, "high": None}),
    ],
    ids=range(14),
)
def test_values_as_json_keeps_them(value, name, expected):
    assert plain(value, name) == expected
    json.dumps(expected, allow_nan=False)


def test_parameters_that_are_named_like_secrets_and_are_none_are_kept():
    found = describe_estimator(CountVectorizer(token_pattern=r"\w+", analyzer=len))
    assert found["parameters"]["token_pattern"] == r"\w+"
    assert found["changed"] == {"token_pattern": r"\w+", "analyzer": "builtins.len"}


def test_an_estimator_that_is_none_of_scikit_learns_is_described():
    class Odd:
        def get_params(self, deep=True):
            raise RuntimeError

    assert describe_estimator(Odd())["parameters"] == {}
    assert describe_estimator(object())["class"] == "builtins.object"


def test_records_come_back_as_they_were(frame, evaluated):
    with sk.track("p") as run:
        run.log(parameters={"a": None, "b": [1, {"c": 2.5}]}, metrics={"nan": float("nan"), "m": 1})
        open_evaluation().leave(evaluated(model=Ridge().fit([[0.0], [1.0]], [0.0, 1.0])))
    record = sk.open_run(run.id).record
    assert repr(from_json(to_json(record), "here")) == repr(record)


def test_the_commit_is_kept_and_not_the_remote(own_place):
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(
            ["git", *identity, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q", "-b", "work")
    with sk.track("none", root="store"):
        pass
    (own_place / ".gitignore").write_text("store\n")
    git("add", ".gitignore")
    git("commit", "-q", "-m", "first")
    git("remote", "add", "origin", "https://ann:hunter2@host/x.git")
    with sk.track("clean", root="store"):
        pass
    (own_place / ".gitignore").write_text("store\nmore\n")
    with sk.track("dirty", root="store"):
        pass
    found = {
        run["project"]: sk.open_run(run["id"], root="store").record.code
        for run in sk.runs(root="store").collect().iter_rows(named=True)
    }
    commit = git("rev-parse", "HEAD")
    assert found == {
        "none": {},
        "clean": {"commit": commit, "branch": "work", "dirty": False},
        "dirty": {"commit": commit, "branch": "work", "dirty": True},
    }


def test_runs_are_a_frame_like_any_other(frame):
    for number in range(3):
        with sk.track("a" if number else "b", name=f"run {number}") as run:
            run.log(metrics={"score": number / 2})
    found = sk.runs().filter(sk.col("metrics.score") > 0).sort("metrics.score", descending=True)
    assert found.collect()["name"].to_list() == ["run 2", "run 1"]
    assert sk.runs("a").collect()["name"].to_list() == ["run 2", "run 1"]  # the newest first
    assert sk.runs().collect_schema()["started"] == sk.Datetime("us", "UTC")


def test_no_warning_is_left_behind_by_a_plain_block(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with sk.track("p"):
            sk.fit(LinearRegression(), frame, target="y")
