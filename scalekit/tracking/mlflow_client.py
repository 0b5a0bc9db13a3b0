"""Runs, models and aliases as MLflow has them; the one module that imports it."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from scalekit.storage import filesystem as fs
from scalekit.tracking.models import FOLDER, LOCK
from scalekit.tracking.opened import LOGGED, PAGE, PROTOCOL, RECORD, Run
from scalekit.tracking.record import RunRecord
from scalekit.tracking.registry import Aliases, ModelVersion

RUN_ID = "scalekit.run_id"
VERSION = "scalekit.version"

_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Lets MLflow's page show models and their metrics, not conversations."""

_BATCH = 100
_LONGEST = 500
_ARTIFACTS = (RECORD, PAGE, PROTOCOL)
_NOT_IN_NAMES = re.compile(r"[^\w./ -]")


def write_run(record: RunRecord, folder: Path, uri: str, model: Any = None) -> str:
    """Write one run: parameters, metrics with their bounds as ``_lo`` and ``_hi``, report, model.

    Parameters
    ----------
    model
        The model itself; where it is None, the one that ``folder`` has is logged as a file.

    Returns
    -------
    str
        MLflow's identifier of the run.
    """
    client = _client(uri)
    experiment = _experiment(client, record.project, uri)
    started = int(record.started.timestamp() * 1000)
    created = client.create_run(
        experiment, start_time=started, run_name=record.name, tags=_tags(record)
    )
    run_id = str(created.info.run_id)
    _log_values(client, run_id, record, started)
    for name in _ARTIFACTS:
        if (folder / name).is_file():
            client.log_artifact(run_id, str(folder / name))
    if (folder / LOGGED).is_dir():
        client.log_artifacts(run_id, str(folder / LOGGED), LOGGED)
    _log_model(client, run_id, folder, model)
    status = "FINISHED" if record.status == "finished" else "FAILED"
    client.set_terminated(run_id, status, started + int(record.seconds * 1000))
    return run_id


def write_version(version: ModelVersion, run: Run, uri: str) -> None:
    """Register a version, whose number is in its tag ``scalekit.version``: MLflow counts for itself."""
    client = _client(uri)
    run_id = _found_run(client, run, uri)
    try:
        client.create_registered_model(version.name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{client.get_run(run_id).info.artifact_uri}/{FOLDER}"
    tags = {VERSION: str(version.version), RUN_ID: version.run}
    if version.forced:
        tags["scalekit.forced"] = version.forced[:_LONGEST]
    client.create_model_version(
        version.name,
        source,
        run_id,
        tags=tags,
        description="\n".join(version.reasons),
        await_creation_for=0,
    )


def write_aliases(name: str, after: Aliases, uri: str) -> None:
    """Set the aliases that a model has, and take away those that it has no more."""
    client = _client(uri)
    known = {mv.tags.get(VERSION): mv.version for mv in client.search_model_versions(_named(name))}
    for alias in client.get_registered_model(name).aliases:
        if alias not in after.versions:
            client.delete_registered_model_alias(name, alias)
    for alias, version in after.versions.items():
        if str(version) in known:
            client.set_registered_model_alias(name, alias, known[str(version)])


@cache
def _client(uri: str) -> MlflowClient:
    """A client whose database has its tables: two processes that make them at once would both fail."""
    path = _database_file(uri)
    if path is None:
        return MlflowClient(tracking_uri=uri, registry_uri=uri)
    fs.make_dirs(path.parent)
    with fs.exclusive(path.parent):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        client.search_experiments(max_results=1)
        return client


def _experiment(client: MlflowClient, name: str, uri: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        path = _database_file(uri)
        # a database says nothing of where files go: MLflow would take the working directory
        place = None if path is None else (path.parent / "mlartifacts" / name).as_uri()
        try:
            return str(client.create_experiment(name, artifact_location=place, tags=_KIND))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)
    if found is None or found.lifecycle_stage != "active":
        raise MlflowException(
            f"the experiment {name!r} was deleted in MLflow: restore it, or use another project"
        )
    return str(found.experiment_id)


def _log_values(client: MlflowClient, run_id: str, record: RunRecord, at: int) -> None:
    metrics = [Metric(_name(n), value, at, 0) for n, value in _numbers(record)]
    parameters = [
        Param(_name(n), str(value)[:_LONGEST]) for n, value in _parameters(record).items()
    ]
    for start in range(0, max(len(metrics), len(parameters)), _BATCH):
        part = slice(start, start + _BATCH)
        client.log_batch(run_id, metrics=metrics[part], params=parameters[part], tags=())


def _numbers(record: RunRecord) -> Iterator[tuple[str, float]]:
    for name, measured in record.metrics.items():
        bounds = {"": measured.value, "_lo": measured.low, "_hi": measured.high}
        yield from ((f"{name}{end}", value) for end, value in bounds.items() if value is not None)
    skill = (record.evaluation or {}).get("skill") or {}
    ends = {"value": "skill", "low": "skill_lo", "high": "skill_hi"}
    yield from ((ends[key], float(value)) for key, value in skill.items() if value is not None)


def _parameters(record: RunRecord) -> Mapping[str, Any]:
    """What was logged, and the estimator's; logged ones first, where both have a name."""
    estimator = record.estimator or {}
    return {**estimator.get("parameters", {}), **record.parameters}


def _tags(record: RunRecord) -> dict[str, str]:
    """What was given, what MLflow's page shows, and what leads back to the store."""
    evaluation, fit = record.evaluation or {}, record.fit or {}
    known = {
        "mlflow.user": record.machine.get("user"),
        "mlflow.source.git.commit": record.code.get("commit"),
        "mlflow.note.content": _note(record),
        RUN_ID: record.id,
        "scalekit.parent": record.parent,
        "scalekit.kind": record.kind,
        "scalekit.error": record.error,
        "scalekit.estimator": (record.estimator or {}).get("class"),
        "scalekit.protocol_id": evaluation.get("protocol_id"),
        "scalekit.fingerprint": evaluation.get("fingerprint"),
        "scalekit.backend": fit.get("backend"),
        "scalekit.exactness": fit.get("exactness"),
    }
    own = {_name(name): text for name, text in record.tags.items()}
    return own | {name: str(value)[:_LONGEST] for name, value in known.items() if value}


def _note(record: RunRecord) -> str | None:
    """What MLflow's page shows on top of an evaluation."""
    evaluation = record.evaluation or {}
    primary = record.metrics.get(str(evaluation.get("primary")))
    if primary is None:
        return None
    bounds = "" if primary.low is None else f" [{primary.low:.4g}, {primary.high:.4g}]"
    raised = [
        code
        for code, status in (evaluation.get("findings") or {}).items()
        if status in {"warn", "fail"}
    ]
    checks = f" Checks raised: {', '.join(raised)}." if raised else ""
    return (
        f"**{evaluation['primary']}** {primary.value:.4g}{bounds} on all test rows.{checks} "
        f"The report is the artifact {PAGE}."
    )


def _log_model(client: MlflowClient, run_id: str, folder: Path, model: Any) -> None:
    """Log the model as MLflow loads it where it is scikit-learn's, else the files that the store has."""
    if not (folder / FOLDER).is_dir():
        return
    if not hasattr(model, "get_params"):
        client.log_artifacts(run_id, str(folder / FOLDER), FOLDER)
        return
    from mlflow import sklearn as flavor

    with tempfile.TemporaryDirectory(prefix="scalekit-mlflow-") as place, _quiet():
        flavor.save_model(
            model,
            f"{place}/{FOLDER}",
            serialization_format="cloudpickle",
            pip_requirements=_requirements(folder),
        )
        client.log_artifacts(run_id, f"{place}/{FOLDER}", FOLDER)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out the warning, at each model, that pickles run code: docs/tracking.md says so."""
    logger = logging.getLogger("mlflow.sklearn")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _requirements(folder: Path) -> list[str]:
    """The lock of the environment: given, so that MLflow does not load the model in a process to find out."""
    lines = (folder / LOCK).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _found_run(client: MlflowClient, run: Run, uri: str) -> str:
    """MLflow's identifier of a run; one that it has not seen is written now."""
    experiment = _experiment(client, run.record.project, uri)
    found = client.search_runs([experiment], f"tags.`{RUN_ID}` = '{run.id}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    with _copied(run) as folder:
        return write_run(run.record, folder, uri, run.load_model())


@contextmanager
def _copied(run: Run) -> Iterator[Path]:
    """The files of a run that MLflow gets, in a folder here."""
    folder = Path(tempfile.mkdtemp(prefix="scalekit-mlflow-"))
    logged = [f"{LOGGED}/{name}" for name in run.record.files]
    try:
        for name in (*_ARTIFACTS, LOCK, *logged):
            if (content := run.read(name)) is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _database_file(uri: str) -> Path | None:
    """The file of an SQLite database; None for servers and other databases."""
    parts = urlsplit(uri)
    if not parts.scheme.startswith("sqlite") or not parts.path:
        return None
    return Path(parts.path[1:]).absolute()


def _name(text: str) -> str:
    """A name as MLflow takes it."""
    return _NOT_IN_NAMES.sub("_", text)[: _LONGEST // 2]


def _named(model: str) -> str:
    return f"name = '{model}'"
