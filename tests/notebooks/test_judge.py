"""The notebook that judges two models for late flights, in a kernel: it runs, and the command line says the same."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest

from benchmarks.demo import ROOT
from benchmarks.notebook import Ran, run_notebook, to_html
from scalekit.command.experiment.experiment import Experiment, read_experiment
from scalekit.command.experiment.imports import importing_from
from scalekit.judge.protocol.protocol import Protocol

pytestmark = [pytest.mark.notebook, pytest.mark.timeout(900)]

FOLDER = ROOT / "notebooks"


@pytest.fixture(scope="module")
def notebook() -> Ran:
    with pytest.MonkeyPatch.context() as patched:
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            patched.setenv(variable, "1")
        patched.setenv("PYTHONPATH", str(ROOT))
        done = run_notebook(FOLDER / "judge.ipynb", "polars")
    assert done.failure is None, done.failure
    return done


@pytest.fixture
def experiment() -> Iterator[Experiment]:
    with importing_from(FOLDER):
        yield read_experiment(FOLDER / "late_flights.toml")


def printed(notebook: Ran, name: str = "stdout") -> list[str]:
    outputs = [output for cell in notebook.notebook.cells for output in cell.get("outputs", [])]
    return [o.text for o in outputs if o.output_type == "stream" and o.name == name]


def test_every_cell_ran_and_none_warned(notebook: Ran) -> None:
    code = [cell for cell in notebook.notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert printed(notebook, "stderr") == []


def test_all_rows_tell_the_models_apart_and_a_sample_does_not(notebook: Ran) -> None:
    said = notebook.results["said"]
    verdicts = {(row["metric"], row["rows"]): row["verdict"] for row in said.to_dicts()}
    for metric in ("brier", "log_loss", "roc_auc"):
        assert verdicts[metric, "all"] == "better"
        assert verdicts[metric, "5 %"] == "tied"


def test_days_are_not_torn_apart(notebook: Ran) -> None:
    shares = notebook.results["shares"]
    assert shares["days"].sum() == 365
    assert shares["flights"].sum() == 327_346


def test_both_models_are_kept_and_the_second_went_into_production(notebook: Ran) -> None:
    versions = notebook.results["in_production"].sort("version")
    assert versions["aliases"].to_list() == [["previous"], ["production"]]
    assert versions["forced"].null_count() == 2
    runs = notebook.results["runs"]
    assert sorted(runs["name"].to_list()) == ["history", "weather"]
    assert runs["skill"].min() > 0
    assert runs["primary"].unique().to_list() == ["log_loss"]


def test_the_command_runs_the_same_from_its_file(notebook: Ran) -> None:
    last = printed(notebook)[-1]
    assert "history against weather" in last
    assert last.rstrip().endswith("exit code 1")  # a sample of a twentieth does not tell them apart


def test_the_file_names_the_features_the_models_and_the_protocol_of_the_notebook(
    notebook: Ran, experiment: Experiment
) -> None:
    module = sys.modules["late_flights"]
    assert experiment.features.function is module.features
    weather, history = experiment.models
    assert list(weather.features) == [*module.KINDS, *module.NUMBERS]
    assert list(history.features) == module.HISTORY
    source = "".join(cell.source for cell in notebook.notebook.cells if cell.cell_type == "code")
    for name, value in history.estimator.get_params().items():
        if value is not None and name in (
            "n_estimators",
            "max_depth",
            "learning_rate",
            "min_child_weight",
        ):
            assert f"{name}={value}" in source
    protocol = Protocol.from_file(FOLDER / "late_flights.yaml")
    shown = [o["data"]["text/plain"] for c in notebook.notebook.cells for o in c.get("outputs", [])
             if o.output_type == "execute_result"]  # fmt: skip
    assert repr(protocol.id) in shown


def test_the_page_shows_reports_and_needs_nothing_from_elsewhere(notebook: Ran) -> None:
    page = to_html(notebook)
    assert page.count("<svg") >= 2
    assert "Promote history in place of in production" in page
    assert re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?//', page) == []


def test_it_is_kept_without_outputs() -> None:
    text = (FOLDER / "judge.ipynb").read_text(encoding="utf-8")
    assert '"outputs": []' in text
    assert "execute_result" not in text
