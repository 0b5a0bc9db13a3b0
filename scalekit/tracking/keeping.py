"""What fits and evaluations leave, inside a block and outside of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scalekit.config import resolve
from scalekit.tracking import draft as drafts
from scalekit.tracking.block import ACTIVE, PAUSED, draft_for, kept
from scalekit.tracking.draft import Draft
from scalekit.tracking.results import Evaluated, Fitted


@contextmanager
def untracked() -> Iterator[None]:
    """Leave nothing of fits and evaluations in this block: they are steps of something that leaves a run itself."""
    token = PAUSED.set(True)
    try:
        yield
    finally:
        PAUSED.reset(token)


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
    block = ACTIVE.get()
    if PAUSED.get() or (block is None and config.track is not True):
        return None
    draft = draft_for(None, block, config)
    is_kept = kept(lambda: drafts.add_fit(draft, fitted), draft)
    if is_kept and block is None:
        is_kept = kept(lambda: drafts.publish(draft), draft)
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
        if kept(lambda: drafts.add_evaluation(draft, evaluated), draft) and not self._is_own:
            kept(lambda: drafts.publish(draft), draft)
            draft.model = None  # nothing more belongs to it, and a block may see many models


def open_evaluation(model: Any = None) -> OpenEvaluation | None:
    """The run that an evaluation of ``model`` will leave, or None where nothing is kept.

    Inside a block it is kept, outside unless the setting ``track`` is false. An evaluation of a model that was fitted
    in the block belongs to the run of that fit.
    """
    config = resolve()
    block = ACTIVE.get()
    if PAUSED.get() or (block is None and config.track is False):
        return None
    draft = draft_for(model, block, config)
    return OpenEvaluation(draft.id, draft, block is not None and draft is block.own)
