"""What a write leaves beside its target when the process is ended that was at it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scalekit.storage import filesystem as fs
from scalekit.storage.workspace import workspace_of
from scalekit.targets.base import FileTarget, Target
from scalekit.targets.cleanup import discard_staging, is_swapped

_YOUNG = 0.5
"""Seconds in which another write may not have taken its new folder into possession yet."""


@contextmanager
def nothing_staged(target: Target) -> Iterator[None]:
    """Remove what was staged for a local target in this block by a process that was ended.

    One that ends by itself removes that; one that is ended cannot, and the next write would only after a day.
    """
    workspace = _workspace(target)
    before = _folders(workspace)
    try:
        yield
    except BaseException:  # an interrupt ends it too
        with suppress(OSError):
            _discard(workspace, before)
        raise


def _discard(workspace: Path | None, before: set[Path]) -> None:
    for folder in _folders(workspace) - before:
        is_young = time.time() - folder.stat().st_mtime < _YOUNG
        if not (is_young or fs.is_leased(folder) or is_swapped(folder)):
            discard_staging(folder)
    if workspace is not None:
        fs.remove_dir(workspace)


def _workspace(target: Target) -> Path | None:
    if isinstance(target, FileTarget) and target.location.is_local:
        return workspace_of(Path(target.location.path))
    return None


def _folders(workspace: Path | None) -> set[Path]:
    if workspace is None or not workspace.is_dir():
        return set()
    return {path for path in workspace.iterdir() if path.is_dir()}
