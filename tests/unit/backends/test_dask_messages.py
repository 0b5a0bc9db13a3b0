"""What is spared on the way to Dask and back: where a task goes, small tables in its report, prompt answers."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.dask import connections, work
from scalekit.backends.dask.cluster import DaskCluster
from scalekit.backends.dask.connection import Connection
from scalekit.backends.dask.flights import TELLING, Flight, Piece, Sent, Tower
from scalekit.backends.dask.graph import Inputs, graph_of, places_of, report_graph
from scalekit.backends.dask.placing import MOVED, Placing
from scalekit.backends.dask.work import Made, from_bytes, tables_at, to_bytes
from scalekit.backends.tasks.run import Run
from scalekit.config import resolve
from scalekit.expr.node import Column
from scalekit.kernels.outputs import ByHash, Output, Whole
from scalekit.kernels.task import Facts, Report, Stage, TableSlot, pack
from scalekit.plan.nodes import Input

pytestmark = pytest.mark.dask

ONE = {"a": 1, "b": 1}
STAGE = Sent(b"stage", b"stage")


def flight(*tables: Any, part: int = 0, outputs: int = 1) -> Flight:
    return Flight(STAGE, Facts(part, ()), tables, outputs)


def landed(worker: str | None, *sizes: int, told: Any = None) -> Flight:
    """A task that is done, and gave tables of so many bytes."""
    made = flight(outputs=len(sizes))
    made.report = Report((1,) * len(sizes), sizes, 0.0, 0.0, "1")
    made.worker, made.told = worker, told
    return made


def table(*values: int) -> pa.Table:
    return pa.table({"x": list(values)})


class TestPlacing:
    def test_tasks_that_read_nothing_are_dealt_out(self):
        tasks = [flight() for _ in range(6)]
        places = Placing().placed(tasks, {"a": 1, "b": 2})
        assert places == {task.key: (task.place,) for task in tasks}
        assert sorted(task.place for task in tasks) == ["a", "a", "b", "b", "b", "b"]

    def test_a_task_goes_to_where_its_tables_are(self):
        held = [Piece(landed("b", MOVED // 2), 0), Piece(landed("a", MOVED // 4), 0)]
        task = flight(*held)
        Placing().placed([task], ONE)
        assert task.place == "b"

    def test_unless_that_worker_has_more_to_do(self):
        small = Piece(landed("b", MOVED // 100), 0)
        tasks = [flight(small) for _ in range(4)]
        Placing().placed(tasks, ONE)
        assert [task.place for task in tasks] == ["b", "a", "b", "a"]

    def test_a_large_table_is_waited_for(self):
        large = Piece(landed("b", 5 * MOVED), 0)
        tasks = [flight(large) for _ in range(4)]
        Placing().placed(tasks, ONE)
        assert {task.place for task in tasks} == {"b"}

    def test_the_bytes_of_the_piece_count_not_those_of_its_task(self):
        made = landed("b", 5 * MOVED, 0)
        tasks = [flight(Piece(made, 1)), flight(Piece(made, 1))]
        Placing().placed(tasks, ONE)
        assert {task.place for task in tasks} == {"a", "b"}

    @pytest.mark.parametrize(
        "read",
        [
            Sent(table(1), b""),
            Piece(landed("b", 5 * MOVED, told=[b""]), 0),
            Piece(landed(None, 5 * MOVED), 0),
            Piece(flight(), 0),
        ],
        ids=["sent", "told", "of a lost worker", "not made yet"],
    )
    def test_what_is_on_no_worker_does_not_count(self, read):
        placing = Placing()
        plain, task = flight(), flight(read)
        placing.placed([plain], ONE)
        plain.report = Report((1,), (1,), 0.0, 0.0, "1")
        placing.placed([task], ONE)
        assert task.place == plain.place  # as if it read nothing

    def test_tasks_count_until_they_have_landed(self):
        placing = Placing()
        first, second, third = flight(), flight(), flight()
        placing.placed([first], ONE)
        placing.placed([second], ONE)
        assert {first.place, second.place} == {"a", "b"}
        second.report = Report((1,), (1,), 0.0, 0.0, "1")
        placing.placed([third], ONE)
        assert third.place == second.place
        third.future = SimpleNamespace(status="error")
        fourth = flight()
        placing.placed([fourth], ONE)
        assert fourth.place == second.place

    def test_without_workers_the_scheduler_chooses(self):
        task = flight()
        assert not Placing().placed([task], {})
        assert task.place is None

    def test_the_scheduler_reads_the_places_without_scalekit(self):
        task = flight()
        places = Placing().placed([task], ONE)
        asked = pickle.loads(pickle.dumps(places.__getitem__))
        assert b"scalekit.back" not in pickle.dumps(places.__getitem__)
        assert asked(task.key) == (task.place,)
        assert asked("scalekit-pick-of-others") == ()


class TestTold:
    def test_the_first_tasks_of_a_stage_tell(self):
        assert [flight(part=part).tells for part in (0, TELLING - 1, TELLING)] == [
            True,
            True,
            False,
        ]

    def test_one_small_table_is_told(self):
        (told,) = work._small([table(1, 2)]) or ()
        assert from_bytes(told).equals(table(1, 2))
        assert work._small([table(1), table(2)]) is None
        wide = pa.table({f"column_{n}": pa.array([], pa.int64()) for n in range(1_000)})
        assert work._small([wide]) is None

    @pytest.mark.parametrize(
        ("rows", "tells", "output", "is_told"),
        [
            (2_000, True, Whole(), True),
            (2_000, False, Whole(), False),
            (2_100, True, Whole(), False),
            (20, True, ByHash((Column("x"),), 2), False),
        ],
        ids=["small", "not asked for", "larger", "in pieces"],
    )
    def test_what_a_task_says(self, rows, tells, output: Output, is_told, monkeypatch):
        said: list[Any] = []
        worker = SimpleNamespace(address="here", log_event=lambda _, what: said.append(what))
        monkeypatch.setattr(work, "get_worker", lambda: worker)
        made = work.perform(
            ("topic", "key", tells),
            packed(output),
            pickle.dumps(Facts(0, (1,))),
            ((0, 0),),
            Made([table(*range(rows))]),
        )
        assert said[0] == ("started", "key", "here")
        what, key, address, payload = said[1]
        report, told = pickle.loads(payload)
        assert (what, key, address) == ("done", "key", "here")
        assert sum(report.rows) == rows
        assert (told is not None) is is_told
        if told is not None:
            assert from_bytes(told[0]).equals(made.tables[0])

    def test_the_tower_takes_up_what_was_told(self):
        tower, task = Tower(), flight(Piece(landed("a", 1), 0))
        tower.expect(task)
        report = Report((1,), (8,), 0.0, 0.0, "1")
        told = [to_bytes(table(7)).to_pybytes()]
        tower.hear((0.0, ("done", task.key, "b", pickle.dumps((report, told)))))
        assert (task.report, task.worker, task.told, task.tables) == (report, "b", told, ())

    def test_its_readers_get_it_with_their_task(self):
        told = [to_bytes(table(7, 8)).to_pybytes()]
        made = landed("a", 16, told=told)
        reader = flight(
            Piece(made, 0), Sent(table(1), to_bytes(table(1)).to_pybytes()), Piece(made, 0)
        )
        (task,) = graph_of([reader], "topic").values()
        assert not task.dependencies
        inputs = Inputs({})
        places = places_of(reader.tables, inputs)
        assert len(inputs.arguments) == 2, "what is read twice is sent once"
        found = tables_at(places, inputs.arguments)
        assert [t["x"].to_pylist() for t in found] == [[7, 8], [1], [7, 8]]

    def test_what_was_not_told_is_read_where_it_is(self):
        made = landed("a", 16)
        graph = graph_of([flight(Piece(made, 0))], "topic")
        (task,) = graph.values()
        assert task.dependencies == {made.key}

    def test_a_task_that_runs_for_its_report_tells_nobody(self):
        graph, key = report_graph(flight())
        assert set(graph) == {key}


def packed(output: Output) -> bytes:
    schema = (("x", pl.Int64()),)
    return pack(Stage("move", Input(0, schema), (TableSlot(schema),), output, schema))


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    found = asyncio.new_event_loop()
    thread = threading.Thread(target=found.run_forever)
    thread.start()
    yield found
    found.call_soon_threadsafe(found.stop)
    thread.join()
    found.close()


@pytest.mark.parametrize("stream", [{}, {"scheduler_comm": None}, {"scheduler_comm": object()}])
def test_a_client_whose_interval_cannot_be_set_is_used_as_it_is(stream):
    heard = []
    client = SimpleNamespace(subscribe_topic=lambda *args: heard.append(args), **stream)
    connection = Connection(client, owned=False)
    assert heard == [(connection.tower.topic, connection.tower.hear)]


@pytest.mark.parametrize("fails", [False, True])
def test_who_waits_is_woken_when_the_answer_is_there(loop, fails):
    client = SimpleNamespace(
        scheduler_comm=SimpleNamespace(interval=0.01),
        subscribe_topic=lambda _topic, _hear: None,
        loop=SimpleNamespace(asyncio_loop=loop),
    )
    connection = Connection(client, owned=False)
    assert client.scheduler_comm.interval < 0.01
    goes_on, woken = threading.Event(), threading.Event()
    was_done: list[bool] = []

    def wake() -> None:
        was_done.append(answer.done())
        woken.set()

    async def question() -> str:
        await asyncio.to_thread(goes_on.wait)
        if fails:
            raise OSError("no")
        return "yes"

    connection.tower.wake = wake  # type: ignore[method-assign]
    answer = connection.start(question)
    goes_on.set()
    assert woken.wait(30)
    assert was_done == [True]
    assert (answer.exception() is not None) is fails


class TestOnACluster:
    def test_small_tables_are_here_with_their_reports(self, dask_settings, monkeypatch):
        with sk.config(**dask_settings):
            cluster = DaskCluster(connections.connect(resolve()))
            stage, rows = cluster.put(packed(Whole())), cluster.put(table(1, 2, 3))
            small = cluster.submit(stage, Facts(0, (1,)), [rows], 1)
            late = cluster.submit(stage, Facts(TELLING, (1,)), [rows], 1)
            large = cluster.submit(stage, Facts(1, (1,)), [cluster.put(table(*range(9_000)))], 1)
            cluster.fetch([small.report, late.report, large.report])
            assert {small.report.place, late.report.place} <= set(cluster._connection.threads())
            tables = [done.tables[0] for done in (small, late, large)]
            assert [cluster.is_here([piece]) for piece in tables] == [True, False, False]
            assert cluster.is_here([rows, tables[0]])
            assert not cluster.is_here([rows, *tables])
            found = cluster.fetch([tables[2], rows, tables[0], tables[1]])
            assert [len(piece) for piece in found] == [9_000, 3, 3, 3]
            # A reader of all of them: what was told travels with it, and the others do not.
            both = cluster.submit(stage, Facts(2, (3,)), tables, 1)
            assert len(cluster.fetch(both.tables)[0]) == 9_006
            monkeypatch.setattr(cluster, "_brought", lambda _: pytest.fail("somebody was asked"))
            assert cluster.fetch([tables[0]])[0].equals(table(1, 2, 3))

    def test_the_last_task_runs_here(self, dask_settings, monkeypatch):
        ended: list[int] = []
        real = Run.ended
        monkeypatch.setattr(
            Run, "ended", lambda run, pending: ended.append(1) or real(run, pending)
        )
        monkeypatch.setattr("scalekit.backends.tasks.scan.SMALL", 0)
        rows = pl.DataFrame({"k": [n % 3 for n in range(99)], "v": range(99)})
        frame = sk.from_polars(rows).group_by("k").agg(col("v").sum()).sort("k")
        with sk.config(**dask_settings, partition_bytes=2_000):
            found = frame.collect()
        assert found.equals(rows.group_by("k").agg(pl.col("v").sum()).sort("k"))
        assert ended == [1]

    def test_places_of_workers_that_are_gone_are_chosen_again(self, dask_settings, monkeypatch):
        with sk.config(**dask_settings):
            connection = connections.connect(resolve())
            cluster = DaskCluster(connection)
            monkeypatch.setattr(
                connection, "threads", lambda: {"tls://127.0.0.1:1": 1, "tls://127.0.0.1:2": 1}
            )
            stage, rows = cluster.put(packed(Whole())), cluster.put(table(1, 2, 3))
            done = cluster.submit(stage, Facts(0, (1,)), [rows], 1)
            assert cluster.fetch([done.report])[0].rows == (3,)
            assert done.report.place.startswith("tls://127.0.0.1:")
