"""Before anything is sent: whether workers on other machines can read and write what a query names here."""

from __future__ import annotations

import os
import socket
from functools import lru_cache

from scalekit.backends.tasks.cluster import Cluster
from scalekit.config import Config
from scalekit.errors import AccessError
from scalekit.physical.nodes import Physical, ScanPartitions
from scalekit.targets.base import Target
from scalekit.tree import walk


def check_sources(program: Physical, cluster: Cluster, config: Config) -> None:
    """Refuse a path of this machine on a cluster that runs tasks on others.

    Raises
    ------
    AccessError
        Naming the path and a machine.
    """
    hosts = other_hosts(cluster)
    if not hosts:
        return
    for node in walk(program):
        paths = node.source.local_paths() if isinstance(node, ScanPartitions) else ()
        for path in paths:
            if not is_shared(path, config):
                raise AccessError(
                    f"{path!r} is a path of this machine, and the cluster runs tasks on {hosts[0]}: put the files in an "
                    "object store, or, where every machine has them under this path, say so with "
                    f"shared_paths={os.path.dirname(path)!r}; backend='polars' reads them here"
                )


def reaches(target: Target, cluster: Cluster, config: Config) -> bool:
    """Whether the workers write to the place that is meant: a path here may be another one there."""
    place = target.location
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
