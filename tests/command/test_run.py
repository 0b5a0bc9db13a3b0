"""``scalekit run``: an experiment from its file to what is known of its models."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.tree import DecisionTreeClassifier

import scalekit as sk
from scalekit.command.run import fits
from scalekit.judge import judging
from tests.command.conftest import EXPERIMENT
from tests.command.ran import Ended, Run

LARGE = EXPERIMENT.replace(
    'function = "features:rows"', 'function = "features:rows"\nparameters = { n = 12000 }'
)
"""With as many rows as tell the two models apart."""


def found(ended: Ended) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(ended.out)
    assert value["exit"] == ended.code
    return value


def write(folder: Path, text: str) -> Path:
    path = folder / "late.toml"
    path.write_text(text)
    return path


def test_a_dry_run_says_what_would_be_done_and_fits_nothing(
    folder: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fits, "fit_all", lambda *_, **__: pytest.fail("nothing is to be fitted"))
    ended = command("run", "late.toml", "--dry-run")
    assert ended.code == 0
    assert "binary · target late · split hash · by log_loss" in ended.out
    for name in ("logistic", "tree"):
        assert name in ended.out
    assert not (folder / ".scalekit").exists()
    told = json.loads(command("run", "late.toml", "--dry-run", "--json", "--only", "tree").out)
    (model,) = told["models"]
    assert model["features"] == ["x", "z", "double", "above"]
    assert model["fits"] is True


def test_a_dry_run_names_what_cannot_be_fitted(folder: Path, command: Run) -> None:
    text = (
        EXPERIMENT
        + '\n[models.near]\nestimator = "sklearn.neighbors.KNeighborsClassifier"\n[fit]\nsolver = "passes"\n'
    )
    write(folder, text)
    ended = command("run", "late.toml", "--dry-run")
    assert ended.code == 1
    assert "near: KNeighborsClassifier cannot be fitted over partitions" in ended.out
    ended = command("run", "late.toml")
    assert ended.code == 2
    assert "while fitting 'tree'" in ended.err


def test_settings_go_from_the_command_to_the_file_to_the_environment(
    folder: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEKIT_BACKEND", "pandas")
    monkeypatch.setenv("SCALEKIT_PARTITION_BYTES", "1MiB")
    write(folder, EXPERIMENT + '\n[settings]\nbackend = "serial"\nsample = 0.5\n')
    told = json.loads(command("run", "late.toml", "--dry-run", "--json").out)["settings"]
    assert (told["backend"], told["sample"], told["partition_bytes"]) == ("serial", 0.5, 1 << 20)
    arguments = ("--backend", "polars", "--sample", "0.1", "--dry-run", "--json")
    told = json.loads(command("run", "late.toml", *arguments).out)["settings"]
    assert (told["backend"], told["sample"]) == ("polars", 0.1)


PROTOCOL = '[protocol]\ntask = "binary"\ntarget = "late"\nkey = ["id"]\n'

WRONG = {
    "no file": (None, r"no experiment file 'other.toml'; there is late.toml"),
    "no protocol": (EXPERIMENT.replace(PROTOCOL, ""), "late.toml: protocol: it is missing"),
    "a missing protocol file": (EXPERIMENT.replace(PROTOCOL, '[protocol]\nfile = "p.yaml"\n'), "protocol.file: no protocol at"),
    "file and keys": (EXPERIMENT.replace("[protocol]", '[protocol]\nfile = "p.yaml"'), "protocol.task: unknown key"),
    "an unknown key of the protocol": (EXPERIMENT.replace("key = ", "kye = "), "protocol.kye: unknown key 'kye': did you mean 'key'?"),
    "an unknown target": (EXPERIMENT.replace('target = "late"', 'target = "lat"'), "protocol.target: target column 'lat' not found (did you mean 'late'?)"),
    "no way to split": (EXPERIMENT.replace('key = ["id"]\n', ""), "it has no key, group or time to split by"),
    "an unknown feature": (EXPERIMENT + 'features = ["y"]\n', "models.tree.features: column 'y' not found"),
    "the target as a feature": (EXPERIMENT + 'features = ["x", "late"]\n', "models.tree.features: 'late' is the protocol's target"),
    "an unknown way to fit": (EXPERIMENT + '[fit]\nsolver = "pases"\n', "fit.solver: unknown value 'pases' (did you mean 'passes'?)"),
    "rows to fit that are no number": (EXPERIMENT + '[fit]\nmax_rows = "1e5"\n', "fit.max_rows: expected a whole number"),
    "an unknown level": (EXPERIMENT + '[checks]\nrules = {}\nstop = "eror"\n', "checks.stop: unknown value 'eror' (did you mean 'error'?)"),
    "rules twice": (EXPERIMENT + '[checks]\nrules = {}\nfile = "x.yaml"\n', "checks.rules: expected one of"),
    "an unknown rule": (EXPERIMENT + '[checks.rules]\nx = { betwen = [0, 1] }\n', "checks.rules.x.betwen"),
    "a margin that is none": (EXPERIMENT + '[compare]\nmargin = 2\n', "compare.margin: expected a loss of skill"),
    "an unknown requirement": (EXPERIMENT + '[compare]\nrequire = "al"\n', "compare.require: unknown value 'al'"),
    "an unknown reference": (EXPERIMENT + '[compare]\nreference = "logistc"\n', "compare.reference: there is no model 'logistc' (did you mean 'logistic'?)"),
    "a project that is no name": (EXPERIMENT + '[track]\nproject = "../x"\n', "track.project:"),
    "a tag that is no text": (EXPERIMENT + '[track]\ntags = { n = 1 }\n', "track.tags.n: expected text, got 1"),
    "an unknown setting": (EXPERIMENT + '[settings]\nbackent = "polars"\n', "settings.backent: unknown setting 'backent'"),
    "an unknown backend": (EXPERIMENT + '[settings]\nbackend = "polras"\n', "unknown backend 'polras'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_ends_with_two_before_anything_is_fitted(
    case: str, folder: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fits, "fit_all", lambda *_, **__: pytest.fail("nothing is to be fitted"))
    text, expected = WRONG[case]
    if text is not None:
        write(folder, text)
    ended = command("run", "other.toml" if text is None else "late.toml")
    assert expected in ended.err
    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err
    assert not (folder / ".scalekit").exists()


def test_all_models_are_fitted_together_scored_in_one_pass_and_kept(
    folder: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    score = judging.score
    monkeypatch.setattr(judging, "score", lambda *a, **k: passes.append(1) or score(*a, **k))
    ended = command("run", "late.toml", "--json")
    told = found(ended)
    assert ended.code == 0, ended.err
    assert len(passes) == 1
    assert "fitting 2 models ..." in ended.err
    comparison = told["comparison"]
    assert comparison["names"] == ["logistic", "tree"]
    assert set(comparison["best"]) <= {"logistic", "tree"}
    assert told["candidate"] is None  # nothing was to be beaten
    runs = {row["id"]: row for row in sk.runs("late").collect().to_dicts()}
    assert set(told["runs"]) == {"logistic", "tree"}
    for name, run in told["runs"].items():
        assert (runs[run]["kind"], runs[run]["name"]) == ("evaluation", name)
        assert runs[run]["skill"] == pytest.approx(told["reports"][name]["skill"][0])
        assert runs[run]["tags.experiment"] == "late"
        assert runs[run]["has_model"]
    assert len(runs) == 2


def test_what_the_command_finds_is_what_a_notebook_finds(
    folder: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = found(command("run", "late.toml", "--json"))
    monkeypatch.syspath_prepend(str(folder))
    features = importlib.import_module("features")
    try:
        frame = features.build(features.rows(), threshold=0.5)
    finally:
        del sys.modules["features"]
    protocol = sk.Protocol("binary", "late", key="id")
    assert told["comparison"]["provenance"]["protocol_id"] == protocol.id
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    names = ["x", "z", "double", "above"]
    model = sk.fit(tree, sk.split(frame, protocol).train, target="late", features=names)
    report = sk.evaluate(model, frame, protocol, name="tree")
    (mine,) = (
        row
        for row in told["reports"]["tree"]["results"]
        if (row["model"], row["metric"], row["slice"]) == ("tree", "log_loss", None)
    )
    assert mine["value"] == pytest.approx(report.value("log_loss"), rel=1e-12)


@pytest.mark.parametrize(
    ("reference", "require", "code"),
    [
        ("tree", "any", 0),
        ("logistic", "any", 1),
        ("tree", "all", 0),
        ("logistic", "none", 0),
    ],
)
def test_the_exit_code_says_whether_a_model_beats_the_one_to_beat(
    reference: str, require: str, code: int, folder: Path, command: Run
) -> None:
    write(folder, f'{LARGE}[compare]\nreference = "{reference}"\nrequire = "{require}"\n')
    ended = command("run", "late.toml", "--json")
    told = found(ended)
    assert ended.code == code, told["comparison"]["decisions"]
    assert told["comparison"]["reference"] == reference
    expected = {"model": "logistic", "run": told["runs"]["logistic"]}
    assert told["candidate"] == (expected if code == 0 and require != "none" else None)


def test_a_registered_version_is_beaten_or_not(folder: Path, command: Run) -> None:
    write(folder, LARGE + '[compare]\nreference = "models:/late@production"\n')
    first = command("run", "late.toml", "--json")
    assert first.code == 0
    assert "nothing to beat yet" in first.err
    runs = found(first)["runs"]
    assert command("promote", "late", runs["tree"]).code == 0
    second = command("run", "late.toml", "--json")
    told = found(second)
    assert second.code == 0
    assert told["candidate"]["model"] == "logistic"
    assert told["comparison"]["reference"] == "models:/late@production"
    promoted = command("promote", "late", told["candidate"]["run"])
    assert promoted.code == 0, promoted.err
    third = command("run", "late.toml")
    assert third.code == 1
    assert "nothing is better than models:/late@production" in third.out


def test_one_model_is_judged_alone(folder: Path, command: Run) -> None:
    ended = command("run", "late.toml", "--only", "tree", "--out", "out")
    assert ended.code == 0
    assert "log_loss" in ended.out
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["results.json", "tree.html"]


def test_results_are_written(folder: Path, command: Run) -> None:
    text = EXPERIMENT + "grid = { max_depth = [1, 2] }\n"
    write(folder, text)
    ended = command("run", "late.toml", "--out", "made/out", "--quiet")
    assert (ended.code, ended.err) == (0, "")
    names = [
        "comparison.html",
        "logistic.html",
        "results.json",
        "tree-max_depth=1.html",
        "tree-max_depth=2.html",
    ]
    assert sorted(path.name for path in (folder / "made" / "out").iterdir()) == names
    told = json.loads((folder / "made" / "out" / "results.json").read_text())
    assert told["comparison"]["names"] == ["logistic", "tree:max_depth=1", "tree:max_depth=2"]
    assert command("run", "late.toml", "--out", "late.toml").code == 3


def test_parts_of_their_own_are_used_as_they_are(folder: Path, command: Run) -> None:
    for name, low, high in (("train", 0, 2000), ("valid", 2000, 3000), ("test", 3000, 4000)):
        part = (
            f"def {name}():\n    return rows().filter(sk.col('id').is_between({low}, {high - 1}))\n"
        )
        path = folder / "features.py"
        path.write_text(path.read_text() + part)
    data = "".join(f'{name}.function = "features:{name}"\n' for name in ("train", "valid", "test"))
    text = EXPERIMENT.replace('function = "features:rows"\n', data).replace('key = ["id"]\n', "")
    write(folder, text)
    told = found(command("run", "late.toml", "--json"))
    assert told["comparison"]["provenance"]["rows"] == {"train": 2000, "valid": 1000, "test": 1000}


def test_rows_that_break_rules_are_not_fitted_on(
    folder: Path, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fits, "fit_all", lambda *_, **__: pytest.fail("nothing is to be fitted"))
    write(folder, EXPERIMENT + "[checks.rules]\nx = { between = [-1, 1] }\n")
    ended = command("run", "late.toml")
    assert ended.code == 1
    assert "x: between -1 and 1" in ended.out
    assert "nothing was fitted" in ended.err
    told = found(command("run", "late.toml", "--json"))
    assert told["checks"]["rows"]["outcomes"][0]["level"] == "error"


def test_rows_that_break_rules_may_be_fitted_on_where_the_file_says_so(
    folder: Path, command: Run
) -> None:
    write(folder, EXPERIMENT + '[checks]\nstop = "never"\nrules = { x = { between = [-1, 1] } }\n')
    ended = command("run", "late.toml", "--only", "tree")
    assert ended.code == 0
    assert "x: between -1 and 1" in ended.err


def test_nothing_is_kept_where_the_file_says_so(folder: Path, command: Run) -> None:
    write(folder, EXPERIMENT + "[track]\nenabled = false\n")
    told = found(command("run", "late.toml", "--json"))
    assert (told["run"], told["runs"]) == (None, {})
    assert not (folder / ".scalekit").exists()


def test_a_sample_is_a_part_of_the_rows_the_same_every_time(folder: Path, command: Run) -> None:
    told = [found(command("run", "late.toml", "--sample", "0.25", "--json")) for _ in range(2)]
    rows = [one["comparison"]["provenance"]["rows"] for one in told]
    assert rows[0] == rows[1]
    assert 700 < sum(rows[0].values()) < 1300
    independence = told[0]["reports"]["tree"]["provenance"]["independence"]
    assert independence["is_known"], independence


def test_a_sample_without_a_key_says_so(folder: Path, command: Run) -> None:
    keyed = "def keyed(frame):\n    return frame.with_columns(place=sk.col('id') * 2)\n"
    path = folder / "features.py"
    path.write_text(path.read_text() + keyed)
    text = EXPERIMENT.replace("features:build", "features:keyed").replace(
        'key = ["id"]', 'key = ["place"]'
    )
    write(folder, text.replace("parameters = { threshold = 0.5 }\n", ""))
    ended = command("run", "late.toml", "--sample", "0.5", "--dry-run")
    assert ended.code == 0
    assert "name one as sample_on = ..." in ended.err


def test_a_model_that_fails_is_named(folder: Path, command: Run) -> None:
    (folder / "ours.py").write_text(
        "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "class Broken(ClassifierMixin, BaseEstimator):\n"
        "    def fit(self, X, y):\n        raise ValueError('no luck')\n"
    )
    write(folder, EXPERIMENT + '[models.broken]\nestimator = "ours:Broken"\n')
    ended = command("run", "late.toml")
    assert (ended.code, ended.out) == (3, "")
    assert "ValueError: no luck" in ended.err
    assert "while fitting 'broken'" in ended.err
    assert "Traceback" not in ended.err
    assert "Traceback" in command("run", "late.toml", "--traceback").err


def test_a_process_of_its_own_finds_modules_beside_the_file(folder: Path, process: Run) -> None:
    ended = process("run", folder / "late.toml", "--json", "--store", folder / "runs")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["comparison"]["names"] == ["logistic", "tree"]
    assert "scoring all of them in one pass" in ended.err
    assert (folder / "runs" / "late").is_dir()


@pytest.mark.dask
def test_an_experiment_on_a_cluster_finds_what_it_finds_here(
    folder: Path, command: Run, dask_settings: dict[str, Any]
) -> None:
    write(folder, EXPERIMENT + '[fit]\non_unsupported = "gather"\n')
    here = found(command("run", "late.toml", "--json", "--backend", "polars"))
    with sk.config(**dask_settings, partitions=3):
        ended = command("run", "late.toml", "--json", "--backend", "dask")
    assert ended.code == 0, ended.err
    there = found(ended)
    assert there["comparison"]["provenance"]["backend"] == "dask"
    for name in ("logistic", "tree"):
        mine, theirs = (one["reports"][name]["results"][0] for one in (here, there))
        assert mine["metric"] == theirs["metric"] == "log_loss"
        assert theirs["value"] == pytest.approx(mine["value"], rel=1e-6)
