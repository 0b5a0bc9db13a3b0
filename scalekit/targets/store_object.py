"""Commits of one object: it is staged on this machine, and the store makes it appear whole."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from scalekit.errors import TargetError, TargetExistsError, WriteConflictError
from scalekit.storage.objects import ObjectStore, StoreError
from scalekit.targets.attempts import Staging
from scalekit.targets.base import FileTarget, WriteResult
from scalekit.targets.faults import as_target_errors
from scalekit.targets.session import WriteSession

# a conditional write is one request, held in memory
_LARGEST_CONDITIONAL = 1 << 30


class StoreObjectSession(WriteSession):
    """A write to one object. Its parts are staged on the disk of the machine that began it."""

    def __init__(self, target: FileTarget, write_id: str | None) -> None:
        super().__init__(target, write_id)
        where, location = target.describe(), target.location
        if target.mode == "append":
            raise TargetError(
                f"{where} is one object, which cannot grow: append to a folder "
                f"({where.rpartition('.')[0]}/), or use mode='overwrite'"
            )
        with as_target_errors(target):
            quick = ObjectStore(location, target.options, patient=False)
            if quick.list(location.path):
                raise TargetError(
                    f"{where} is a folder: end the path with '/' to write a dataset into it"
                )
            self.base = quick.find(location.path)
            self.store = ObjectStore(location, target.options)
        if self.base is not None and target.mode == "error":
            raise TargetExistsError(
                f"{where} exists already: say mode='overwrite', or write to another path"
            )
        self._folder = tempfile.TemporaryDirectory(prefix="scalekit-")
        self.staging = Staging(target, self.write, self.nonce, 1, self._folder.name)

    def _commit(self) -> WriteResult:
        with as_target_errors(self.target):
            merged = self._merge()
            size = merged.stat().st_size
            if not self._put(merged, size):
                raise WriteConflictError(
                    f"another writer changed {self.target.describe()} since this write began; nothing of "
                    "this write is visible. Read the new state, then write again"
                )
        self.is_open = False
        self._folder.cleanup()
        return replace(self.result((self.store.uri(self.target.location.path),)), bytes=size)

    def _merge(self) -> Path:
        paths = [Path(file.staged) for attempt in self.ordered for file in attempt.files]
        if len(paths) == 1:
            return paths[0]
        merged = Path(self._folder.name) / "merged.tmp"
        self.target.merge(paths, merged, schema=self.schema)
        return merged

    def _put(self, merged: Path, size: int) -> bool:
        key = self.target.location.path
        if size > _LARGEST_CONDITIONAL:
            return self._put_large(merged, key)
        content = merged.read_bytes()
        lost = False
        try:
            if self.base is None:
                written = self.store.create(key, content)
            else:
                written = self.store.replace(key, content, self.base)
        except StoreError as error:
            # "missing": the object that was to be replaced has been removed meanwhile
            if error.fault not in {"missing", "unreachable"}:
                raise
            written, lost = False, error.fault == "unreachable"
        return written or self._is_ours(key, content, lost=lost)

    def _is_ours(self, key: str, content: bytes, *, lost: bool) -> bool:
        """Whether what is there is what was sent, its answer having been lost on the way."""
        try:
            found = self.store.read(key)
        except StoreError:
            found = None
        if lost and found != content:
            raise TargetError(
                f"{self.target.describe()}: the store did not answer, so the object may or may not be "
                "written. Look at it, then write again with mode='overwrite'"
            )
        return found == content

    def _put_large(self, merged: Path, key: str) -> bool:
        """Without a condition, as an upload in pieces cannot have one: each state is still whole."""
        if self.target.mode == "error":
            raise TargetError(
                f"{self.target.describe()} would have more than {_LARGEST_CONDITIONAL >> 30} GiB, and an "
                "upload in pieces could replace what another writer puts there meanwhile: write a folder "
                "(a path ending in '/'), or say mode='overwrite'"
            )
        self.store.write(key, merged)
        return True

    def abort(self) -> None:
        """Remove what was staged."""
        self._folder.cleanup()
