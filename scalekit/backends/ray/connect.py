"""Which Ray a query uses: the session that is there, the cluster at an address, or one that is started here."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import Any
from urllib.parse import urlsplit

import ray

from scalekit.backends.ray import embedded, work
from scalekit.backends.ray.session import Address, Session, answers, nodes
from scalekit.config import Config
from scalekit.errors import ConfigError, ExecutionError, MissingDependencyError


class _Open:
    """The session of this process: Ray itself has one for each."""

    lock = threading.RLock()
    session: Session | None = None


def connect(config: Config) -> Session:
    """The session for a query: made once, and made again when it is dead or others are asked for.

    Raises
    ------
    ConfigError
        For an address beside a session that leads elsewhere.
    ExecutionError
        Where Ray does not answer, or its workers have other versions.
    """
    address = config.address or os.environ.get("RAY_ADDRESS") or ""
    with _Open.lock:
        session = _Open.session
        if session is not None:
            failure = session.failure()
            if not failure and session.kind == "found":
                _check_leads(address, config)
                return session
            if not failure and session.asked == _asked(address, config):
                return session
            _leave(session, failure)
        _Open.session = _connected(address, config)
        return _Open.session


def close() -> None:
    """Leave Ray, and stop it where scalekit started it; the next query starts anew."""
    with _Open.lock:
        session, _Open.session = _Open.session, None
        if session is not None:
            _end(session)


atexit.register(close)


def _leave(session: Session, failure: str) -> None:
    _Open.session = None
    if session.kind == "found" and session.is_current():
        raise ExecutionError(
            f"Ray does not answer any more ({failure}): call ray.shutdown(), and ray.init() as before"
        )
    _end(session)


def _end(session: Session) -> None:
    if session.kind != "found":
        embedded.mute(on=False)
    if session.is_current() and session.kind != "found":
        ray.shutdown(wait_for_processes=session.kind == "started")
    if session.kind == "started":
        embedded.clear()


def _asked(address: str, config: Config) -> object:
    """The settings that make a session what it is."""
    if address:
        return address, config.ship
    return config.workers, config.worker_memory


def _connected(address: str, config: Config) -> Session:
    if ray.is_initialized():
        _check_leads(address, config)
        return Session("found", None, _listeners())
    asked = _asked(address, config)
    embedded.mute(on=True)
    if address:
        _join(address, config)
        return Session("joined", asked, _listeners(address))
    embedded.start(config.workers, config.worker_memory)
    try:
        return Session("started", asked, _listeners())
    except BaseException:
        ray.shutdown()
        embedded.clear()
        raise


def _check_leads(address: str, config: Config) -> None:
    """Refuse an address that is not where this process is connected to."""
    there = ray.get_runtime_context().gcs_address
    if address not in ("", "auto", "local", there) and "://" not in address:
        raise ConfigError(
            f"address is {address!r} (from {_origin(config)}), but this process is connected to Ray at {there!r} "
            "already, and it can be to one only: call ray.shutdown() first, or leave the address out"
        )


def _origin(config: Config) -> str:
    return config.origin("address") if config.address else "RAY_ADDRESS"


def _join(address: str, config: Config) -> None:
    where = _host_and_port(address, config)
    if where is not None and not answers(where):
        raise ExecutionError(
            f"no Ray answers at {address!r} (from {_origin(config)}): check the address, and RAY_AUTH_TOKEN_PATH where "
            "the cluster asks for a token; or leave the address out: scalekit then starts Ray on this machine"
        )
    here = where is not None and _is_loopback(where)
    try:
        with embedded.environment(embedded.PATIENT), embedded.told(on_loopback=here):
            embedded.read_again()
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env=work.shipped() if config.ship else None,
            )
    except ImportError as error:
        raise MissingDependencyError.for_extra(
            "ray[client]", "ray", purpose=f"address {address!r}"
        ) from error
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ExecutionError(f"cannot join Ray at {address!r}: {error}") from None


def _is_loopback(where: Address) -> bool:
    return where[0] == "localhost" or where[0].startswith("127.") or where[0] == "::1"


def _host_and_port(address: str, config: Config) -> Address | None:
    """Where to knock; nothing for ``"auto"``, which Ray resolves."""
    if address == "auto":
        return None
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or (port is None and parts.scheme != "ray") or parts.scheme not in ("", "ray"):
        raise ConfigError(
            f"address is {address!r} (from {_origin(config)}), which is none of Ray: it is 'host:6379' from a machine "
            "of the cluster, 'ray://host:10001' from another, or 'auto'"
        )
    return host, port or 10001


def _listeners(address: str = "") -> dict[str, Address]:
    """The processes on which the connection depends."""
    if address.startswith("ray://"):
        parts = urlsplit(address)
        return {"its client server": (str(parts.hostname), parts.port or 10001)}
    context: Any = ray.get_runtime_context()
    host, _, port = context.gcs_address.rpartition(":")
    mine = context.get_node_id()
    found = {"its control plane": (host, int(port))}
    for node in nodes():
        if node["NodeID"] == mine:
            found["its raylet on this machine"] = (
                node["NodeManagerAddress"],
                node["NodeManagerPort"],
            )
    return found
