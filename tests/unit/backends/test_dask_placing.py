"""On which Dask workers tasks run, and that none waits for a worker that is gone, paused, or somebody else's."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import dask
import dask.dataframe as dd
import pandas as pd
import polars as pl
import pytest
from distributed import Client, LocalCluster, Status

import scalekit as sk
from scalekit import col
from scalekit.backends.dask import close, connections, vigil
from scalekit.backends.dask.cluster import DaskCluster
from scalekit.backends.dask.connection import Connection
from scalekit.backends.dask.flights import Flight, Piece, Sent
from scalekit.backends.dask.placing import MOVED, Placing
from scalekit.config import resolve
from scalekit.errors import ExecutionError
from scalekit.kernels.task import Facts, Report

pytestmark = pytest.mark.dask

AWAY = Status.closing_gracefully
"""Takes no tasks, as a paused worker does, which goes on by itself where it has memory."""

ROWS = pl.DataFrame({"g": ["a", "b", None, "a"] * 25, "x": range(100)})


def flight(*tables: Any, **facts: Any) -> Flight:
    return Flight(Sent(b"", b""), Facts(0, 0, ()), tables, 1, **facts)


def landed(worker: str, size: int) -> Flight:
    return flight(worker=worker, report=Report((1,), (size,), 0.0, 0.0, worker))


def totals() -> sk.Frame:
    return sk.from_polars(ROWS).group_by("g").agg(s=col("x").sum(), n=sk.len()).sort("g")


EXPECTED = totals().collect(backend="polars")


class TestChoosing:
    def test_tasks_are_spread_by_the_threads_of_the_workers(self):
        flights = [flight() for _ in range(9)]
        Placing().placed(flights, {"a": 2, "b": 1})
        assert sorted(f.place or "" for f in flights) == ["a"] * 6 + ["b"] * 3

    def test_a_task_runs_where_its_tables_are(self):
        reader = flight(Piece(landed("a", 10), 0), Piece(landed("b", 20), 0))
        assert Placing().placed([reader], {"a": 1, "b": 1}) == {reader.key: ("b",)}

    def test_unless_that_worker_is_busy_and_the_tables_are_small(self):
        placing = Placing()
        waiting = [flight(Piece(landed("b", 20), 0)) for _ in range(4)]
        placing.placed(waiting, {"a": 1, "b": 1})
        assert sorted(f.place or "" for f in waiting) == ["a", "a", "b", "b"]
        large = flight(Piece(landed("b", 2 * MOVED), 0))
        assert placing.placed([large], {"a": 1, "b": 1})[large.key] == ("b",)

    def test_queries_at_one_time_know_of_each_other(self):
        placing = Placing()
        first, second = flight(), flight()
        for query in (first, second):
            placing.placed([query], {"a": 1, "b": 1})
        assert {first.place, second.place} == {"a", "b"}

    def test_a_task_counts_where_it_started(self):
        placing = Placing()
        moved = flight()
        placing.placed([moved], {"a": 1, "b": 1})
        moved.started_on = "b" if moved.place == "a" else "a"
        after = flight()
        assert placing.placed([after], {"a": 1, "b": 1})[after.key] == (moved.place,)

    def test_nothing_is_kept_of_a_query_that_is_given_up(self):
        placing = Placing()
        given_up = [flight() for _ in range(5)]
        placing.placed(given_up, {"a": 1, "b": 1})
        del given_up[:]
        chosen = [flight() for _ in range(2)]
        placing.placed(chosen, {"a": 1, "b": 1})
        assert {f.place for f in chosen} == {"a", "b"}

    def test_sessions_that_share_a_cluster_do_not_all_begin_with_the_same_worker(self):
        workers = {f"tcp://10.0.0.{n}:1": 1 for n in range(20)}
        begun = set()
        for _ in range(30):
            alone = flight()
            Placing().placed([alone], workers)
            begun.add(alone.place)
        assert len(begun) > 1

    def test_no_other_worker_would_be_better(self):
        draw = random.Random(7)
        threads = {f"w{n}": 1 + n % 3 for n in range(12)}
        placing, busy, kept = Placing(), Counter[str](), []
        for _ in range(40):
            held = Counter(
                {draw.choice([*threads, "gone"]): draw.randrange(2 * MOVED) for _ in range(3)}
            )
            some = [
                flight(*(Piece(landed(w, size), 0) for w, size in held.items())) for _ in range(5)
            ]
            placing.placed(some, threads)
            for chosen in some:
                waits = {
                    w: busy[w] / count + (held.total() - held[w]) / MOVED
                    for w, count in threads.items()
                }
                assert chosen.place
                assert waits[chosen.place] == min(waits.values())
                busy[chosen.place] += 1
            kept.extend(some)

    @pytest.mark.parametrize("threads", [{}, {"a": 4}])
    def test_there_is_nothing_to_choose(self, threads):
        assert Placing().placed([flight(), flight()], threads) == {}


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """Two workers in this process, which a test pauses, ends and starts as it likes."""
    monkeypatch.setattr(vigil, "QUIET", 0.3)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1",
        dashboard_address="127.0.0.1:0", silence_logs=50,
    ) as cluster:  # fmt: skip
        sk.configure(backend="dask", address=cluster.scheduler_address, progress=False)
        yield cluster
        close()


def connection() -> Connection:
    return connections.connect(resolve())


def until(is_true: Any) -> None:
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Beside:
    """A query in a thread of its own, with what it found."""

    def __init__(self) -> None:
        self.found: list[pl.DataFrame] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.found.append(totals().collect(partitions=3))

    def is_right(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return len(self.found) == 1 and self.found[0].equals(EXPECTED)


def set_status(cluster: LocalCluster, worker: Any, status: Status) -> None:
    async def change() -> None:
        worker.status = status

    cluster.sync(change)
    until(lambda: cluster.scheduler.workers[worker.address].status == status)


class TestWorkersThatGo:
    def test_workers_that_went_a_moment_ago_and_others_that_come(self, threads, monkeypatch):
        assert totals().collect(partitions=3).equals(EXPECTED)
        monkeypatch.setattr("scalekit.backends.dask.connection.FRESH", 3600)
        threads.scale(0)
        until(lambda: not threads.scheduler.workers)
        query = Beside()
        until(lambda: threads.scheduler.unrunnable)
        threads.scale(1)
        assert query.is_right(20)

    def test_others_run_on_the_workers_that_come(self, threads, monkeypatch):
        """The tasks of other users hide nothing."""
        assert totals().collect(partitions=3).equals(EXPECTED)
        monkeypatch.setattr("scalekit.backends.dask.connection.FRESH", 3600)
        with Client(threads.scheduler_address, set_as_default=False) as other:
            threads.scale(0)
            until(lambda: not threads.scheduler.workers)
            query = Beside()
            until(lambda: threads.scheduler.unrunnable)
            threads.scale(2)
            busy = [other.submit(time.sleep, 0.3, pure=False) for _ in range(100)]
            is_right = query.is_right(10)
            other.cancel(busy)
        assert is_right

    def test_no_worker_takes_tasks_and_then_one_of_them_does(self, threads):
        connection()
        first, second = threads.workers.values()
        assert totals().collect(partitions=3).equals(EXPECTED)
        connection().look()
        for worker in (first, second):
            set_status(threads, worker, AWAY)
        query = Beside()
        until(lambda: len(threads.scheduler.unrunnable) > 1)
        set_status(threads, second, Status.running)
        is_right = query.is_right(20)
        set_status(threads, first, Status.running)
        assert is_right

    def test_a_worker_that_takes_no_tasks_is_sent_none(self, threads):
        first, second = threads.workers.values()
        set_status(threads, first, AWAY)
        connection().look()
        assert dict(connection().threads()) == {second.address: 1}
        assert totals().collect(partitions=3).equals(EXPECTED)
        set_status(threads, first, Status.running)
        connection().look()
        assert set(connection().threads()) == {first.address, second.address}


class TestWishesOfTheUser:
    def test_workers_that_the_user_chose_are_kept_to(self, threads):
        _, second = threads.workers.values()
        with Client(threads.scheduler_address) as client, dask.annotate(workers=[second.address]):
            frame = sk.from_polars(ROWS).map_batches(
                lambda rows: rows.with_columns(w=pl.lit(_address())), whole=False,
                schema={**ROWS.schema, "w": pl.String},
            )  # fmt: skip
            seen = frame.collect(partitions=6, address=None)["w"].unique().to_list()
            assert client.status == "running"
        assert seen == [second.address]

    def test_queries_share_what_they_know(self, threads):
        found = DaskCluster(connection())
        assert found._connection.placing is found.again()._connection.placing


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


class TestTablesThatAreHere:
    def test_those_that_were_told_or_sent_and_none_of_dask(self, threads):
        cluster = DaskCluster(connection())
        told = flight(report=Report((1,), (8,), 0.0, 0.0, "a"), told=[b"rows"])
        held = flight(report=Report((1,), (8,), 0.0, 0.0, "a"))
        adopted = Sent(None, None, object())
        assert cluster.is_here([Piece(told, 0), cluster.put(b"value")])
        assert not cluster.is_here([Piece(told, 0), Piece(held, 0)])
        assert not cluster.is_here([Piece(told, 0), adopted])

    def test_what_was_told_does_not_fail_where_it_is_lost(self):
        told = flight(report=Report((1,), (8,), 0.0, 0.0, "a"), told=[b"rows"])
        held = flight(report=Report((1,), (8,), 0.0, 0.0, "a"))
        told.future = held.future = SimpleNamespace(status="error")
        assert held.has_failed
        assert not told.has_failed

    def test_a_collection_of_dask_is_not_here(self, threads):
        """The last task is done here where all that it reads came here; what Dask holds did not."""
        with Client(threads.scheduler_address):
            rows = dd.from_pandas(
                pd.DataFrame({"g": [1, 2, 3], "x": [1.0, 2.0, 3.0]}), npartitions=1
            )
            small = sk.from_polars(pl.DataFrame({"g": [1, 1, 2], "y": [1, 2, 3]}))
            frame = (
                sk.from_dask(rows).join(small.group_by("g").agg(s=col("y").sum()), on="g").sort("g")
            )
            found = frame.collect(backend="dask", address=None)
        assert found.rows() == [(1, 1.0, 3), (2, 2.0, 3)]


class TestVigil:
    """What is waited for, and for how long."""

    @staticmethod
    def waited(monkeypatch: pytest.MonkeyPatch, status: str) -> vigil.Vigil:
        monkeypatch.setattr(vigil, "PATIENCE", 0.0)
        monkeypatch.setattr(time, "monotonic", itertools.count().__next__)
        processing = SimpleNamespace(processing=lambda workers: None)
        client = SimpleNamespace(scheduler=processing)
        found: Any = SimpleNamespace(
            is_alive=True,
            tower=SimpleNamespace(heard=0),
            client=client,
            ask=lambda question, seconds: {"tcp://w": []},
        )
        return vigil.Vigil(found, [flight(future=SimpleNamespace(status=status), report=1)])

    def test_a_large_table_may_take_its_time_to_come(self, monkeypatch):
        self.waited(monkeypatch, "finished").look()

    def test_a_task_that_nobody_runs_is_given_up(self, monkeypatch):
        one = self.waited(monkeypatch, "pending")
        with pytest.raises(ExecutionError, match="no task runs"):
            one.look()
