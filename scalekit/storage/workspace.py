"""The hidden folder beside a local target in which a write is staged, and the repair of one that died.

A workspace lies on the target's file system, since only there a rename is one step. It lies above every
``key=value`` folder: who reads ``lake/flights`` must not meet what is being staged for
``lake/flights/month=1``. It exists only while someone writes.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from scalekit.storage import filesystem as fs

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIX = ".scalekit"
STAGED = "data"
REPLACED = "replaced"
JOURNAL = "journal"


def workspace_of(real: Path) -> Path:
    """The workspace of a target, whose ``real`` path has no symbolic links."""
    anchor = _anchor(real)
    return anchor.parent / f".{anchor.name}{_SUFFIX}"


def is_workspace(path: Path) -> bool:
    """Whether a path is a workspace of some target."""
    return path.name.startswith(".") and path.name.endswith(_SUFFIX)


def repair(real: Path) -> bool:
    """Finish a swap of ``real`` that died halfway; whether there was one.

    Only file systems without an exchanging rename leave such a gap: the old folder is moved away, the
    new one moved in, and a journal written before says what was meant. What was staged is complete and
    on the disk by then, so the repair always goes forward.
    """
    workspace = workspace_of(real)
    if real.exists() or not workspace.is_dir():
        return False
    with fs.exclusive(workspace.parent):
        return any(_finish(staging, real) for staging in sorted(workspace.iterdir()))


def _finish(staging: Path, real: Path) -> bool:
    staged, replaced = staging / STAGED, staging / REPLACED
    if real.exists() or not (staged.is_dir() and replaced.is_dir()):
        return False
    with suppress(OSError, ValueError, KeyError):
        journal = json.loads((staging / JOURNAL).read_text(encoding="utf-8"))
        if journal["target"] == str(real):
            fs.rename_new(staged, real)
            fs.sync(real.parent)
            return True
    return False


def _anchor(real: Path) -> Path:
    """The target, or the dataset's root where the target lies in ``key=value`` folders of it."""
    anchor = real
    while "=" in anchor.name or "=" in anchor.parent.name:
        above = anchor.parent
        if above.parent == above or _device(above.parent) != _device(above):
            break
        anchor = above
    return anchor


def _device(path: Path) -> int:
    for p in (path, *path.parents):
        with suppress(OSError):
            return p.stat().st_dev
    return -1
