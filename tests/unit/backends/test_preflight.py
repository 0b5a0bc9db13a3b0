"""What a look at a query finds before it runs: each check once where it fails, and once where it passes."""

from __future__ import annotations

import functools
import os
import socket
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends import registry
from scalekit.backends.preflight.pickling import heaviest, obstacle
from scalekit.backends.preflight.requirements import required_modules
from scalekit.backends.serial import SerialBackend, SerialCluster
from scalekit.backends.tasks.questions import credentials, store_refusal
from scalekit.backends.tasks.versions import Versions, versions_here
from scalekit.errors import (
    ConfigError,
    ExecutionError,
    MemoryBudgetError,
    MissingDependencyError,
    UnsupportedError,
)
from scalekit.estimate.peak import peaks
from scalekit.frame.frame import Frame
from scalekit.optimize import optimize

ROWS = pl.DataFrame({"i": range(20), "g": ["a", "b"] * 10})
FRAME = sk.from_polars(ROWS)

LOCK = threading.Lock()
TABLE = list(range(10_000_000))


class Remote(SerialCluster):
    """A cluster whose tasks run on another machine, as it says, with answers of its own to some questions."""

    def __init__(self, *hosts: str, address: str = "", is_encrypted: bool = True) -> None:
        self.resources = replace(SerialCluster.resources, hosts=hosts)  # type: ignore[misc]
        self.told: dict[str, Any] = {}
        self.found: dict[str, Versions] | None = None
        self.place, self.tls = address, is_encrypted
        self.sent = 0

    @property
    def address(self) -> str:
        return self.place

    @property
    def is_encrypted(self) -> bool:
        return self.tls

    def everywhere(self, question: Callable[[], Any]) -> dict[str, Any]:
        name = getattr(question, "func", question).__name__
        answer = self.told[name] if name in self.told else question()
        return {"b:1": answer, "gone:1": OSError("it went away")}

    def versions(self) -> dict[str, Versions]:
        return {"b:1": versions_here()} if self.found is None else self.found

    def submit(self, *args: Any) -> Any:
        self.sent += 1
        return super().submit(*args)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Remote]:
    """A cluster in the place of the serial one."""

    def use(*hosts: str, **facts: Any) -> Remote:
        remote = Remote(*hosts, **facts)
        monkeypatch.setattr(SerialBackend, "attached", lambda _self, _config: remote)
        return remote

    return use


@pytest.fixture
def path(tmp_path: Path) -> str:
    ROWS.write_parquet(tmp_path / "a.parquet")
    return f"{tmp_path}/a.parquet"


def findings(report: Any, check: str, level: str) -> str:
    """What a check says on one level, with the ways out; nothing where it says nothing."""
    found = [f for f in report.findings if f.check == check and f.level == level]
    assert all(f.way_out for f in found) or level == "ok"
    return "\n".join(f"{f.what} | {f.way_out}" for f in found)


# the report


@pytest.mark.parametrize("backend", ["polars", "pandas", "serial"])
def test_a_query_that_nothing_stands_in_the_way_of(backend, path):
    report = sk.scan_parquet(path).group_by("g").agg(col("i").sum()).sort("g").preflight(backend)
    assert report
    assert report.warnings == ()
    assert report.backend == backend
    assert set(report.frame()["level"]) == {"ok"}


def test_the_report_as_text_page_and_frame():
    frame = FRAME.map_batches(lambda rows: LOCK and rows).group_by("g").agg(sk.len()).head(1)
    report = frame.preflight("serial")
    assert not report
    text = repr(report)
    assert text.startswith("preflight on serial (asked for): 1 error, 1 warning\n  ✗ functions: ")
    assert "\n      way out: make it inside" in text
    assert "<td>functions</td>" in report._repr_html_()
    assert "&lt;lambda&gt;" in report._repr_html_()
    table = report.frame()
    assert table.columns == ["check", "level", "what", "way_out"]
    assert table.filter(level="error")["check"].to_list() == ["functions"]
    assert "nothing stands in the way" in repr(FRAME.preflight("polars"))


def test_the_settings_say_who_is_asked(monkeypatch):
    assert FRAME.preflight().backend == "polars"
    monkeypatch.setenv("SCALEKIT_BACKEND", "serial")
    assert FRAME.preflight().backend == "serial"
    assert FRAME.preflight("pandas").backend == "pandas"
    with pytest.raises(
        ConfigError, match=r"unknown backend 'spark'.*dask, pandas, polars, ray, serial"
    ):
        FRAME.preflight("spark")


def test_nothing_runs(cluster):
    remote = cluster("192.0.2.7")
    called = []
    FRAME.map_batches(lambda rows: called.append(rows) or rows).preflight("serial")
    assert called == []
    assert remote.sent == 0


# who would run it


def test_a_step_that_the_backend_does_not_have(monkeypatch, path):
    def refuses(_self: Any, _plan: Any, _config: Any) -> Any:
        raise UnsupportedError("this backend has no pivot(): use group_by().agg()")

    frame = sk.scan_parquet(path)
    for name, backend in (
        ("serial", SerialBackend),
        ("pandas", type(registry.get_backend("pandas"))),
    ):
        monkeypatch.setattr(backend, "lower", refuses)
        report = frame.preflight(name)
        told = "this backend has no pivot() | use group_by().agg()"
        assert findings(report, "operations", "error") == told
        assert findings(report, "paths", "ok")
    assert frame.preflight("polars")


def test_a_backend_that_is_not_installed(monkeypatch):
    def lacks(name: str) -> Any:
        raise MissingDependencyError.for_extra("dask", "dask", purpose="backend 'dask'")

    monkeypatch.setattr("scalekit.backends.preflight.clusters.get_backend", lacks)
    report = FRAME.preflight("dask")
    assert "pip install 'scalekit[dask]'" in findings(report, "backend", "error")


def test_a_cluster_that_does_not_answer(monkeypatch, path):
    def silent(_self: Any, _config: Any) -> Any:
        raise ExecutionError("nobody answers at b:1 within 15 s (timeout: 15); check the address")

    monkeypatch.setattr(SerialBackend, "attached", silent)
    frame = sk.scan_parquet(path).map_batches(lambda rows: LOCK and rows)
    report = frame.preflight("serial")
    told = "nobody answers at b:1 within 15 s (timeout: 15) | check the address"
    assert findings(report, "cluster", "error") == told
    assert "LOCK" in findings(
        report, "functions", "error"
    )  # what needs no cluster is looked at all the same
    assert "this process can read 1 path" in findings(report, "paths", "ok")
    assert not findings(report, "modules", "ok")


def test_a_cluster_without_workers(cluster):
    cluster("192.0.2.7").found = {}
    report = FRAME.preflight("serial")
    assert report
    assert "no workers now" in findings(report, "cluster", "warn")


@pytest.mark.parametrize(
    ("versions", "level", "told"),
    [
        ({"polars": "1.0.0"}, "error", r"Polars .* here, 1\.0\.0 on worker b:1 \| Run  pip"),
        ({"python": "3.9.1"}, "error", "Python"),
        ({"scalekit": None}, "error", "not installed .* pip install"),
        ({"pyarrow": "1.0.0"}, "warn", r"PyArrow .* here, 1\.0\.0 on worker b:1"),
        ({"cloudpickle": "1.0.0"}, "warn", "cloudpickle"),
        ({}, "ok", "the same"),
    ],
)
def test_versions(cluster, versions, level, told):
    import re

    cluster("192.0.2.7").found = {"b:1": replace(versions_here(), **versions)}
    report = FRAME.preflight("serial")
    assert bool(report) is (level != "error")
    assert re.search(told, findings(report, "versions", level))


def test_workers_that_would_be_sent_scalekit(cluster):
    bare = {"b:1": replace(versions_here(), scalekit=None)}
    cluster("192.0.2.7").found = bare
    assert FRAME.preflight("serial", ship=True)


@pytest.mark.parametrize(
    ("hosts", "address", "is_encrypted", "level"),
    [
        (["192.0.2.7"], "tcp://192.0.2.7:8786", False, "warn"),
        (["127.0.0.1"], "tcp://192.0.2.7:8786", False, "warn"),
        (["192.0.2.7"], "tls://192.0.2.7:8786", True, "ok"),
        (["127.0.0.1"], "tcp://127.0.0.1:8786", False, "ok"),
    ],
)
def test_encryption(cluster, hosts, address, is_encrypted, level):
    cluster(*hosts, address=address, is_encrypted=is_encrypted)
    report = FRAME.preflight("serial")
    assert report
    found = findings(report, "address", level)
    assert found
    assert ("not encrypted" in found) is (level == "warn")


# places


def test_a_path_of_this_machine(cluster, path):
    cluster("192.0.2.7")
    frame = sk.scan_parquet(path)
    report = frame.preflight("serial")
    assert "path of this machine" in findings(report, "paths", "error")
    assert "shared_paths=" in findings(report, "paths", "error")
    assert frame.preflight("serial", shared_paths=os.path.dirname(path))
    cluster("127.0.0.1")
    assert "all workers can read 1 path" in findings(frame.preflight("serial"), "paths", "ok")


def test_a_shared_path_that_a_worker_does_not_have(cluster, path):
    remote = cluster("192.0.2.7")
    remote.told["unreadable"] = (path,)
    report = sk.scan_parquet(path).preflight("serial", shared_paths=os.path.dirname(path))
    assert "cannot be read by worker b:1" in findings(report, "paths", "error")


@pytest.mark.parametrize("backend", ["polars", "serial"])
def test_a_file_that_went_away(backend, path):
    frame = sk.scan_parquet(path)
    assert frame.preflight(backend)
    os.unlink(path)
    assert "a.parquet' cannot be read by this process" in findings(
        frame.preflight(backend), "paths", "error"
    )


def test_rows_of_this_process_are_sent(cluster):
    cluster("192.0.2.7")
    assert "sends to the workers once" in findings(FRAME.preflight("serial"), "paths", "ok")


def test_a_database_that_workers_do_not_reach(cluster, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        frame = database(
            f"postgresql://ann:pa55@127.0.0.1:{listener.getsockname()[1]}/sales", monkeypatch
        )
        remote = cluster("192.0.2.7")
        assert "answers" in findings(frame.preflight("serial"), "databases", "ok")
        remote.told["does_not_answer"] = True
        report = frame.preflight("serial")
    assert "does not answer worker b:1" in findings(report, "databases", "error")
    assert "does not answer this process" in findings(
        frame.preflight("polars"), "databases", "error"
    )
    assert "pa55" not in repr(report) + report._repr_html_() + str(report.frame().rows())


def database(uri: str, monkeypatch: pytest.MonkeyPatch) -> Frame:
    """A frame over a query that nobody has asked."""
    from scalekit.plan.nodes import Scan
    from scalekit.sources.database import DatabaseSource
    from scalekit.sources.database_connection import Uri
    from scalekit.sources.database_types import QueryColumn

    column = QueryColumn("x", pl.Int64(), '"x"', pl.Int64())
    return Frame(Scan(DatabaseSource("SELECT 1 AS x", Uri(uri), (column,), ())))


def test_the_file_of_a_database(cluster, tmp_path):
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("create table t (i integer)")
    connection.close()
    frame = sk.scan_database("select i from t", f"sqlite:///{tmp_path}/a.db")
    assert frame.preflight("serial")
    cluster("192.0.2.7")
    assert "a.db" in findings(frame.preflight("serial"), "paths", "error")


def test_a_target(cluster, tmp_path):
    target = f"{tmp_path}/new/out.parquet"
    report = FRAME.preflight("serial", target=target)
    assert report
    assert "can be written to" in findings(report, "target", "ok")
    assert not findings(report, "result", "ok")  # the rows do not come here
    remote = cluster("192.0.2.7")
    report = FRAME.preflight("serial", target=target)
    assert "all rows come here to be written" in findings(report, "target", "warn")
    report = FRAME.preflight("serial", target=target, shared_paths=str(tmp_path))
    assert not findings(report, "target", "warn")
    remote.told["is_writable"] = False
    report = FRAME.preflight("serial", target=target, shared_paths=str(tmp_path))
    assert "worker b:1 may not write" in findings(report, "target", "error")


def test_a_target_that_nobody_may_write(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "access", lambda *_: False)
    report = FRAME.preflight("polars", target=tmp_path / "out.parquet")
    assert "this process may not write" in findings(report, "target", "error")


# credentials


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without credentials."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "AZURE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch


def stored(uri: str, options: dict[str, str]) -> Frame:
    """A frame over an object that nobody has looked at."""
    from scalekit.plan.nodes import Scan
    from scalekit.sources.delta import DeltaSource
    from scalekit.sources.redact import StorageOptions

    source = DeltaSource(uri, 0, (("x", pl.Int64()),), 1, 8, StorageOptions.of(options))
    return Frame(Scan(source))


SECRET = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMIK7MDENG",
}


def test_secrets_that_travel(cluster, bare):
    frame = stored("s3://lake/t", SECRET)
    assert "stay on this machine" in findings(frame.preflight("serial"), "credentials", "ok")
    cluster("192.0.2.7", address="tcp://192.0.2.7:1", is_encrypted=False)
    report = frame.preflight("serial")
    told = findings(report, "credentials", "warn")
    assert "secrets travel to 192.0.2.7" in told
    assert "unencrypted" in told
    assert not any(value in f"{report!r}{report._repr_html_()}" for value in SECRET.values())


def test_the_password_of_a_database_travels(cluster, monkeypatch):
    frame = database("postgresql://ann:pa55@db.invalid/sales", monkeypatch)
    cluster("192.0.2.7").told["does_not_answer"] = False
    told = findings(frame.preflight("serial"), "credentials", "warn")
    assert "secrets travel" in told
    assert "pa55" not in told
    frame = database("postgresql://db.invalid/sales", monkeypatch)
    assert not findings(frame.preflight("serial"), "credentials", "warn")


def test_workers_that_a_store_refuses(cluster, bare):
    remote = cluster("192.0.2.7")
    remote.told |= {"store_refusal": "denied: 403", "missing_modules": ()}
    report = stored("s3://lake/t", {}).preflight("serial")
    assert "worker b:1 cannot read 's3://lake/t' (denied: 403)" in findings(
        report, "credentials", "error"
    )
    remote.told["store_refusal"] = None
    assert stored("s3://lake/t", {}).preflight("serial")


def test_workers_without_credentials_that_this_process_has(cluster, bare):
    bare.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    assert credentials("s3") == ("AWS_ACCESS_KEY_ID",)
    report = stored("s3://lake/t", {}).preflight("polars")
    assert findings(report, "credentials", "ok").startswith(
        "Amazon S3: this process has AWS_ACCESS_KEY_ID"
    )
    report = FRAME.preflight("serial", target="s3://lake/out")
    assert "are there" in findings(report, "credentials", "ok")
    cluster("192.0.2.7").told["credentials"] = ()
    report = FRAME.preflight("serial", target="s3://lake/out")
    assert "worker b:1 has no credentials" in findings(report, "credentials", "warn")
    report = FRAME.preflight("serial", target="s3://lake/out", storage_options=SECRET)
    assert "secrets travel" in findings(report, "credentials", "warn")


@pytest.mark.s3
def test_what_a_store_says(bare):
    from tests.battery.s3_server import BUCKET, client, s3_server

    with s3_server() as options:
        client(options).put_object(Bucket=BUCKET, Key="a", Body=b"1")
        for name, value in options.items():
            bare.setenv(name.upper(), str(value))
        assert store_refusal(f"s3://{BUCKET}/a") is None
        assert store_refusal(f"s3://{BUCKET}/b") == "it is not there"
    refused = store_refusal(f"s3://{BUCKET}/a")
    assert refused is not None
    assert refused.startswith("unreachable")


# functions


def test_functions_and_what_stands_in_their_way():
    lock = threading.Lock()

    def guarded(x: int) -> int:
        with lock:
            return x

    def fine(x: int) -> int:
        return x + 1

    frame = FRAME.with_columns(y=col("i").map_elements(guarded, sk.Int64))
    told = findings(frame.preflight("serial"), "functions", "error")
    assert (
        "guarded' in map_elements() cannot be sent to a worker: its closure variable 'lock' (lock)"
        in told
    )
    assert (
        findings(frame.preflight("polars"), "functions", "ok")
        == "1 function, run in this process | "
    )
    good = FRAME.with_columns(y=col("i").map_elements(fine, sk.Int64)).preflight("serial")
    assert findings(good, "functions", "ok") == "1 function that can be sent to workers | "


class Model:
    def __init__(self) -> None:
        self.parts = {"lock": LOCK}

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows


def default(x: int, lock: Any = LOCK) -> int:
    return x


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (Model().score, "item 'lock' of attribute 'parts' of object (lock)"),
        (Model(), "item 'lock' of attribute 'parts' (lock)"),
        (functools.partial(print, LOCK), "argument 0 (lock)"),
        (functools.partial(print, end=LOCK), "argument end= (lock)"),
        (lambda x, lock=LOCK: x, "default value 0 (lock)"),
        (lambda x: [LOCK for _ in x], "global variable 'LOCK' (lock)"),
        (LOCK, "cannot pickle '_thread.lock' object"),
    ],
)
def test_what_a_function_holds(function, told):
    assert told in str(obstacle(function))
    assert obstacle(len) is None


def test_a_function_that_brings_much(monkeypatch):
    frame = FRAME.with_columns(y=col("i").map_elements(lambda x: TABLE[x], sk.Int64))
    told = findings(frame.preflight("serial"), "functions", "warn")
    assert "MiB with it, most of it in its global variable 'TABLE'" in told
    assert heaviest(len) == "most of it its own"


def test_modules_that_workers_lack(cluster):
    def scored(rows: pl.DataFrame) -> pl.DataFrame:
        import no_such_package.metrics

        return no_such_package.metrics.scored(rows)

    frame = FRAME.map_batches(scored)
    told = findings(frame.preflight("serial"), "modules", "error")
    assert "scored' in map_batches() needs the module 'no_such_package.metrics'" in told
    assert "register_pickle_by_value" in told
    assert frame.preflight("polars")
    remote = cluster("192.0.2.7")
    remote.told["missing_modules"] = ()
    assert "no_such_package.metrics" in findings(frame.preflight("serial"), "modules", "ok")


def test_what_a_function_needs():
    import sklearn.linear_model
    from sklearn.linear_model import LinearRegression

    def imports(x: Any) -> Any:
        import json

        import narwhals.selectors as nw

        return json, nw, [sklearn.linear_model for _ in x]

    needed = required_modules(imports)
    assert "narwhals.selectors" in needed
    assert "sklearn" in needed  # the global variable that the code reads
    assert not {"json", "typing", "cloudpickle.cloudpickle"} & {*needed}
    roots = {name.partition(".")[0] for name in required_modules(LinearRegression().predict)}
    assert "sklearn" in roots
    assert required_modules(len) == []
    assert required_modules(lambda rows: pl.concat([rows])) == []


def test_a_prediction_needs_the_package_of_its_model(cluster):
    from sklearn.linear_model import LinearRegression

    rows = sk.from_dict({"x": [0.0, 1.0], "y": [1.0, 3.0]})
    frame = sk.predict(sk.fit(LinearRegression(), rows, target="y", features="x"), rows)
    remote = cluster("192.0.2.7")
    assert "sklearn" in findings(frame.preflight("serial"), "modules", "ok")
    remote.told["missing_modules"] = ("sklearn.linear_model._base",)
    told = findings(frame.preflight("serial"), "modules", "error")
    assert "LinearRegression.predict" in told


# order


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (FRAME.group_by("g").agg(sk.len()).head(1), "limit"),
        (FRAME.group_by("g", "i").agg(sk.len()).sort("g").head(1), "limit"),
        (
            FRAME.group_by("g", "i").agg(sk.len()).sort("g").with_columns(p=col("i").shift()),
            "shift",
        ),
        (FRAME.join(FRAME, on="g").unique("g"), "distinct"),
        (FRAME.join(FRAME, on="g").map_batches(lambda rows: rows), "map batches"),
    ],
)
def test_an_order_that_is_left_open(frame, told):
    report = frame.preflight("polars")
    assert report
    found = findings(report, "order", "warn")
    assert told in found
    assert "sort by columns without ties" in found


@pytest.mark.parametrize(
    "frame",
    [
        FRAME.sort("g").head(3),
        FRAME.with_columns(p=col("i").shift()),
        FRAME.group_by("g").agg(col("i").sum()),
        FRAME.join(FRAME, on="g").unique(),
        FRAME.unique("g", keep="first", maintain_order=True),
    ],
)
def test_an_order_that_is_the_same_on_every_run(frame):
    assert not findings(frame.preflight("polars"), "order", "warn")
    assert findings(frame.preflight("polars"), "order", "ok")


# sizes


def test_a_result_that_does_not_fit(tmp_path):
    pl.DataFrame({"x": range(100_000)}).write_parquet(tmp_path / "a.parquet")
    frame = sk.scan_parquet(f"{tmp_path}/a.parquet")
    told = findings(frame.preflight("serial", memory_budget=400_000), "result", "error")
    assert "the result would take at least" in told
    assert "write_parquet()" in told
    with pytest.raises(MemoryBudgetError):
        frame.collect(backend="serial", memory_budget=400_000)
    assert findings(frame.preflight("serial", memory_budget="8MB"), "result", "ok")
    some = frame.filter(col("x") % 3 == 0)
    found = findings(some.preflight("serial", memory_budget=700_000), "result", "warn")
    assert "which may pass" in found
    assert some.collect(backend="serial", memory_budget=700_000).height > 0


def test_a_result_of_which_nothing_is_known(monkeypatch):
    frame = database("sqlite:///x", monkeypatch)
    monkeypatch.setattr("scalekit.sources.database.DatabaseSource._files", lambda _self: ())
    assert "nothing is known" in findings(frame.preflight("polars"), "result", "warn")


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_what_is_held_here(backend, tmp_path):
    pl.DataFrame({"x": range(3_000_000)}).write_parquet(tmp_path / "a.parquet")
    frame = sk.scan_parquet(f"{tmp_path}/a.parquet").sort("x")

    def look(**settings: Any) -> Any:
        return frame.preflight(backend, **settings)

    assert "in this process" in findings(look(memory_budget="4GiB"), "memory", "ok")
    report = look(memory_budget="1MB")
    told = findings(report, "memory", "error")
    assert "the result would take at least" in told
    with pytest.raises(MemoryBudgetError):
        frame.collect(backend=backend, memory_budget="1MB")
    held = peaks(optimize(frame._plan))
    size = int((held.pandas if backend == "pandas" else held.polars).guess * 1.05)
    assert "process of its own" in findings(look(memory_budget=size), "memory", "warn")


def test_what_is_small_is_run_whatever_the_budget():
    assert FRAME.select(col("i").sum()).preflight("polars", memory_budget="1kB")


def test_parts_that_do_not_fit_a_worker(cluster, tmp_path):
    big = pl.DataFrame({"x": range(3_000_000)})
    big.write_parquet(tmp_path / "big.parquet")
    frame = sk.scan_parquet(f"{tmp_path}/big.parquet")
    remote = cluster("127.0.0.1")
    assert "parts of 128.0 MiB for workers of 4.0 GiB" in findings(
        frame.preflight("serial"), "memory", "ok"
    )
    remote.resources = replace(remote.resources, memory=16 * 1024**2)
    told = findings(frame.preflight("serial", partitions=1), "memory", "warn")
    assert "partitions=1 makes parts of" in told
    assert "Python and Polars take" in told
    told = findings(
        frame.select(col("x").ewm_mean(alpha=0.5)).preflight("serial"), "memory", "warn"
    )
    assert "one task has to see about" in told
    told = findings(frame.group_by("x").agg(sk.len()).preflight("serial"), "memory", "warn")
    assert "one task has to see" not in told


def test_a_file_that_cannot_be_cut(cluster, tmp_path):
    import gzip

    text = "x\n" + "\n".join(map(str, range(200_000)))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    frame = sk.scan_csv(f"{tmp_path}/a.csv.gz")
    remote = cluster("127.0.0.1")
    assert "one task reads" not in findings(frame.preflight("serial"), "memory", "warn")
    remote.resources = replace(remote.resources, memory=2 * 1024**2)
    assert "one task reads" in findings(frame.preflight("serial"), "memory", "warn")
