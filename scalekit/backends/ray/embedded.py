"""A Ray of this process's own: on loopback, with a token, in a folder that goes when it is stopped."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

STORE_SHARE = 0.3
"""Of the memory that is free at the start: what the object store may take."""

STORE_LIMITS = (128 * 1024**2, 32 * 1024**3)
"""Bytes that the object store takes at least and at most."""

_PREFIX = "scalekit-ray-"


def start() -> None:
    """Start Ray on this machine and connect to it; see TRUST.md, section 8, for the settings."""
    folder = _folder()
    with _environment(_variables(folder)), _signals_kept():
        import ray
        from ray._private import ray_constants

        # Read when Ray is imported, which may have been long ago.
        ray_constants.ENABLE_RAY_CLUSTER = False
        _reread_variables()
        ray.init(
            address="local",
            num_cpus=cores(),
            include_dashboard=False,
            object_store_memory=_store_bytes(),
            log_to_driver=False,
            configure_logging=False,
            logging_level=logging.ERROR,
            _temp_dir=str(folder),
        )


def stop() -> None:
    """Stop the Ray that :func:`start` started, and remove its folder."""
    import ray

    ray.shutdown(wait_for_processes=True)
    shutil.rmtree(_folder(), ignore_errors=True)
    _folder.cache_clear()


def cores() -> int:
    """Cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _variables(folder: Path) -> Mapping[str, str]:
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # makes every process listen on loopback only
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_task_oom_retries": "3",
        "RAY_enable_metrics_collection": "0",
        # A driver whose GCS is gone would exit after a minute, and the notebook with it.
        "RAY_gcs_rpc_server_reconnect_timeout_s": str(2**30),
        "POLARS_MAX_THREADS": "1",
    }


@lru_cache(maxsize=1)
def _folder() -> Path:
    """A folder that only this user can enter, with the token; its name tells whose it is."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    token = os.open(folder / "token", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(token, "w") as file:
        file.write(secrets.token_hex(32))
    return folder


def _sweep() -> None:
    """Remove the folders of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError):
            if owner.isdigit() and folder.stat().st_uid == os.getuid() and not _runs(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _store_bytes() -> int:
    import psutil

    least, most = STORE_LIMITS
    return int(min(most, max(least, STORE_SHARE * psutil.virtual_memory().available)))


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
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


def _reread_variables() -> None:
    from ray import _raylet

    core: Any = _raylet
    core.Config.initialize("")
    core.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray puts a handler of its own in place of the process's."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: Any = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
