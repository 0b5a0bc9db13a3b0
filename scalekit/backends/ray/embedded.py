"""A Ray of this process's own: on loopback, with a token, in a folder that goes when it is stopped."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import ray
from ray import _raylet
from ray._private import ray_constants

from scalekit.backends.ray.machine import cores
from scalekit.backends.ray.machine import memory as all_memory
from scalekit.backends.tasks import workers
from scalekit.backends.tasks.folders import private_folder
from scalekit.errors import ExecutionError

STORE_SHARE = 0.3
"""Of the memory that Ray may use: what its object store may take before it spills to disk."""

LEAST_STORE = 80 * 1024**2
"""Bytes with which Ray starts an object store at all."""


def start(count: int | None, worker_memory: int | None) -> None:
    """Start Ray on this machine and connect to it; see TRUST.md, section 8, for the settings."""
    folder = _folder()
    slots = count or cores()
    memory = all_memory(slots, worker_memory)
    with (
        environment({**_variables(folder, memory // slots), **PATIENT}),
        told(on_loopback=True),
        _failures(),
    ):
        read_again()
        ray.init(
            address="local",
            num_cpus=slots,
            include_dashboard=False,
            object_store_memory=max(LEAST_STORE, int(STORE_SHARE * memory)),
            _memory=memory,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _temp_dir=str(
                folder / "ray"
            ),  # which Ray opens to everyone; nobody gets past the one above
        )


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        ray.shutdown()
        clear()
        raise ExecutionError(f"Ray did not start on this machine: {error}") from None


def clear() -> None:
    """Remove the folder of the Ray that :func:`start` started, when it is stopped."""
    shutil.rmtree(_folder(), ignore_errors=True)
    _folder.cache_clear()


PATIENT = {"RAY_gcs_rpc_server_reconnect_timeout_s": str(2**30)}
"""Ray ends a process that has lost its control plane for a minute, and would the notebook: see decision 0009."""


def _variables(folder: Path, memory: int) -> Mapping[str, str]:
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # makes every process listen on loopback only
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_task_oom_retries": "3",
        "RAY_raylet_start_wait_time_s": "120",  # a machine may be busy with other things
        "RAY_enable_metrics_collection": "0",
        **workers.environment(memory),
        **workers.allocator(memory),
    }


@lru_cache(maxsize=1)
def _folder() -> Path:
    """A folder that only this user can enter, with the token."""
    folder = private_folder("ray")
    token = os.open(folder / "token", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(token, "w") as file:
        file.write(secrets.token_hex(32))
    return folder


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Variables while Ray starts: its processes inherit them, and this one goes back to its own."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def read_again() -> None:
    """Make Ray look at the environment, which it may have read long ago."""
    core: Any = _raylet
    core.Config.initialize("")
    core.AuthenticationTokenLoader.instance().reset_cache()


def mute(*, on: bool) -> None:
    """Keep Ray from printing what its processes report: an error tells it, where it matters."""
    worker: Any = ray._private.worker
    worker._worker_logs_enabled = not on


@contextmanager
def told(*, on_loopback: bool) -> Iterator[None]:
    """What Ray reads from the environment when it is imported, and its handler of SIGTERM, for one ``ray.init``.

    Parameters
    ----------
    on_loopback
        Whether 127.0.0.1 means itself, rather than this machine's address in the network.
    """
    constants: Any = ray_constants
    before = constants.ENABLE_RAY_CLUSTER, constants.NUM_REDIS_GET_RETRIES
    constants.ENABLE_RAY_CLUSTER = before[0] and not on_loopback
    constants.NUM_REDIS_GET_RETRIES = 2  # of 40 seconds each
    try:
        with _signals_kept():
            yield
    finally:
        constants.ENABLE_RAY_CLUSTER, constants.NUM_REDIS_GET_RETRIES = before


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Keep the process's handler of SIGTERM, in whose place Ray puts one of its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: Any = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
