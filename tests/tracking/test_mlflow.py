from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit.errors import TrackingWarning
from scalekit.tracking.keeping import open_evaluation, track_fit
from scalekit.tracking.results import Fitted
from tests.battery.mlflow_server import mlflow_server

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as uri:
        yield uri


@pytest.fixture
def client(server: str) -> Any:
    """MLflow's own client, to look at the server from outside."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=server, registry_uri=server)


@pytest.fixture
def project(server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A project of the test's own, mirrored to the server."""
    with sk.config(mlflow=server):
        yield request.node.name[:60].replace("[", "_").replace("]", "")


@pytest.fixture
def frame() -> sk.Frame:
    return sk.from_dict({"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})


def mirrored(client: Any, project: str) -> list[Any]:
    experiment = client.get_experiment_by_name(project)
    return list(client.search_runs([experiment.experiment_id]))


def test_a_run_is_mirrored_whole(project, client, frame, evaluated, monkeypatch, tmp_path):
    import mlflow

    monkeypatch.setenv("WAREHOUSE_PASSWORD", "canary-in-the-environment")
    pipeline = make_pipeline(StandardScaler(), Ridge(alpha=0.5))
    with sk.track(project, name="candidate", tags={"sprint": "12", "odd:name": "x"}) as run:
        model = sk.fit(pipeline, frame, target="y")
        open_evaluation(model).leave(evaluated(model=model))
        run.log(
            parameters={
                "url": "postgresql://ann:hunter2@db/x",
                "long": "y" * 9000,
                "precision@0.1": 3,
            },
            metrics={"p99 [ms]": 1.5, "nan": float("nan")},
            files={"plots/a.txt": "canary-in-the-environment is not hidden in files of the user"},
        )
    (found,) = mirrored(client, project)
    assert (found.info.run_name, found.info.status) == ("candidate", "FINISHED")
    assert found.data.params["ridge__alpha"] == "0.5"
    assert found.data.params["url"] == "postgresql://***@db/x"
    assert found.data.params["precision_0.1"] == "3"
    expected = {"log_loss": 0.31, "log_loss_lo": 0.30, "log_loss_hi": 0.32, "roc_auc": 0.8, "p99 _ms_": 1.5,
                "skill": 0.4, "skill_lo": 0.35, "skill_hi": 0.45}  # fmt: skip
    assert {name: found.data.metrics[name] for name in expected} == expected
    assert "roc_auc_lo" not in found.data.metrics
    tags = {
        "sprint": "12",
        "odd_name": "x",
        "scalekit.run_id": run.id,
        "scalekit.protocol_id": "p1",
    }
    assert {name: found.data.tags[name] for name in tags} == tags
    names = {item.path for item in client.list_artifacts(found.info.run_id)}
    assert {"run.json", "report.html", "protocol.yaml", "files", "model"} <= names
    mlflow.set_tracking_uri(client.tracking_uri)
    loaded = mlflow.sklearn.load_model(f"runs:/{found.info.run_id}/model")
    assert loaded.named_steps["ridge"].alpha == 0.5
    page = client.download_artifacts(found.info.run_id, "report.html", str(tmp_path))
    assert Path(page).read_text() == "<!doctype html><title>churn</title>"


def test_a_run_that_failed_says_so_there_too(project, client):
    def fails() -> None:
        with sk.track(project):
            raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        fails()
    (found,) = mirrored(client, project)
    assert (found.info.status, found.data.tags["scalekit.error"]) == (
        "FAILED",
        "ValueError: no luck",
    )


def test_aliases_are_mirrored(project, client):
    import mlflow

    mlflow.set_tracking_uri(client.tracking_uri)
    mlflow.set_registry_uri(client.tracking_uri)
    name = "churn"

    def in_production() -> float:
        return float(mlflow.sklearn.load_model(f"models:/{name}@production").predict([[0]])[0])

    with sk.config(mlflow="off"), sk.track(project) as run:
        track_fit(Fitted(DummyRegressor().fit([[0]], [1.0])))
    sk.promote(name, model=run.id, force="the first")  # its run comes with it
    assert in_production() == 1.0
    sk.promote(name, model=DummyRegressor().fit([[0]], [2.0]), force="a better one")
    assert in_production() == 2.0
    assert client.get_model_version_by_alias(name, "previous").tags["scalekit.version"] == "1"
    sk.rollback(name)
    assert in_production() == 1.0
    model = client.get_registered_model(name)
    assert set(model.aliases) == {"production"}  # there is nothing before it
    version = client.get_model_version_by_alias(name, "production")
    assert version.tags["scalekit.forced"] == "the first"
    assert version.tags["scalekit.run_id"] == run.id
    assert "there is no decision" in version.description


def test_objects_that_are_no_estimators_are_mirrored_as_files(project, client):
    with sk.track(project):
        track_fit(Fitted({"a": "dictionary"}))
    (found,) = mirrored(client, project)
    names = {item.path for item in client.list_artifacts(found.info.run_id, "model")}
    assert names == {"model/model.json", "model/model.pkl", "model/requirements.txt"}


def test_an_experiment_that_was_deleted_there_is_a_warning(project, client):
    with sk.track(project):
        pass
    client.delete_experiment(client.get_experiment_by_name(project).experiment_id)
    warned = pytest.warns(TrackingWarning, match=r"in the store, but was not mirrored.*restore it")
    with warned, sk.track(project) as run:
        pass
    assert sk.open_run(run.id).record.status == "finished"


def test_a_server_that_is_down_is_a_warning_within_seconds(own_place):
    def with_nobody_there() -> None:
        with sk.config(mlflow="http://ann:hunter2@127.0.0.1:9"), sk.track("p"):
            pass

    begun = time.monotonic()
    said = r"was not mirrored to MLflow at http://\*\*\*@127.0.0.1:9"
    with pytest.warns(TrackingWarning, match=said):
        with_nobody_there()
    assert time.monotonic() - begun < 60  # MLflow's client alone tries for minutes
    (run_id,) = sk.runs().collect()["id"]
    assert sk.open_run(run_id).record.status == "finished"


def test_without_the_extra_the_warning_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    with pytest.warns(TrackingWarning, match=r"pip install 'scalekit\[mlflow\]'"), sk.track("p"):
        pass


def test_nothing_is_mirrored_where_nothing_is_configured(own_place):
    code = "import sys, scalekit as sk\nwith sk.track('p'): pass\nprint('mlflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=own_place, capture_output=True, text=True,
        check=True, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.strip() == "False"
    assert {path.name for path in own_place.iterdir()} == {".scalekit"}


@pytest.mark.filterwarnings(
    "ignore::sqlalchemy.exc.SADeprecationWarning"
)  # of MLflow, in this process
def test_processes_that_meet_at_a_new_database_all_find_it(own_place):
    """hydraflow #245: two that make MLflow's tables at once leave neither."""
    code = """
import scalekit as sk
for number in range(2):
    with sk.track("many") as run:
        run.log(metrics={"m": number})
"""
    uri = f"sqlite:///{own_place}/db/mlflow.db"
    command = [sys.executable, "-W", "error::scalekit.exceptions.TrackingWarning", "-c", code]
    variables = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "MLFLOW_TRACKING_URI": uri}
    processes = [
        subprocess.Popen(command, cwd=own_place, env=variables, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]  # fmt: skip
    errors = [process.communicate()[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * 3, errors
    from mlflow import MlflowClient

    assert len(mirrored(MlflowClient(tracking_uri=uri), "many")) == 6
    assert len(sk.runs("many").collect()) == 6
    assert (
        own_place / "db" / "mlartifacts" / "many"
    ).is_dir()  # beside the database, not in the working directory
    assert not (own_place / "mlruns").exists()
