"""Every test of tracking has a store of its own; what an evaluation hands over, without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from scalekit.tracking.record import Measured
from scalekit.tracking.results import Evaluated
from scalekit.tracking.store import RunStore
from tests.battery.s3_server import s3_server


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, whose ``.scalekit`` is the store, and mirror nowhere."""
    monkeypatch.chdir(tmp_path)
    for variable in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(
            variable, ""
        )  # so that it is as before after the test: MLflow itself sets them
        monkeypatch.delenv(variable)
    return tmp_path


@pytest.fixture
def store(own_place: Path) -> RunStore:
    return RunStore()


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    with s3_server() as options:
        yield options


@pytest.fixture
def evaluated() -> Callable[..., Evaluated]:
    """An evaluation as it is handed over, with changes."""

    def make(**changes: Any) -> Evaluated:
        results = pl.DataFrame(
            {
                "model": ["churn", "dummy", "churn"],
                "metric": ["log_loss", "log_loss", "log_loss"],
                "slice": [None, None, "region"],
                "level": [None, None, "north"],
                "value": [0.31, 0.52, 0.33],
                "low": [0.30, 0.51, 0.30],
                "high": [0.32, 0.53, 0.36],
                "n": [1000, 1000, 300],
            }
        )
        sums = pa.table({"block": [0, 1], "sum": [1.5, 2.25]}).replace_schema_metadata(
            {"version": "1"}
        )
        given = {
            "name": "churn",
            "results": results,
            "metrics": {"log_loss": Measured(0.31, 0.30, 0.32), "roc_auc": Measured(0.8)},
            "tallies": {"test": {"sums": sums, "none": sums.slice(0, 0)}, "valid": {"sums": sums}},
            "report": {"name": "churn", "skill": [0.4, 0.35, 0.45]},
            "html": "<!doctype html><title>churn</title>",
            "protocol": "task: binary\ntarget: churned\n",
            "protocol_id": "p1",
            "fingerprint": "1000-ab-cd",
            "primary": "log_loss",
            "skill": Measured(0.4, 0.35, 0.45),
            "findings": {"SKL01": "pass"},
            "provenance": {"backend": "polars"},
        }
        return Evaluated(**{**given, **changes})

    return make
