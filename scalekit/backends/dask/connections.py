"""Which Dask cluster a query uses: the configured one, the session's own, or one that is started here."""

from __future__ import annotations

import atexit
import ipaddress
import threading
import warnings
from collections.abc import Callable
from typing import Any

import dask.config
from distributed import Client, default_client
from distributed.comm import get_address_host

from scalekit.backends.dask.connection import CONNECTING, Connection
from scalekit.backends.dask.embedded import Embedded
from scalekit.config import Config
from scalekit.errors import ConfigError, ExecutionError


class _Open:
    """The connections of this process, by what they lead to."""

    lock = threading.RLock()
    connections: dict[Any, Connection]


_open = _Open()
_open.connections = {}


def connect(config: Config) -> Connection:
    """The connection for a query: made once, and made again when it is dead.

    Raises
    ------
    ConfigError
        For an address that Dask does not have, or that is not encrypted and on another machine.
    ExecutionError
        Where the scheduler does not answer, or its workers have other versions.
    """
    address, client = _asked(config)
    with _open.lock:
        _drop_dead()
        if client is not None:
            return _known(client, lambda: Connection(client, owned=False, ship=config.ship))
        if address:
            check_address(address, config)
            return _known(
                address, lambda: Connection(_client(address), owned=True, ship=config.ship)
            )
        found = _open.connections.get("embedded")
        if found and found.embedded and not found.embedded.fits(config):
            _open.connections.pop("embedded").close()
            found = None
        if found and found.embedded:
            found.embedded.heal()
        return _known("embedded", lambda: _embedded(config))


def attached(config: Config) -> Connection | None:
    """The connection to a cluster that is there; None where a query would start one.

    Raises
    ------
    ConfigError, ExecutionError
        As :func:`connect`.
    """
    if any(_asked(config)):
        return connect(config)
    with _open.lock:
        found = _open.connections.get("embedded")
        is_fit = found and found.is_alive and found.embedded and found.embedded.fits(config)
        return found if is_fit else None


def check(config: Config) -> None:
    """Refuse the address that a query would use, where it may not be used.

    Raises
    ------
    ConfigError
        From :func:`check_address`.
    """
    address, client = _asked(config)
    if address and client is None:
        check_address(address, config)


def _asked(config: Config) -> tuple[str | None, Any]:
    """The address that is configured, and the session's client, which goes before that of the environment."""
    address = config.address or dask.config.get("scheduler-address", None)
    return address, None if config.address else _session_client()


def slots_seen() -> int | None:
    """Threads of a cluster that is connected, as it said last; nobody is asked."""
    alive = [one for one in _open.connections.values() if one.is_alive]
    return max((one.seen.slots for one in alive), default=0) or None


def close() -> None:
    """Leave every cluster, and stop what scalekit started; the next query starts anew."""
    with _open.lock:
        while _open.connections:
            _open.connections.popitem()[1].close()


atexit.register(close)


def _known(name: Any, make: Callable[[], Connection]) -> Connection:
    if name not in _open.connections:
        _open.connections[name] = make()
    return _open.connections[name]


def _drop_dead() -> None:
    for name, connection in list(_open.connections.items()):
        if not connection.is_alive:
            del _open.connections[name]
            connection.close()


def _session_client() -> Any:
    """The client that the user made, if there is one."""
    try:
        client = default_client()
    except ValueError:
        return None
    return client if client.status == "running" else None


def _client(address: str, security: Any = None) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of versions that differ: scalekit compares them itself
            return Client(
                address,
                timeout=CONNECTING,
                set_as_default=False,
                security=security,
                name="scalekit",
            )
    except (OSError, TimeoutError, ValueError) as error:
        raise ExecutionError(
            f"no Dask scheduler answers at {address} within {CONNECTING:.0f} s ({type(error).__name__}: {error}); "
            "check the address, or leave it out: scalekit then starts a cluster on this machine"
        ) from None


def _embedded(config: Config) -> Connection:
    try:
        embedded = Embedded(config)
    except (OSError, RuntimeError) as error:
        raise ExecutionError(
            f"Dask did not start on this machine: {type(error).__name__}: {error}"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = Client(
                embedded.cluster, set_as_default=False, direct_to_workers=True, timeout=CONNECTING
            )
    except BaseException:
        embedded.close()
        raise
    return Connection(client, owned=True, embedded=embedded)


def check_address(address: str, config: Config) -> None:
    """Refuse what is no address of Dask, and a plain one on another machine.

    Raises
    ------
    ConfigError
        With the ways out.
    """
    origin = config.origin("address") if config.address else "DASK_SCHEDULER_ADDRESS"
    scheme, separator, _ = address.partition("://")
    if not separator or scheme not in ("tcp", "tls"):
        raise ConfigError(
            f"address is {address!r} (from {origin}), which is none of Dask: it begins with tcp:// or tls://, "
            "such as 'tls://scheduler:8786'"
        )
    if scheme == "tcp" and not config.allow_insecure and not _is_loopback(address):
        raise ConfigError(
            f"address {address!r} (from {origin}) is on another machine and not encrypted: whoever reaches it can "
            "read the data and run code there. Start the cluster with TLS and give its tls:// address, or say "
            "sk.configure(allow_insecure=True) where the network itself is private"
        )


def _is_loopback(address: str) -> bool:
    host = str(get_address_host(address))
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
