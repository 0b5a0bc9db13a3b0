"""Whether the clusters that are configured answer: each is asked by a process of its own, which is ended at a deadline."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from scalekit.backends.preflight import Finding
from scalekit.command.doctor.probe import LATE
from scalekit.config import Config
from scalekit.storage.redaction import redact

_VARIABLES = {"DASK_SCHEDULER_ADDRESS": "dask", "RAY_ADDRESS": "ray"}
_CONNECTING = 2.0
"""Seconds in which a machine that is there accepts a connection."""

GRACE = 5.0
"""Seconds for the process that asks to start, and to end itself and what it has started."""


@dataclass(frozen=True)
class Address:
    """The address of a cluster, and where it was found."""

    text: str
    origin: str
    backend: str


@dataclass(frozen=True)
class ClusterState:
    """What came of asking a cluster.

    Attributes
    ----------
    address, origin, backend
        Who was asked, and what says so.
    answers
        Whether it did, in time, and queries can run there.
    seconds
        How long that took.
    findings
        What it said: ``check``, ``level``, ``what``, ``way_out``.
    """

    address: str
    origin: str
    backend: str
    answers: bool
    seconds: float
    findings: tuple[Finding, ...]


def addresses(config: Config) -> tuple[Address, ...]:
    """The addresses that the settings and the variables of Dask and Ray name."""
    found = []
    if config.address:
        found.append(Address(config.address, config.origin("address"), _backend(config.address)))
    for variable, backend in _VARIABLES.items():
        text = os.environ.get(variable, "").strip()
        if text and text not in {other.text for other in found}:
            found.append(Address(text, variable, backend))
    return tuple(found)


def _backend(address: str) -> str:
    return "dask" if address.startswith(("tcp://", "tls://")) else "ray"


def ask(address: Address, deadline: float) -> ClusterState:
    """Ask a cluster whether it is there, what it has, and which versions its workers have.

    Parameters
    ----------
    address
        Who is asked.
    deadline
        Seconds after which nobody waits any more.
    """
    began = time.monotonic()
    findings = _listening(address, min(_CONNECTING, deadline))
    if not findings:
        findings = _asked(address, max(0.1, deadline - (time.monotonic() - began)), deadline)
    answers = all(finding.level != "error" for finding in findings)
    seconds = round(time.monotonic() - began, 3)
    return ClusterState(
        redact(address.text), address.origin, address.backend, answers, seconds, findings
    )


def _listening(address: Address, seconds: float) -> tuple[Finding, ...]:
    """Nothing where somebody listens, or one cannot tell from the address alone; else what is wrong."""
    text = address.text if "://" in address.text else f"//{address.text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return (
            _error(f"{redact(address.text)!r} is no address: {error}", f"look at {address.origin}"),
        )
    if host is None or port is None:  # "auto", or a port that the engine knows
        return ()
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except OSError as error:
        why = (
            "nothing came back in time"
            if isinstance(error, TimeoutError)
            else error.strerror or str(error)
        )
        way_out = f"start the cluster, or take {address.origin} away"
        return (_error(f"nobody listens at {host}:{port}: {why}", way_out),)
    return ()


def _asked(address: Address, seconds: float, deadline: float) -> tuple[Finding, ...]:
    """What the process that asks has found; it ends itself, and is ended where it does not."""
    command = [sys.executable, "-m", "scalekit.command.doctor.probe", address.backend, str(seconds)]
    environment = {**os.environ, "SCALEKIT_ADDRESS": address.text}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds + GRACE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return (_late(deadline),)
    return (_late(deadline),) if done.returncode == LATE else _read(done.stdout, done.stderr)


def _late(deadline: float) -> Finding:
    way_out = "ask for longer with --deadline, or look at the cluster's own log"
    return _error(f"no answer within {deadline:g} s", way_out)


def _read(out: str, err: str) -> tuple[Finding, ...]:
    with suppress(ValueError, TypeError):
        told: list[Mapping[str, Any]] = json.loads(out)
        return tuple(Finding(**finding) for finding in told)
    last = (err.strip().splitlines() or ["it said nothing"])[-1]
    return (_error(f"the question failed: {redact(last)}", "run a query there to see more"),)


def _error(what: str, way_out: str) -> Finding:
    return Finding("cluster", "error", what, way_out)
