"""A folder for one query that runs in a process of its own: on a disk, for this user only, and gone at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scalekit.storage import filesystem as fs

PREFIX = "scalekit-apart-"

_IN_MEMORY = {"tmpfs", "ramfs"}
_YOUNG = 60.0
"""Seconds in which a new folder may not have been taken into possession yet."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder that only this user can read, removed with all that is in it when the block ends.

    What a process left that was killed is removed too, as soon as another one needs such a folder.
    """
    parent = disk()
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    lease = fs.lease(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lease)


def disk(mounts: Path = Path("/proc/mounts")) -> Path:
    """The folder for temporary files, or another one where that lies in memory and would count against the budget."""
    chosen = Path(tempfile.gettempdir())
    kinds = _kinds(mounts)
    for candidate in (chosen, Path("/var/tmp"), Path.home() / ".cache"):
        if os.access(candidate, os.W_OK | os.X_OK) and _kind(candidate, kinds) not in _IN_MEMORY:
            return candidate
    return chosen


def _kinds(mounts: Path) -> dict[str, str]:
    """The file system of each mount point, where the system tells."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {
        fields[1].replace("\\040", " "): fields[2] for line in lines if (fields := line.split())[2:]
    }


def _kind(folder: Path, kinds: dict[str, str]) -> str:
    real = folder.resolve()
    return next((kinds[str(at)] for at in (real, *real.parents) if str(at) in kinds), "")


def _sweep(parent: Path) -> None:
    """Remove folders of this user whose process is dead."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            found = folder.lstat()
            is_own = found.st_uid == os.getuid() and time.time() - found.st_mtime > _YOUNG
            if is_own and not fs.is_leased(folder):
                shutil.rmtree(folder, ignore_errors=True)
