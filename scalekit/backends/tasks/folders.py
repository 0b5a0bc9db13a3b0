"""Folders of clusters that run on this machine: for this user alone, and gone with the process that made them."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


def private_folder(engine: str) -> Path:
    """A folder that only this user can enter; those that killed processes left behind are removed.

    Examples
    --------
    >>> folder = private_folder("example")
    >>> oct(folder.stat().st_mode & 0o777)
    '0o700'
    >>> folder.rmdir()
    """
    _sweep(engine)
    return Path(tempfile.mkdtemp(prefix=f"{_prefix(engine)}{os.getpid()}-"))


def _prefix(engine: str) -> str:
    return f"scalekit-{engine}-"


def _sweep(engine: str) -> None:
    """Remove the folders of processes that were killed: their names say whose they are."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_prefix(engine)}*-*"):
        owner = folder.name.removeprefix(_prefix(engine)).partition("-")[0]
        with suppress(OSError):
            if owner.isdigit() and folder.stat().st_uid == os.getuid() and not _runs(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
