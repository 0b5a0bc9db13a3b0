"""Ray as a backend: what it starts, what it tells when something goes wrong, and what it leaves behind."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.ray import RayBackend, close
from scalekit.backends.ray.hosted import HostedCluster
from scalekit.backends.ray.wire import compact
from scalekit.config import resolve
from scalekit.errors import (
    ComputeError,
    ConfigError,
    ExecutionError,
    MissingDependencyError,
)
from scalekit.kernels.task import Facts
from tests.faults.workloads import poisoned

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]

ROWS = {"k": [n % 5 for n in range(25)], "x": list(range(25))}
SUMS = [(0, 50), (1, 55), (2, 60), (3, 65), (4, 70)]


@pytest.fixture(autouse=True)
def small_cluster() -> None:
    sk.configure(backend="ray", workers=2, worker_memory="1GiB")


def sums() -> list[tuple[int, int]]:
    frame = sk.from_dict(ROWS).group_by("k").agg(col("x").sum()).sort("k")
    return frame.collect(partitions=3).rows()


# what is started

STARTED = """
import json, os, signal, sys, tempfile
from pathlib import Path
signal.signal(signal.SIGTERM, before := lambda *_: None)
import scalekit as sk
assert "ray" not in sys.modules
from scalekit.backends.ray import close, hosted
from tests.faults.ray_kills import strangers, workers_there
environment = dict(os.environ)
found = {"strangers": [], "modes": [], "sums": [], "left": []}
for _ in range(2):
    frame = sk.from_dict({"x": [1, 2, 3]}).select(sk.col("x").sum())
    found["sums"].append(frame.collect(backend="ray", workers=1, worker_memory="1GiB", partitions=2).item())
    (folder,) = Path(tempfile.gettempdir()).glob(f"scalekit-ray-{hosted._Open.host._process.pid}-*")
    found["modes"] += [oct(path.stat().st_mode & 0o777) for path in (folder, folder / "token")]
    workers_there()
    found["strangers"] += strangers()
    close()
    found["left"] += [str(folder)] * folder.exists()
found["loaded"] = [name for name in ("ray", "ray.data") if name in sys.modules]
found["kept"] = signal.getsignal(signal.SIGTERM) is before and dict(os.environ) == environment
print(json.dumps(found))
"""


def test_what_is_started_is_private_and_stopped():
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {
        "strangers": [], "modes": ["0o700", "0o600"] * 2, "sums": [6, 6], "left": [], "loaded": [], "kept": True,
    }  # fmt: skip
    assert not done.stderr


def test_ray_data_is_loaded_nowhere():
    def loaded(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(
            x=pl.lit("ray.data" in sys.modules), ray=pl.lit("ray" in sys.modules)
        )

    frame = sk.from_dict({"x": [False], "ray": [False]}).map_batches(loaded, whole=False)
    assert frame.collect().row(0) == (False, True)
    probe = "import sys, scalekit.backends.ray.driver; assert 'ray' in sys.modules; print('ray.data' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_settings_make_another_cluster_and_the_same_ones_find_it():
    first = RayBackend().connect(resolve())
    assert RayBackend().connect(resolve()).session is first.session
    assert isinstance(first, HostedCluster)
    assert first.resources.slots == 2
    kept = first.put(b"kept")
    sk.configure(workers=1)
    second = RayBackend().connect(resolve())
    assert second.session is not first.session
    assert second.resources.slots == 1
    assert not first.is_alive
    with pytest.raises(ExecutionError, match="gone with it: run the query again"):
        first.fetch([kept])


# answers and errors


def test_tables_that_were_fetched_do_not_need_ray():
    table = pa.table({"x": list(range(100_000)), "s": [f"text {n}" for n in range(100_000)]})
    cluster = RayBackend().connect(resolve())
    (copy,) = cluster.fetch([cluster.put(table)])
    close()
    assert copy.equals(table)
    assert pl.DataFrame(copy)["x"].sum() == sum(range(100_000))


def test_a_slice_travels_without_its_table():
    table = pa.table({"s": pa.array([f"text {n}" for n in range(100_000)], pa.large_string())})
    part = table.slice(10, 10)
    assert len(pickle.dumps(compact(part), protocol=5)) < 10_000
    assert compact(part).equals(part)


def test_an_error_of_a_task_is_scalekits_own(capfd):
    frame = sk.from_dict({"s": ["1", "x"]}).with_columns(n=col("s").cast(pl.Int64))
    with pytest.raises(ComputeError) as caught:
        frame.collect(partitions=2)
    assert "in part 1 of stage" in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    shown = "".join(str(entry) for entry in caught.traceback)
    assert "ray/_private" not in shown
    assert sums() == SUMS
    assert "Unhandled error" not in capfd.readouterr().err


def test_an_error_that_nobody_foresaw_brings_its_frames():
    cluster = RayBackend().connect(resolve())
    submitted = cluster.submit(cluster.put(b"no stage"), Facts(0, ()), (), 1)
    with pytest.raises(ExecutionError, match="on a worker of Ray") as caught:
        cluster.fetch([submitted.report])
    assert "run_task" in caught.value.__notes__[0]


def test_a_part_that_kills_its_worker_is_named(tmp_path: Path, capfd):
    with pytest.raises(ExecutionError) as caught:
        poisoned(tmp_path).collect(partitions=6)
    message = str(caught.value)
    assert "died each of the 4 times" in message
    assert "in part 4 of stage" in message
    assert "orders" in message
    assert "batches" in message
    assert sums() == SUMS
    assert "(raylet)" not in capfd.readouterr().out


def test_an_interrupt_ends_what_runs(tmp_path: Path):
    started = tmp_path / "started"

    def slow(rows: pl.DataFrame) -> pl.DataFrame:
        started.touch()
        time.sleep(200)
        return rows

    def interrupt() -> None:
        while not started.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    frame = sk.from_dict(ROWS)
    frame = frame.map_batches(slow, schema=frame.schema, whole=False)
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        frame.collect(partitions=8)
    thread.join()
    assert sums() == SUMS  # would wait for those that sleep


# sessions and addresses


FOUND = """
import ray
import scalekit as sk
from scalekit.backends.ray import RayBackend, close
from scalekit.backends.ray.cluster import RayCluster
from scalekit.backends.ray.connect import _Open, connect
from scalekit.backends.tasks import versions
from scalekit.backends.tasks.versions import Versions
from scalekit.config import resolve
from scalekit.errors import ConfigError, ExecutionError

# A session on loopback only, of which scalekit forgets that it is its own.
sk.configure(backend="ray", workers=1, worker_memory="1GiB")
mine = connect(resolve())
assert mine.kind == "started"
_Open.session = None
job = ray.get_runtime_context().get_job_id()

cluster = RayBackend().connect(resolve())
assert isinstance(cluster, RayCluster)
assert connect(resolve()).kind == "found"
frame = sk.from_dict({"x": [1, 2, 3]}).select(sk.col("x").sum())
assert frame.collect(partitions=2).item() == 6
try:
    connect(resolve(address="127.0.0.1:6379"))
except ConfigError as error:
    assert "connected to Ray at '127.0.0.1:" in str(error) and "ray.shutdown()" in str(error), error
else:
    raise AssertionError

session = connect(resolve())
session._checked.clear()
session._looked = float("-inf")
versions.versions_here = lambda: Versions("3.11.0", "2.0.9", "0.1.0")
try:
    session.resources()
except ExecutionError as error:
    assert "Polars 2.0.9 here" in str(error) and "on worker node 127.0.0.1" in str(error), error
else:
    raise AssertionError

close()
assert ray.is_initialized() and ray.get_runtime_context().get_job_id() == job
assert "ray.data" not in __import__("sys").modules
_Open.session = mine
close()
assert not ray.is_initialized()
"""


def test_a_session_that_is_there_is_used_checked_and_left_alone():
    done = subprocess.run(
        [sys.executable, "-c", FOUND], capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("address", ["host", "http://host:80", "host:port", "tcp://host:6379"])
def test_what_is_no_address_is_refused(address: str):
    close()
    with pytest.raises(ConfigError, match=r"none of Ray: it is 'host:6379'"):
        sk.from_dict(ROWS).collect(address=address)


def test_nobody_answers_at_an_address():
    close()
    with pytest.raises(ExecutionError, match=r"no Ray answers at '127.0.0.1:9'"):
        sk.from_dict(ROWS).collect(address="127.0.0.1:9")


# a cluster from the command line


def command(*arguments: str, folder: Path, variables: dict[str, str]) -> None:
    """Run the command ``ray`` so that 127.0.0.1 means itself, and not this machine's address in the network."""
    code = (
        "from ray._private import services\n"
        "services.resolve_ip_for_localhost = lambda host: host\n"
        "services.get_node_ip_address = lambda address=None: '127.0.0.1'\n"
        "from ray.scripts.scripts import main\n"
        "main()"
    )
    with (folder / "log").open("a") as log:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, **variables}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=120,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, (folder / "log").read_text()


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_text("0123456789abcdef" * 4)
    found = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(path),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def started_by_command(request: pytest.FixtureRequest, token: dict[str, str]) -> Iterator[str]:
    """Two nodes of one core; with a parameter, ones whose Python has no scalekit."""
    import psutil

    close()
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short: the names of sockets lie below it
    variables = dict(token)
    if getattr(request, "param", "") == "bare":
        (folder / "bare" / "scalekit").mkdir(parents=True)
        text = "raise ModuleNotFoundError('none here', name='scalekit')"
        (folder / "bare" / "scalekit" / "__init__.py").write_text(text)
        variables["PYTHONPATH"] = str(folder / "bare")
    port = _free_port()
    shared = (
        "--node-ip-address",
        "127.0.0.1",
        "--num-cpus",
        "1",
        "--object-store-memory",
        "100000000",
    )
    try:
        command(
            "start", "--head", "--port", str(port), "--include-dashboard", "False", "--temp-dir", str(folder / "r"),
            *shared, folder=folder, variables=variables,
        )  # fmt: skip
        if not hasattr(request, "param"):
            command(
                "start",
                "--address",
                f"127.0.0.1:{port}",
                *shared,
                folder=folder,
                variables=variables,
            )
        yield f"127.0.0.1:{port}"
    finally:
        close()
        for process in psutil.process_iter(["cmdline"]):
            if any(str(folder) in part for part in process.info["cmdline"] or ()):
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    # 10002 to 19999 are for the workers
    return port if not 10_002 <= port <= 19_999 else _free_port()


@pytest.mark.slow
def test_two_nodes_started_from_the_command_line(
    started_by_command: str, monkeypatch: pytest.MonkeyPatch
):
    sk.configure(backend=None, workers=None, worker_memory=None)
    monkeypatch.setenv("SCALEKIT_BACKEND", "ray")
    monkeypatch.setenv("SCALEKIT_ADDRESS", started_by_command)
    assert sums() == SUMS
    assert RayBackend().connect(resolve()).resources.slots == 2
    close()
    assert sums() == SUMS  # it was left, and not stopped


@pytest.mark.slow
@pytest.mark.parametrize("started_by_command", ["bare"], indirect=True)
def test_workers_without_scalekit_are_sent_it(
    started_by_command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # Ray gives workers the folder of this process
    sk.configure(address=started_by_command)
    with pytest.raises(MissingDependencyError, match=r"pip install 'scalekit\[ray\].*ship=True"):
        sums()
    sk.configure(ship=True)
    assert sums() == SUMS
