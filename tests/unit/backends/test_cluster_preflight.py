"""What a cluster on other machines cannot read is refused before anything is sent to it."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.backends.serial import SerialBackend, SerialCluster
from scalekit.backends.tasks.preflight import is_here, is_shared
from scalekit.config import resolve
from scalekit.errors import AccessError

ROWS = pl.DataFrame({"i": range(20)})


class Remote(SerialCluster):
    """A cluster whose tasks run on other machines, as it says; it counts what it is sent."""

    def __init__(self, *hosts: str) -> None:
        self.resources = replace(SerialCluster.resources, hosts=hosts)  # type: ignore[misc]
        self.sent = 0

    def put(self, value: Any) -> Any:
        self.sent += 1
        return value

    def submit(self, *args: Any) -> Any:
        self.sent += 1
        return super().submit(*args)


@pytest.fixture
def cluster(monkeypatch):
    """A cluster on these hosts in the place of the serial one."""

    def use(*hosts: str) -> Remote:
        remote = Remote(*hosts)
        monkeypatch.setattr(SerialBackend, "connect", lambda _self, _config: remote)
        return remote

    return use


@pytest.fixture
def path(tmp_path):
    ROWS.write_parquet(tmp_path / "a.parquet")
    return f"{tmp_path}/a.parquet"


def test_a_local_path_is_refused_with_the_ways_out(cluster, path):
    remote = cluster("127.0.0.1", "192.0.2.7")
    frame = sk.scan_parquet(path)
    queries = [
        lambda: frame.collect(backend="serial"),
        lambda: frame.persist(backend="serial"),
        lambda: list(frame.collect_batches(backend="serial")),
        lambda: frame.write_parquet(path.replace("a.parquet", "out/"), backend="serial"),
        lambda: sk.from_polars(ROWS).join(frame, on="i").collect(backend="serial"),
    ]
    for query in queries:
        with pytest.raises(AccessError, match=r"a\.parquet.*192\.0\.2\.7.*shared_paths="):
            query()
    assert remote.sent == 0


def test_machines_that_share_a_folder_read_it(cluster, path):
    cluster("192.0.2.7")
    frame = sk.scan_parquet(path)
    shared = os.pathsep.join(["/elsewhere", os.path.dirname(path)])
    assert frame.collect(backend="serial", shared_paths=shared).equals(ROWS)
    with pytest.raises(AccessError):
        frame.collect(backend="serial", shared_paths=os.path.dirname(path)[:-1])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", socket.gethostname()])
def test_this_machine_is_no_other(cluster, path, host):
    cluster(host)
    assert sk.scan_parquet(path).collect(backend="serial").equals(ROWS)


@pytest.mark.parametrize("kind", ["csv", "ndjson", "ipc", "database"])
def test_every_kind_of_file(cluster, tmp_path, kind):
    cluster("192.0.2.7")
    if kind == "database":
        import sqlite3

        with sqlite3.connect(tmp_path / "a.db") as connection:
            connection.execute("create table t (i integer)")
        connection.close()
        frame = sk.scan_database("select i from t", f"sqlite:///{tmp_path}/a.db")
    else:
        getattr(ROWS, f"write_{kind}")(tmp_path / f"a.{kind}")
        frame = getattr(sk, f"scan_{kind}")(f"{tmp_path}/*.{kind}")
    with pytest.raises(AccessError, match=str(tmp_path)):
        frame.collect(backend="serial")


def test_rows_in_memory_and_in_stores_are_no_paths(cluster):
    cluster("192.0.2.7")
    assert sk.from_polars(ROWS).collect(backend="serial").equals(ROWS)
    assert is_shared("/a/b", resolve(shared_paths="/a"))
    assert not is_shared("/ab", resolve(shared_paths="/a"))
    assert not is_shared("/a", resolve())


def test_a_path_here_is_written_from_here(cluster, tmp_path):
    remote = cluster("192.0.2.7")
    frame = sk.from_polars(ROWS)
    frame.write_parquet(tmp_path / "out", backend="serial", partitions=4)
    assert sk.scan_parquet(tmp_path / "out").collect(backend="polars").equals(ROWS)
    assert remote.sent < 6
    shared = {"shared_paths": str(tmp_path), "backend": "serial", "partitions": 4}
    result = frame.write_parquet(tmp_path / "shared", **shared)
    assert len(result.files) == 4


def test_addresses():
    assert is_here("localhost")
    assert not is_here("192.0.2.1")
    assert not is_here("no-such-host.invalid")


def test_a_live_connection_is_read_here(tmp_path):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/a.db")
    ROWS.write_database("t", engine)
    frame = sk.scan_database("select i from t", engine)
    assert frame.collect(backend="serial", partitions=3)["i"].to_list() == list(range(20))
    engine.dispose()
