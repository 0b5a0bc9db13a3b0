"""A store in a folder of this machine, or of a network's file system."""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from scalekit.errors import TargetError, TargetExistsError
from scalekit.storage import filesystem as fs
from scalekit.tracking.names import new_run_id

_ABANDONED = 24 * 3600
"""Seconds after which a staging folder whose process is gone may be removed."""


class LocalFiles:
    """A folder; a run is published by renaming the folder that it was built in.

    Parameters
    ----------
    folder
        The root, which is made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._leases: dict[Path, int] = {}
        host = re.sub(r"[^\w-]", "-", platform.node())[:40]
        self._prefix = f".staging-{host}-"

    @property
    def root(self) -> str:
        """The folder."""
        return str(self._folder)

    def matching(self, *pattern: str) -> list[str]:
        """Names whose parts are those of ``pattern``."""
        found = [""]
        for part in pattern:
            found = [f"{above}{name}/" for above in found for name in self._named(above, part)]
        return sorted(name.rstrip("/") for name in found)

    def _named(self, above: str, part: str) -> list[str]:
        folder = self._folder / above
        if part != "*":
            return [part] if (folder / part).exists() else []
        try:
            return [name for name in os.listdir(folder) if not name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, name: str) -> bytes | None:
        """The content of a file."""
        try:
            return (self._folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that must not exist."""
        target = self._folder / name
        if target.exists():
            return False
        written = target.parent / f".{target.name}-{new_run_id()}"
        try:
            fs.make_dirs(target.parent)
            fs.step("write", written)
            with written.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fs.rename_new(written, target)
        except FileExistsError:
            return False
        except OSError as error:
            raise _cannot(self._folder, error) from error
        finally:
            with suppress(OSError):
                written.unlink(missing_ok=True)
        fs.sync(target.parent)
        return True

    def staging(self) -> Path:
        """A new folder beside the projects, held by this process."""
        try:
            fs.make_dirs(self._folder)
            self._sweep()
            staged = self._folder / f"{self._prefix}{new_run_id()}"
            fs.make_dir(staged)
            self._leases[staged] = fs.lease(staged)
        except OSError as error:
            raise _cannot(self._folder, error) from error
        return staged

    def publish(self, staged: Path, folder: str, last: str) -> Path:  # noqa: ARG002 - all appear at once
        """Rename the folder; a reader sees it with all of its files, or not at all."""
        target = self._folder / folder
        try:
            _sync_all(staged)
            fs.make_dirs(target.parent)
            fs.rename_new(staged, target)
            fs.sync(target.parent)
        except OSError as error:
            if target.exists():
                raise TargetExistsError(f"{target} exists already, and runs never change") from None
            raise _cannot(self._folder, error) from error
        finally:
            self._release(staged)
        return target

    def discard(self, staged: Path) -> None:
        """Remove a staging folder."""
        self._release(staged)
        shutil.rmtree(staged, ignore_errors=True)

    def _release(self, staged: Path) -> None:
        if (handle := self._leases.pop(staged, None)) is not None:
            os.close(handle)

    def _sweep(self) -> None:
        """Remove what processes of this machine left that died a day ago or more."""
        old = time.time() - _ABANDONED
        for staged in self._staged():
            with suppress(OSError):
                if staged.stat().st_mtime < old and not fs.is_leased(staged):
                    shutil.rmtree(staged, ignore_errors=True)

    def _staged(self) -> Iterator[Path]:
        with os.scandir(self._folder) as entries:
            yield from (Path(e.path) for e in entries if e.name.startswith(self._prefix))


def _sync_all(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        fs.sync(path)
    fs.sync(folder)


def _cannot(folder: Path, error: OSError) -> TargetError:
    return TargetError(
        f"cannot keep runs in {folder}: {error.strerror or error}. Name another place with store= or SCALEKIT_STORE"
    )
