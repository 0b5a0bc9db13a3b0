"""``sk.track``: a block of code that leaves a run, and what fits and evaluations leave inside and outside of one."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from scalekit.config import Config, resolve
from scalekit.errors import InvalidOperationError, ScalekitError, TrackingWarning
from scalekit.tracking import draft as drafts
from scalekit.tracking.draft import Draft
from scalekit.tracking.mirroring import mirror_uri
from scalekit.tracking.plain import hidden, plain
from scalekit.tracking.record import Measured
from scalekit.tracking.results import Evaluated, Fitted
from scalekit.tracking.store import RunStore

DEFAULT_PROJECT = "default"
"""The project of runs outside every ``with sk.track(...)``."""


class ActiveRun:
    """The run of a ``with sk.track(...)`` block: name it, add to it; it is visible to others when the block ends.

    Logs come from the process that opened the run: workers of a cluster have none, and it cannot be pickled.

    Attributes
    ----------
    id
        Its identifier, by which ``sk.open_run`` finds it later.
    project
        Where it belongs.
    """

    def __init__(self, block: _Block) -> None:
        self._block = block

    @property
    def id(self) -> str:
        """The identifier, a ULID."""
        return self._block.own.id

    @property
    def project(self) -> str:
        """The project that it belongs to."""
        return self._block.own.project

    def __repr__(self) -> str:
        return f"ActiveRun({self.project}/{self.id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a run is logged to by the process that opened it: return the values, and log them here"
        )

    def log(
        self,
        *,
        parameters: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | Measured] | None = None,
        tags: Mapping[str, str] | None = None,
        files: Mapping[str, bytes | str | Path] | None = None,
    ) -> None:
        """Add to the run; what is given twice under one name is there as it was given last.

        Parameters
        ----------
        parameters
            Values that say what was tried. Secrets in them are replaced by ``***``.
        metrics
            Numbers that say how it went.
        tags
            Texts to find it by.
        files
            Name below ``files/`` to bytes, text, or the ``Path`` of a file, which is copied now.

        Raises
        ------
        InvalidOperationError
            For a metric that is no number, a name that leaves the run's folder, or a path without a file; after the
            end of the block.

        Examples
        --------
        >>> import scalekit as sk
        >>> with sk.track("churn") as run:
        ...     run.log(parameters={"window": "90d"}, metrics={"auc": 0.81}, files={"notes.txt": "first try"})
        >>> sk.open_run(run.id).record.metrics["auc"].value
        0.81
        """
        own = self._block.own
        if self._block.is_over:
            raise InvalidOperationError(
                f"run {own.id} is published, and runs never change: open another"
            )
        measured = {name: _measured(name, value) for name, value in (metrics or {}).items()}
        for name, content in (files or {}).items():
            drafts.add_file(own, name, content)
        own.parameters |= plain(dict(parameters or {}))
        own.metrics |= measured
        own.tags = {**own.tags, **_texts(tags)}


@contextmanager
def track(
    project: str,
    *,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    root: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, object] | None = None,
    save_models: bool = True,
) -> Iterator[ActiveRun]:
    """Leave a run of what is done in a ``with`` block: fits, evaluations, and what is logged.

    The first model that is fitted or evaluated belongs to the block's own run. Each further one leaves a run of its
    own, whose ``parent`` is the block's: a loop over ten candidates leaves ten runs to compare. A block that ends by
    an exception leaves its run too, with ``status`` ``"failed"``.

    Blocks belong to the thread or asyncio task that opened them, and nest.

    Parameters
    ----------
    project
        What the work is for: a folder of the store.
    name
        What to call the run; by default as the model.
    tags
        Texts to find it by.
    root
        A folder, or a URL such as ``"s3://team/runs"``; by default the setting ``store``: ``.scalekit`` here.
    storage_options
        Options of the object store; the environment has them where none are given.
    save_models
        Whether models are saved with their runs.

    Raises
    ------
    TargetError, AccessError
        Where runs cannot be kept there; before the block begins.
    InvalidOperationError
        Where a project cannot be called so.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.linear_model import LinearRegression
    >>> frame = sk.from_dict({"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})
    >>> with sk.track("prices", tags={"stage": "first look"}) as run:
    ...     model = sk.fit(LinearRegression(), frame, target="y")
    >>> sk.open_run(run.id).load_model().coef_.round(6).tolist()
    [2.0]
    """
    config = resolve()
    outer = _active.get()
    store = RunStore(config.store if root is None else root, storage_options)
    own = drafts.make_draft(
        store,
        project,
        name=hidden(name or ""),
        tags=_texts(tags),
        parent=outer.own.id if outer else None,
        save_models=save_models,
        mlflow=mirror_uri(config),
    )
    own.folder()  # a place that cannot be written to is found out now, not after an hour
    block = _Block(own)
    token = _active.set(block)
    try:
        yield ActiveRun(block)
    except BaseException as error:
        _end(block, error)
        raise
    else:
        _end(block)
    finally:
        _active.reset(token)


@contextmanager
def untracked() -> Iterator[None]:
    """Leave nothing of fits and evaluations in this block: they are steps of something that leaves a run itself."""
    token = _paused.set(True)
    try:
        yield
    finally:
        _paused.reset(token)


def track_fit(fitted: Fitted) -> str | None:
    """Keep a fit that was just done, where somebody wants it kept; called by ``sk.fit`` at its end.

    Inside a block it is kept, outside where the setting ``track`` is true. A run that cannot be written is a warning:
    the model is not lost by it.

    Returns
    -------
    str or None
        The run's identifier; None where nothing is kept.
    """
    config = resolve()
    block = _active.get()
    if _paused.get() or (block is None and config.track is not True):
        return None
    draft = _draft_for(None, block, config)
    is_kept = _kept(lambda: drafts.add_fit(draft, fitted), draft)
    if is_kept and block is None:
        is_kept = _kept(lambda: drafts.publish(draft), draft)
    return draft.id if is_kept else None


@dataclass(frozen=True)
class OpenEvaluation:
    """The run that an evaluation will leave; its identifier is known before the report is drawn.

    Attributes
    ----------
    run_id
        The run's identifier.
    """

    run_id: str
    _draft: Draft
    _is_own: bool

    def leave(self, evaluated: Evaluated) -> None:
        """Keep the evaluation; a run that cannot be written is a warning."""
        draft = self._draft
        if _kept(lambda: drafts.add_evaluation(draft, evaluated), draft) and not self._is_own:
            _kept(lambda: drafts.publish(draft), draft)
            draft.model = None  # nothing more belongs to it, and a block may see many models


def open_evaluation(model: Any = None) -> OpenEvaluation | None:
    """The run that an evaluation of ``model`` will leave, or None where nothing is kept.

    Inside a block it is kept, outside unless the setting ``track`` is false. An evaluation of a model that was fitted
    in the block belongs to the run of that fit.
    """
    config = resolve()
    block = _active.get()
    if _paused.get() or (block is None and config.track is False):
        return None
    draft = _draft_for(model, block, config)
    return OpenEvaluation(draft.id, draft, block is not None and draft is block.own)


@dataclass
class _Block:
    """The drafts of one ``with sk.track(...)``: its own, and those of further models."""

    own: Draft
    others: list[Draft] = field(default_factory=list)
    is_over: bool = False

    @property
    def open(self) -> list[Draft]:
        return [draft for draft in (self.own, *self.others) if not draft.is_evaluated]


_active: ContextVar[_Block | None] = ContextVar("scalekit_run", default=None)
_paused: ContextVar[bool] = ContextVar("scalekit_untracked", default=False)


def _draft_for(model: Any, block: _Block | None, config: Config) -> Draft:
    """The draft that a fit (no model yet) or an evaluation of a model belongs to; a new one where there is none."""
    if block is None:
        store = RunStore(config.store)
        return drafts.make_draft(store, DEFAULT_PROJECT, mlflow=mirror_uri(config))
    if model is not None:
        for draft in block.open:
            if draft.model is model:
                return draft
    own = block.own
    if own.model is None and not own.is_evaluated:
        return own
    draft = drafts.make_draft(
        own.store,
        own.project,
        tags=own.tags,
        parent=own.id,
        save_models=own.save_models,
        mlflow=own.mlflow,
    )
    block.others.append(draft)
    return draft


def _end(block: _Block, error: BaseException | None = None) -> None:
    """Publish what the block left: fits that were not evaluated, then its own run."""
    block.is_over = True
    for draft in block.others:
        if not draft.is_evaluated and draft.staged is not None:
            _kept(lambda draft=draft: drafts.publish(draft), draft)  # type: ignore[misc]
    if error is None:
        drafts.publish(block.own)
    else:
        _kept(lambda: drafts.publish(block.own, error), block.own)


def _kept(action: Callable[[], object], draft: Draft) -> bool:
    """Whether ``action`` went well; what it raises is a warning, so that a result is never lost with its run."""
    try:
        action()
    except (ScalekitError, OSError) as error:
        drafts.discard(draft)
        warnings.warn(
            f"run {draft.id} was not kept: {hidden(str(error))}", TrackingWarning, stacklevel=5
        )
        return False
    return True


def _measured(name: str, value: float | Measured) -> Measured:
    if isinstance(value, Measured):
        return value
    try:
        return Measured(float(value))
    except (TypeError, ValueError):
        raise InvalidOperationError(
            f"metric {name!r} is {value!r}: give a number, or log it under parameters="
        ) from None


def _texts(tags: Mapping[str, str] | None) -> dict[str, str]:
    return {
        hidden(str(name)): str(plain(str(value), str(name))) for name, value in (tags or {}).items()
    }
