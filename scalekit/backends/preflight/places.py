"""Whether workers have what a query names: files and databases that it reads, and the place that it writes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scalekit.backends.preflight.finding import Finding, failure, ok, warning
from scalekit.backends.preflight.query import Query, whom
from scalekit.backends.tasks.preflight import is_shared, reaches, told, unshared, way_out
from scalekit.backends.tasks.questions import does_not_answer, is_writable, unreadable
from scalekit.sources.access import access_of
from scalekit.sources.sizes import counted
from scalekit.storage import Location


def check_paths(query: Query) -> Iterator[Finding]:
    """Whether workers have the paths of this machine that the query reads."""
    paths = tuple(dict.fromkeys(p for source in query.sources for p in source.local_paths()))
    apart = unshared(query.sources, query.config) if query.hosts else []
    for path in apart:
        yield failure("paths", told(path, query.hosts), way_out(path))
    asked = tuple(path for path in paths if path not in apart)
    lacking = _lacking(query, asked)
    for path, workers in lacking.items():
        yield failure(
            "paths",
            f"{path!r} cannot be read by {whom(workers)}: it is not there, or its owner does not allow it",
            "look for a file that was moved, a disk that is not mounted there, or permissions",
        )
    if not apart and not lacking:
        who = "all workers" if query.is_split and query.can_ask else "this process"
        read = f"{who} can read {counted(len(paths), 'path')}" if paths else "no local path is read"
        yield ok("paths", read)
    yield from _sent(query)


def _lacking(query: Query, paths: tuple[str, ...]) -> dict[str, list[str]]:
    """The workers that cannot read a path, by the path."""
    found: dict[str, list[str]] = {}
    ask = partial(unreadable, paths)
    answers = query.everywhere(ask) if query.can_ask else {"this process": ask()}
    for worker, missing in answers.items():
        for path in missing:
            found.setdefault(path, []).append(worker)
    return found


def _sent(query: Query) -> Iterator[Finding]:
    """What workers cannot read by themselves."""
    bound = [s for s in query.sources if not s.travels() and getattr(s, "home", None) is None]
    if query.is_split and bound:
        more = f" and {len(bound) - 1} more" if len(bound) > 1 else ""
        yield ok(
            "paths",
            f"{bound[0].describe()}{more}: rows of this process, which it sends to the workers once",
        )


def check_databases(query: Query) -> Iterator[Finding]:
    """Whether the databases answer those who will ask them."""
    if not query.can_ask:
        return
    accesses = [access_of(source) for source in query.sources]
    servers = dict.fromkeys(a.server for a in accesses if a is not None and a.server is not None)
    for host, port in servers:
        silent = [
            w
            for w, is_silent in query.everywhere(partial(does_not_answer, host, port)).items()
            if is_silent
        ]
        if silent:
            yield failure(
                "databases",
                f"the database at {host}:{port} does not answer {whom(silent)}",
                "open the network between them, or run it with backend='polars'",
            )
        else:
            yield ok("databases", f"the database at {host}:{port} answers")


def check_target(query: Query) -> Iterator[Finding]:
    """Whether the place that is to be written can be reached by those who write."""
    place = query.target.location if query.target is not None else None
    if query.target is None or place is None:
        return
    if not place.is_local:
        yield ok("target", f"{query.target.describe()} is not on this machine's disk")
        return
    if query.cluster is not None and not reaches(place, query.cluster, query.config):
        yield warning(
            "target",
            f"{place.path!r} is a path of this machine: all rows come here to be written",
            "write to an object store, or name what all machines share with shared_paths",
        )
    yield _written(query, place)


def _written(query: Query, place: Location) -> Finding:
    is_here = query.hosts and not is_shared(place.path, query.config)
    ask = partial(is_writable, place.path)
    answers = query.everywhere(ask) if query.can_ask and not is_here else {"this process": ask()}
    refused = [worker for worker, may in answers.items() if not may]
    if refused:
        return failure(
            "target",
            f"{whom(refused)} may not write to {place.path!r}",
            "choose a folder that they may write to, or change its permissions",
        )
    return ok("target", f"{place.path!r} can be written to")
