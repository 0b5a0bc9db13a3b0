"""The block that code runs in, and the drafts of the runs that it will leave."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from scalekit.config import Config
from scalekit.errors import ScalekitError, TrackingWarning
from scalekit.tracking import draft as drafts
from scalekit.tracking.draft import Draft
from scalekit.tracking.mirroring import mirror_uri
from scalekit.tracking.plain import hidden
from scalekit.tracking.store import RunStore

DEFAULT_PROJECT = "default"
"""The project of runs outside every ``with sk.track(...)``."""


@dataclass
class Block:
    """The drafts of one ``with sk.track(...)``: its own, and those of further models."""

    own: Draft
    others: list[Draft] = field(default_factory=list)
    is_over: bool = False

    @property
    def open(self) -> list[Draft]:
        """Drafts that an evaluation may still belong to."""
        return [draft for draft in (self.own, *self.others) if not draft.is_evaluated]


ACTIVE: ContextVar[Block | None] = ContextVar("scalekit_run", default=None)
PAUSED: ContextVar[bool] = ContextVar("scalekit_untracked", default=False)


def draft_for(model: Any, block: Block | None, config: Config) -> Draft:
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


def end(block: Block, error: BaseException | None = None) -> None:
    """Publish what the block left: fits that were not evaluated, then its own run."""
    block.is_over = True
    for draft in block.others:
        if not draft.is_evaluated and draft.staged is not None:
            kept(lambda draft=draft: drafts.publish(draft), draft)  # type: ignore[misc]
    if error is None:
        drafts.publish(block.own)
    else:
        kept(lambda: drafts.publish(block.own, error), block.own)


def kept(action: Callable[[], object], draft: Draft) -> bool:
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
