"""Registered models: versions that never change, and aliases that are moved by compare-and-swap.

::

    <root>/registry/<name>/v<k>.json              one version: its run, its SHA-256, why it was promoted
    <root>/registry/<name>/aliases/<n>.json       all aliases after the n-th change; the highest n is in force

Each file is created only if it is absent, by an exclusive link on file systems and a conditional write in object
stores. Who moves an alias creates the number after the state that he read: of two who read the same state one is
too late, and is told so. Old states stay, as the history of what was in production when.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from scalekit.errors import AliasConflictError, CorruptFileError, RunNotFoundError, TrackingError
from scalekit.tracking.names import REGISTRY, check_name
from scalekit.tracking.plain import hidden, plain
from scalekit.tracking.store import RunStore
from scalekit.tracking.surroundings import machine

FORMAT = 1

_ATTEMPTS = 100


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """One version of a registered model.

    Attributes
    ----------
    name, version
        The model, and its number from 1.
    project, run
        The run that has the model.
    sha256
        Of the saved model.
    created, user, host
        When it was registered, in UTC, by whom and where.
    decision
        The decision, as a dictionary; None where it was forced without one.
    reasons
        Why it was promoted; where it was forced, what speaks against it.
    forced
        The reason that was given for promoting it all the same; None where the decision allowed it.
    replaced
        The version that was in production before; None where there was none.
    """

    name: str
    version: int
    project: str
    run: str
    sha256: str
    created: datetime
    user: str = ""
    host: str = ""
    decision: Mapping[str, Any] | None = None
    reasons: tuple[str, ...] = ()
    forced: str | None = None
    replaced: int | None = None

    @property
    def uri(self) -> str:
        """By which ``sk.load_model`` finds it, such as ``"models:/churn/3"``."""
        return f"models:/{self.name}/{self.version}"


@dataclass(frozen=True)
class Aliases:
    """The aliases of a model after one change.

    Attributes
    ----------
    number
        Of the change, from 1; 0 before the first.
    versions
        Alias to version.
    changed
        When, in UTC; None before the first change.
    user
        Who made it.
    reason
        Why.
    """

    number: int = 0
    versions: Mapping[str, int] = field(default_factory=dict)
    changed: datetime | None = None
    user: str = ""
    reason: str = ""


def model_names(store: RunStore) -> tuple[str, ...]:
    """Names of the registered models."""
    found = (name.split("/") for name in store.files.matching(REGISTRY, "*", "*"))
    listed = {n[1] for n in found if _number(n[2], "v") is not None}
    return tuple(sorted(listed))


def version_numbers(store: RunStore, name: str) -> tuple[int, ...]:
    """Numbers of the versions of a model, ascending; empty where there is no such model."""
    found = store.files.matching(REGISTRY, check_name(name, "model"), "*")
    numbers = (_number(place.rpartition("/")[2], "v") for place in found)
    return tuple(sorted(n for n in numbers if n is not None))


def read_version(store: RunStore, name: str, version: int) -> ModelVersion:
    """One version of a model.

    Raises
    ------
    RunNotFoundError
        Where there is no such model or version.
    """
    content = store.files.read(_version_file(check_name(name, "model"), version))
    if content is None:
        known = version_numbers(store, name)
        if not known:
            raise RunNotFoundError.missing("model", name, model_names(store), place=store.root)
        raise RunNotFoundError.missing(
            f"version of {name!r}", str(version), [str(k) for k in known], place=store.root
        )
    found = _parsed(content, f"{store.root}/{_version_file(name, version)}")
    found["created"] = datetime.fromisoformat(found["created"])
    found["reasons"] = tuple(found["reasons"])
    return ModelVersion(**{n: found[n] for n in ModelVersion.__dataclass_fields__ if n in found})


def register(store: RunStore, name: str, **facts: Any) -> ModelVersion:
    """Add a version, with the next number that nobody else took.

    Parameters
    ----------
    facts
        Fields of :class:`ModelVersion` that the caller knows.
    """
    here = machine()
    for _ in range(_ATTEMPTS):
        number = max(version_numbers(store, name), default=0) + 1
        version = ModelVersion(
            name=name,
            version=number,
            created=datetime.now(UTC),
            user=here["user"],
            host=here["host"],
            **facts,
        )
        content = json.dumps({"format": FORMAT, **plain(asdict(version))}, indent=1).encode()
        if store.files.create(_version_file(name, number), content):
            return version
    raise TrackingError(
        f"{name} is registered by others faster than its versions can be listed: try again"
    )


def read_aliases(store: RunStore, name: str) -> Aliases:
    """The aliases in force."""
    found = store.files.matching(REGISTRY, check_name(name, "model"), "aliases", "*")
    numbers = [n for place in found if (n := _number(place.rpartition("/")[2], "")) is not None]
    return read_change(store, name, max(numbers)) if numbers else Aliases()


def read_change(store: RunStore, name: str, number: int) -> Aliases:
    """The aliases after one change.

    Raises
    ------
    CorruptFileError
        Where the file is gone, or not what scalekit wrote.
    """
    place = _aliases_file(name, number)
    content = store.files.read(place)
    if content is None:
        raise CorruptFileError(f"{store.root}/{place} is gone")
    found = _parsed(content, f"{store.root}/{place}")
    changed = datetime.fromisoformat(found["changed"])
    return Aliases(number, found["versions"], changed, found["user"], found["reason"])


def history(store: RunStore, name: str) -> tuple[Aliases, ...]:
    """Every state of a model's aliases, the oldest first: what was in production when, and why."""
    last = read_aliases(store, name).number
    return tuple(read_change(store, name, number) for number in range(1, last + 1))


def move_aliases(
    store: RunStore, name: str, changes: Mapping[str, int | None], known: Aliases, reason: str
) -> Aliases:
    """Move aliases, if they are still as ``known`` says.

    Parameters
    ----------
    changes
        Alias to version; None takes an alias away.
    known
        The state that the caller read and decided on.
    reason
        Why; it is kept.

    Raises
    ------
    AliasConflictError
        Where somebody changed them since; nothing is changed then.
    """
    for alias in changes:
        check_name(alias, "alias")
    merged = {**known.versions, **changes}
    versions = {alias: number for alias, number in merged.items() if number is not None}
    changed, user = datetime.now(UTC), machine()["user"]
    after = Aliases(known.number + 1, versions, changed, user, hidden(reason))
    content = json.dumps({"format": FORMAT, **plain(asdict(after))}, indent=1).encode()
    if store.files.create(_aliases_file(name, after.number), content):
        return after
    now = read_aliases(store, name)
    shown = ", ".join(f"{alias} is version {k}" for alias, k in sorted(now.versions.items()))
    raise AliasConflictError(
        f"the aliases of {name} were changed meanwhile by {now.user or 'somebody'} ({now.reason}): {shown}. "
        "Nothing was changed by this call; compare with what is in production now"
    )


def _version_file(name: str, version: int) -> str:
    return f"{REGISTRY}/{name}/v{version}.json"


def _aliases_file(name: str, number: int) -> str:
    return f"{REGISTRY}/{name}/aliases/{number:08}.json"


def _number(file: str, prefix: str) -> int | None:
    digits = file.removeprefix(prefix).removesuffix(".json")
    is_named = file.startswith(prefix) and file.endswith(".json") and digits.isdecimal()
    return int(digits) if is_named else None


def _parsed(content: bytes, place: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
        if found["format"] <= FORMAT:
            return dict(found)
    except (ValueError, LookupError, TypeError) as error:
        raise CorruptFileError(f"{place} is not what scalekit wrote: {error}") from error
    raise CorruptFileError(
        f"{place} is of format {found['format']}, and this scalekit reads up to {FORMAT}: update scalekit"
    )
