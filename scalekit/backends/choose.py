"""Which backend runs a plan, and why: a decision as plain data."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from scalekit.backends.registry import find_backend
from scalekit.config import Config
from scalekit.plan.nodes import Plan, Scan
from scalekit.sources.base import Source
from scalekit.sources.sizes import size_text
from scalekit.tree import walk

SMALL_PANDAS = 64 * 1024**2
"""Bytes up to which pandas input stays with pandas: below it, conversion costs more than it saves."""

HELD = 3
"""How many times its input a query may hold at once: group_by and unique come to almost that."""

USABLE = 3 / 4
"""Share of this machine's memory that a query may take where no budget is set."""


@dataclass(frozen=True)
class Decision:
    """A backend and the reason for it, in words."""

    backend: str
    reason: str


@dataclass(frozen=True)
class Reachable:
    """A cluster that is there to be used, and what says so."""

    backend: str
    origin: str

    def __str__(self) -> str:
        return f"the {self.backend.capitalize()} cluster of {self.origin}"


def choose(plan: Plan, config: Config) -> Decision:
    """Decide who runs ``plan``: the configured backend, or for ``"auto"`` the one that fits its input.

    A cluster is never started for ``"auto"``: one that is configured, or that this process is connected to,
    takes what would not fit here.

    Raises
    ------
    ConfigError
        For a backend that does not exist.
    """
    if config.backend != "auto":
        find_backend(config.backend, config.origin("backend"))
        return Decision(config.backend, "asked for")
    sources = [node.source for node in walk(plan) if isinstance(node, Scan)]
    homes = {home for source in sources if (home := getattr(source, "home", None)) is not None}
    if homes:
        home = min(homes)
        return Decision(home, f"auto: its input is persisted on {home}")
    cluster = reachable(config)
    if cluster is None:
        return _here(sources)
    size, most = _bytes(sources), fits_here(config)
    if most is not None and size > most:
        return Decision(
            cluster.backend,
            f"auto: input of {size_text(size)} is more than the {size_text(most)} that fit here, and there is {cluster}",
        )
    here, limit = (
        _here(sources),
        "" if most is None else f", which is for more than {size_text(most)}",
    )
    return Decision(here.backend, f"{here.reason}; it does not need {cluster}{limit}")


def _here(sources: list[Source]) -> Decision:
    """Who runs what stays on this machine."""
    if {getattr(source, "origin", "") for source in sources} != {"pandas"}:
        return Decision("polars", "auto: input other than pandas frames runs on Polars")
    size = _bytes(sources)
    if size <= SMALL_PANDAS:
        return Decision(
            "pandas", f"auto: all input is pandas frames, {size:,} bytes, which is small"
        )
    return Decision("polars", f"auto: pandas input of {size:,} bytes is more than {SMALL_PANDAS:,}")


def _bytes(sources: list[Source]) -> int:
    """Bytes of the input in memory, as far as they are known."""
    return sum(source.statistics().bytes or 0 for source in sources)


def reachable(config: Config) -> Reachable | None:
    """The cluster that is configured, or that this process is connected to already; none is looked for."""
    if config.address:
        is_dask = config.address.startswith(("tcp://", "tls://"))
        return Reachable("dask" if is_dask else "ray", config.origin("address"))
    for variable, backend in (("DASK_SCHEDULER_ADDRESS", "dask"), ("RAY_ADDRESS", "ray")):
        if os.environ.get(variable, "").strip():
            return Reachable(backend, variable)
    found = [name for name, connected in _CONNECTED.items() if connected()]
    return Reachable(found[0], "this session") if found else None


def fits_here(config: Config) -> int | None:
    """Bytes of input that a query on this machine may have, so that what it holds fits; None where unknown."""
    budget = config.memory_budget
    if budget is None:
        try:
            budget = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * USABLE)
        except (AttributeError, OSError, ValueError):  # not on this system
            return None
    return budget // HELD


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
