"""Remove what a write staged or replaced: only files that scalekit named, or that the commit listed."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from scalekit.storage import filesystem as fs
from scalekit.storage.folder import read_marker
from scalekit.storage.names import META, SUCCESS, PartName
from scalekit.storage.workspace import JOURNAL, REPLACED, STAGED
from scalekit.targets.attempts import ATTEMPTS

STALE_SECONDS = 24 * 3600
_PASSES, _PAUSE = 20, 0.01
REBASED = "rebased"
AWAY = ".away"
MERGED = "merged.tmp"


def write_journal(folder: Path, real: Path, replaced: list[str]) -> None:
    """Say, before the swap, which target is meant and which foreign files go with the old state."""
    fs.write_text(folder / JOURNAL, json.dumps({"target": str(real), "replaced": replaced}))
    fs.sync(folder)


def remove_stale(workspace: Path) -> None:
    """Remove what dead writes left: at once after a commit, and after a day where there was none."""
    if not workspace.is_dir():
        return
    for folder in sorted(p for p in workspace.iterdir() if p.is_dir()):
        with suppress(OSError):
            if (is_swapped(folder) or _is_old(folder)) and not fs.is_leased(folder):
                discard_staging(folder)


def is_swapped(folder: Path) -> bool:
    """Whether a staging folder holds what a commit replaced, rather than what it was to publish."""
    if (folder / REPLACED).is_dir():
        return not (folder / STAGED).is_dir()
    if not (folder / JOURNAL).is_file() or not (folder / STAGED).is_dir():
        return False
    marker = read_marker(folder / STAGED)
    return marker is None or f"{marker.write}-{marker.nonce}" != folder.name


def discard_staging(folder: Path) -> None:
    """Remove a staging folder. Files that nobody listed go back to the target, where there is one.

    A foreign file may have come into the old folder between the last look at it and the swap.
    """
    if not folder.is_dir():
        return
    swapped = is_swapped(folder)
    live, replaced = _read_journal(folder)
    for name in (STAGED, REPLACED, REBASED):
        _discard_tree(folder / name, live, replaced if swapped else None)
    _discard_attempts(folder / ATTEMPTS)
    for name in (MERGED, JOURNAL):
        if (folder / name).exists():
            fs.remove_file(folder / name)
    fs.remove_dir(folder)


def _read_journal(folder: Path) -> tuple[Path | None, frozenset[str]]:
    with suppress(OSError, ValueError, KeyError):
        journal = json.loads((folder / JOURNAL).read_text(encoding="utf-8"))
        return Path(journal["target"]), frozenset(journal["replaced"])
    return None, frozenset()


def _discard_tree(tree: Path, live: Path | None, replaced: frozenset[str] | None) -> None:
    """Remove a tree; ``replaced`` lists what goes with an old one, None says that the tree is a copy."""
    for path in _bottom_up(tree):
        if path.is_dir() and not path.is_symlink():
            fs.remove_dir(path)
            continue
        relative = path.relative_to(tree).as_posix()
        if replaced is None or relative in replaced or _is_own(relative):
            fs.remove_file(path)
        elif live is not None and live.is_dir():
            _give_back(path, live / relative)


def _give_back(path: Path, home: Path) -> None:
    if os.path.lexists(home):
        fs.remove_file(path)
        return
    fs.make_dirs(home.parent)
    fs.rename(path, home)


def _is_own(relative: str) -> bool:
    return relative == SUCCESS or relative.startswith(f"{META}/") or bool(PartName.parse(relative))


def _discard_attempts(folder: Path) -> None:
    """Remove what workers staged, again where one of them was still at it: Polars ends after its error.

    Under another name first, so that a task which is still under way somewhere finds no place to write to.
    """
    if folder.is_dir():
        away = folder.with_name(f"{folder.name}-{uuid.uuid4().hex[:8]}{AWAY}")
        fs.rename(folder, away)
    for away in folder.parent.glob(f"*{AWAY}"):
        _remove_tree(away)


def _remove_tree(folder: Path) -> None:
    for _ in range(_PASSES):
        for path in _bottom_up(folder):
            if path.is_dir():
                fs.remove_dir(path)
            else:
                fs.remove_file(path)
        if not folder.exists():
            return
        time.sleep(_PAUSE)


def _bottom_up(tree: Path) -> Iterator[Path]:
    """Everything in a tree and the tree itself, contents first."""
    for root, folders, files in os.walk(tree, topdown=False):
        yield from (Path(root, name) for name in sorted(files))
        yield from (Path(root, name) for name in folders if Path(root, name).is_symlink())
        yield Path(root)


def _is_old(folder: Path) -> bool:
    """Whether nothing in a staging folder changed for a day."""
    attempts = folder / ATTEMPTS
    inner = [*attempts.rglob("*")] if attempts.is_dir() else []
    newest = max(path.lstat().st_mtime for path in (folder, *folder.iterdir(), *inner))
    return time.time() - newest > STALE_SECONDS
