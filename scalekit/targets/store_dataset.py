"""Commits of a dataset in an object store: files under names of their own, then one manifest, created once.

Nothing is renamed. A file that no manifest lists is not part of the dataset, and the store lets one of
several writers create the manifest with the next number.
"""

from __future__ import annotations

import logging
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scalekit.errors import TargetError, TargetExistsError, WriteConflictError
from scalekit.storage.location import Location
from scalekit.storage.manifest import Manifest, ManifestFile, manifest_name, parse_manifest_name
from scalekit.storage.names import SUCCESS, PartName
from scalekit.storage.objects import ObjectStore, StoreError
from scalekit.storage.prefix import StoreState, read_state
from scalekit.targets.attempts import Attempt, Staging, key_type, stage_part
from scalekit.targets.base import FileTarget, Part, WriteResult
from scalekit.targets.faults import as_target_errors
from scalekit.targets.session import WriteSession, check_same_columns, name_part

_log = logging.getLogger("scalekit")

# An append that finds another commit in its place follows it this often. Others, which refuse to follow,
# are not sped up by trying, so there is no such number for them.
_REBASES = 100
_STALE = timedelta(hours=24)
# Files of a write this old may already be taken for a dead one's by whoever commits now.
_OLDEST_REBASE = 20 * 3600


class StoreDatasetSession(WriteSession):
    """A write to a prefix of an object store."""

    def __init__(self, target: FileTarget, write_id: str | None) -> None:
        super().__init__(target, write_id)
        self.started = time.monotonic()
        self.prefix = _checked_prefix(target)
        with as_target_errors(target):
            quick = ObjectStore(target.location, target.options, patient=False)
            if quick.find(self.prefix) is not None:
                raise TargetError(
                    f"{target.describe()} is an object, and a path without a suffix, or ending in '/', "
                    "is a folder: choose another path, or remove the object"
                )
            self.base = read_state(quick, self.prefix)
            self.store = ObjectStore(target.location, target.options)
        if self._is_done(self.base):
            self.finish_as_done()
            return
        self._check_mode()
        generation = self.base.generation + 1
        self.staging = Staging(target, self.write, self.nonce, generation, "")

    def _is_done(self, state: StoreState) -> bool:
        live = state.manifest.writes if state.manifest else set()
        return live == {self.write} if self.target.mode == "overwrite" else self.write in live

    def _check_mode(self) -> None:
        where, foreign = self.target.describe(), self.base.foreign
        if self.target.mode == "error" and (self.base.manifest or foreign):
            raise TargetExistsError(
                f"{where} exists already, with {len(self.base.live)} files: "
                "say mode='overwrite' or mode='append', or write to another path"
            )
        if self.target.mode == "overwrite" and foreign and not self.target.overwrite_foreign:
            raise TargetError(
                f"{where} holds {len(foreign)} files that scalekit did not write, such as "
                f"{', '.join(foreign[:3])}: say overwrite_foreign=True to remove them, "
                "or write to another path"
            )
        if self.target.mode == "append" and self.base.manifest:
            self._check_append(self.base.manifest)

    def _check_append(self, there: Manifest) -> None:
        recorded = [name for name, _ in there.keys]
        if recorded != list(self.target.partition_by):
            raise TargetError(
                f"{self.target.describe()} is partitioned by {recorded}, and the new rows by "
                f"{list(self.target.partition_by)}: say partition_by={recorded}"
            )
        if there.format != self.target.formats:
            raise TargetError(
                f"{self.target.describe()} holds {there.format} files: append with write_{there.format}, "
                "or write to another path"
            )
        if self.attempts:
            check_same_columns(self.target, there.schema, self.schema)

    def _commit(self) -> WriteResult:
        with as_target_errors(self.target):
            for _ in range(_REBASES):
                self._check_uploaded()
                manifest = self._manifest()
                if self._publish(manifest):
                    self._finish(manifest)
                    names = (file.staged for attempt in self.ordered for file in attempt.files)
                    return self.result(tuple(self.store.uri(name) for name in names))
                if not self._rebase():
                    self.abort()
                    return self.finish_as_done()
        raise WriteConflictError(
            f"{self.target.describe()}: {_REBASES} other writers committed first; nothing of this write "
            "is visible. Write it again, or use write_delta, which is made for many writers"
        )

    def _publish(self, manifest: Manifest) -> bool:
        """The commit point: create the manifest; False where another writer has that number."""
        key = f"{self.prefix}/{manifest_name(manifest.generation)}"
        try:
            if self.store.create(key, manifest.encode()):
                return True
            lost = False
        except StoreError as error:
            lost = error.fault == "unreachable"
            if not lost:
                raise
        return self._is_ours(key, lost=lost)

    def _is_ours(self, key: str, *, lost: bool) -> bool:
        """Whether a manifest that is there is this session's, its answer having been lost on the way."""
        try:
            content = self.store.read(key)
        except StoreError:
            content = None
        if content is None and lost:
            # the request may still arrive: what it would publish must not be removed
            self.is_open = False
            raise TargetError(
                f"{self.target.describe()}: the store did not answer the commit, so it may or may not "
                f"have happened. Run the write again with write_id={self.write_id!r}: it adds nothing "
                "if it has"
            )
        return content is not None and Manifest.decode(content).nonce == self.nonce

    def _rebase(self) -> bool:
        """Look at what others committed: an append follows, everything else gives way to it.

        False says that another process has committed this very write.
        """
        self.base = read_state(self.store, self.prefix)
        if self.target.mode != "overwrite" and self._is_done(self.base):
            return False
        is_late = time.monotonic() - self.started > _OLDEST_REBASE
        if self.target.mode != "append" or is_late:
            raise WriteConflictError(
                f"another writer committed to {self.target.describe()} since this write began; nothing of "
                "this write is visible. Read the new state, then write again"
            )
        if self.base.manifest:
            self._check_append(self.base.manifest)
        return True

    def _check_uploaded(self) -> None:
        """See that everything the manifest will name is there, in full, and what else has come."""
        now = read_state(self.store, self.prefix)
        if now.generation == self.base.generation:
            self.base = now
        if self.target.mode == "append" and now.manifest:
            self._check_append(now.manifest)
        start = len(self.prefix) + 1
        for attempt in self.ordered:
            for file in attempt.files:
                found = now.listing.get(file.staged[start:])
                if found is None or found.bytes != file.bytes:
                    raise TargetError(
                        f"{self.target.describe()}: part {attempt.index} is "
                        f"{'gone' if found is None else 'not complete'}; nothing is visible. Write it again"
                    )

    def _manifest(self) -> Manifest:
        start = len(self.prefix) + 1
        added = [
            ManifestFile(file.staged[start:], file.bytes, file.rows, file.checksum)
            for attempt in self.ordered
            for file in attempt.files
        ]
        kept = self.base.live if self.target.mode == "append" else []
        keys = tuple((k, key_type(self.schema[k]) or "String") for k in self.target.partition_by)
        return Manifest(
            generation=self.base.generation + 1,
            write_id=self.write_id,
            nonce=self.nonce,
            mode=self.target.mode,
            format=self.target.formats,
            schema=self.schema,
            keys=keys,
            files=(*kept, *added),
        )

    def _finish(self, manifest: Manifest) -> None:
        """What follows a commit: it has succeeded by now, so a failure is only logged."""
        self.is_open = False
        try:
            if SUCCESS not in self.base.listing:
                self.store.write(f"{self.prefix}/{SUCCESS}", b"")
            dead = self._replaced(manifest) | self._leftovers(manifest)
            self.store.remove(f"{self.prefix}/{name}" for name in sorted(dead))
        except StoreError as error:
            _log.warning("%s: left over, removed by a later write: %s", self.prefix, error)

    def _replaced(self, manifest: Manifest) -> set[str]:
        """The files that this overwrite took out: the last manifest's, and foreign ones with leave."""
        if manifest.mode == "append":
            return set()
        return {file.path for file in self.base.live} - manifest.paths

    def _leftovers(self, manifest: Manifest) -> set[str]:
        """What dead writes left behind, and attempts of this one that were not taken up."""
        before = datetime.now(UTC) - _STALE
        known_dead = self._once_live() - manifest.paths
        found = set()
        for name, stored in self.base.listing.items():
            part, generation = PartName.parse(name), parse_manifest_name(name)
            is_old = stored.modified < before
            if part is not None and name not in manifest.paths:
                if name in known_dead or is_old or part.nonce == self.nonce:
                    found.add(name)
            elif generation is not None and is_old and generation < manifest.generation - 1:
                # a younger one must stay: a slow writer could create it anew and take itself for the winner
                found.add(name)
        return found

    def _once_live(self) -> set[str]:
        """The files of the manifest before the last: its successor may have died before removing them."""
        strays = [n for n in self.base.listing if PartName.parse(n)]
        live = self.base.manifest.paths if self.base.manifest else set()
        if self.base.generation < 2 or not set(strays) - live:
            return set()
        content = self.store.read(f"{self.prefix}/{manifest_name(self.base.generation - 1)}")
        return Manifest.decode(content).paths if content else set()

    def abort(self) -> None:
        """Remove the files of this session, recorded or not."""
        try:
            found = (stored.key for stored in self.store.list(self.prefix))
            mine = [key for key in found if _nonce(key) == self.nonce]
            self.store.remove(mine)
        except StoreError as error:
            _log.warning("%s: left over, removed by a later write: %s", self.prefix, error)


def upload_attempt(staging: Staging, index: int, part: Part) -> Attempt:
    """Write a part to this machine's disk, then to the store under its final name, which no manifest lists."""
    target = staging.target
    prefix = target.location.path
    with tempfile.TemporaryDirectory(prefix="scalekit-") as folder:
        attempt = stage_part(target, Path(folder), index, part)
        uploaded = []
        with as_target_errors(target):
            store = ObjectStore(target.location, target.options)
            for file in attempt.files:
                key = f"{prefix}/{name_part(staging, attempt, file, staging.generation)}"
                store.write(key, Path(file.staged))
                uploaded.append(replace(file, staged=key))
    return replace(attempt, files=tuple(uploaded))


def _checked_prefix(target: FileTarget) -> str:
    location: Location = target.location
    if not location.bucket or not location.path:
        raise TargetError(
            f"{target.describe()} is a whole bucket, which is never replaced: name a folder inside it"
        )
    return location.path


def _nonce(key: str) -> str | None:
    part = PartName.parse(key)
    return part.nonce if part else None
