"""The mirror in MLflow: runs, models and aliases, written by this process alone after they are in the store."""

from __future__ import annotations

import os
from pathlib import Path

from scalekit.config import Config
from scalekit.tracking.record import RunRecord
from scalekit.tracking.registry import Aliases, ModelVersion


def mirror_uri(config: Config) -> str | None:
    """The MLflow server or database that runs are mirrored to; None where there is none."""
    given = config.mlflow or os.environ.get("MLFLOW_TRACKING_URI")
    return None if not given or given.lower() == "off" else given


def mirror_run(record: RunRecord, folder: Path, uri: str) -> None:
    """Write a run, whose files are in ``folder``, to MLflow."""


def mirror_version(version: ModelVersion, uri: str) -> None:
    """Register a version in MLflow."""


def mirror_alias(name: str, after: Aliases, uri: str) -> None:
    """Set the aliases of a model in MLflow."""
