"""Dask started from the command line, and reached by two variables; and the embedded one, started and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import cloudpickle
import polars as pl
import pytest
from distributed import Client

import scalekit as sk
from scalekit import col
from scalekit.backends.dask import close
from scalekit.errors import ExecutionError, MissingDependencyError
from tests.faults.dask_starts import start

pytestmark = [pytest.mark.dask, pytest.mark.slow]


HIDDEN = """
import os, sys
sys.path[:] = [p for p in sys.path if not os.path.isdir(os.path.join(p or ".", "scalekit"))]
from dask.__main__ import main
main()
"""
"""The command line of Dask in an environment that lacks scalekit."""


class Started:
    """A scheduler and two workers, each a process of the command line."""

    def __init__(self, folder: Path, *, bare: bool = False) -> None:
        self._folder = folder
        self._command = ["-c", HIDDEN] if bare else ["-m", "dask"]
        file = folder / "scheduler.json"
        common = ["--host", "127.0.0.1", "--scheduler-file", str(file), "--no-dashboard"]
        self.scheduler = self._start("scheduler", *common, "--port", "0")
        self.workers = [
            self._start("worker", *common, "--no-nanny", "--nthreads", "1", "--memory-limit", "1GiB",
                        "--local-directory", str(folder / "scratch"))
            for _ in range(2)
        ]  # fmt: skip
        self.address = self._address(file)
        # Who connects sees both: a worker that comes later is looked at when it comes.
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=60)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *self._command, *arguments],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "POLARS_MAX_THREADS": "1"},
        )

    def _address(self, file: Path) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            text = file.read_text(encoding="utf-8") if file.exists() else ""
            if '"address": "' in text:
                return text.split('"address": "')[1].split('"')[0]
            time.sleep(0.1)
        raise TimeoutError("the scheduler did not start")

    def stop(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait(30)


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    cluster = Started(tmp_path)
    monkeypatch.setenv("SCALEKIT_BACKEND", "dask")
    monkeypatch.setenv("SCALEKIT_ADDRESS", cluster.address)
    monkeypatch.setenv("SCALEKIT_PROGRESS", "false")
    try:
        yield cluster
    finally:
        close()
        cluster.stop()


def queries(folder: Path) -> list[sk.Frame]:
    rows = pl.DataFrame({"x": range(5000), "g": [n % 13 for n in range(5000)]})
    rows.write_parquet(folder / "rows.parquet", row_group_size=500)
    frame = sk.scan_parquet(str(folder / "rows.parquet"))
    names = sk.from_dict({"g": list(range(13)), "name": [f"n{g}" for g in range(13)]})
    return [
        frame.group_by("g").agg(s=col("x").sum()).sort("g"),
        frame.join(names, on="g").group_by("name").agg(n=sk.len()).sort("name"),
        frame.sort("x", descending=True).head(20),
    ]


def test_a_cluster_of_the_command_line(tmp_path, started):
    for frame in queries(tmp_path):
        expected = frame.collect(backend="polars")
        assert frame.collect().equals(expected)
        assert frame.collect(partitions=5, broadcast_bytes=0).equals(expected)


def test_it_is_killed_as_a_whole(tmp_path, started):
    frame, *_ = queries(tmp_path)
    expected = frame.collect(backend="polars")
    assert frame.collect().equals(expected)
    for process in [started.scheduler, *started.workers]:
        os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ExecutionError, match=r"connection .*lost|no Dask scheduler answers"):
        frame.collect()
    assert frame.collect(backend="polars").equals(expected)


def test_workers_that_lack_scalekit_are_sent_it_where_that_is_asked_for(tmp_path):
    bare = Started(tmp_path, bare=True)
    frame = sk.from_dict({"g": ["a", "b", "a"]}).group_by("g").agg(n=sk.len()).sort("g")
    try:
        with sk.config(backend="dask", address=bare.address, partitions=2, progress=False):
            with pytest.raises(
                MissingDependencyError, match=r"scalekit is not installed on all 2 w"
            ):
                frame.collect()
            report = frame.preflight()
            assert "scalekit is not installed on all 2 workers" in report.errors[0].what
            close()
            assert frame.preflight(ship=True)
            assert frame.collect(ship=True).equals(frame.collect(backend="polars"))
    finally:
        close()
        bare.stop()


def test_a_module_of_this_folder_that_workers_lack(tmp_path, started, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "of_this_folder.py").write_text("def scored(rows):\n    return rows\n")
    monkeypatch.syspath_prepend(folder)
    module = import_module("of_this_folder")
    rows = tmp_path / "rows.parquet"
    pl.DataFrame({"x": [1, 2]}).write_parquet(rows)
    frame = sk.scan_parquet(str(rows)).map_batches(module.scored)
    report = frame.preflight()
    (error,) = report.errors
    assert error.check == "modules"
    assert "the module 'of_this_folder', which worker tcp://127.0.0.1:" in error.what
    with pytest.raises(ExecutionError, match="of_this_folder"):
        frame.collect()
    cloudpickle.register_pickle_by_value(module)
    try:
        assert frame.preflight()
        assert frame.collect().height == 2
    finally:
        cloudpickle.unregister_pickle_by_value(module)


@pytest.mark.parametrize("number", range(2))
def test_nothing_listens_elsewhere_and_nothing_stays(number):
    close()
    heard, left = start()
    assert heard == {"127.0.0.1"}
    assert left == []


SCRIPT = """
import scalekit as sk
print("the script runs", flush=True)
with sk.config(backend="dask", workers=2, worker_memory="1GiB", progress=False, partitions=2):
    print(sk.from_dict({"x": [1, 2, 2]}).group_by("x").agg(n=sk.len()).sort("x").collect()["n"].to_list())
"""


def test_a_script_need_not_guard_its_top(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=100, check=False,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["the script runs", "[1, 2]"], done.stderr
