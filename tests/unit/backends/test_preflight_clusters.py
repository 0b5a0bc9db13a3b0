"""A look at queries on real clusters: what is there is asked, and nothing is started."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import polars as pl
import psutil
import pytest

import scalekit as sk
from scalekit import col

ROWS = pl.DataFrame({"i": range(20), "g": ["a", "b"] * 10})


def levels(report: Any) -> dict[str, str]:
    """The worst level of each check."""
    order = ("error", "warn", "ok")
    found: dict[str, str] = {}
    for finding in report.findings:
        before = found.get(finding.check, "ok")
        found[finding.check] = min(before, finding.level, key=order.index)
    return found


def told(report: Any, check: str) -> str:
    return "\n".join(f.what for f in report.findings if f.check == check)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Any]:
    from distributed import LocalCluster

    from scalekit.backends.dask import close

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1",
        dashboard_address="127.0.0.1:0", silence_logs=50,
    ) as cluster:  # fmt: skip
        yield cluster
        close()


@pytest.mark.dask
class TestDask:
    def test_a_cluster_that_is_there(self, scheduler, tmp_path):
        ROWS.write_parquet(tmp_path / "a.parquet")
        frame = sk.scan_parquet(f"{tmp_path}/a.parquet").with_columns(
            y=col("i").map_elements(lambda x: x + 1, sk.Int64)
        )
        report = frame.preflight("dask", address=scheduler.scheduler_address)
        assert set(levels(report).values()) == {"ok"}
        assert f"at {scheduler.scheduler_address} is there, with 2 slots" in told(report, "cluster")
        assert "all workers can read 1 path" in told(report, "paths")
        assert frame.collect(backend="dask", address=scheduler.scheduler_address).height == 20

    def test_the_client_of_the_session(self, scheduler):
        from distributed import Client

        with Client(scheduler.scheduler_address):
            assert "is there" in told(sk.from_polars(ROWS).preflight("dask"), "cluster")

    def test_rows_that_are_persisted_there(self, scheduler):
        settings = {"backend": "dask", "address": scheduler.scheduler_address, "progress": False}
        kept = sk.from_polars(ROWS).persist(**settings)
        report = kept.preflight("dask")
        assert "is there" in told(report, "cluster")
        assert "sends" not in told(report, "paths")

    def test_a_module_that_workers_lack(self, scheduler):
        def scored(rows: pl.DataFrame) -> pl.DataFrame:
            import no_such_package

            return no_such_package.scored(rows)

        report = sk.from_polars(ROWS).map_batches(scored).preflight(
            "dask", address=scheduler.scheduler_address
        )  # fmt: skip
        assert levels(report)["modules"] == "error"
        assert "worker tcp://" in told(report, "modules")

    def test_other_versions(self, scheduler, monkeypatch):
        from scalekit.backends.dask import cluster
        from scalekit.backends.tasks.versions import Versions

        workers = {"tcp://b:1": Versions("3.11.1", "1.0.0", "0.1.0")}
        monkeypatch.setattr(cluster, "told_by", lambda *_: workers)
        report = sk.from_polars(ROWS).preflight("dask", address=scheduler.scheduler_address)
        assert levels(report)["versions"] == "error"
        assert "1.0.0 on worker tcp://b:1" in told(report, "versions")

    def test_nobody_answers(self, monkeypatch):
        from scalekit.backends.dask import connections

        monkeypatch.setattr(connections, "CONNECTING", 0.5)
        report = sk.from_polars(ROWS).preflight("dask", address="tcp://127.0.0.1:9")
        assert levels(report)["cluster"] == "error"
        assert "no Dask scheduler answers at tcp://127.0.0.1:9" in told(report, "cluster")
        assert "leave it out" in report.errors[0].way_out

    @pytest.mark.parametrize(
        ("address", "what"),
        [("tcp://10.1.2.3:8786", "not encrypted"), ("ray://head:1", "none of Dask")],
    )
    def test_an_address_that_is_refused(self, address, what):
        report = sk.from_polars(ROWS).preflight("dask", address=address)
        assert levels(report)["address"] == "error"
        assert what in told(report, "address")

    def test_nothing_is_started(self):
        from scalekit.backends.dask import close, connections

        close()
        before = {p.pid for p in psutil.Process().children(recursive=True)}
        report = sk.from_polars(ROWS).preflight("dask", workers=2, worker_memory="1GiB")
        assert report
        assert "the query starts one here, with 2 slots of 1.0 GiB" in told(report, "cluster")
        assert {p.pid for p in psutil.Process().children(recursive=True)} <= before
        assert connections._open.connections == {}

    def test_the_one_that_was_started_here(self, dask_settings):
        frame = sk.from_polars(ROWS)
        assert frame.collect(**dask_settings).height == 20
        report = frame.preflight(**dask_settings)
        assert set(levels(report).values()) == {"ok"}
        assert "is there, with 2 slots of 1.0 GiB" in told(report, "cluster")
        other = frame.preflight("dask", workers=1)
        assert "the query starts one here" in told(other, "cluster")


@pytest.mark.ray
@pytest.mark.timeout(300)
class TestRay:
    SETTINGS = {"backend": "ray", "workers": 2, "worker_memory": "1GiB", "progress": False}

    def test_nothing_is_started(self):
        code = (
            "import scalekit as sk, psutil, sys\n"
            "found = sk.from_dict({'x': [1]}).preflight('ray', workers=2, worker_memory='1GiB')\n"
            "print(bool(found), 'ray' in sys.modules, psutil.Process().children(), found)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100
        )
        assert done.stdout.startswith("True False [] ")
        assert "the query starts one here, with 2 slots of 1.0 GiB" in done.stdout

    def test_nobody_answers(self):
        from scalekit.backends.ray import close

        report = sk.from_polars(ROWS).preflight("ray", address="127.0.0.1:9")
        assert levels(report)["cluster"] == "error"
        assert "no Ray answers at '127.0.0.1:9'" in told(report, "cluster")
        close()

    def test_the_one_that_was_started_here(self, tmp_path):
        from scalekit.backends.ray import close

        def scored(rows: pl.DataFrame) -> pl.DataFrame:
            import no_such_package

            return no_such_package.scored(rows)

        ROWS.write_parquet(tmp_path / "a.parquet")
        frame = sk.scan_parquet(f"{tmp_path}/a.parquet")
        try:
            assert frame.collect(**self.SETTINGS).height == 20
            report = frame.preflight(**self.SETTINGS)
            assert set(levels(report).values()) == {"ok"}
            assert "is there, with 2 slots of 1.0 GiB" in told(report, "cluster")
            assert "all workers can read 1 path" in told(report, "paths")
            report = frame.map_batches(scored).preflight(**self.SETTINGS)
            assert levels(report)["modules"] == "error"
            assert "node 127.0.0.1 cannot import" in told(report, "modules")
            other = frame.preflight("ray", workers=1, worker_memory="1GiB")
            assert "the query starts one here" in told(other, "cluster")
        finally:
            close()
