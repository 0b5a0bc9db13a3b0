"""A run that is being made: what fits, evaluations and logs leave, in a folder that nobody sees before it is published."""

from __future__ import annotations

import json
import shutil
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from scalekit.errors import InvalidOperationError, TrackingError, TrackingWarning
from scalekit.tracking.estimators import describe_estimator
from scalekit.tracking.mirroring import mirror_run
from scalekit.tracking.models import save_model
from scalekit.tracking.names import check_file_name, check_name, new_run_id
from scalekit.tracking.opened import (
    LOGGED,
    METRICS,
    PAGE,
    PROTOCOL,
    REPORT,
    STATISTICS,
    Run,
)
from scalekit.tracking.plain import hidden, plain
from scalekit.tracking.record import Kind, Measured, RunRecord
from scalekit.tracking.results import Evaluated, Fitted
from scalekit.tracking.store import RunStore
from scalekit.tracking.surroundings import code_state, loaded_versions, machine
from scalekit.tracking.tables import tables_to_parquet


@dataclass
class Draft:
    """One run until it is published.

    Attributes
    ----------
    store, project, name, tags, parent
        Where it goes and what it is called.
    save_models
        Whether models are saved with it.
    mlflow
        URI of an MLflow server that it is mirrored to, or None.
    model
        The model that was fitted or evaluated in it: a run tells of one.
    staged
        The folder it is built in, made when it is first needed.
    title
        What its report is called.
    """

    store: RunStore
    project: str
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    save_models: bool = True
    mlflow: str | None = None
    id: str = field(default_factory=new_run_id)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Measured] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    sections: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    results: pl.DataFrame | None = None
    model: Any = None
    staged: Path | None = None
    title: str = ""

    @property
    def called(self) -> str:
        """What the run is called: as somebody named it, else as its report, else as its model's class."""
        return (
            self.name
            or self.title
            or (type(self.model).__name__ if self.model is not None else "run")
        )

    @property
    def is_evaluated(self) -> bool:
        """Whether an evaluation is in it: a second one needs a run of its own."""
        return "evaluation" in self.sections

    def folder(self) -> Path:
        """The folder it is built in."""
        if self.staged is None:
            self.staged = self.store.files.staging()
        return self.staged


def make_draft(store: RunStore, project: str, **given: Any) -> Draft:
    """A draft whose project may be called so.

    Raises
    ------
    InvalidOperationError
        A project of this name would not be a folder of its own everywhere.
    """
    return Draft(store, check_name(project, "project"), **given)


def add_file(draft: Draft, name: str, content: bytes | str | Path) -> None:
    """Copy a file, or write a text or bytes, into the run.

    Raises
    ------
    InvalidOperationError
        Where the name leaves the run's folder, or the path holds no file.
    """
    target = draft.folder() / LOGGED / check_file_name(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    match content:
        case bytes():
            target.write_bytes(content)
        case str():
            target.write_text(content, encoding="utf-8")
        case Path() if content.is_file():
            shutil.copyfile(content, target)
        case _:
            raise InvalidOperationError(
                f"file {name!r} is {content!r}: give bytes, text, or the Path of a file that exists"
            )
    draft.files.add(target.relative_to(draft.folder() / LOGGED).as_posix())


def add_fit(draft: Draft, fitted: Fitted) -> None:
    """Keep how a model was fitted, and the model."""
    record = getattr(fitted.model, "scalekit_fit_", None)
    facts = {} if record is None else plain(dict(vars(record)))
    measured = {} if fitted.seconds is None else {"seconds": round(fitted.seconds, 6)}
    draft.sections["fit"] = facts | measured | {"training": plain(fitted.training)}
    _add_model(draft, fitted.model)


def add_evaluation(draft: Draft, evaluated: Evaluated) -> None:
    """Keep the numbers of an evaluation, its statistics, its report, and the model."""
    draft.sections["evaluation"] = {
        "protocol_id": evaluated.protocol_id,
        "fingerprint": fingerprint_text(evaluated.fingerprint),
        "primary": evaluated.primary,
        "skill": None if evaluated.skill is None else plain(asdict(evaluated.skill)),
        "threshold": plain(evaluated.threshold),
        "findings": plain(evaluated.findings),
        "provenance": plain(evaluated.provenance),
        "seconds": plain(evaluated.seconds),
    }
    draft.metrics |= evaluated.metrics
    draft.results = evaluated.results
    if draft.model is not evaluated.model and evaluated.model is not None:
        add_fit(draft, Fitted(evaluated.model, None, evaluated.training))
    folder = draft.folder()
    (folder / STATISTICS).write_bytes(tables_to_parquet(evaluated.tallies))
    (folder / REPORT).write_text(json.dumps(plain(evaluated.report), indent=1), encoding="utf-8")
    (folder / PAGE).write_text(hidden(evaluated.html), encoding="utf-8")
    (folder / PROTOCOL).write_text(hidden(evaluated.protocol), encoding="utf-8")
    draft.title = evaluated.name


def fingerprint_text(fingerprint: str | Mapping[str, Any]) -> str:
    """A fingerprint as one text, the same for the same rows."""
    if isinstance(fingerprint, str):
        return fingerprint
    return json.dumps(plain(fingerprint), sort_keys=True, separators=(",", ":"))


def publish(draft: Draft, error: BaseException | None = None) -> Run:
    """Make the run visible, and mirror it where that was asked for.

    Raises
    ------
    TargetError
        Where it cannot be written.
    """
    folder = draft.folder()
    try:
        if draft.metrics or draft.results is not None:
            _metric_rows(draft).write_parquet(folder / METRICS, compression="zstd")
        record = to_record(draft, error)
        local = draft.store.publish(folder, record)
        if draft.mlflow is not None:
            mirror_run(record, local, draft.mlflow, draft.model)
    finally:
        discard(draft)
    return Run(record, draft.store.files)


def discard(draft: Draft) -> None:
    """Forget a run, and remove the folder it was built in."""
    if draft.staged is not None:
        draft.store.files.discard(draft.staged)
        draft.staged = None


def to_record(draft: Draft, error: BaseException | None = None) -> RunRecord:
    """What ``run.json`` will say."""
    kind: Kind = "evaluation" if draft.is_evaluated else "fit" if "fit" in draft.sections else "run"
    first = "" if error is None else (str(error).strip().splitlines() or [""])[0]
    return RunRecord(
        id=draft.id,
        project=draft.project,
        name=draft.called,
        kind=kind,
        status="finished" if error is None else "failed",
        error=None if error is None else hidden(f"{type(error).__name__}: {first}"),
        started=draft.started,
        seconds=round(time.perf_counter() - draft.clock, 3),
        parent=draft.parent,
        tags=draft.tags,
        parameters=draft.parameters,
        metrics=draft.metrics,
        estimator=draft.sections.get("estimator"),
        fit=draft.sections.get("fit"),
        evaluation=draft.sections.get("evaluation"),
        model=draft.sections.get("model"),
        code=code_state(),
        machine=machine(),
        versions=loaded_versions(),
        files=tuple(sorted(draft.files)),
    )


def _add_model(draft: Draft, model: Any) -> None:
    draft.model = model
    draft.sections["estimator"] = describe_estimator(model)
    if not draft.save_models:
        draft.sections["model"] = {"error": "save_models=False was asked for"}
        return
    try:
        draft.sections["model"] = save_model(model, draft.folder())
    except TrackingError as error:
        draft.sections["model"] = {"error": str(error)}
        warnings.warn(f"run {draft.id} has no model: {error}", TrackingWarning, stacklevel=2)


def _metric_rows(draft: Draft) -> pl.DataFrame:
    """The rows of an evaluation, and one for each metric that was logged beside it."""
    judged = draft.results
    known = set() if judged is None else set(judged["metric"].to_list())
    logged = [
        {"model": draft.called, "metric": name, **asdict(measured)}
        for name, measured in draft.metrics.items()
        if name not in known
    ]
    types = {"model": pl.String(), "metric": pl.String()}
    types |= dict.fromkeys(("value", "low", "high"), pl.Float64())  # type: ignore[arg-type]
    rows = pl.DataFrame(logged, schema=types)
    return rows if judged is None else pl.concat([judged, rows], how="diagonal_relaxed")
