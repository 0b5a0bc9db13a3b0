"""``sk.load_model`` and ``sk.open_run``: from a name to a run and its model."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from scalekit.errors import CorruptFileError, InvalidOperationError, RunNotFoundError
from scalekit.tracking.models import ON_MISMATCH, OnMismatch
from scalekit.tracking.names import is_run_id
from scalekit.tracking.opened import Run
from scalekit.tracking.registry import ModelVersion, model_names, read_aliases, read_version
from scalekit.tracking.store import RunStore

_MODEL = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))?/?")
_RUN = re.compile(r"runs:/(?P<id>[0-9A-Za-z]+)(?:/model)?/?")


def load_model(
    name: str | Run,
    *,
    root: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, object] | None = None,
    on_mismatch: OnMismatch = "error",
) -> Any:
    """Load a saved model: a genuine fitted object.

    The versions that it was saved under are compared with those installed, and the file with its SHA-256, before it
    is loaded. A pickle runs code when it is loaded: load models only from stores whose writers you trust.

    Parameters
    ----------
    name
        ``"models:/churn@production"`` by alias, ``"models:/churn/3"`` by version, ``"runs:/<id>"`` by run; or a run.
    root, storage_options
        The store; by default the setting ``store``.
    on_mismatch
        ``"error"``, ``"warn"`` or ``"ignore"`` where installed versions are not those it was saved under.

    Raises
    ------
    RunNotFoundError
        Where there is no such model, version, alias or run; the message lists those that are there.
    ModelVersionError
        Where versions of Python or of the packages that the model is made of differ.
    CorruptFileError
        Where the file is not the one that was saved.
    InvalidOperationError
        Where the name is none of these.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.dummy import DummyRegressor
    >>> model = DummyRegressor().fit([[0], [1]], [1.0, 3.0])
    >>> version = sk.promote("prices", model=model, force="an example")
    >>> sk.load_model("models:/prices/1").predict([[7]]).tolist()
    [2.0]
    """
    if on_mismatch not in ON_MISMATCH:
        raise InvalidOperationError(
            f"on_mismatch is {on_mismatch!r}; known: {', '.join(map(repr, ON_MISMATCH))}"
        )
    run = name if isinstance(name, Run) else run_of(name, RunStore(root, storage_options))
    return run.load_model(on_mismatch=on_mismatch)


def open_run(
    run_id: str,
    *,
    project: str | None = None,
    root: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, object] | None = None,
) -> Run:
    """Open a run: what it says of itself, its metrics, its report, its model.

    Parameters
    ----------
    run_id
        The identifier, or as much of its beginning or end as no other run has.
    project
        Where to look; by default in all projects.
    root, storage_options
        The store; by default the setting ``store``.

    Raises
    ------
    RunNotFoundError
        Where there is no such run, or more than one.

    Examples
    --------
    >>> import scalekit as sk
    >>> with sk.track("churn", name="first look") as run:
    ...     run.log(parameters={"rows": 1000})
    >>> sk.open_run(run.id[-8:]).record.parameters
    {'rows': 1000}
    """
    return RunStore(root, storage_options).open(run_id.removeprefix("runs:/"), project)


def run_of(name: str, store: RunStore) -> Run:
    """The run that a name of a model leads to.

    Raises
    ------
    RunNotFoundError
        Where there is none.
    CorruptFileError
        Where a version's model is not the one that was registered.
    """
    if found := _RUN.fullmatch(name):
        return store.open(found["id"])
    if is_run_id(name.upper()):
        return store.open(name)
    version = version_of(name, store)
    run = store.open(version.run, version.project)
    if (run.record.model or {}).get("sha256") != version.sha256:
        raise CorruptFileError(
            f"{version.uri}: {run.place} has another model than the one that was registered"
        )
    return run


def version_of(name: str, store: RunStore) -> ModelVersion:
    """The registered version that ``models:/...`` leads to now.

    Raises
    ------
    RunNotFoundError
        Where there is no such model, version or alias.
    InvalidOperationError
        Where the name does not say which version.
    """
    found = _MODEL.fullmatch(name)
    if found is None or not (found["alias"] or found["version"]):
        raise InvalidOperationError(
            f"model {name!r}: write 'models:/churn@production', 'models:/churn/3' or 'runs:/<id>'"
        )
    if found["version"]:
        return read_version(store, found["name"], int(found["version"]))
    aliases = read_aliases(store, found["name"]).versions
    if found["alias"] not in aliases:
        if not aliases:
            raise RunNotFoundError.missing(
                "model", found["name"], model_names(store), place=store.root
            )
        raise RunNotFoundError.missing(
            f"alias of {found['name']!r}", found["alias"], sorted(aliases), place=store.root
        )
    return read_version(store, found["name"], aliases[found["alias"]])
