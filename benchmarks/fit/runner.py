"""Runs each fit in a process of its own, which is ended, with all that it started, where it takes too long."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.fit.child import CLUSTERS, PLAIN
from benchmarks.fit.environments import prepare
from benchmarks.fit.models import MODELS
from benchmarks.fit.rows import probe

PEER = "dask-ml"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "StandardScaler": {},
    "PCA": {"n_components": 5},
    "LogisticRegression": {"solver": "lbfgs", "max_iter": 200},
    "KMeans": {"n_clusters": 8, "max_iter": 20},
}
"""What dask-ml has of the models, and what it is given; its linear regression is no Ridge of scikit-learn's."""


@dataclass
class Ran:
    """What came of the runs of one model in one way.

    Attributes
    ----------
    model, way, rows
        What was fitted, by whom, and on how many rows.
    runs
        What each run said.
    failure
        Why there are no more; empty where all went well.
    at_least
        Seconds after which it was ended; 0 where it was not.
    """

    model: str
    way: str
    rows: int
    runs: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""
    at_least: float = 0.0

    @property
    def seconds(self) -> float | None:
        """The quickest run, or the seconds after which it was ended; None where it failed.

        The first counts where it is the only one: its memory is watched, which takes a share of the processors.
        """
        if self.at_least:
            return self.at_least
        return min((run["seconds"] for run in self.runs[1:] or self.runs), default=None)

    @property
    def answers(self) -> np.ndarray | None:
        """What its model says of rows that it has not seen."""
        return np.array(self.runs[0]["answers"]) if self.runs else None


@dataclass(frozen=True)
class Runner:
    """What all fits have in common.

    Attributes
    ----------
    workers, memory
        Workers of one thread, and the memory of each.
    patience
        Seconds for one fit.
    environments
        A folder for environments of peers.
    partitions
        Parts of the rows; None leaves their number to scalekit.
    """

    workers: int
    memory: str
    patience: float
    environments: Path
    partitions: int | None = None

    def run(self, ran: Ran, files: Sequence[str]) -> None:
        """Run it once more, unless it has failed before."""
        if ran.failure:
            return
        asked = {
            "model": ran.model, "way": ran.way, "files": list(files),
            "workers": self.workers, "memory": self.memory, "partitions": self.partitions,
            "watched": not ran.runs,
        }  # fmt: skip
        command = [sys.executable, "-m", "benchmarks.fit.child"]
        if ran.way == PEER:
            command = [
                str(prepare(PEER, self.environments)),
                "-m",
                "benchmarks.fit.in_dask_ml",
            ]
            asked |= _for_peer(ran.model)
        found = _asked([*command, json.dumps(asked)], self._environment(ran.way), self.patience)
        if isinstance(found, dict):
            ran.runs.append(found)
        elif found:
            ran.failure = found
        else:
            ran.failure, ran.at_least = f"ended after {self.patience:.0f} s", self.patience

    def _environment(self, way: str) -> dict[str, str]:
        """Threads for who computes here; workers of clusters are told theirs by who starts them."""
        kept = {name: value for name, value in os.environ.items() if name not in THREADS}
        if way in CLUSTERS or way == PEER:
            return kept
        return {**kept, **dict.fromkeys(THREADS, str(self.workers))}


def _for_peer(name: str) -> dict[str, Any]:
    model = MODELS[name]
    parameters = dict(PARAMETERS[name])
    if name == "KMeans":
        parameters["init"] = model.make(1).init.tolist()
    return {
        "features": list(model.features),
        "target": model.target,
        "method": model.method,
        "parameters": parameters,
        "probe": probe(model.features).rows(),
    }


def _asked(
    command: Sequence[str], environment: Mapping[str, str], patience: float
) -> dict[str, Any] | str:
    """What a process says: its JSON, its last words where it failed, nothing where it took too long."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        try:
            said, complaint = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            _end(process)
            return ""
    if process.returncode != 0:
        return (complaint.strip().splitlines() or [f"exit code {process.returncode}"])[-1][:300]
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and all that it has started."""
    with suppress(psutil.Error):
        below = psutil.Process(process.pid).children(recursive=True)
        for one in below:
            with suppress(psutil.Error):
                one.kill()
    process.kill()
    process.communicate()


def is_possible(model: str, way: str) -> bool:
    """Whether somebody has such a model at all."""
    return way != PEER or model in PARAMETERS


def order_of(ways: Sequence[str]) -> list[str]:
    """Who runs first: plain scikit-learn, then the others."""
    return [PLAIN, *(way for way in ways if way != PLAIN)]
