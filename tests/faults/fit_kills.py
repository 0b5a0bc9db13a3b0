"""Kill a worker in each pass of a fit, and while trees are grown by a gang, and see what comes of it.

    python -m tests.faults.fit_kills [--backend dask|ray] [--only NAME] [--rounds N]

One worker of two is killed at the start and in the middle of each pass, and at the third tree: the model has to be
right, or the error clean, within 60 s, the next fit right, and nothing may listen that did not before. Prints a line for
each kill and one of JSON; exits with 1 on any other outcome.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
import psutil
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

import scalekit as sk
from scalekit.backends import dask, ray
from scalekit.backends.watch import Watch
from scalekit.errors import ScalekitError
from tests.faults.dask_kills import workers_of
from tests.faults.ray_kills import processes
from tests.faults.workloads import Outcome
from tests.learn.fits.harness import numbers, scattered

X = ["x0", "x1", "x2", "x3", "gap", "constant", "offset", "small"]

SETTINGS = {"workers": 2, "worker_memory": "1GiB", "progress": False}

TREES = 2500
"""So many that their growth takes seconds."""

THIRD_TREE = 3
"""Where a member is killed, or soon after: members tell how far they are a few times in a second."""


@dataclass(frozen=True)
class Fit:
    """Something to fit, and what the fitted object has to give."""

    name: str
    estimator: Any
    target: str | None
    outputs: Callable[[Any, Any], Any]
    passes: int

    @cached_property
    def rows(self) -> pl.DataFrame:
        """What it is fitted on."""
        return numbers(4000)

    def run(self, frame: sk.Frame) -> Any:
        """Fit it."""
        return sk.fit(self.estimator, frame, target=self.target, features=X, solver="passes")

    def is_right(self, model: Any) -> bool:
        """Whether the model gives what one of the same rule gives on one machine."""
        x = self.rows.select(X).to_pandas()
        return bool(np.allclose(self.outputs(model, x), self._wanted, rtol=0, atol=1e-6, equal_nan=True))  # fmt: skip

    @cached_property
    def _wanted(self) -> Any:
        with sk.config(backend="polars"):
            model = self.run(sk.from_polars(self.rows))
        return self.outputs(model, self.rows.select(X).to_pandas())


FITS = (
    Fit("scaler", StandardScaler(), None, lambda model, x: model.transform(x), 1),
    Fit(
        "xgboost", XGBClassifier(n_estimators=TREES, max_depth=3, n_jobs=1), "late",
        lambda model, x: model.predict_proba(x), 3,
    ),
)  # fmt: skip


class Kill(Watch):
    """Kills once, in a pass when so many steps are done; it notes the passes."""

    def __init__(self, number: int, done: int, kill: Callable[[], bool]) -> None:
        self.is_done = False
        self._passes: list[str] = []
        self._at = (number, done)
        self._kill = kill

    def step(self, what: Any, done: int = 0, total: int = 0) -> None:
        """Another pass begins."""
        self._passes.append(str(what))

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:
        """Kill when it is time."""
        number, at = self._at
        if not self.is_done and len(self._passes) == number and done >= at:
            self.is_done = self._kill()


def kill_in(fit: Fit, frame: sk.Frame, backend: str, number: int, done: int, victim: int) -> Outcome:  # fmt: skip
    """Fit, and kill a worker in a pass when so many steps are done; then fit again."""
    killer = KILLERS[backend]
    killer.ready()
    before = settled()
    watch = Kill(number, done, lambda: killer.kill(victim))
    started = time.monotonic()
    text, detail = "right", ""
    try:
        with watched(watch):
            model = fit.run(frame)
        if not fit.is_right(model):
            text = "WRONG MODEL"
    except ScalekitError as error:
        text, detail = "error", f"{type(error).__name__}: {error}"
    except BaseException as error:
        text, detail = "UNCLEAN ERROR", f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - started
    if not watch.is_done:
        return Outcome("NOT DISTURBED", seconds, detail)
    if not fit.is_right(fit.run(frame)):
        return Outcome("WRONG MODEL AFTERWARDS", seconds, detail)
    if left := {name for name in settled() - before if name in killer.kept()}:
        return Outcome("LEFT BEHIND", seconds, f"listeners of {left}")
    return Outcome(text, seconds, detail)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Fits report to ``watch`` in the block."""

    @contextmanager
    def progress(_config: object) -> Iterator[Watch]:
        yield watch

    with mock.patch("scalekit.learn.fit.progress", progress):
        yield


def listening() -> Counter[int]:
    """The sockets on which this process and those that it started listen, by process."""
    found: Counter[int] = Counter()
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        with suppress(psutil.Error):
            sockets = process.net_connections("inet")
            found[process.pid] = sum(s.status == psutil.CONN_LISTEN for s in sockets)
    return found


def settled() -> Counter[int]:
    """The same, when it does not change any more: a worker that has just begun opens one after the other."""
    before, found = Counter[int](), listening()
    while found != before:
        time.sleep(1.0)
        before, found = found, listening()
    return found


class OnDask:
    """Workers of Dask."""

    pids: list[int] = []

    def ready(self) -> None:
        """Wait until both are there."""
        sk.from_dict({"x": [1]}).map_batches(lambda rows: rows).collect()  # starts them
        self.pids = workers_of(2)

    def kill(self, victim: int) -> bool:
        """End one of them, and say whether it was there."""
        os.kill(self.pids[victim], signal.SIGKILL)
        return True

    def kept(self) -> list[int]:
        """Processes that stay, whatever happens to workers."""
        return self.pids


class OnRay:
    """Workers of Ray."""

    def ready(self) -> None:
        """Wait until Ray is there."""
        sk.from_dict({"x": [1]}).map_batches(lambda rows: rows).collect()

    def kill(self, victim: int) -> bool:
        """End a member of the gang, or a process that runs tasks where there is none; say whether one was there."""
        found = processes("ray::ScalekitMember") or processes("ray::scalekit_", "ray::IDLE")
        if found:
            os.kill(found[victim % len(found)], signal.SIGKILL)
        return bool(found)

    def kept(self) -> list[int]:
        """Members end with their gang."""
        return processes("ray::ScalekitMember")


KILLERS: Mapping[str, Any] = {"dask": OnDask(), "ray": OnRay()}


def trials(backend: str, only: str, rounds: int) -> Iterator[tuple[str, Outcome]]:
    """Every pass of every fit."""
    with tempfile.TemporaryDirectory() as folder, sk.config(**SETTINGS):
        for fit in FITS:
            if only not in fit.name:
                continue
            place = Path(folder) / fit.name
            place.mkdir()
            with scattered(fit.rows, "serial-8", place) as frame, sk.config(backend=backend):
                moments = [(n, done) for n in range(1, fit.passes + 1) for done in (0, 1)]
                moments += [(fit.passes, THIRD_TREE)] if fit.passes > 1 else []
                for victim, (number, done) in enumerate(moments * rounds):
                    found = kill_in(fit, frame, backend, number, done, victim % 2)
                    yield f"{backend} {fit.name} pass {number} step {done}", found


def main() -> int:
    """Run the trials and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backend", choices=list(KILLERS), help="both without one")
    parser.add_argument("--only", default="", help="fits whose name contains this text")
    parser.add_argument("--rounds", type=int, default=2, help="kills for each moment")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    slowest = 0.0
    for backend in [given.backend] if given.backend else KILLERS:
        for name, found in trials(backend, given.only, given.rounds):
            print(f"{name}: {found.text} in {found.seconds:.1f} s {found.detail}", flush=True)
            counts[found.text if found.is_fine else f"BAD: {found.text}"] += 1
            slowest = max(slowest, found.seconds)
    dask.close()
    ray.close()
    print(json.dumps({"kills": counts.total(), **counts, "slowest": round(slowest, 1)}))
    return int(any(name.startswith("BAD") for name in counts))


if __name__ == "__main__":
    sys.exit(main())
