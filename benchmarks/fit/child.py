"""Fits one model once and says what it took: ``python -m benchmarks.fit.child JSON``."""

from __future__ import annotations

import json
import pickle
import sys
import time
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl

import scalekit as sk
from benchmarks.fit.models import MODELS, Model
from benchmarks.fit.rows import probe
from benchmarks.fit.watching import Watch, high_water
from scalekit.config import resolve
from scalekit.learn.strategies.table import strategies

PLAIN = "plain"
CLUSTERS = ("dask", "ray")
LIBRARIES = (
    "pandas", "sklearn.linear_model", "sklearn.compose", "xgboost", "scalekit.learn.fit", "scalekit.parts",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Fit as the JSON says, and print JSON."""
    asked = json.loads(arguments[0])
    model = MODELS[asked["model"]]
    found = plain(model, asked) if asked["way"] == PLAIN else over_parts(model, asked)
    print(json.dumps(found))
    return 0


def plain(model: Model, asked: dict[str, Any]) -> dict[str, Any]:
    """Polars reads, pandas takes over, scikit-learn fits: on as many threads as there would be workers."""
    columns = [*model.features, *([] if model.target is None else [model.target])]
    clock = time.perf_counter()
    rows = pl.scan_parquet(asked["files"]).select(columns).collect()
    y = [] if model.target is None else [rows[model.target].to_numpy()]
    x = rows.select(model.features).to_pandas()
    del rows
    read = time.perf_counter()
    fitted = model.make(asked["workers"]).fit(x, *y)
    done = time.perf_counter()
    return {
        "seconds": done - clock,
        "fit_seconds": done - read,
        "here": high_water(),
        "answers": answers(model, fitted),
    }


def over_parts(model: Model, asked: dict[str, Any]) -> dict[str, Any]:
    """scalekit, from the files to the model, on workers that are there."""
    way, workers = asked["way"], asked["workers"]
    is_cluster = way in CLUSTERS
    settings = {"workers": workers, "worker_memory": asked["memory"]} if is_cluster else {}
    sk.configure(backend=way, progress=False, partitions=asked["partitions"], **settings)
    clock = time.perf_counter()
    frame = sk.scan_parquet(asked["files"])
    warm_up(frame, workers)
    started = time.perf_counter()
    roles: dict[str, Any] = {"target": model.target, "features": list(model.features)}
    estimator = model.make(1 if is_cluster else workers)
    watch = Watch()
    with watch if asked["watched"] else nullcontext():
        begun = time.perf_counter()
        fitted = sk.fit(estimator, frame, **roles)
        done = time.perf_counter()
    how, held = fitted.scalekit_fit_, watch.found
    return {
        "seconds": done - begun,
        "start_seconds": started - clock,
        "passes": how.passes,
        "strategy": how.strategy,
        "exactness": how.exactness,
        "idle": [memory.idle for memory in held.workers.values()],
        "peaks": [memory.peak for memory in held.workers.values()],
        "together": held.together,
        "here": high_water(),
        "model_bytes": len(pickle.dumps(fitted)),
        "partition_bytes": resolve().partition_bytes,
        "answers": answers(model, fitted),
    }


def warm_up(frame: sk.Frame, workers: int) -> None:
    """Start the cluster, and load, here and in each of its workers, what no fit should pay for."""
    loaded(pl.DataFrame())
    late = frame.select("late")
    with sk.config(partitions=4 * workers):
        late.map_batches(loaded, schema=late.schema, whole=False).select(sk.len()).collect()


def loaded(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, in a process that has the libraries; it takes its time, so that nobody does it alone."""
    for name in LIBRARIES:
        import_module(name)
    strategies()
    time.sleep(0.5)
    return rows


def answers(model: Model, fitted: Any) -> list[float]:
    """What the model says of rows that it has not seen."""
    found = getattr(fitted, model.method)(probe(model.features).to_pandas())
    return [float(value) for value in np.asarray(found, dtype=np.float64).ravel()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
