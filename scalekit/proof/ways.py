"""Ways to run a plan: a backend, and a number of parts where it works in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby
from typing import TypeAlias

import polars as pl

from scalekit.backends.reachable import reachable
from scalekit.backends.registry import available, find_backend, get_backend
from scalekit.backends.tasks.backend import TaskBackend
from scalekit.config import Config
from scalekit.errors import InvalidOperationError
from scalekit.plan.nodes import Plan

LOCAL = ("polars", "pandas", "serial")
"""Backends of this machine, which need no cluster; each is there where its package is."""

PARTITIONS = (1, 2, 7)

Execute: TypeAlias = Callable[[Plan, Config], pl.DataFrame]
"""Runs a plan with settings and gives its rows as the backend has them."""


@dataclass(frozen=True)
class Way:
    """A backend, and how many parts it makes of every table; None where it makes none.

    ``exchanges`` lets joins exchange the rows of small tables too, which would be broadcast: of a sample all are.
    """

    backend: str
    partitions: int | None = None
    exchanges: bool = False

    def __str__(self) -> str:
        if self.partitions is None:
            return self.backend
        return f"{self.backend} in {self.partitions} part{'' if self.partitions == 1 else 's'}"

    def config(self, config: Config) -> Config:
        """The settings of a run this way."""
        mine = config.given("argument backends=", backend=self.backend)
        if self.partitions is None:
            return mine
        parted = mine.given("argument partitions=", partitions=self.partitions)
        chosen = not self.exchanges or config.origin("broadcast_bytes") != "default"
        return parted if chosen else parted.given("verify()", broadcast_bytes=0)


def choose_ways(
    backends: Sequence[str] | None, partitions: Sequence[int], config: Config
) -> tuple[Way, ...]:
    """Every backend in every number of parts; by default those of this machine and a cluster that is there.

    Raises
    ------
    ConfigError
        For a backend that does not exist.
    InvalidOperationError
        Where there is nothing to compare.
    """
    names = installed(config) if backends is None else tuple(dict.fromkeys(backends))
    found = tuple(way for name in names for way in _of(name, tuple(partitions)))
    if len(found) < 2:
        raise InvalidOperationError(
            "verify() compares at least two backends, or two numbers of partitions of one that works in parts; "
            f"known: {', '.join(available())}"
        )
    return found


def installed(config: Config) -> tuple[str, ...]:
    """The backends of this machine whose packages are there, and the clusters that are configured or connected."""
    here = [name for name in LOCAL if name in available() and _is_there(name)]
    return (*here, *(cluster.backend for cluster in reachable(config)))


def listed(found: Sequence[Way], between: str) -> str:
    """Ways in a line, those of one backend together: ``polars = serial in 1, 2 and 7 parts``."""
    return between.join(
        _together(name, list(some)) for name, some in groupby(found, lambda w: w.backend)
    )


def _together(name: str, some: list[Way]) -> str:
    counts = [str(way.partitions) for way in some if way.partitions is not None]
    if len(counts) < 2:
        return str(some[0])
    return f"{name} in {', '.join(counts[:-1])} and {counts[-1]} parts"


def _of(name: str, partitions: tuple[int, ...]) -> Iterator[Way]:
    find_backend(name, "argument backends=")
    if isinstance(get_backend(name), TaskBackend):
        for place, count in enumerate(partitions):
            yield Way(name, count, exchanges=place % 2 == 1)
    else:
        yield Way(name)


def _is_there(name: str) -> bool:
    return name != "pandas" or find_spec("pandas") is not None
