"""Commits on a mounted file system: what is staged beside the target is put in place with one rename.

A lock on the parent folder, which dies with its holder, lets one of several writers win; the others
find that the target is no longer what they began with.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scalekit.errors import TargetError, TargetExistsError, WriteConflictError
from scalekit.storage import filesystem as fs
from scalekit.storage.workspace import workspace_of
from scalekit.targets.attempts import ATTEMPTS, Staging
from scalekit.targets.base import FileTarget, WriteResult
from scalekit.targets.cleanup import MERGED, discard_staging, remove_stale
from scalekit.targets.faults import as_target_errors
from scalekit.targets.session import WriteSession, check_same_columns

_log = logging.getLogger("scalekit")


class LocalSession(WriteSession):
    """What a write to one file and a write to a folder have in common: the staging beside the target."""

    def __init__(self, target: FileTarget, write_id: str | None) -> None:
        super().__init__(target, write_id)
        self.real = Path(target.location.path)
        self.workspace = workspace_of(self.real)
        self.folder = self.workspace / f"{self.write}-{self.nonce}"
        self._made: tuple[Path, ...] = ()
        self._lease: int | None = None

    def open(self, generation: int) -> None:
        """Clear away what died here before, and make room for attempts."""
        try:
            with as_target_errors(self.target):
                remove_stale(self.workspace)
                self._made = fs.make_dirs(self.real.parent)
                for path in (self.workspace, self.folder, self.folder / ATTEMPTS):
                    fs.make_dir(path)
                self._lease = fs.lease(self.folder)
        except BaseException:
            self.abort()
            raise
        root = str(self.folder / ATTEMPTS)
        self.staging = Staging(self.target, self.write, self.nonce, generation, root)

    def abort(self) -> None:
        """Remove the staged files, and the folders made for them."""
        with suppress(OSError):
            discard_staging(self.folder)
        self._release()
        for path in reversed(self._made):
            with suppress(OSError):
                fs.remove_dir(path)

    def _sync_commit(self) -> None:
        """Bring the rename to the disk. Every reader sees it already, so a failure is only logged."""
        try:
            fs.sync(self.real.parent)
        except OSError as error:
            _log.warning("%s is written, but may not survive a loss of power: %s", self.real, error)

    def _finish(self) -> None:
        """Remove what the commit replaced. The write has succeeded by now: a failure is only logged."""
        try:
            discard_staging(self.folder)
        except OSError as error:
            _log.warning("%s: left over, removed by the next write: %s", self.folder, error)
        self._release()

    def _release(self) -> None:
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None
        with suppress(OSError):
            fs.remove_dir(self.workspace)

    def _check_staged(self) -> None:
        for attempt in self.ordered:
            for file in attempt.files:
                size = Path(file.staged).stat().st_size
                if size != file.bytes:
                    raise TargetError(
                        f"{self.target.describe()}: part {attempt.index} has {size} bytes, and its writer "
                        f"reported {file.bytes}; nothing is visible. Write it again"
                    )


class LocalFileSession(LocalSession):
    """A write to one file."""

    def __init__(self, target: FileTarget, write_id: str | None) -> None:
        super().__init__(target, write_id)
        if self.real.is_dir():
            raise TargetError(
                f"{target.describe()} is a folder: end the path with '/' to write a dataset into it"
            )
        self.base = _identity(self.real)
        if self._is_done():
            self.finish_as_done()
            return
        self._check_mode()
        self.open(1)

    def _is_done(self) -> bool:
        recorded = self.is_named and self.base is not None and self.target.records_write_ids
        ids = self._recorded() if recorded else ()
        return ids == (self.write_id,) if self.target.mode == "overwrite" else self.write_id in ids

    def _recorded(self) -> tuple[str, ...]:
        return self.target.read_write_ids(self.real)

    def _check_mode(self) -> None:
        where = self.target.describe()
        if self.target.mode == "error" and self.base is not None:
            raise TargetExistsError(
                f"{where} exists already: say mode='overwrite' or mode='append', or write to another path"
            )
        if self.base is not None and not os.access(self.real, os.W_OK):
            raise TargetError(f"{where} is read-only: change its permissions, or write elsewhere")
        if self.target.mode == "append" and self.is_named and not self.target.records_write_ids:
            raise TargetError(
                f"{where} cannot record the write_id, so a second run would append again: append to a "
                f"folder ({where.rpartition('.')[0]}/), or to a Parquet file, or leave write_id out"
            )

    def _commit(self) -> WriteResult:
        with as_target_errors(self.target):
            self._check_staged()
            self._check_schema()
            merged = self._merge()
            fs.sync(merged.parent)
            size = merged.stat().st_size
            with fs.exclusive(self.workspace.parent):
                if _identity(self.real) != self.base:
                    raise WriteConflictError(
                        f"another writer changed {self.target.describe()} since this write began; "
                        "nothing of this write is visible. Read the new state, then write again"
                    )
                if self.base is None:
                    fs.rename_new(merged, self.real)
                else:
                    fs.rename(merged, self.real)
        self._sync_commit()
        self._finish()
        return replace(self.result((str(self.real),)), bytes=size)

    def _check_schema(self) -> None:
        if self.target.mode == "append" and self.base is not None:
            check_same_columns(self.target, self.target.read_schema(self.real), dict(self.schema))

    def _merge(self) -> Path:
        """Bring old and new rows into one file beside the target."""
        paths = [Path(file.staged) for attempt in self.ordered for file in attempt.files]
        ids = (self.write_id,) if self.is_named else ()
        appends = self.target.mode == "append" and self.base is not None
        if appends:
            paths = [self.real, *paths]
            ids = (*self._recorded(), *ids)
        merged = self.folder / MERGED
        if len(paths) == 1 and not (ids and self.target.records_write_ids):
            fs.rename(paths[0], merged)
        else:
            fs.step("write", merged)
            self.target.merge(paths, merged, schema=self.schema, write_ids=ids)
            fs.sync(merged)
            self._check_merged(merged, appends=appends)
        if self.base is not None:
            merged.chmod(self.real.stat().st_mode & 0o7777)
        return merged

    def _check_merged(self, merged: Path, *, appends: bool) -> None:
        expected = sum(attempt.rows for attempt in self.ordered)
        expected += self.target.count_rows(self.real) if appends else 0
        found = self.target.count_rows(merged)
        if found != expected:
            raise TargetError(
                f"{self.target.describe()} would have {found} rows, and {expected} were written: "
                "nothing is visible"
            )


def _identity(path: Path) -> tuple[int, ...] | None:
    """What tells one file from its successor of the same name."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
