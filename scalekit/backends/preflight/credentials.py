"""Credentials: whether those who read and write have any, and which of them travel with a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from scalekit.backends.preflight.finding import Finding, failure, ok, warning
from scalekit.backends.preflight.query import Query, whom
from scalekit.backends.tasks.questions import credentials, store_refusal
from scalekit.sources.access import Access, access_of, store_access
from scalekit.sources.redact import StorageOptions, redact
from scalekit.targets.base import FileTarget

STORES = {"s3": "Amazon S3", "gs": "Google Cloud Storage", "az": "Azure"}


def check_credentials(query: Query) -> Iterator[Finding]:
    """Whether stores and databases let workers in, and whether secrets are sent to other machines for it."""
    pairs = [(source.describe(), access_of(source)) for source in query.sources]
    found = [
        f for name, access in pairs if access is not None for f in _source(query, name, access)
    ]
    found += _target(query)
    if not found:
        found.append(ok("credentials", "nothing that is read or written needs any"))
    yield from dict.fromkeys(found)


def _source(query: Query, name: str, access: Access) -> Iterator[Finding]:
    if access.has_secrets:
        yield _travels(query, name)
    elif access.scheme in STORES and not access.options:
        yield _environment(query, access)
    elif access.scheme in STORES:
        yield ok("credentials", f"{name}: as its storage_options say, which hold no secret")


def _travels(query: Query, name: str) -> Finding:
    """What the query carries with it."""
    if not query.hosts:
        return ok("credentials", f"{name}: its secrets stay on this machine")
    is_open = query.cluster is not None and not query.cluster.is_encrypted
    return warning(
        "credentials",
        f"{name}: its secrets travel to {query.hosts[0]} within the tasks that read it"
        f"{', unencrypted' if is_open else ''}",
        "leave them out and give the workers credentials of their own: a role, a profile or variables",
    )


def _environment(query: Query, access: Access) -> Finding:
    """Workers that find credentials where they are, or not."""
    store = STORES[access.scheme]
    shown = redact(access.example)
    said = (
        query.everywhere(partial(store_refusal, access.example))
        if query.cluster and query.can_ask
        else {}
    )
    refused = {worker: why for worker, why in said.items() if why}
    if refused:
        why = next(iter(refused.values()))
        return failure(
            "credentials",
            f"{whom(list(refused))} cannot read {shown!r} ({why})",
            "give the workers a role, a profile or variables with credentials, or pass storage_options, which travel",
        )
    here = credentials(access.scheme)
    held = _held(query, access.scheme)
    bare = [worker for worker, names in held.items() if here and not names]
    if bare and not said:
        return _unlike(store, here, bare)
    names = f"this process has {', '.join(here)}" if here else "the store asks for none"
    return ok("credentials", f"{store}: {names}")


def _held(query: Query, scheme: str) -> Mapping[str, tuple[str, ...]]:
    """The names of what each worker has, as far as one can be asked."""
    return query.everywhere(partial(credentials, scheme)) if query.can_ask else {}


def _unlike(store: str, here: tuple[str, ...], bare: list[str]) -> Finding:
    return warning(
        "credentials",
        f"{store}: this process has {', '.join(here)}, and {whom(bare)} nothing like it",
        "give the workers a role, a profile or variables with credentials, or pass storage_options, which travel",
    )


def _target(query: Query) -> Iterator[Finding]:
    target = query.target
    if not isinstance(target, FileTarget) or target.location.scheme not in STORES:
        return
    access = store_access(target.path, StorageOptions.of(target.options))
    store = STORES[access.scheme]
    if access.has_secrets:
        yield _travels(query, target.describe())
        return
    held = _held(query, access.scheme)
    bare = [worker for worker, names in held.items() if not names]
    if access.options or not bare:
        yield ok("credentials", f"{target.describe()}: credentials of {store} are there")
        return
    yield warning(
        "credentials",
        f"{target.describe()}: {whom(bare)} has no credentials of {store} in its environment",
        "pass storage_options, or set them there; a role of the machine itself is not seen here",
    )
