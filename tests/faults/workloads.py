"""Queries that are disturbed while they run, with the answers that they have to give all the same."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit import col
from scalekit.backends.watch import Watch
from scalekit.errors import ScalekitError

ROWS = 40_000
PARTS = 6
MOMENTS = ("start", "middle", "end")


@dataclass(frozen=True)
class Workload:
    """A query: how it is run, and what it has to give."""

    name: str
    run: Callable[[], pl.DataFrame]
    expected: pl.DataFrame
    left: Callable[[], list[str]]
    """What lies about afterwards that should not."""


def workloads(folder: Path) -> list[Workload]:
    """The four kinds, over files in ``folder``."""
    orders = _orders(folder)
    people = sk.from_dict({"who": list(range(500)), "town": [f"town {n % 11}" for n in range(500)]})
    joined = orders.join(people, on="who").group_by("town").agg(s=col("x").sum(), n=sk.len())
    queries = {
        "scan-aggregate": orders.filter(col("x") % 3 > 0).group_by("who").agg(
            s=col("x").sum(), m=col("y").max(), t=col("note").min()
        ).sort("who"),
        "join-aggregate": joined.sort("town"),
        "sort": orders.sort("y", "x", "who").select("y", "x", "who"),
    }  # fmt: skip
    found = [
        Workload(name, frame.collect, frame.collect(backend="polars"), list)
        for name, frame in queries.items()
    ]
    return [*found, _written(orders, folder / "written"), *_fits(orders)]


def _fits(orders: sk.Frame) -> list[Workload]:
    """Fits, each pass of which is a stage: what they have learned, to the last bit."""
    rows = orders.select(
        a=col("x").cast(sk.Float64) / 1e4, b=col("y") / 1e5, late=col("x") * 31 % 7 < 3
    )

    def learned(estimator: Any, *attributes: str, **roles: Any) -> Callable[[], pl.DataFrame]:
        def run() -> pl.DataFrame:
            model = sk.fit(estimator, rows.select("a", "b", *roles.values()), **roles)
            values = [np.ravel(getattr(model, name)) for name in attributes]
            return pl.DataFrame({"value": np.concatenate(values).astype(np.float64)})

        return run

    logistic = LogisticRegression(solver="newton-cholesky", tol=1e-6)
    runs = {
        "fit-scaler": learned(StandardScaler(), "mean_", "var_"),
        "fit-logistic": learned(logistic, "coef_", "intercept_", target="late"),
    }
    return [Workload(name, run, run(), list) for name, run in runs.items()]


def _orders(folder: Path) -> sk.Frame:
    rows = pl.DataFrame({"x": range(ROWS)}).with_columns(
        who=pl.col("x") * 7919 % 500,
        y=(pl.col("x") * 104_729 % 99_991).cast(pl.Float64),
        note=pl.format("note {}", pl.col("x") % 97),
    )
    source = folder / "orders"
    source.mkdir(parents=True, exist_ok=True)
    for part, frame in enumerate(rows.iter_slices(ROWS // 4)):
        frame.write_parquet(source / f"{part}.parquet", row_group_size=ROWS // 16)
    return sk.scan_parquet(str(source / "*.parquet"))


def _written(orders: sk.Frame, target: Path) -> Workload:
    frame = orders.with_columns(z=col("x") + col("y")).filter(col("who") > 100)

    def write() -> pl.DataFrame:
        shutil.rmtree(target, ignore_errors=True)
        frame.write_parquet(str(target) + "/")
        return sk.scan_parquet(str(target)).sort("x").collect(backend="polars")

    expected = frame.sort("x").collect(backend="polars")

    def left() -> list[str]:
        files = [path for path in target.rglob("*") if path.is_file()]
        parts = [path for path in files if path.suffix == ".parquet"]
        known = [*parts, *target.glob("_scalekit/manifest-*"), target / "_SUCCESS"]
        found = [str(path.relative_to(target)) for path in files if path not in known]
        if parts and sum(pl.read_parquet(path).height for path in parts) != expected.height:
            found.append("rows that no manifest names")
        return found

    return Workload("write", write, expected, left)


def poisoned(folder: Path) -> sk.Frame:
    """A query of which the part with row 30,000 kills the process that runs it."""

    def fatal(rows: pl.DataFrame) -> pl.DataFrame:
        if rows["x"].is_between(30_000, 30_000).any():
            os.kill(os.getpid(), signal.SIGKILL)
        return rows

    return _orders(folder).map_batches(fatal, whole=False)


class Disturbance(Watch):
    """Does something once, at a moment of a stage; without one it only counts the stages.

    Parameters
    ----------
    stage, moment
        The number of the stage, and one of :data:`MOMENTS`.
    what
        What it does.
    """

    def __init__(self, stage: int, moment: str, what: Callable[[], None]) -> None:
        self.stages = 0
        self.done = False
        self._at = (stage, moment)
        self._what = what

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:
        """Count, and do it when it is time."""
        self.stages = max(self.stages, place)
        moments = {"start": done == 0, "middle": done == max(1, total // 2), "end": done == total}
        stage, moment = self._at
        if not self.done and place - 1 == stage and total and moments[moment]:
            self.done = True
            self._what()


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Queries report to ``watch`` in the block."""

    @contextmanager
    def progress(_config: object) -> Iterator[Watch]:
        yield watch

    with (
        mock.patch("scalekit.frame.results.progress", progress),
        mock.patch("scalekit.frame.writing.progress", progress),
        mock.patch("scalekit.learn.fit.progress", progress),
    ):
        yield


@dataclass(frozen=True)
class Outcome:
    """What came of a disturbed query: ``"right"``, ``"error"`` or what is wrong with it."""

    text: str
    seconds: float
    detail: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether the answer is right or there is a clean error, in time, and nothing is left."""
        return self.text in ("right", "error") and self.seconds <= 60


def outcome(workload: Workload, disturbance: Disturbance) -> Outcome:
    """Run a workload while it is disturbed."""
    started = time.monotonic()
    text, detail = "right", ""
    try:
        with watched(disturbance):
            found = workload.run()
        if not found.equals(workload.expected):
            text, detail = "WRONG ANSWER", f"{found.height} rows of {workload.expected.height}"
    except ScalekitError as error:
        text, detail = "error", f"{type(error).__name__}: {error}"
    except BaseException as error:
        text, detail = "UNCLEAN ERROR", f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - started
    if left := workload.left():
        return Outcome("LEFT BEHIND", seconds, ", ".join(left))
    if not disturbance.done:
        return Outcome("NOT DISTURBED", seconds, f"{disturbance.stages} stages")
    return Outcome(text, seconds, detail)


def stages_of(workload: Workload) -> int:
    """How many stages an undisturbed run has."""
    count = Disturbance(-1, "start", lambda: None)
    with watched(count):
        assert workload.run().equals(workload.expected)
    return count.stages
