"""Before anything is sent: whether workers on other machines can read and write what a query names here."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from functools import lru_cache

from scalekit.backends.tasks.cluster import Cluster
from scalekit.config import Config
from scalekit.errors import AccessError
from scalekit.physical.nodes import Physical, ScanPartitions
from scalekit.sources.base import Source
from scalekit.storage import Location
from scalekit.tree import walk


def check_sources(program: Physical, cluster: Cluster, config: Config) -> None:
    """Refuse a path of this machine on a cluster that runs tasks on others.

    Raises
    ------
    AccessError
        Naming the path and a machine.
    """
    hosts = other_hosts(cluster)
    sources = [node.source for node in walk(program) if isinstance(node, ScanPartitions)]
    for path in unshared(sources, config) if hosts else ():
        raise AccessError(f"{told(path, hosts)}: {way_out(path)}")


def unshared(sources: Iterable[Source], config: Config) -> list[str]:
    """The paths of sources that machines are not said to share."""
    paths = dict.fromkeys(path for source in sources for path in source.local_paths())
    return [path for path in paths if not is_shared(path, config)]


def told(path: str, hosts: Sequence[str]) -> str:
    """That workers do not have what is meant by a path."""
    return f"{path!r} is a path of this machine, and the cluster runs tasks on {hosts[0]}"


def way_out(path: str) -> str:
    """What to do about a path that workers do not have."""
    return (
        "put the files in an object store, or, where every machine has them under this path, say so with "
        f"shared_paths={os.path.dirname(path)!r}; backend='polars' reads them here"
    )


def reaches(place: Location | None, cluster: Cluster, config: Config) -> bool:
    """Whether the workers write to the place that is meant: a path here may be another one there."""
    if place is None or not place.is_local:
        return True
    return not other_hosts(cluster) or is_shared(place.path, config)


def other_hosts(cluster: Cluster) -> list[str]:
    """The machines that run tasks and are not this one."""
    return sorted(host for host in set(cluster.resources.hosts) if not is_here(host))


def is_shared(path: str, config: Config) -> bool:
    """Whether the settings say that all machines have the same below this path."""
    folders = (config.shared_paths or "").split(os.pathsep)
    given = [os.path.abspath(os.path.expanduser(folder)) for folder in folders if folder.strip()]
    return any(os.path.commonpath([path, folder]) == folder for folder in given)


@lru_cache(maxsize=1024)
def is_here(host: str) -> bool:
    """Whether an address or a name is this machine's: a socket can only be bound to one's own.

    Examples
    --------
    >>> is_here("127.0.0.1"), is_here("192.0.2.1")
    (True, False)
    """
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return any(_can_bind(family, address) for family, _, _, _, address in found)


def _can_bind(family: int, address: tuple[object, ...]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        try:
            tried.bind((address[0], 0))
        except OSError:
            return False
        return True
