"""Memory that this process can still take: what the machine, its container and its limits leave, whichever is least."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

if sys.platform != "win32":
    import resource

PROC = Path("/proc")

FRESH = 0.1
"""Seconds for which what was found is believed."""

_NO_LIMIT = 1 << 60
"""Version 1 of cgroups writes a number near 2**63 where nothing is limited."""


_MOST = 1 << 18
"""Bytes of a file that are looked at; the kernel gives the small ones whole."""


@dataclass(frozen=True)
class Room:
    """Bytes that can still be taken, and what leaves no more: ``"this machine"``, a cgroup, or a limit's name."""

    bytes: int
    limit: str


@dataclass(frozen=True)
class Mount:
    """Where a hierarchy of cgroups is found, and which group of it lies there.

    ``root`` is the group that the mount point shows: in a container it may be the container's own.
    """

    point: Path
    root: str
    version: int


@dataclass(frozen=True)
class _Files:
    """The files of one version of cgroups: limits, usage, and the line of ``memory.stat`` that is cache."""

    limits: tuple[str, ...]
    usage: str
    cache: str


_VERSIONS: Mapping[int, _Files] = {
    1: _Files(("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file"),
    2: _Files(("memory.max", "memory.high"), "memory.current", "inactive_file"),
}


@dataclass
class _Seen:
    """What was found last, and when."""

    room: Room | None = None
    at: float = field(default=float("-inf"))


_seen = _Seen()


def room() -> Room | None:
    """What this process can still take, a moment old at the most; None where the system says nothing.

    Examples
    --------
    >>> found = room()
    >>> found is None or found.bytes >= 0
    True
    """
    now = time.monotonic()
    if now - _seen.at > FRESH:
        _seen.room = find_room()
        _seen.at = now
    return _seen.room


def find_room(proc: Path = PROC) -> Room | None:
    """What this process can still take, looked up now.

    Parameters
    ----------
    proc
        Where the kernel tells about processes, on Linux.
    """
    found = [*_of_machine(proc), *_of_cgroups(proc), *_of_limits(proc)]
    return min(found, key=lambda room: room.bytes, default=None)


def _of_machine(proc: Path) -> Iterator[Room]:
    """Memory that is free or can be freed; where the system does not tell, all that there is."""
    available = _line(proc / "meminfo", "MemAvailable:")
    if available is not None:
        yield Room(available * 1024, "this machine")
        return
    with suppress(AttributeError, OSError, ValueError):  # not on this system
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if size > 0:
            yield Room(size, "this machine")


def _of_cgroups(proc: Path) -> Iterator[Room]:
    """What each group that this process is in leaves, from its own up to the one that is mounted."""
    paths = _paths(proc)
    for mount in _mounts(proc):
        if mount.version in paths:
            files = _VERSIONS[mount.version]
            for group in _groups(mount, paths[mount.version]):
                yield from _left(group, files)


def _left(group: Path, files: _Files) -> Iterator[Room]:
    limits = [limit for name in files.limits if (limit := _number(group / name)) is not None]
    limit = min(limits, default=_NO_LIMIT)
    usage = None if limit >= _NO_LIMIT else _number(group / files.usage)
    if usage is None:
        return
    # Pages of files that nobody used lately are counted as used, and given up before anything is refused.
    cache = _line(group / "memory.stat", files.cache) or 0
    yield Room(max(0, limit - usage + min(cache, usage)), f"cgroup {group}")


def _groups(mount: Mount, path: str) -> Iterator[Path]:
    """The folders of a group and of those above it, as far as they can be seen."""
    inside = path.removeprefix(mount.root) if mount.root != "/" else path
    group = mount.point / inside.strip("/")
    if (
        ".." in group.parts or not group.is_dir()
    ):  # another namespace: what is mounted is what there is
        group = mount.point
    yield group
    while group != mount.point:
        group = group.parent
        yield group


def _paths(proc: Path) -> dict[int, str]:
    """The group of this process in each version that can limit memory."""
    found: dict[int, str] = {}
    for line in _text(proc / "self" / "cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            found[2] = path
        elif "memory" in controllers.split(","):
            found[1] = path
    return found


@lru_cache(maxsize=8)
def _mounts(proc: Path) -> tuple[Mount, ...]:
    """Where cgroups are mounted, which does not change while a process runs."""
    found = []
    for line in _text(proc / "self" / "mountinfo").splitlines():
        mounted, _, kind = line.partition(" - ")
        root, point = mounted.split()[3:5]
        name, *_, options = kind.split()
        if name == "cgroup2" or (name == "cgroup" and "memory" in options.split(",")):
            found.append(Mount(Path(_unescaped(point)), root, 2 if name == "cgroup2" else 1))
    return tuple(found)


def _unescaped(path: str) -> str:
    return path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def _of_limits(proc: Path) -> Iterator[Room]:
    """What the limits of the process itself leave."""
    if sys.platform == "win32":
        return
    size, data = _taken(proc)
    for name, taken in (("RLIMIT_AS", size), ("RLIMIT_DATA", data)):
        limit = resource.getrlimit(getattr(resource, name))[0]
        if limit != resource.RLIM_INFINITY and 0 <= limit < _NO_LIMIT:
            yield Room(max(0, limit - taken), name)


def _taken(proc: Path) -> tuple[int, int]:
    """Bytes of addresses, and of data, that this process has."""
    pages = _text(proc / "self" / "statm").split()
    if len(pages) < 6:
        return 0, 0
    page = os.sysconf("SC_PAGE_SIZE")
    return int(pages[0]) * page, int(pages[5]) * page


def _number(path: Path) -> int | None:
    """The number in a file; None where there is none, or where it says ``max``."""
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def _line(path: Path, name: str) -> int | None:
    """The number after ``name`` in a file of lines."""
    for line in _text(path).splitlines():
        first, _, rest = line.partition(" ")
        if first == name:
            return int(rest.split()[0])
    return None


def _text(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY)  # a fifth of the time of Path.read_text
    except OSError:  # not on this system, or not for us to read
        return ""
    try:
        return os.read(handle, _MOST).decode(errors="replace")
    except OSError:
        return ""
    finally:
        os.close(handle)
