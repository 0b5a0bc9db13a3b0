"""``scalekit doctor``: what it finds here, and what it says of what does not work."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import psutil
import pytest

from scalekit.command.doctor import backends, clusters
from scalekit.command.doctor.clusters import Address, ask
from scalekit.config import Settings
from tests.command.ran import Run


@pytest.fixture(autouse=True)
def no_clusters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("DASK_SCHEDULER_ADDRESS", "RAY_ADDRESS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts connections and never says anything: the system does, for as many as it keeps waiting."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=32)) as server:
        yield server.getsockname()[1]


def left_over() -> Iterator[psutil.Process]:
    """Processes below this one, and those that drive Ray for a process that is gone."""
    yield from psutil.Process().children(recursive=True)
    for process in psutil.process_iter(["ppid", "cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if "scalekit.backends.ray.driver" in command and process.info["ppid"] == 1:
            yield process


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


def report(command: Run, *arguments: object) -> tuple[int, dict[str, Any]]:
    ended = command("doctor", "--json", *arguments)
    found: dict[str, Any] = json.loads(ended.out)
    assert found["exit"] == ended.code
    return ended.code, found


def test_a_good_installation_is_good(command: Run) -> None:
    ended = command("doctor")
    assert (ended.code, ended.err) == (0, "")
    for name in ("polars", "pandas", "serial", "dask", "ray"):
        assert f"✓ {name} " in ended.out
    assert "no address is configured" in ended.out
    assert "nothing stands in the way" in ended.out
    assert "scikit-learn" in ended.out


def test_json_has_every_setting_with_its_origin(
    command: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCALEKIT_PREVIEW_ROWS", "3")
    (tmp_path / "pyproject.toml").write_text('[tool.scalekit]\nmemory_budget = "2GiB"\n')
    code, found = report(command)
    assert code == 0
    settings = {one["name"]: one for one in found["settings"]}
    assert set(settings) == set(Settings.__annotations__)
    assert settings["preview_rows"]["origin"] == "SCALEKIT_PREVIEW_ROWS"
    assert settings["strict"] == {"name": "strict", "value": False, "origin": "default"}
    assert found["memory"]["budget"] == 2 * 1024**3
    assert str(tmp_path) in found["memory"]["origin"]
    assert found["memory"]["free"] > 0
    assert found["packages"]["numpy"]


def test_a_setting_without_meaning_ends_with_two_and_the_rest_is_shown(
    command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEKIT_PREVIEW_ROWS", "many")
    code, found = report(command)
    assert code == 2
    assert "preview_rows is 'many' (from SCALEKIT_PREVIEW_ROWS)" in found["problems"][0]
    assert {state["name"] for state in found["backends"]} >= {"polars", "dask"}


def test_an_unknown_backend_is_told_with_the_nearest(command: Run) -> None:
    code, found = report(command, "--backend", "polras")
    assert code == 1
    assert "unknown backend 'polras'" in found["problems"][0]
    assert "did you mean 'polars'" in found["problems"][0]


@pytest.mark.parametrize("kind", ["missing", "broken"])
def test_a_backend_that_does_not_load_says_why(
    kind: str, command: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fault = "import no_such_package" if kind == "missing" else "raise RuntimeError('wrong GLIBC')"
    (tmp_path / f"{kind}_backend.py").write_text(f"{fault}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = EntryPoint(kind, f"{kind}_backend:Backend", "scalekit.backends")
    monkeypatch.setattr(backends, "available", lambda: {kind: entry})
    monkeypatch.setattr("scalekit.backends.registry.available", lambda: {kind: entry})
    code, found = report(command)
    (state,) = found["backends"]
    assert (code, state["usable"]) == (0, False)  # nobody asked for it
    said = (
        "needs the package 'no_such_package'" if kind == "missing" else "RuntimeError: wrong GLIBC"
    )
    assert said in state["why"]
    code, found = report(command, "--backend", kind)
    assert code == 1
    assert f"backend '{kind}' (from argument backend=) cannot be used" in found["problems"][0]


def test_an_address_where_nobody_listens_is_told_at_once(
    command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEKIT_ADDRESS", f"tcp://127.0.0.1:{free_port()}")
    monkeypatch.setattr(clusters, "_asked", lambda *_: pytest.fail("nobody is to be asked"))
    code, found = report(command)
    assert code == 1
    (cluster,) = found["clusters"]
    assert (cluster["backend"], cluster["origin"]) == ("dask", "SCALEKIT_ADDRESS")
    assert not cluster["answers"]
    assert "nobody listens at 127.0.0.1" in found["problems"][0]
    assert "take SCALEKIT_ADDRESS away" in found["problems"][0]


@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_an_address_that_never_answers_is_left_at_the_deadline(backend: str, silent: int) -> None:
    scheme = {"dask": "tcp://", "ray": ""}[backend]
    before = set(left_over())
    state = ask(Address(f"{scheme}127.0.0.1:{silent}", "test", backend), deadline=3.0)
    assert not state.answers
    assert "no answer within 3 s" in state.findings[0].what
    assert set(left_over()) <= before


def test_all_addresses_are_asked_and_told_apart(
    command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask, ray = free_port(), free_port()
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", f"tcp://127.0.0.1:{dask}")
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{ray}")
    ended = command("doctor")
    assert ended.code == 1
    assert "asking dask, ray" in ended.err
    for text in (f"127.0.0.1:{dask} (dask, from DASK_", f"127.0.0.1:{ray} (ray, from RAY_"):
        assert text in ended.out


@pytest.mark.parametrize("address", ["tcp://[::1", "tcp://127.0.0.1:99999999", "tcp://\x1b[31m:x"])
def test_addresses_that_are_none_are_told(
    address: str, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEKIT_ADDRESS", address)
    ended = command("doctor")
    assert ended.code == 1
    assert "is no address" in ended.out
    assert "\x1b" not in ended.out + ended.err


def test_secrets_in_addresses_are_hidden(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEKIT_ADDRESS", f"tcp://me:hunter2@127.0.0.1:{free_port()}")
    for arguments in ((), ("--json",)):
        ended = command("doctor", *arguments)
        assert "hunter2" not in ended.out + ended.err


@pytest.mark.dask
def test_a_cluster_that_is_there_tells_what_it_has(
    process: Run, dask_settings: dict[str, Any]
) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        ended = process(
            "doctor", "--json", "--deadline", "60", SCALEKIT_ADDRESS=cluster.scheduler_address
        )
    found = json.loads(ended.out)
    assert ended.code == 0, found["problems"]
    (state,) = found["clusters"]
    assert state["answers"]
    told = {finding["check"]: finding for finding in state["findings"]}
    assert told["cluster"]["level"] == "ok"
    assert "1 slots" in told["cluster"]["what"]
    assert told["versions"]["level"] == "ok"


def test_the_command_as_a_process_writes_results_and_nothing_else_to_standard_output(
    process: Run,
) -> None:
    ended = process("doctor", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["backends"]
    assert ended.err == ""


def test_a_process_in_a_poor_locale_still_writes(process: Run) -> None:
    ended = process("doctor", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert ended.code == 0
    assert "\\u2713 polars" in ended.out
