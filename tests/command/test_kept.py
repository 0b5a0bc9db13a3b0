"""``scalekit runs`` and ``scalekit rollback``: what is kept, and what is in production."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sklearn.dummy import DummyRegressor

import scalekit as sk
from tests.command.ran import Run


@pytest.fixture(autouse=True)
def folder_of_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def leave(project: str, name: str) -> str:
    with sk.track(project, name=name) as run:
        run.log(parameters={"window": 90}, metrics={"auc": 0.81})
    return run.id


def test_no_runs_is_no_error(command: Run) -> None:
    ended = command("runs")
    assert (ended.code, ended.out) == (0, "")
    assert "no runs in .scalekit" in ended.err
    assert json.loads(command("runs", "--json").out) == []
    assert command("runs", "--quiet").err == ""


def test_runs_are_listed_the_newest_first(command: Run) -> None:
    first, second = leave("late", "wide"), leave("late", "narrow")
    leave("churn", "other")
    ended = command("runs", "--project", "late")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].split()[0] == "run"
    assert [line.split()[0] for line in lines[1:]] == [second[-10:], first[-10:]]
    assert "narrow" in lines[1]
    limited = command("runs", "--limit", "1")
    assert len(limited.out.splitlines()) == 2
    assert "3 runs in all" in limited.err


def test_runs_as_json_have_all_that_is_known_of_each(command: Run) -> None:
    found = leave("late", "wide")
    (row,) = json.loads(command("runs", "--json").out)
    assert (row["id"], row["params.window"], row["metrics.auc"]) == (found, "90", 0.81)
    assert row["started"].endswith("+00:00")


def test_another_store_is_another_store(command: Run, tmp_path: Path) -> None:
    leave("late", "wide")
    assert json.loads(command("runs", "--store", tmp_path / "other", "--json").out) == []
    with sk.config(store=str(tmp_path / "other")):
        leave("late", "there")
    (row,) = json.loads(command("runs", "--store", tmp_path / "other", "--json").out)
    assert row["name"] == "there"


@pytest.mark.parametrize("project", ["../late", "a/b", "", "\x1b[31m", "x" * 500])
def test_names_that_are_none_are_refused(project: str, command: Run) -> None:
    ended = command("runs", "--project", project)
    assert ended.code == 2
    assert ended.out == ""
    assert "\x1b" not in ended.err
    assert "Traceback" not in ended.err


def test_a_store_that_cannot_be_read_is_told(command: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    ended = command("doctor", "--store", tmp_path / "file", "--json")
    assert ended.code == 1
    state = json.loads(ended.out)["store"]
    assert (state["usable"], state["why"]) == (False, "it is a file, not a folder")


def test_doctor_counts_what_is_kept_and_makes_no_folder(command: Run, tmp_path: Path) -> None:
    state = json.loads(command("doctor", "--json").out)["store"]
    assert (state["usable"], state["runs"], state["origin"]) == (True, 0, "default")
    assert not (tmp_path / ".scalekit").exists()
    leave("late", "wide")
    leave("churn", "wide")
    ended = command("doctor")
    assert "2 runs, 2 projects, 0 registered models" in ended.out


def test_a_torn_run_is_told_by_its_place(command: Run, tmp_path: Path) -> None:
    found = leave("late", "wide")
    (tmp_path / ".scalekit" / "late" / "runs" / found / "run.json").write_text("{")
    ended = command("runs")
    assert ended.code == 3
    assert found in ended.err
    assert "is not what scalekit wrote" in ended.err


def test_rollback_brings_the_version_before_back(command: Run) -> None:
    for value in (1.0, 2.0):
        model = DummyRegressor().fit([[0]], [value])
        sk.promote("prices", model=model, force="an example")
    ended = command("rollback", "prices")
    assert ended.code == 0
    assert ended.out.startswith("models:/prices/1 is in production again")
    assert sk.load_model("models:/prices@production").predict([[0]]).tolist() == [1.0]


def test_a_model_that_nobody_registered_cannot_be_rolled_back(command: Run) -> None:
    sk.promote("prices", model=DummyRegressor().fit([[0]], [1.0]), force="an example")
    ended = command("rollback", "price")
    assert (ended.code, ended.out) == (2, "")
    assert "did you mean 'prices'" in ended.err
    alone = command("rollback", "prices", "--json")
    assert alone.code in (2, 3)
    assert "Traceback" not in alone.err
