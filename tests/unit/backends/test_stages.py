"""Stages of a query on a cluster: what they tell, and what they let go."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from weakref import WeakSet

import scalekit as sk
from scalekit import col
from scalekit.backends.serial import SerialBackend, SerialCluster
from scalekit.backends.tasks.cluster import Ref, Submitted
from scalekit.backends.tasks.driver import evaluate
from scalekit.backends.tasks.history import SPANS, StageHistory
from scalekit.backends.tasks.run import Run
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config, resolve
from scalekit.frame.frame import Frame
from scalekit.kernels.task import Facts, Report
from scalekit.optimize import optimize


class Held:
    """A table that the engine holds as long as someone refers to it."""

    def __init__(self, table: Any) -> None:
        self.table = table


class CountingCluster(SerialCluster):
    """Knows which tables are still referred to."""

    def __init__(self) -> None:
        self.alive: WeakSet[Held] = WeakSet()
        self.most = 0

    def put(self, value: Any) -> Ref:
        return value if isinstance(value, bytes) else self._held(value)

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        made, report = super().submit(packed, facts, [held.table for held in tables], outputs)
        held = [self._held(table) for table in made]
        self.most = max(self.most, len(self.alive))
        return Submitted(held, report)

    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        return [ref.table if isinstance(ref, Held) else ref for ref in refs]

    def _held(self, table: Any) -> Held:
        held = Held(table)
        self.alive.add(held)
        return held


def run_of(cluster: SerialCluster, watch: Watch = UNWATCHED, **settings: Any) -> Run:
    return Run(cluster, resolve(broadcast_bytes=0, **settings), watch)


def grouped() -> Frame:
    frame = sk.from_dict({"k": [i % 5 for i in range(100)], "x": list(range(100))})
    return frame.group_by("k").agg(col("x").sum(), col("x").median().alias("m"))


def program_of(frame: Frame, config: Config) -> Any:
    return SerialBackend().lower(optimize(frame._plan), config)


def test_tables_are_let_go_by_their_last_reader() -> None:
    cluster = CountingCluster()
    run = run_of(cluster, partitions=8)
    result = run.store(evaluate(program_of(grouped(), run.config), run))
    assert {held for part in result.parts for held in part.tables} == set(cluster.alive)
    del result
    assert not cluster.alive
    assert run.history, "what the stages took outlives their tables"


def test_a_stage_tells_what_it_took() -> None:
    run = run_of(SerialCluster(), partitions=4)
    frame = sk.from_dict({"x": list(range(100))}).with_columns(y=col("x") * 2)
    run.store(evaluate(program_of(frame, run.config), run))
    (stage,) = run.history
    assert (stage.name, stage.tasks, stage.done, stage.rows) == ("with columns", 4, 4, 100)
    assert stage.bytes == 2 * 8 * 100
    assert len(stage.spans) == 4
    assert stage.seconds == sum(span.seconds for span in stage.spans)
    assert stage.started <= min(span.started for span in stage.spans)
    assert stage.ended >= max(span.started + span.seconds for span in stage.spans)


def test_times_of_many_tasks_are_thinned_evenly() -> None:
    stage = StageHistory("many", 10_000)
    for task in range(10_000):
        stage.add(Report((1,), (8,), float(task), 1.0, "w"))
    assert (stage.done, stage.rows, stage.bytes, stage.seconds) == (
        10_000,
        10_000,
        80_000,
        10_000.0,
    )
    assert SPANS <= len(stage.spans) <= 2 * SPANS
    starts = [span.started for span in stage.spans]
    assert {b - a for a, b in pairwise(starts)} == {stage.step}


class Noting(Watch):
    """Remembers what it was told of stages."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:
        self.told.append((name, place, done, total, size))


def test_who_watches_is_told_of_every_task() -> None:
    watch = Noting()
    run = run_of(SerialCluster(), watch, partitions=3)
    run.store(evaluate(program_of(grouped(), run.config), run))
    places = sorted({place for _, place, *_ in watch.told})
    assert places == list(range(1, len(run.history) + 1))
    for place, stage in enumerate(run.history, start=1):
        told = [what for what in watch.told if what[1] == place]
        assert [done for _, _, done, _, _ in told] == list(range(stage.tasks + 1))
        assert told[-1] == (stage.name, place, stage.tasks, stage.tasks, stage.bytes)
