"""``scalekit compare``, ``report`` and ``promote``: from runs that are kept to what is in production."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import scalekit as sk
from tests.command.ran import Run

ROWS = 12_000


def flights(rows: int = ROWS) -> sk.Frame:
    """Rows in which x says a lot about the target, and z nothing."""
    generator = np.random.default_rng(5)
    x, z = generator.normal(size=(2, rows))
    late = x + generator.normal(size=rows) > 0.5
    columns = {"id": np.arange(rows), "x": x, "z": z, "late": late}
    return sk.from_dict({name: column.tolist() for name, column in columns.items()})


KEYS = {"target": "late", "key": "id", "task": "binary"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A store with a model that knows nothing, a good one, and one that was judged otherwise."""
    root = tmp_path_factory.mktemp("store")
    frame, found = flights(), {}
    with sk.config(store=str(root)):
        for name, features, more in [
            ("poor", ["z"], {}),
            ("good", ["x"], {}),
            ("other", ["x"], {"slices": ["late"]}),
        ]:
            with sk.track("late", name=name):
                model = LogisticRegression()
                report = sk.evaluate(model, frame, name=name, features=features, **KEYS, **more)
            found[name] = report.provenance["run"]
    return {"root": root, **found}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_better_run_is_good_and_a_worse_one_is_not(command: Run, store: dict[str, Any]) -> None:
    ended = command("compare", store["poor"], store["good"], "--store", store["root"])
    assert ended.code == 0, ended.err
    assert "log_loss" in ended.out
    ended = command("compare", store["good"], store["poor"], "--store", store["root"], "--json")
    assert ended.code == 1
    found = json.loads(ended.out)
    assert found["decision"]["passed"] is False
    assert found["exit"] == 1
    assert any(not one["met"] for one in found["decision"]["conditions"])


def test_runs_that_do_not_compare_are_refused(command: Run, store: dict[str, Any]) -> None:
    ended = command("compare", store["good"], store["other"], "--store", store["root"])
    assert (ended.code, ended.out) == (2, "")
    assert "judged by the protocol" in ended.err


def test_a_comparison_is_written_and_not_over_a_file(
    command: Run, store: dict[str, Any], tmp_path: Path
) -> None:
    runs = (store["poor"], store["good"], "--store", store["root"])
    assert command("compare", *runs, "--out", "c.html").code == 0
    assert (tmp_path / "c.html").read_text().startswith("<!")
    again = command("compare", *runs, "--out", "c.html")
    assert again.code == 2
    assert "c.html is there already" in again.err
    assert command("compare", *runs, "--out", "c.html", "--overwrite").code == 0
    assert command("compare", *runs, "--out", "c.pdf").code == 2
    assert command("compare", *runs, "--out", "no/folder/c.md").code == 3


def test_a_report_is_shown_and_written(command: Run, store: dict[str, Any], tmp_path: Path) -> None:
    where = ("--store", store["root"])
    shown = command("report", store["good"][-8:], *where)
    assert shown.code == 0
    assert "log_loss" in shown.out
    assert command("report", store["good"], "--out", "r.html", *where).out == ""
    assert "<svg" in (tmp_path / "r.html").read_text()
    assert command("report", store["good"], "--out", "r.md", *where).code == 0
    assert (
        json.loads(command("report", store["good"], "--json", *where).out)["run"] == store["good"]
    )


def test_runs_that_are_not_there_are_told(command: Run, store: dict[str, Any]) -> None:
    for arguments in (
        ("report", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("report", "late@production"),
        ("compare", "x", store["good"]),
        ("promote", "late", "x"),
    ):
        ended = command(*arguments, "--store", store["root"])
        assert (ended.code, ended.out) == (2, "")
        assert "Traceback" not in ended.err


def test_a_run_without_an_evaluation_has_no_report(command: Run, tmp_path: Path) -> None:
    with sk.track("late") as run:
        run.log(parameters={"window": 90})
    ended = command("report", run.id)
    assert ended.code == 2
    assert "nothing was evaluated" in ended.err


def test_promotion_takes_what_is_better_and_refuses_what_is_not(
    command: Run, store: dict[str, Any]
) -> None:
    where = ("--store", store["root"])
    refused = command("promote", "late", store["poor"], *where)
    assert (refused.code, refused.out) == (1, "")
    assert "skill" in refused.err
    forced = command("promote", "late", store["poor"], "--force", "nothing better yet", *where)
    assert forced.code == 0
    assert "models:/late/1 is in production" in forced.out
    assert "forced: nothing better yet" in forced.out
    better = command("promote", "late", store["good"], "--json", *where)
    assert better.code == 0, better.err
    assert json.loads(better.out)["uri"] == "models:/late/2"
    worse = command("promote", "late", store["poor"], *where)
    assert worse.code == 1
    other = command("promote", "late", store["other"], *where)
    assert other.code == 1
    assert "was not promoted" in other.err
    compared = command("compare", "late@production", store["good"], *where)
    assert compared.code == 1  # it is the same run: nothing is gained
    back = command("rollback", "late", *where)
    assert back.out.startswith("models:/late/1 is in production again")
    assert "1 registered model" in command("doctor", *where).out


def test_a_first_model_has_to_be_better_than_the_dummy(
    command: Run, store: dict[str, Any], tmp_path: Path
) -> None:
    with sk.config(store=str(tmp_path / "kept")):
        with sk.track("late"):
            report = sk.evaluate(
                DecisionTreeClassifier(max_depth=3), flights(), features=["x"], **KEYS
            )
        found = command("promote", "late", report.provenance["run"], "--store", tmp_path / "kept")
    assert found.code == 0, found.err
    assert "models:/late/1 is in production" in found.out
