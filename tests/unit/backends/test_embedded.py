"""Clusters on this machine: what they leave behind, and what they do not hear."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from scalekit.backends.tasks.folders import private_folder
from scalekit.config import Config


@pytest.fixture
def temporary(monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_folders_of_processes_that_were_killed_go(temporary):
    (temporary / f"scalekit-dask-{ended_process()}-abc" / "spilled").mkdir(parents=True)
    folder = private_folder("dask")
    assert list(temporary.iterdir()) == [folder]


def test_folders_of_processes_that_run_and_of_others_stay(temporary):
    mine = private_folder("dask")
    others = [temporary / name for name in (f"scalekit-ray-{ended_process()}-a", "scalekit-dask-x")]
    for folder in others:
        folder.mkdir()
    assert set(temporary.iterdir()) == {mine, *others}
    assert private_folder("dask") != mine
    assert {mine, *others} < set(temporary.iterdir())


@pytest.mark.dask
def test_interrupts_do_not_reach_an_embedded_dask(temporary):
    from distributed import Client

    from scalekit.backends.dask.embedded import Embedded

    cluster = Embedded(Config(workers=1))
    try:
        (nanny,) = cluster.cluster.workers.values()
        os.kill(nanny.pid, signal.SIGINT)
        with Client(cluster.cluster, set_as_default=False) as client:
            assert client.submit(os.getpid).result(timeout=60) == nanny.pid
    finally:
        cluster.close()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.dask
def test_an_embedded_dask_changes_no_path_and_leaves_nothing(temporary):
    from scalekit.backends.dask.embedded import Embedded

    before = list(sys.path)
    cluster = Embedded(Config(workers=1))
    try:
        assert sys.path == before
        (folder,) = temporary.iterdir()
        assert folder.name.startswith("scalekit-dask-")
    finally:
        cluster.close()
    assert list(temporary.iterdir()) == []
