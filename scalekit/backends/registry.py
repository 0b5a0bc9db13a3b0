"""Backends by name, loaded when first asked for."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from scalekit.backends.base import Backend
from scalekit.errors import ConfigError, MissingDependencyError

GROUP = "scalekit.backends"


@lru_cache(maxsize=1)
def available() -> dict[str, EntryPoint]:
    """The installed backends, scalekit's and those that other packages bring."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def find_backend(name: str, origin: str = "argument backend=") -> EntryPoint:
    """Where a backend is, without loading it; ``origin`` says where its name comes from.

    Raises
    ------
    ConfigError
        Where there is none of that name; the message lists those that exist.
    """
    known = available()
    if name not in known:
        raise ConfigError.unknown_choice("backend", name, ["auto", *known], origin=origin)
    return known[name]


@lru_cache
def get_backend(name: str) -> Backend:
    """Load a backend.

    Raises
    ------
    ConfigError
        Where there is none of that name; the message lists those that exist.
    MissingDependencyError
        Where the backend's package is not installed.
    """
    entry = find_backend(name)
    try:
        kind = entry.load()
    except ModuleNotFoundError as error:
        package = (error.name or name).partition(".")[0]
        raise MissingDependencyError.for_extra(
            package, name, purpose=f"backend {name!r}"
        ) from error
    backend: Backend = kind()
    return backend
