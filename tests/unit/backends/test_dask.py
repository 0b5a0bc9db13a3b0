"""The Dask backend: how it finds a cluster, what it sends, what it keeps, and what it says when something fails."""

from __future__ import annotations

import gc
import operator
import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import dask.config
import polars as pl
import psutil
import pyarrow as pa
import pytest
from dask.sizeof import sizeof
from dask.task_spec import Task
from distributed import Client, LocalCluster

import scalekit as sk
from scalekit import col
from scalekit.backends.dask import close, connections, graph, vigil
from scalekit.backends.dask.cluster import DaskCluster
from scalekit.backends.dask.work import Made, from_bytes, to_bytes
from scalekit.config import resolve
from scalekit.errors import ConfigError, ExecutionError, MissingDependencyError

pytestmark = pytest.mark.dask

ROWS = pl.DataFrame({"g": ["a", "b", None, "a"] * 25, "x": range(100)})


def totals(frame: sk.Frame | None = None) -> sk.Frame:
    frame = sk.from_polars(ROWS) if frame is None else frame
    return frame.group_by("g").agg(s=col("x").sum(), n=sk.len()).sort("g")


EXPECTED = totals().collect(backend="polars")


@pytest.fixture(scope="module")
def threads() -> Iterator[Any]:
    """A scheduler and two workers in this process: quick to start, and reached as any cluster is."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1",
        dashboard_address="127.0.0.1:0", silence_logs=50,
    ) as cluster:  # fmt: skip
        yield cluster
        close()


@pytest.fixture
def attached(threads: Any) -> str:
    """The address of that cluster, configured for the test."""
    sk.configure(backend="dask", address=threads.scheduler_address, progress=False)
    return str(threads.scheduler_address)


def connection() -> Any:
    return connections.connect(resolve())


class TestConnecting:
    def test_an_address(self, attached):
        assert totals().collect().equals(EXPECTED)
        assert connection() is connection()
        assert connection().resources().slots == 2

    def test_an_address_in_the_environment(self, threads, monkeypatch):
        monkeypatch.setenv("SCALEKIT_BACKEND", "dask")
        monkeypatch.setenv("SCALEKIT_ADDRESS", threads.scheduler_address)
        assert totals().collect().equals(EXPECTED)

    def test_the_address_that_dask_is_configured_with(self, threads):
        with dask.config.set({"scheduler-address": threads.scheduler_address}):
            assert totals().collect(backend="dask").equals(EXPECTED)

    def test_the_client_of_the_session_which_stays_open(self, threads):
        with Client(threads.scheduler_address) as client:
            assert totals().collect(backend="dask").equals(EXPECTED)
            assert connection().client is client
            close()
            assert client.submit(sum, [1, 2]).result() == 3
            assert totals().collect(backend="dask").equals(EXPECTED)

    def test_it_does_not_become_the_client_of_the_session(self, attached):
        totals().collect()
        with pytest.raises(ValueError, match="No clients found"):
            Client.current()

    def test_nobody_answers(self, monkeypatch):
        monkeypatch.setattr(connections, "CONNECTING", 0.5)
        with pytest.raises(
            ExecutionError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 "
        ):
            totals().collect(backend="dask", address="tcp://127.0.0.1:9")

    @pytest.mark.parametrize("address", ["ray://head:10001", "127.0.0.1:8786", "auto"])
    def test_an_address_that_is_none_of_dask(self, address):
        with pytest.raises(
            ConfigError, match=r"argument.*|address is .* begins with tcp:// or tls"
        ):
            totals().collect(backend="dask", address=address)

    @pytest.mark.parametrize("address", ["tcp://10.1.2.3:8786", "tcp://scheduler.example:8786"])
    def test_a_plain_address_elsewhere_is_refused(self, address):
        with pytest.raises(ConfigError, match=r"not encrypted.*tls://.*allow_insecure=True"):
            connections.check_address(address, resolve(address=address))
        connections.check_address(address, resolve(address=address, allow_insecure=True))

    @pytest.mark.parametrize(
        "address",
        ["tls://10.1.2.3:8786", "tcp://127.0.0.1:1", "tcp://[::1]:1", "tcp://localhost:1"],
    )
    def test_what_is_encrypted_or_here_passes(self, address):
        connections.check_address(address, resolve(address=address))

    def test_a_worker_without_scalekit(self, attached, monkeypatch):
        found = connection()
        monkeypatch.setattr(found, "_checked", set())
        monkeypatch.setattr(found, "_looked", float("-inf"))

        async def run(*_args: Any, workers: list[str], **_kwargs: Any) -> Any:
            return dict.fromkeys(workers, ModuleNotFoundError("No module named 'scalekit'"))

        monkeypatch.setattr(found.client, "run", run)
        told = {"packages": {"python": "3.11.9", "polars": None, "scalekit": None}}

        async def broadcast(**question: Any) -> Any:
            assert question["msg"]["op"] == "versions"
            return dict.fromkeys(question["workers"], told)

        monkeypatch.setattr(found.client.scheduler, "broadcast", broadcast, raising=False)
        with pytest.raises(
            MissingDependencyError, match=r"scalekit is not installed on .*Dask.*pip"
        ):
            totals().collect()


class TestWhatIsSent:
    def test_a_table_counts_and_travels_with_its_own_rows(self):
        whole = pa.table({"x": range(100_000)})
        pieces = Made([whole.slice(start, 10) for start in range(0, 1000, 10)])
        assert 8_000 <= sizeof(pieces) < 40_000
        assert len(pickle.dumps(pieces)) < 80_000
        again = pickle.loads(pickle.dumps(pieces))
        assert [t.equals(u) for t, u in zip(again.tables, pieces.tables, strict=True)] == [
            True
        ] * 100
        assert from_bytes(to_bytes(whole.slice(5, 3)))["x"].to_pylist() == [5, 6, 7]

    def test_the_scheduler_needs_no_scalekit(self, attached):
        cluster = DaskCluster(connection())
        seen: list[bytes] = []
        send = cluster._send
        cluster._send = lambda tasks, keys: seen.append(pickle.dumps(tasks)) or send(tasks, keys)  # type: ignore[method-assign]
        rows = cluster.put(to_arrow(ROWS))
        stage = cluster.put(packed_stage())
        cluster.fetch([cluster.submit(stage, facts(1), [rows], 1).report])
        assert seen
        assert not [
            m for m in modules_of(seen[0]) if m.startswith(("scalekit", "polars", "pyarrow"))
        ]

    def test_keys_carry_nothing_of_the_query(self, attached, threads):
        secret = sk.from_dict({"password": ["hunter2"] * 3})
        with sk.config(partitions=3):
            secret.group_by("password").agg(n=sk.len()).collect()
        names = " ".join(map(str, threads.scheduler.task_prefixes))
        assert "scalekit-task" in names
        assert "hunter" not in names
        assert "password" not in names

    @pytest.mark.parametrize("whole", [0, 2**30], ids=["picked", "whole"])
    def test_pieces_are_picked_where_they_are(self, attached, monkeypatch, whole):
        monkeypatch.setattr(graph, "WHOLE", whole)
        picked: list[str] = []
        real = graph._picked

        def seen(tables: Any, inputs: Any) -> Any:
            found = real(tables, inputs)
            picked.extend(key for key in inputs.graph if "pick" in key)
            return found

        monkeypatch.setattr(graph, "_picked", seen)
        with sk.config(partitions=5, broadcast_bytes=0):
            rows = sk.from_polars(ROWS)
            joined = rows.join(rows.select("x", y=col("x") * 2), on="x").sort("x").collect()
        assert joined.equals(ROWS.with_columns(y=pl.col("x") * 2))
        assert bool(picked) == (whole == 0)

    def test_tables_larger_than_a_message(self, attached):
        rows = pl.DataFrame({"x": range(50_000), "s": ["text"] * 50_000})
        with sk.config(partitions=3):
            assert sk.from_polars(rows).filter(col("x") % 2 == 0).collect().height == 25_000

    def test_nothing_is_kept_when_a_query_is_done(self, attached, threads):
        with sk.config(partitions=4):
            totals().collect()
        assert emptied(threads.scheduler)

    def test_a_report_that_is_not_heard_is_asked_for(self, attached, monkeypatch):
        monkeypatch.setattr("scalekit.backends.dask.cluster.UNHEARD", 1)
        found = connection()
        monkeypatch.setitem(found.client._event_handlers, found.tower.topic, lambda _event: None)
        with sk.config(partitions=2):
            assert totals().collect().equals(EXPECTED)

    def test_a_report_that_cannot_be_had_is_an_error_as_any_other(self, attached, monkeypatch):
        monkeypatch.setattr("scalekit.backends.dask.cluster.UNHEARD", 1)
        fails = {"again": Task("again", operator.truediv, 1, 0)}
        monkeypatch.setattr(
            "scalekit.backends.dask.cluster.report_graph", lambda _: (fails, "again")
        )
        found = connection()
        monkeypatch.setitem(found.client._event_handlers, found.tower.topic, lambda _event: None)
        with (
            sk.config(partitions=2),
            pytest.raises(ExecutionError, match=r"ZeroDivisionError on a worker of Dask"),
        ):
            totals().collect()


class TestFailures:
    def test_a_table_that_was_lost_is_made_again_and_no_failure(self, attached):
        cluster = DaskCluster(connection())
        rows, stage = cluster.put(to_arrow(ROWS)), cluster.put(packed_stage())
        flight = cluster.submit(stage, facts(1), [rows], 1).report
        cluster.fetch([flight])
        flight.told = None  # as that of a larger table
        for failed, states in {
            False: ["pending", "lost", "finished"],
            True: ["error", "cancelled"],
        }.items():
            for state in states:
                flight.future = SimpleNamespace(status=state)
                assert flight.has_failed is failed, state

    def test_an_error_of_a_task_comes_back_as_it_is(self, attached):
        def wrong(rows: pl.DataFrame) -> pl.DataFrame:
            raise ValueError("not today")

        frame = sk.from_polars(ROWS).map_batches(wrong, schema=ROWS.schema)
        with pytest.raises(ExecutionError, match=r"function wrong failed .*not today") as caught:
            frame.collect()
        modules = {entry.path.parts[-2] for entry in caught.traceback}
        assert modules.isdisjoint({"distributed", "kernels"})
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_something_else_is_named_with_its_stage(self, attached):
        class Bad:
            def __reduce__(self) -> Any:
                return (exec, ("raise RuntimeError('unreadable')",))

        bad = Bad()
        frame = sk.from_polars(ROWS).map_batches(
            lambda rows: rows.head(0 if bad else 1), schema=ROWS.schema
        )
        with pytest.raises(ExecutionError, match=r"RuntimeError on a worker of Dask: unreadable"):
            frame.collect()

    def test_no_workers(self, monkeypatch):
        monkeypatch.setattr(vigil, "PATIENCE", 1.0)
        with LocalCluster(
            n_workers=0, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
        ) as cluster, pytest.raises(ExecutionError, match=r"given up after 1 s: Dask has no workers"):  # fmt: skip
            totals().collect(backend="dask", address=cluster.scheduler_address)
        close()

    def test_a_scheduler_that_is_gone(self, monkeypatch):
        with LocalCluster(
            n_workers=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
        ) as cluster:  # fmt: skip
            address = cluster.scheduler_address
            assert totals().collect(backend="dask", address=address).equals(EXPECTED)
        monkeypatch.setattr(connections, "CONNECTING", 0.5)
        with pytest.raises(
            ExecutionError, match=r"no Dask scheduler answers|connection .* is lost"
        ):
            totals().collect(backend="dask", address=address)
        close()


class TestEmbedded:
    def test_one_cluster_for_all_queries(self, dask_settings):
        with sk.config(**dask_settings):
            assert totals().collect().equals(EXPECTED)
            first = connection()
            assert totals().collect().equals(EXPECTED)
            assert connection() is first
            assert first.resources().slots == 2

    def test_only_loopback_is_listened_on(self, dask_settings):
        with sk.config(**dask_settings):
            totals().collect()
        assert listeners() == {"127.0.0.1"}

    def test_polars_has_one_thread_in_each_worker(self, dask_settings):
        with sk.config(**dask_settings):
            assert set(connection().client.run(pl.thread_pool_size).values()) == {1}

    def test_nobody_connects_without_its_certificates(self, dask_settings):
        with sk.config(**dask_settings):
            address = connection().client.scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        with pytest.raises((OSError, TimeoutError, TypeError)):
            Client(address.replace("tls", "tcp"), timeout=1, set_as_default=False)

    def test_an_interrupt_takes_back_what_runs(self, dask_settings):
        with sk.config(**dask_settings, partitions=9):
            totals().collect()
            scheduler = connection().embedded.cluster.scheduler
            assert emptied(scheduler)  # or the query before would set off the interrupt too early

            def interrupt() -> None:
                while not any("scalekit-task" in str(key) for key in scheduler.tasks):
                    time.sleep(0.01)
                os.kill(os.getpid(), signal.SIGINT)

            frame = sk.from_polars(ROWS).map_batches(slowly, schema=ROWS.schema, whole=False)
            interrupter = threading.Thread(target=interrupt)
            interrupter.start()
            with pytest.raises(KeyboardInterrupt):
                frame.collect()
            interrupter.join()
            assert emptied(scheduler)
            assert totals().collect().equals(EXPECTED)

    def test_a_worker_that_dies_loses_nothing(self, dask_settings):
        with sk.config(**dask_settings, partitions=4):
            rows = pl.DataFrame({"x": range(100_000), "g": [n % 7 for n in range(100_000)]})
            frame = sk.from_polars(rows).map_batches(slowly, schema=rows.schema, whole=False)
            pids = list(connection().client.run(os.getpid).values())
            killer = threading.Timer(0.6, os.kill, (pids[0], signal.SIGKILL))
            killer.start()
            found = frame.group_by("g").agg(s=col("x").sum()).sort("g").collect()
            killer.join()
        assert found.equals(rows.group_by("g").agg(s=pl.col("x").sum()).sort("g"))


def emptied(scheduler: Any) -> bool:
    """Whether the scheduler forgets all tasks of scalekit, if not at once."""
    deadline = time.monotonic() + 10
    while left := [key for key in scheduler.tasks if "scalekit" in str(key)]:
        gc.collect()
        time.sleep(0.05)
        if time.monotonic() > deadline:
            break
    return not left


def slowly(rows: pl.DataFrame) -> pl.DataFrame:
    time.sleep(0.3)
    return rows


def listeners() -> set[str]:
    me = psutil.Process()
    return {
        connection.laddr.ip.removeprefix("::ffff:")  # where Ray runs beside it
        for process in [me, *me.children(recursive=True)]
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def packed_stage() -> bytes:
    from scalekit.kernels.outputs import Whole
    from scalekit.kernels.task import Stage, TableSlot, pack
    from scalekit.plan.nodes import Input

    schema = tuple(ROWS.schema.items())
    return pack(Stage("move", Input(0, schema), (TableSlot(schema),), Whole(), schema))


def facts(tables: int) -> Any:
    from scalekit.kernels.task import Facts

    return Facts(0, (tables,))


def modules_of(pickled: bytes) -> set[str]:
    import pickletools

    found: set[str] = set()
    texts: list[str] = []
    for opcode, argument, _ in pickletools.genops(pickled):
        if isinstance(argument, str):
            texts.append(argument)
        if opcode.name in ("GLOBAL", "STACK_GLOBAL"):
            found.add(texts[-2] if opcode.name == "STACK_GLOBAL" else texts[-1].split()[0])
    return found
