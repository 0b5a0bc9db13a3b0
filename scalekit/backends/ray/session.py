"""The connection to Ray that this process has: found, joined or started, and looked after."""

from __future__ import annotations

import atexit
import os
import socket
import threading
from dataclasses import dataclass
from typing import Any, Literal

import ray

from scalekit.backends.ray import embedded
from scalekit.errors import ConfigError, ExecutionError

PATIENCE = 5.0
"""Seconds to wait for an answer of Ray's own processes."""

Address = tuple[str, int]


@dataclass(frozen=True)
class Session:
    """A connection to Ray.

    Attributes
    ----------
    address
        What was asked for; empty where a session was found or started.
    kind
        Whether the session was there already, was joined by its address, or was started by us.
    job
        Ray's name for the connection.
    processes
        Where the control plane and this machine's raylet listen, as far as that is known.
    """

    address: str
    kind: Literal["found", "joined", "started"]
    job: str
    processes: tuple[tuple[str, Address], ...]

    def failed(self) -> str:
        """What does not answer any more, or nothing."""
        if not ray.is_initialized():
            return "the session, which was shut down"
        return next((name for name, address in self.processes if not answers(address)), "")


def answers(address: Address) -> bool:
    """Whether someone listens there."""
    try:
        socket.create_connection(address, timeout=PATIENCE).close()
    except OSError:
        return False
    return True


_lock = threading.RLock()
_current: Session | None = None


def connect(address: str | None) -> Session:
    """The session of this process; a cluster that was named is joined, and without one Ray is started here."""
    global _current  # noqa: PLW0603 - Ray itself is one for each process
    address = address or os.environ.get("RAY_ADDRESS") or ""
    with _lock:
        if _current is not None and not _is_current(_current):
            _current = None
        if _current is not None and (_current.failed() or _current.address != address):
            _drop(_current)
            _current = None
        if _current is None:
            _current = _found(address) if ray.is_initialized() else _new(address)
        return _current


def close() -> None:
    """Leave the session; what was started here is stopped."""
    global _current  # noqa: PLW0603
    with _lock:
        if _current is not None and _current.kind != "found":
            _end(_current)
        _current = None


def _is_current(session: Session) -> bool:
    return ray.is_initialized() and _job() == session.job


def _job() -> str:
    return str(ray.get_runtime_context().get_job_id())


def _drop(session: Session) -> None:
    if session.kind == "found":
        failed = session.failed()
        if failed:
            raise ExecutionError(
                f"Ray does not answer any more ({failed}): call ray.shutdown(), and ray.init() as before"
            )
        return
    _end(session)


def _end(session: Session) -> None:
    if session.kind == "started":
        embedded.stop()
    else:
        ray.shutdown()


def _found(address: str) -> Session:
    there = ray.get_runtime_context().gcs_address
    if address not in ("", "auto", there) and "://" not in address:
        raise ConfigError(
            f"address is {address!r}, but this process is connected to Ray at {there!r}, and can be to one only: "
            "call ray.shutdown() first, or leave the address out"
        )
    return Session(address, "found", _job(), _processes())


def _new(address: str) -> Session:
    if address:
        _join(address)
        return Session(address, "joined", _job(), _processes())
    embedded.start()
    atexit.register(close)
    return Session("", "started", _job(), _processes())


def _join(address: str) -> None:
    ray.init(address=address, log_to_driver=False, configure_logging=False)


def _processes() -> tuple[tuple[str, Address], ...]:
    """The control plane, and the raylet through which this process reaches it."""
    context: Any = ray.get_runtime_context()
    host, _, port = context.gcs_address.rpartition(":")
    found = [("its control plane", (host, int(port)))]
    mine = context.get_node_id()
    found += [
        ("its raylet on this machine", (node["NodeManagerAddress"], node["NodeManagerPort"]))
        for node in ray.nodes()
        if node["NodeID"] == mine
    ]
    return tuple(found)
