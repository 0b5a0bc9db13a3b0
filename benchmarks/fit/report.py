"""What was measured, beside its goals: as a table, and as JSON."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from operator import sub
from typing import Any

import numpy as np

from benchmarks.fit.child import CLUSTERS, PLAIN
from benchmarks.fit.models import MODELS
from benchmarks.fit.runner import PEER, Ran
from scalekit.config import resolve
from scalekit.learn.passes.drive import ROOM

PARTITIONS = 1.5
"""What a worker may hold above what it holds when idle, beside the model and the rows that are kept."""
PACKAGES = (
    "scalekit",
    "scikit-learn",
    "xgboost-cpu",
    "numpy",
    "scipy",
    "pandas",
    "polars",
    "dask",
    "ray",
)


@dataclass(frozen=True)
class Judged:
    """A model in one way beside plain scikit-learn on the same rows, which may not have run.

    Attributes
    ----------
    ran, plain
        Both of them.
    workers, memory
        Workers and the bytes of each.
    """

    ran: Ran
    plain: Ran | None
    workers: int
    memory: int

    @property
    def ratio(self) -> float | None:
        """Its time over that of reading and fitting in memory; an upper bound where the latter was ended."""
        ours = None if self.ran.at_least else self.ran.seconds
        theirs = None if self.plain is None else self.plain.seconds
        return None if ours is None or theirs is None else ours / theirs

    @property
    def fit_ratio(self) -> float | None:
        """Its time over that of the fit alone, on rows that are in memory."""
        if self.plain is None or not self.plain.runs or self.ran.seconds is None:
            return None
        return self.ran.seconds / min(run["fit_seconds"] for run in self.plain.runs)

    @property
    def apart(self) -> float | None:
        """How far its answers are from plain scikit-learn's, over the largest of them."""
        return difference(self.ran, self.plain)

    @property
    def peak(self) -> int | None:
        """Bytes of the worker that held most."""
        peaks = [peak for run in self.ran.runs for peak in run.get("peaks", ())]
        return max(peaks, default=None)

    @property
    def partitions(self) -> float | None:
        """What a worker took above what it held before, beside the model and the kept rows, in partitions."""
        if self.ran.way not in CLUSTERS or self.peak is None:
            return None
        (run, *_) = self.ran.runs
        kept = MODELS[self.ran.model].held * self.ran.rows
        kept = kept if kept <= ROOM * self.workers * self.memory else 0
        above = max(map(sub, run["peaks"], run["idle"])) - run["model_bytes"] - kept / self.workers
        return max(0.0, above) / float(run["partition_bytes"])

    @property
    def missed(self) -> list[str]:
        """The goals that it misses, in words."""
        ran, model = self.ran, MODELS[self.ran.model]
        if ran.way == PLAIN or ran.way == PEER:
            return []
        found = [ran.failure] if ran.failure else []
        goal = model.ratio
        if ran.way in CLUSTERS and self.ratio is not None and not _is_within(self.ratio, goal):
            found.append(f"takes {self.ratio:.2f} of plain's time, goal {goal:g}")
        if self.partitions is not None and self.partitions > PARTITIONS:
            found.append(f"holds {self.partitions:.2f} partitions, goal {PARTITIONS:g}")
        if self.apart is not None and model.apart is not None and self.apart > model.apart:
            found.append(f"answers are {self.apart:.1e} apart, goal {model.apart:.0e}")
        return found


def _is_within(ratio: float, goal: float) -> bool:
    return ratio < goal if goal == 1.0 else ratio <= goal


def difference(one: Ran, other: Ran | None) -> float | None:
    """The largest difference of answers over the largest answer; None where one of both has none."""
    if other is None or one.answers is None or other.answers is None or one is other:
        return None
    if one.answers.shape != other.answers.shape:
        return float("inf")
    largest = float(np.abs(other.answers).max()) or 1.0
    return float(np.abs(one.answers - other.answers).max()) / largest


HEAD = (
    f"{'model':20}{'rows':>12} {'way':9}{'seconds':>9}{'passes':>7}{'of plain':>9}{'of fit':>8}"
    f"{'peak MB':>9}{'parts':>7}{'apart':>9}"
)


def line(judged: Judged) -> str:
    """One row of the table."""
    ran, bound = judged.ran, "<" if judged.plain is not None and judged.plain.at_least else ""
    seconds = "-" if ran.seconds is None else f"{'>' if ran.at_least else ''}{ran.seconds:.2f}"
    passes = str(ran.runs[0].get("passes", "-")) if ran.runs else "-"
    peak = judged.peak or (ran.runs[0]["here"] if ran.runs else None)
    return (
        f"{ran.model:20}{ran.rows:12,} {ran.way:9}{seconds:>9}{passes:>7}"
        f"{bound + _text(judged.ratio, '.2f'):>9}{_text(judged.fit_ratio, '.2f'):>8}"
        f"{_text(None if peak is None else peak / 1e6, ',.0f'):>9}{_text(judged.partitions, '.2f'):>7}"
        f"{_text(judged.apart, '.0e'):>9}" + "".join(f"  {text}" for text in _told(judged))
    )


def _told(judged: Judged) -> list[str]:
    return judged.missed or ([judged.ran.failure] if judged.ran.failure else [])


def _text(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def across(judged: Sequence[Judged]) -> list[str]:
    """For each model and number of rows how far the answers of the clusters are apart, which have one rule."""
    found: dict[tuple[str, int], list[Ran]] = {}
    for one in judged:
        if one.ran.way in CLUSTERS and one.ran.runs:
            found.setdefault((one.ran.model, one.ran.rows), []).append(one.ran)
    return [
        f"{model}, {rows:,} rows: {a.way} and {b.way} are {difference(a, b):.1e} apart"
        for (model, rows), (a, *others) in found.items()
        for b in others
    ]


def as_data(judged: Sequence[Judged], settings: dict[str, Any]) -> dict[str, Any]:
    """All figures, every run, without the answers."""
    return {
        "benchmark": "fit",
        "settings": settings,
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "partition_bytes": resolve().partition_bytes,
        },
        "versions": _versions(),
        "fits": [_as_data(one) for one in judged],
        "clusters": across(judged),
    }


def _as_data(one: Judged) -> dict[str, Any]:
    ran = one.ran
    runs = [{name: run[name] for name in run if name != "answers"} for run in ran.runs]
    return {
        "model": ran.model, "way": ran.way, "rows": ran.rows, "seconds": ran.seconds,
        "at_least": bool(ran.at_least), "failure": ran.failure, "ratio": one.ratio,
        "fit_ratio": one.fit_ratio, "peak": one.peak, "partitions": one.partitions,
        "apart": one.apart, "missed": one.missed, "runs": runs,
    }  # fmt: skip


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # scalekit runs from a checkout; another may not be installed
            found[name] = None
    return found
