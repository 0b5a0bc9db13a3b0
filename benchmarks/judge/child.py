"""Asks models alone and judges them, once each, on the same workers: ``python -m benchmarks.judge.child JSON``."""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl

import scalekit as sk
from benchmarks.fit.watching import high_water, workers_high_water
from benchmarks.judge import rows as data
from benchmarks.judge.models import fitted
from scalekit import parts, run
from scalekit.config import Config, resolve
from scalekit.judge.judged import Seen
from scalekit.judge.scoring import ASKED, Scoring

CLUSTERS = ("dask", "ray")


@dataclass(frozen=True, eq=False)
class Alone:
    """Predictions and nothing else: how many rows each model says are late."""

    models: Mapping[str, Any]

    def __call__(self, rows: pl.DataFrame) -> dict[str, int]:
        """Ask all models; the rows are brought into their form once, as when they are judged."""
        found = dict.fromkeys(self.models, 0)
        for some in rows.iter_slices(ASKED):
            seen = Seen(some).features(data.FEATURES)
            for name, model in self.models.items():
                found[name] += int((model.predict_proba(seen)[:, 1] >= 0.5).sum())
        return found


@dataclass
class Reads:
    """What the rows were read for.

    Attributes
    ----------
    queries
        The time of each query that is no pass of the kernel.
    passes
        The time of each pass of the kernel that scores.
    state
        Bytes of what one part sent back.
    parts
        How many of them answered.
    """

    queries: list[float] = field(default_factory=list)
    passes: list[float] = field(default_factory=list)
    state: int = 0
    parts: int = 0


def main(arguments: list[str]) -> int:
    """Do what the JSON says, and print JSON."""
    asked = json.loads(arguments[0])
    print(json.dumps(measured(asked)))
    return 0


def measured(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Both ways over the same files on the same workers, models alone first and last: the quicker one counts."""
    way, workers = asked["way"], asked["workers"]
    settings = {"workers": workers, "worker_memory": asked["memory"]} if way in CLUSTERS else {}
    sk.configure(
        backend=way, progress=False, track=False, partitions=asked["partitions"], **settings
    )
    models = fitted(asked["models"], asked["learn"])
    frame = sk.scan_parquet(asked["files"])
    warm_up(frame, workers)
    first = alone(models, frame)
    judged = over_all(models, frame, asked)
    last = alone(models, frame)
    return {
        **judged,
        "alone": [first[1], last[1]],
        "said": first[0],
        "rows": sum(judged["by_role"].values()),
        "partition_bytes": resolve().partition_bytes,
        "here": high_water(),
    }


def over_all(
    models: Mapping[str, Any], frame: sk.Frame, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """What comparing the models took, and what came of it."""
    with counted() as reads:
        began = time.perf_counter()
        found = sk.compare(
            models, frame, task="binary", target=data.TARGET, key=data.KEY, split={"kind": asked["split"]},
            slices=asked["slices"], features=data.FEATURES,
        )  # fmt: skip
        seconds = time.perf_counter() - began
    began = time.perf_counter()
    report = next(iter(found.reports.values()))
    pages = {"comparison": len(found.to_html().encode()), "report": len(report.to_html().encode())}
    return {
        "seconds": seconds,
        "drawing": time.perf_counter() - began,
        "queries": reads.queries,
        "passes": reads.passes,
        "parts": reads.parts,
        "state": reads.state,
        "pages": pages,
        "by_role": report.provenance["rows"],
        "slices": len(report.layout.slices),
        "levels": len(report.layout.levels),
        "peaks": workers_high_water(),
    }


def alone(models: Mapping[str, Any], frame: sk.Frame) -> tuple[dict[str, int], float]:
    """What the models say, and how long one pass takes that does nothing else."""
    plan = frame.select(*data.FEATURES)._plan
    found = dict.fromkeys(models, 0)
    began = time.perf_counter()
    for counts in parts.answers(plan, Alone(models), resolve()):
        found = {name: found[name] + counts[name] for name in found}
    return found, time.perf_counter() - began


@contextmanager
def counted() -> Iterator[Reads]:
    """Count what runs, by standing between the library and its own doors to the rows."""
    reads = Reads()
    kept = run.collect, parts.answers
    run.collect = partial(_collected, kept[0], reads)
    parts.answers = partial(_answered, kept[1], reads)
    try:
        yield reads
    finally:
        run.collect, parts.answers = kept


def _collected(real: Any, reads: Reads, *given: Any, **more: Any) -> pl.DataFrame:
    began = time.perf_counter()
    found: pl.DataFrame = real(*given, **more)
    reads.queries.append(time.perf_counter() - began)
    return found


def _answered(
    real: Any, reads: Reads, plan: Any, function: Any, config: Config, *watch: Any
) -> Iterator[Any]:
    began = time.perf_counter()
    is_scoring = isinstance(function, Scoring)
    for answer in real(plan, function, config, *watch):
        if is_scoring and not reads.parts:
            reads.state = len(pickle.dumps(answer, protocol=5))
        reads.parts += is_scoring
        yield answer
    (reads.passes if is_scoring else reads.queries).append(time.perf_counter() - began)


def warm_up(frame: sk.Frame, workers: int) -> None:
    """Start the cluster, and have each of its workers load what nobody should pay for."""
    late = frame.select(data.TARGET).head(1000)
    with sk.config(partitions=4 * workers):
        late.map_batches(loaded, schema=late.schema, whole=False).select(sk.len()).collect()


def loaded(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, in a process that has the libraries; it takes its time, so that nobody does it alone."""
    for name in (
        "pandas",
        "sklearn.ensemble",
        "sklearn.compose",
        "xgboost",
        "scalekit.judge.scoring",
    ):
        import_module(name)
    time.sleep(0.5)
    return rows


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main(sys.argv[1:]))
