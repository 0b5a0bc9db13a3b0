"""Which Dask cluster a query uses: the configured one, the session's own, or one that is started here."""

from __future__ import annotations

import asyncio
import atexit
import ipaddress
import threading
import time
import warnings
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import dask.config
from distributed import Client, default_client
from distributed.comm import get_address_host

from scalekit.backends.dask.embedded import Embedded
from scalekit.backends.dask.flights import Tower
from scalekit.backends.tasks.cluster import Resources
from scalekit.backends.tasks.versions import Versions, check_versions, versions_here
from scalekit.config import Config, origin_of
from scalekit.errors import ConfigError, ExecutionError

CONNECTING = 15.0
"""Seconds for a scheduler to answer."""

FRESH = 1.0
"""Seconds for which the list of workers is believed."""


class Connection:
    """A client of Dask, what is heard through it, and the cluster that was started for it, if one was."""

    def __init__(self, client: Any, *, owned: bool, embedded: Embedded | None = None) -> None:
        self.client = client
        self.tower = Tower()
        self.embedded = embedded
        self.lock = threading.Lock()
        self._owned = owned
        self._checked: set[str] = set()
        self._looked = float("-inf")
        self._resources = Resources(0, 0)
        client.subscribe_topic(self.tower.topic, self.tower.hear)

    @property
    def is_alive(self) -> bool:
        """Whether the scheduler can be talked to, and a cluster of our own has workers."""
        return self.client.status == "running" and (self.embedded is None or self.embedded.is_alive)

    def start(self, question: Callable[[], Awaitable[Any]]) -> Future[Any]:
        """Begin what a coroutine of the client does, in the client's thread."""

        async def asked() -> Any:
            try:
                return await question()
            finally:
                self.tower.wake()

        return asyncio.run_coroutine_threadsafe(asked(), self.client.loop.asyncio_loop)

    def ask(self, question: Callable[[], Awaitable[Any]], seconds: float) -> Any:
        """What a coroutine of the client gives, within ``seconds``.

        Raises
        ------
        TimeoutError, OSError
            Where the scheduler does not answer.
        """
        answer = self.start(question)
        try:
            return answer.result(seconds)
        except BaseException:
            answer.cancel()
            raise

    def resources(self) -> Resources:
        """Threads and the least memory of one, by the workers that are there."""
        if time.monotonic() - self._looked > FRESH:
            self.look()
        return self._resources

    def look(self) -> None:
        """Ask for the workers, and compare the versions of those that are new."""
        identity = self.ask(lambda: self.client.scheduler.identity(n_workers=-1), CONNECTING)
        workers = identity["workers"]
        if new := set(workers) - self._checked:
            self.check(new)
        shares = [w["memory_limit"] // w["nthreads"] for w in workers.values() if w["memory_limit"]]
        slots = sum(worker["nthreads"] for worker in workers.values())
        hosts = tuple({get_address_host(name) for name in workers})
        self._resources = Resources(max(1, slots), min(shares, default=2 * 1024**3), hosts)
        self._looked = time.monotonic()

    def check(self, workers: set[str]) -> None:
        """Compare the versions of ``workers`` with those of this process."""
        found = self.ask(
            lambda: self.client.run(
                versions_here, workers=list(workers), on_error="return", asynchronous=True
            ),
            60,
        )
        known = {name: told for name, told in found.items() if isinstance(told, Versions)}
        # A worker that is just going away is asked again, if it comes back.
        gone = [name for name, told in found.items() if isinstance(told, OSError | TimeoutError)]
        if bare := [name for name in found if name not in known and name not in gone]:
            known.update(self._installed(bare))
        check_versions("Dask", "dask", known)
        self._checked |= set(known)

    def _installed(self, workers: list[str]) -> dict[str, Versions]:
        """The versions on workers that cannot run scalekit."""
        question = {"op": "versions", "packages": ["polars", "scalekit"]}
        told = self.ask(
            lambda: self.client.scheduler.broadcast(
                msg=question, workers=workers, on_error="ignore"
            ),
            CONNECTING,
        )
        return {
            name: Versions(
                told[name]["packages"]["python"],
                told[name]["packages"]["polars"],
                told[name]["packages"]["scalekit"],
            )
            for name in workers
            if name in told
        }

    def close(self) -> None:
        """Leave the cluster, and stop it where it was started here."""
        with suppress(Exception):
            if self.is_alive:
                self.client.unsubscribe_topic(self.tower.topic)
        if self._owned:
            with suppress(Exception):
                self.client.close(timeout=5)
        if self.embedded is not None:
            self.embedded.close()


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
    address = config.address or dask.config.get("scheduler-address", None)
    client = None if config.address else _session_client()
    with _open.lock:
        _drop_dead()
        if client is not None:
            return _known(client, lambda: Connection(client, owned=False))
        if address:
            check_address(address, config)
            return _known(address, lambda: Connection(_client(address), owned=True))
        found = _open.connections.get("embedded")
        if found and found.embedded and not found.embedded.fits(config):
            _open.connections.pop("embedded").close()
            found = None
        if found and found.embedded:
            found.embedded.heal()
        return _known("embedded", lambda: _embedded(config))


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
    embedded = Embedded(config)
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
    origin = origin_of("address") if config.address else "DASK_SCHEDULER_ADDRESS"
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
