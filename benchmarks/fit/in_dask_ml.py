"""Fits one model in dask-ml and says what it took: ``python -m benchmarks.fit.in_dask_ml JSON``, where scalekit is not."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import dask.dataframe as dd
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster

from benchmarks.fit.watching import Watch, high_water

MODULES = {
    "StandardScaler": "preprocessing",
    "PCA": "decomposition",
    "LogisticRegression": "linear_model",
    "KMeans": "cluster",
}


def main(arguments: list[str]) -> int:
    """Fit as the JSON says, and print JSON."""
    asked = json.loads(arguments[0])
    clock = time.perf_counter()
    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=asked["workers"], threads_per_worker=1, memory_limit=asked["memory"],
        host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR,
    )  # fmt: skip
    with cluster, Client(cluster):  # type: ignore[no-untyped-call]
        fit({**asked, "model": "StandardScaler", "files": asked["files"][:2], "parameters": {}})
        started = time.perf_counter()
        watch = Watch()
        with watch if asked["watched"] else nullcontext():
            begun = time.perf_counter()
            model = fit(asked)
            done = time.perf_counter()
        held = watch.found
        found = {
            "seconds": done - begun,
            "start_seconds": started - clock,
            "idle": [memory.idle for memory in held.workers.values()],
            "peaks": [memory.peak for memory in held.workers.values()],
            "together": held.together,
            "here": high_water(),
            "answers": answers(model, asked["method"], asked["probe"]),
        }
    print(json.dumps(found))
    return 0


def fit(asked: dict[str, Any]) -> Any:
    """From the files to the model."""
    names, target = asked["features"], asked["target"]
    x = array(asked["files"], names)
    y = [array(asked["files"], [target])[:, 0]] if target else []
    kind = getattr(import_module(f"dask_ml.{MODULES[asked['model']]}"), asked["model"])
    parameters = dict(asked["parameters"])
    if "init" in parameters:
        parameters["init"] = np.asarray(parameters["init"])
    return kind(**parameters).fit(x, *y)


def array(files: Sequence[str], columns: list[str]) -> Any:
    """A Dask array of some columns, a block for each file.

    Not by ``dd.read_parquet``: it joins small files after it has counted them, and then finds the wrong number.
    """
    found: Any = dd.from_map(pd.read_parquet, files, columns=columns)
    return found.to_dask_array(lengths=True)


def answers(model: Any, method: str, rows: Sequence[Sequence[float]]) -> list[float]:
    """What the model says of rows that it has not seen."""
    found = getattr(model, method)(np.asarray(rows))
    return [float(value) for value in np.asarray(found, dtype=np.float64).ravel()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
