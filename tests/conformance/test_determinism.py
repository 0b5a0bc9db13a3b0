"""Kernels give the same bytes twice, with 1, 2 and 8 threads: a retried task must not differ from its first run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.serial import SerialCluster
from scalekit.backends.tasks.cluster import Ref, Submitted
from scalekit.config import config
from scalekit.expr.node import Column, SortKey
from scalekit.frame.frame import Frame
from scalekit.kernels import task
from scalekit.kernels.outputs import by_range
from scalekit.kernels.task import Facts, Stage, TableSlot, pack, run_task
from scalekit.optimize import pin_order
from scalekit.plan.nodes import Aggregate, Input, Numbered, Plan, Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.cases import CASES
from scalekit.testing.compare import assert_conforms
from scalekit.testing.data import dataset


def _fingerprints(threads: int, every: int) -> dict[str, list[str]]:
    # Small morsels let threads meet on few rows; Polars reads both settings when it is imported.
    environment = {
        **os.environ,
        "POLARS_MAX_THREADS": str(threads),
        "POLARS_IDEAL_MORSEL_SIZE": "16",
    }
    done = subprocess.run(
        [sys.executable, "-m", "scalekit.testing.fingerprint", str(every)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    rows = (json.loads(line) for line in done.stdout.splitlines())
    return {name: seen for name, *seen in rows}


@pytest.mark.slow
@pytest.mark.timeout(2700)
def test_every_task_repeats_to_the_byte(request: pytest.FixtureRequest) -> None:
    every = 1 if request.config.getoption("--all-tasks") else 5
    one, two, eight = (_fingerprints(threads, every) for threads in (1, 2, 8))
    assert len(one) >= 0.99 * len(CASES) / every
    failed = [name for name, (first, _) in one.items() if first.endswith("Error")]
    assert len(failed) <= 0.02 * len(CASES) / every, failed
    differing = {name for name in one if len({*one[name], *two[name], *eight[name]}) > 1}
    assert not differing


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_deterministic_runs_repeat(backend: str) -> None:
    frame = sk.from_dict({"k": [i % 7 for i in range(5000)], "x": [0.1 * i for i in range(5000)]})
    joined = frame.group_by("k").agg(col("x").sum()).join(frame.select("k").unique(), on="k")
    first = joined.collect(backend=backend, deterministic=True)
    assert all(joined.collect(backend=backend, deterministic=True).equals(first) for _ in range(10))


# A worker dies after some of its tables were read: the task runs again, and the others come from its second run.

KEYS = 500


def _lost_keys(fragment: Plan) -> int:
    """Keys that are nowhere when the first half of a task's tables is of one run, and the second of another.

    Rows are numbered and split by their numbers, as for every order that an exchange restores.
    """
    numbered = Numbered(fragment, "place", "place")
    schema = (("k", pl.Int64()), ("x", pl.Float64()))
    bounds = pl.DataFrame(
        {"key_0": [KEYS // 4, KEYS // 2, KEYS * 3 // 4]}, schema={"key_0": pl.Int64}
    )
    output = by_range((SortKey(Column("place")),), bounds)
    stage = Stage(
        "retried", numbered, (TableSlot(schema),), output, (("place", pl.Int64()), *schema)
    )
    rows = pl.DataFrame({"k": [i % KEYS for i in range(5000)], "x": [0.1 * i for i in range(5000)]})
    packed, table = pack(stage), rows.to_arrow()
    (first, _), (second, _) = (run_task(packed, Facts(0, (1,)), table) for _ in range(2))
    found = pa.concat_tables([*first[:2], *second[2:]])
    assert found.num_rows == KEYS, "the number of rows shows nothing"
    return KEYS - len(set(found["k"].to_pylist()))


def _groups() -> Plan:
    leaf = Input(0, (("k", pl.Int64()), ("x", pl.Float64())))
    total = sk.from_dict({"x": [0.5]}).select(col("x").sum())._plan.exprs[0]  # type: ignore[attr-defined]
    return Aggregate(leaf, (Column("k"),), (total,))


def test_a_retried_task_loses_no_key() -> None:
    assert [_lost_keys(pin_order(_groups())) for _ in range(10)] == [0] * 10


def test_without_determinism_a_retried_task_loses_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    class Streamed:
        """A query that the streaming engine runs, whatever it is asked for."""

        def __init__(self, query: pl.LazyFrame) -> None:
            self.query = query

        def collect(self, engine: str) -> pl.DataFrame:
            del engine
            return self.query.collect(engine="streaming")

    to_lazy: Callable[..., pl.LazyFrame] = task.to_lazy
    monkeypatch.setattr(task, "to_lazy", lambda *given: Streamed(to_lazy(*given)))
    assert sum(_lost_keys(_groups()) for _ in range(10)) > 0


class RetryingCluster(SerialCluster):
    """Every task runs twice; its tables come from both runs, in turn."""

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        (first, report), (second, _) = (
            super(RetryingCluster, self).submit(packed, facts, tables, outputs) for _ in range(2)
        )
        return Submitted([(first, second)[n % 2][n] for n in range(outputs)], report)


@pytest.mark.parametrize("first", range(4))
def test_answers_outlive_retries(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Floats that binary numbers hold, so that sums are the same in any order.
    rows = pl.concat([dataset(name) for name in ("ordinary", "nan_null", "duplicates")])
    frame = Frame(Scan(MemorySource(rows.with_columns(o=pl.int_range(pl.len())))))
    connect: Any = lambda _backend, _config: RetryingCluster()  # noqa: E731 - a method
    monkeypatch.setattr("scalekit.backends.serial.SerialBackend.connect", connect)
    for case in CASES[first::24]:
        with config(partitions=4, broadcast_bytes=0):
            assert_conforms(case.build(frame), "serial")
