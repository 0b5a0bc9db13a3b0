"""Who would run a query: whether the backend can, the cluster is there, and its workers have the same software."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import polars as pl

from scalekit.backends.base import Backend
from scalekit.backends.preflight.finding import Finding, ok, raised, warning
from scalekit.backends.preflight.query import Query
from scalekit.backends.registry import get_backend
from scalekit.backends.tasks.backend import TaskBackend
from scalekit.backends.tasks.cluster import Cluster, Resources
from scalekit.backends.tasks.preflight import is_here
from scalekit.backends.tasks.versions import (
    Versions,
    VersionsDifferError,
    check_versions,
    other_versions,
)
from scalekit.errors import (
    ConfigError,
    ExecutionError,
    MissingDependencyError,
    ScalekitError,
    UnsupportedError,
)
from scalekit.kernels.failures import execution_errors
from scalekit.plan.nodes import Plan, Scan
from scalekit.sources.memory import MemorySource
from scalekit.sources.sizes import size_text
from scalekit.tree import rewrite


def looked_at(query: Query, found: list[Finding]) -> Query:
    """``query`` with what there is to know of who would run it; what was found on the way goes to ``found``."""
    try:
        backend = get_backend(query.backend)
    except MissingDependencyError as error:
        found.append(raised("backend", error))
        return query
    query = replace(query, is_split=isinstance(backend, TaskBackend))
    query = _lowered(query, backend, found)
    if not isinstance(backend, TaskBackend):
        found.append(ok("cluster", f"none is needed: {query.backend} runs in this process"))
        return query
    return _attached(replace(query, can_ask=False), backend, found)


def _lowered(query: Query, backend: Backend, found: list[Finding]) -> Query:
    plan = query.optimized if query.is_split else rewrite(query.optimized, _without_rows)
    try:
        with execution_errors():
            program = backend.lower(plan, query.config)
    except UnsupportedError as error:
        found.append(raised("operations", error))
        return query
    found.append(ok("operations", f"{query.backend} can run every step"))
    return replace(query, program=program)


def _without_rows(plan: Plan) -> Plan:
    """Sources of which nothing is read: some backends open theirs when they lower a plan."""
    if not isinstance(plan, Scan):
        return plan
    return replace(plan, source=MemorySource(pl.DataFrame(schema=plan.source.schema)))


def _attached(query: Query, backend: TaskBackend, found: list[Finding]) -> Query:
    try:
        backend.check_address(query.config)
        cluster = backend.there(query.program, query.config)  # connects, and starts nothing
    except ConfigError as error:
        found.append(raised("address", error))
        return query
    except (MissingDependencyError, VersionsDifferError) as error:
        found.append(raised("versions", error))
        return query
    except ScalekitError as error:
        found.append(raised("cluster", error))
        return query
    if cluster is None:
        planned = backend.planned(query.config)
        found.append(ok("cluster", f"none is there: the query starts one here{_room(planned)}"))
        found.append(ok("versions", "workers that are started here run what this process runs"))
        return replace(query, resources=planned, can_ask=True)
    return _asked(replace(query, cluster=cluster), cluster, found)


def _asked(query: Query, cluster: Cluster, found: list[Finding]) -> Query:
    try:
        versions = cluster.versions()
        if versions:
            found += _versions(query, versions)
            if found[-1].level == "error":
                return query
        resources = cluster.resources
    except ExecutionError as error:
        found.append(raised("cluster", error))
        return query
    if not versions:
        found.append(_empty(query))
    else:
        where = f" at {cluster.address}" if cluster.address else ""
        found.append(ok("cluster", f"{query.backend}{where} is there{_room(resources)}"))
    query = replace(query, resources=resources, can_ask=bool(versions))
    found += _encryption(query, cluster)
    return query


def _room(resources: Resources | None) -> str:
    if resources is None:
        return ""
    return f", with {resources.slots} slots of {size_text(resources.memory)}"


def _empty(query: Query) -> Finding:
    return warning(
        "cluster",
        f"{query.backend} has no workers now, and a query gives up when none comes within a minute",
        "start some, or leave the address out: scalekit then starts a cluster on this machine",
    )


def _versions(query: Query, versions: Mapping[str, Versions]) -> Iterator[Finding]:
    if query.config.ship:
        versions = {
            name: told for name, told in versions.items() if told.scalekit or not told.polars
        }
    for text in other_versions(versions):
        yield warning(
            "versions", text, "install the same ones where functions or types do not arrive"
        )
    try:
        check_versions(query.backend.capitalize(), query.backend, versions)
    except (MissingDependencyError, VersionsDifferError) as error:
        yield raised("versions", error)
        return
    yield ok("versions", "Python, Polars and scalekit are the same here and on all workers")


def _encryption(query: Query, cluster: Cluster) -> Iterator[Finding]:
    host = (
        urlsplit(f"//{cluster.address.rpartition('://')[2]}").hostname if cluster.address else None
    )
    is_away = bool(query.hosts) or (host is not None and not is_here(host))
    if not is_away:
        yield ok("address", "nothing leaves this machine")
    elif cluster.is_encrypted:
        yield ok("address", "the connection to the cluster is encrypted")
    else:
        yield warning(
            "address",
            f"{cluster.address or query.hosts[0]} is on another machine and not encrypted: whoever is on the way can "
            "read the data, and run code on the workers",
            "start the cluster with TLS, or use it in a private network only",
        )
