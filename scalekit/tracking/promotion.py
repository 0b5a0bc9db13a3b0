"""``sk.promote`` and ``sk.rollback``: what is in production, and why."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from scalekit.config import resolve
from scalekit.errors import InvalidOperationError, PromotionRefusedError, RunNotFoundError
from scalekit.tracking.decision import PREVIOUS, PRODUCTION, Decision, objections
from scalekit.tracking.draft import add_fit, discard, make_draft, publish
from scalekit.tracking.loading import run_of
from scalekit.tracking.mirroring import mirror_aliases, mirror_uri, mirror_version
from scalekit.tracking.names import check_name
from scalekit.tracking.opened import Run
from scalekit.tracking.plain import hidden, plain
from scalekit.tracking.registry import (
    ModelVersion,
    move_aliases,
    read_aliases,
    read_version,
    register,
)
from scalekit.tracking.results import Fitted
from scalekit.tracking.store import RunStore

_LATEST = 200
"""Runs among which a fitted object's own is looked for."""


def promote(
    name: str,
    decision: Decision | None = None,
    *,
    model: Any = None,
    force: str | None = None,
    root: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, object] | None = None,
) -> ModelVersion:
    """Put a model into production: a new version, to which the alias ``production`` is moved.

    The version that was in production stays registered, as ``previous``; :func:`rollback` brings it back. The decision,
    its reasons, who promoted and when are kept in the version. Of two who promote at the same time one succeeds.

    Parameters
    ----------
    name
        The registered model; its first promotion makes it.
    decision
        A comparison's decision.
    model
        The fitted object, a :class:`~scalekit.tracking.opened.Run`, or ``"runs:/<id>"``; by default what the decision
        is about. A fitted object that none of the latest runs has gets one, in the project ``name``.
    force
        A reason to promote without a decision that allows it; it is kept, with what speaks against the model.
    root, storage_options
        The store; by default the setting ``store``.

    Raises
    ------
    PromotionRefusedError
        Where there is no decision, it did not pass, it stands on rows that a model was trained on, is about another
        model, or compares with another version than the one in production now; the message has all of it.
    AliasConflictError
        Where somebody else moved the alias meanwhile; production is theirs then.
    InvalidOperationError
        Where neither the decision nor the call names a model, or ``force`` is empty.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.dummy import DummyRegressor
    >>> model = DummyRegressor().fit([[0], [1]], [1.0, 3.0])
    >>> sk.promote("prices", model=model, force="nothing better yet").uri
    'models:/prices/1'
    >>> sk.load_model("models:/prices@production").predict([[5]]).tolist()
    [2.0]
    """
    store = RunStore(root, storage_options)
    check_name(name, "model")
    known = read_aliases(store, name)
    current = known.versions.get(PRODUCTION)
    against = objections(decision, None if current is None else f"models:/{name}/{current}")
    against += _other_model(decision, model)
    _check_force(name, against, force)
    run = _run_of_model(store, name, decision, model)
    version = register(
        store,
        name,
        project=run.record.project,
        run=run.id,
        sha256=str((run.record.model or {})["sha256"]),
        decision=None if decision is None else plain(dict(decision.to_dict())),
        reasons=tuple(hidden(text) for text in (against or (decision.reasons if decision else ()))),
        forced=hidden(force) if force and against else None,
        replaced=current,
    )
    why = f"promoted version {version.version}" + (f", forced: {force}" if version.forced else "")
    changes = {PRODUCTION: version.version, PREVIOUS: current}
    after = move_aliases(store, name, changes, known, why)
    if (uri := mirror_uri(resolve())) is not None:
        mirror_version(version, run, after, uri)
    return version


def rollback(
    name: str,
    *,
    reason: str = "",
    root: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, object] | None = None,
) -> ModelVersion:
    """Put the version back into production that was there before; again, and it is the one before that.

    Parameters
    ----------
    name
        The registered model.
    reason
        Why; it is kept.
    root, storage_options
        The store; by default the setting ``store``.

    Returns
    -------
    ModelVersion
        What is in production now.

    Raises
    ------
    RunNotFoundError
        Where there is no such model, or no version before the one in production.
    AliasConflictError
        Where somebody else moved the alias meanwhile.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.dummy import DummyRegressor
    >>> for constant in (1.0, 2.0):
    ...     model = DummyRegressor().fit([[0]], [constant])
    ...     _ = sk.promote("prices", model=model, force="an example")
    >>> sk.rollback("prices", reason="worse on Mondays").version
    1
    """
    store = RunStore(root, storage_options)
    known = read_aliases(store, name)
    before = known.versions.get(PREVIOUS)
    if before is None:
        current = read_version(store, name, known.versions.get(PRODUCTION, 1))
        raise RunNotFoundError(
            f"{name} has no version before {current.uri}, which is in production: there is nothing to go back to"
        )
    version = read_version(store, name, before)
    left = known.versions[PRODUCTION]
    why = f"rolled back from version {left} to {before}" + (f": {reason}" if reason else "")
    after = move_aliases(store, name, {PRODUCTION: before, PREVIOUS: version.replaced}, known, why)
    if (uri := mirror_uri(resolve())) is not None:
        mirror_aliases(name, after, uri)
    return version


def _check_force(name: str, against: tuple[str, ...], force: str | None) -> None:
    if force is not None and not force.strip():
        raise InvalidOperationError(
            "force= is the reason for promoting the model all the same: say it"
        )
    if against and force is None:
        listed = "".join(f"\n- {text}" for text in against)
        raise PromotionRefusedError(
            f"{name} was not promoted:{listed}\nforce='a reason' promotes it all the same, and the reason is kept"
        )


def _other_model(decision: Decision | None, model: Any) -> tuple[str, ...]:
    """An objection where the decision is about another model than the one that is to be promoted."""
    if decision is None or model is None or decision.candidate is None:
        return ()
    if model is decision.candidate or _names(model) & _names(decision.candidate):
        return ()
    return ("the decision is about another model than the one that was given",)


def _names(model: Any) -> set[str]:
    """The identifiers by which a run is named; nothing for a fitted object."""
    if isinstance(model, Run):
        return {model.id}
    return (
        {model.removeprefix("runs:/").partition("/")[0].upper()}
        if isinstance(model, str)
        else set()
    )


def _run_of_model(store: RunStore, name: str, decision: Decision | None, model: Any) -> Run:
    """The run that has the model; a fitted object is saved in a new one."""
    found = model if model is not None or decision is None else decision.candidate
    if found is None:
        raise InvalidOperationError(
            f"promote({name!r}, ...) does not know which model: give model=, a fitted object or 'runs:/<id>'"
        )
    if isinstance(found, Run | str):
        run = found if isinstance(found, Run) else run_of(found, store)
        if "sha256" not in (run.record.model or {}):
            raise InvalidOperationError(
                f"{run.place} has no saved model: give the fitted object as model="
            )
        return run
    return _run_of_object(store, name, found)


def _run_of_object(store: RunStore, name: str, model: Any) -> Run:
    """The run that a fitted object was saved in, if its pickle is the same now; else a new one."""
    draft = make_draft(store, name, tags={"promoted": name}, mlflow=mirror_uri(resolve()))
    add_fit(draft, Fitted(model))
    saved = draft.sections["model"]
    if "sha256" not in saved:
        discard(draft)
        raise InvalidOperationError(f"the model cannot be promoted: {saved['error']}")
    for run in reversed(store.runs(last=_LATEST)):
        if (run.record.model or {}).get("sha256") == saved["sha256"]:
            discard(draft)
            return run
    return publish(draft)
