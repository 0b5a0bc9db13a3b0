"""What does the driver itself cost as a cluster grows? A cluster that runs nothing says what its tasks made."""

from __future__ import annotations

import argparse
import gc
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

import scalekit as sk
from scalekit.backends.serial import SerialBackend
from scalekit.backends.tasks.cluster import Cluster, Ref, Resources, Submitted
from scalekit.backends.tasks.driver import evaluate
from scalekit.backends.tasks.run import Run
from scalekit.backends.watch import UNWATCHED
from scalekit.config import resolve
from scalekit.frame.frame import Frame
from scalekit.kernels.task import Facts, Report
from scalekit.optimize import optimize
from scalekit.plan.nodes import Scan
from scalekit.sources.base import Source, Statistics

SIZES = (1_000, 10_000, 100_000)
MICROSECONDS = 50.0
SLOTS = 64
BYTES = 2048
ROWS = 1_000


class IdleCluster(Cluster):
    """Runs nothing: its tables are numbers, and its reports are made up."""

    resources = Resources(slots=SLOTS, memory=1024**3)

    def __init__(self) -> None:
        self.tasks = 0
        self.objects = 0

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:  # noqa: ARG002
        self.tasks += 1
        self.objects += outputs
        rows = ROWS // outputs + 1
        report = Report((rows,) * outputs, (16 * rows,) * outputs, float(self.tasks), 1.0, "idle")
        return Submitted(range(self.objects, self.objects + outputs), report)

    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        return list(refs)

    def any_done(self, reports: Sequence[Ref]) -> Sequence[int]:
        return range(len(reports))


@dataclass(frozen=True)
class Files(Source):
    """So many files of equal size, which nobody reads."""

    count: int

    @property
    def schema(self) -> pl.Schema:
        return pl.Schema({"k": pl.Int64(), "x": pl.Float64()})

    def splits(self) -> tuple[int, ...]:
        return tuple(range(self.count))

    def read(self, splits: Sequence[Any] | None = None) -> pl.LazyFrame:
        raise NotImplementedError(f"nobody reads {splits}")

    def statistics(self) -> Statistics:
        return Statistics(rows=ROWS * self.count, bytes=16 * ROWS * self.count)

    def describe(self) -> str:
        return f"{self.count} files"


@dataclass(frozen=True)
class Cost:
    """What one query cost its driver."""

    query: str
    partitions: int
    tasks: int
    objects: int
    seconds: float
    memory: int

    @property
    def per_task(self) -> tuple[float, float]:
        """Microseconds and bytes."""
        return self.seconds * 1e6 / self.tasks, self.memory / self.tasks

    def __str__(self) -> str:
        time_, memory = self.per_task
        return (
            f"{self.query:15} {self.partitions:>8,} parts {self.tasks:>8,} tasks {self.objects:>11,} tables "
            f"{self.seconds:8.2f} s {time_:6.1f} us {memory:7,.0f} bytes a task"
        )


def queries(frame: Frame) -> dict[str, Frame]:
    """One that reads and adds up, and one whose rows have to meet."""
    total = frame.filter(sk.col("x") > 0).select(sk.col("x").sum())
    return {"scan-aggregate": total, "exchange": frame.group_by("k").agg(sk.col("x").median())}


def measure(query: str, partitions: int) -> Cost:
    """Drive one query twice: once for the time, and once for the memory, which takes time to watch."""
    frame = queries(Frame(Scan(Files(partitions))))[query]
    config = resolve(partitions=partitions, broadcast_bytes=0)
    program = SerialBackend().lower(optimize(frame._plan), config)

    def drive() -> IdleCluster:
        cluster = IdleCluster()
        run = Run(cluster, config, UNWATCHED)
        run.store(evaluate(program, run))
        return cluster

    gc.collect()
    started = time.process_time()
    cluster = drive()
    seconds = time.process_time() - started
    tracemalloc.start()
    drive()
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Cost(query, partitions, cluster.tasks, cluster.objects, seconds, memory)


def main(arguments: list[str]) -> int:
    """Print what each query costs at each size; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks cost", description=__doc__)
    sizes = ",".join(map(str, SIZES))
    parser.add_argument("--partitions", default=sizes, help="sizes (default %(default)s)")
    parser.add_argument("--query", default="scan-aggregate,exchange", help="(default %(default)s)")
    options = parser.parse_args(arguments)
    missed = 0
    for query in options.query.split(","):
        for partitions in map(int, options.partitions.split(",")):
            cost = measure(query, partitions)
            over = [a > b for a, b in zip(cost.per_task, (MICROSECONDS, BYTES), strict=True)]
            missed += any(over)
            print(f"{cost}{'  over the goal' if any(over) else ''}", flush=True)
    print(f"goals: {MICROSECONDS:.0f} us and {BYTES:,} bytes a task; missed {missed}")
    return int(missed > 0)
