"""Clusters that are there to be used: configured, or that this process is connected to; none is looked for."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from scalekit.config import Config


@dataclass(frozen=True)
class Reachable:
    """A cluster that is there to be used, and what says so.

    Parameters
    ----------
    backend
        Who runs queries on it.
    origin
        A setting, a variable, or ``"this session"``.
    slots
        Tasks that it runs at one time, as it said last; None where nobody asked it yet.
    """

    backend: str
    origin: str
    slots: int | None = None


def reachable(config: Config) -> tuple[Reachable, ...]:
    """The configured cluster alone, else all that this process is connected to; nothing is asked and nobody waits."""
    if config.address:
        is_dask = config.address.startswith(("tcp://", "tls://"))
        return (_found("dask" if is_dask else "ray", config.origin("address")),)
    for variable, backend in (("DASK_SCHEDULER_ADDRESS", "dask"), ("RAY_ADDRESS", "ray")):
        if os.environ.get(variable, "").strip():
            return (_found(backend, variable),)
    return tuple(_found(name, "this session") for name in _CONNECTED if _is_connected(name))


def _found(backend: str, origin: str) -> Reachable:
    return Reachable(backend, origin, _slots(backend))


def _is_connected(backend: str) -> bool:
    return _CONNECTED[backend]() or _slots(backend) is not None


def _slots(backend: str) -> int | None:
    """Of a cluster that scalekit used before; its module is loaded then."""
    place = "connections" if backend == "dask" else "hosted"
    module = sys.modules.get(f"scalekit.backends.{backend}.{place}")
    found: int | None = None if module is None else module.slots_seen()
    return found


def _has_dask_client() -> bool:
    distributed = sys.modules.get("distributed")  # whoever has a client has imported it
    try:
        return distributed is not None and distributed.default_client().status == "running"
    except (AttributeError, ValueError):
        return False


def _has_ray_session() -> bool:
    ray = sys.modules.get("ray")
    return bool(getattr(ray, "is_initialized", lambda: False)())


_CONNECTED = {"dask": _has_dask_client, "ray": _has_ray_session}
