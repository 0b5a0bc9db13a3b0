"""The mirror in MLflow, where one is configured: written by this process after the store has a run, never in its place."""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from scalekit.config import Config
from scalekit.errors import MissingDependencyError, TrackingWarning
from scalekit.tracking.opened import Run
from scalekit.tracking.plain import hidden
from scalekit.tracking.record import RunRecord
from scalekit.tracking.registry import Aliases, ModelVersion

_SECONDS = 5
_PORTS = {"http": 80, "https": 443}


def mirror_uri(config: Config) -> str | None:
    """The MLflow server or database that runs are mirrored to; None where there is none.

    The setting ``mlflow`` says so, else the variable ``MLFLOW_TRACKING_URI``; ``"off"`` says that there is none.
    """
    given = config.mlflow or os.environ.get("MLFLOW_TRACKING_URI")
    return None if not given or given.lower() == "off" else given


def mirror_run(record: RunRecord, folder: Path, uri: str, model: Any = None) -> None:
    """Write a run, whose files are in ``folder``, to MLflow; what goes wrong is a warning."""
    _mirror(f"run {record.id}", uri, lambda client: client.write_run(record, folder, uri, model))


def mirror_version(version: ModelVersion, run: Run, after: Aliases, uri: str) -> None:
    """Register a version in MLflow, with its run where MLflow has not seen it, and move the aliases."""

    def write(client: ModuleType) -> None:
        client.write_version(version, run, uri)
        client.write_aliases(version.name, after, uri)

    _mirror(version.uri, uri, write)


def mirror_aliases(name: str, after: Aliases, uri: str) -> None:
    """Move the aliases of a model in MLflow."""
    _mirror(f"aliases of {name}", uri, lambda client: client.write_aliases(name, after, uri))


def _mirror(what: str, uri: str, write: Callable[[ModuleType], object]) -> None:
    """Let ``write`` speak with MLflow; what goes wrong is a warning, since the store has it already."""
    try:
        _check_reachable(uri)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its advice on how to call it is not for our user
            write(_client())
    except Exception as error:  # whatever a client of a server raises
        text = " ".join(str(error).split())[:500]
        warnings.warn(
            f"{what} is in the store, but was not mirrored to MLflow at {hidden(uri)}: "
            f"{hidden(f'{type(error).__name__}: {text}')}",
            TrackingWarning,
            stacklevel=5,
        )


def _client() -> ModuleType:
    try:
        import_module("mlflow")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mlflow":
            raise
        raise MissingDependencyError.for_extra(
            "mlflow-skinny", "mlflow", purpose="mirroring runs to MLflow"
        ) from error
    return import_module("scalekit.tracking.mlflow_client")


def _check_reachable(uri: str) -> None:
    """Raise within seconds where nobody listens: MLflow's own client tries for minutes."""
    parts = urlsplit(uri)
    if parts.scheme in _PORTS:
        place = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        socket.create_connection(place, timeout=_SECONDS).close()
