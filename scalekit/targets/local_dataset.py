"""Commits of a local folder of part files: staged whole beside it, then swapped with it in one step.

An append links the files that stay, so that every reader, scalekit's or not, sees one generation, and
none sees half an append.
"""

from __future__ import annotations

import os
from pathlib import Path

from scalekit.errors import TargetError, TargetExistsError, WriteConflictError
from scalekit.storage import filesystem as fs
from scalekit.storage.folder import read_keys, row_order
from scalekit.storage.names import META, SUCCESS, Marker, key_marker, listing_digest
from scalekit.storage.workspace import REPLACED, STAGED, repair
from scalekit.targets.attempts import Attempt, StagedFile, key_type
from scalekit.targets.base import FileTarget, WriteResult
from scalekit.targets.cleanup import REBASED, write_journal
from scalekit.targets.faults import as_target_errors
from scalekit.targets.local import LocalSession
from scalekit.targets.session import check_same_columns, name_part
from scalekit.targets.snapshot import refuse_place, snapshot_under_lock, take_snapshot


class LocalDatasetSession(LocalSession):
    """A write to a folder of part files."""

    def __init__(self, target: FileTarget, write_id: str | None) -> None:
        super().__init__(target, write_id)
        refuse_place(self.real, target)
        with as_target_errors(target):
            repair(self.real)
            self.base = snapshot_under_lock(self.real)
        self._sources: list[tuple[Attempt, StagedFile, Path]] = []
        if self._is_done():
            self.finish_as_done()
            return
        self._check_mode()
        self.open(self.base.generation + 1)

    def _is_done(self) -> bool:
        if self.target.mode == "overwrite":
            # rows that were appended since are no part of what this write wants
            return self.base.writes == {self.write}
        return self.write in self.base.writes

    def _check_mode(self) -> None:
        where, base = self.target.describe(), self.base
        if self.target.mode == "error" and base.files:
            raise TargetExistsError(
                f"{where} exists already, with {len(base.files)} files: "
                "say mode='overwrite' or mode='append', or write to another path"
            )
        blocking = [name for name in base.foreign if not _is_dotted(name)]
        if self.target.mode == "overwrite" and blocking and not self.target.overwrite_foreign:
            raise TargetError(
                f"{where} holds {len(blocking)} files that scalekit did not write, such as "
                f"{', '.join(sorted(blocking)[:3])}: say overwrite_foreign=True to remove them, "
                "or write to another path"
            )
        if self.target.mode == "append":
            self._check_append()

    def _check_append(self) -> None:
        recorded = tuple(name for name, _ in read_keys(self.real))
        if self.base.marker is not None and recorded != self.target.partition_by:
            raise TargetError(
                f"{self.target.describe()} is partitioned by {list(recorded)}, and the new rows by "
                f"{list(self.target.partition_by)}: say partition_by={list(recorded)}"
            )

    def _commit(self) -> WriteResult:
        with as_target_errors(self.target):
            self._check_staged()
            self._check_schema()
            self._sources = [
                (attempt, file, Path(file.staged))
                for attempt in self.ordered
                for file in attempt.files
            ]
            names = self._assemble()
            with fs.exclusive(self.workspace.parent):
                rebased = self._rebase(names)
                if rebased is None:
                    self.abort()
                    return self.finish_as_done()
                self._swap()
        self._sync_commit()
        self._finish()
        return self.result(tuple(str(self.real / name) for name in rebased))

    def _assemble(self) -> list[str]:
        """Build the whole new folder beside the target, on the disk; the names of the new files."""
        staged = self.folder / STAGED
        fs.make_dir(staged)
        self._sources = [(a, f, self._place(a, f, path)) for a, f, path in self._sources]
        names = [path.relative_to(staged).as_posix() for _, _, path in self._sources]
        self._carry_over(staged)
        self._mark(staged, names)
        for root, _, _ in os.walk(staged, topdown=False):
            fs.sync(Path(root))
        write_journal(self.folder, self.real, self._replaced())
        return names

    def _place(self, attempt: Attempt, file: StagedFile, path: Path) -> Path:
        final = (
            self.folder / STAGED / name_part(self.staging, attempt, file, self.base.generation + 1)
        )
        fs.make_dirs(final.parent)
        fs.rename(path, final)
        return final

    def _carry_over(self, staged: Path) -> None:
        """Link what stays: everything on an append, dot files on an overwrite."""
        append = self.target.mode == "append"
        kept = [*(self.base.own if append else ()), *self.base.foreign]
        for name in kept:
            if append or _is_dotted(name):
                fs.make_dirs((staged / name).parent)
                fs.link_or_copy(self.real / name, staged / name)

    def _replaced(self) -> list[str]:
        """The foreign files that this overwrite removes, with the user's leave."""
        if self.target.mode != "overwrite":
            return []
        return [name for name in self.base.foreign if not _is_dotted(name)]

    def _mark(self, staged: Path, names: list[str]) -> None:
        """Record the commit in the names of empty files."""
        own = [*names, *(self.base.own if self.target.mode == "append" else ())]
        generation = self.base.generation + 1
        marker = Marker(generation, self.write, self.nonce, len(own), listing_digest(own))
        fs.make_dir(staged / META)
        for position, key in enumerate(self.target.partition_by):
            dtype = key_type(self.schema[key]) or "String"
            fs.create_empty(staged / META / key_marker(position, key, dtype))
        fs.create_empty(staged / META / str(marker))
        fs.create_empty(staged / SUCCESS)
        if self.base.exists:
            staged.chmod(self.real.stat().st_mode & 0o7777)

    def _rebase(self, names: list[str]) -> list[str] | None:
        """Under the lock: an append follows what others committed; everything else gives way to it.

        None says that another process has committed this very write.
        """
        now = take_snapshot(self.real)
        if now == self.base:
            return names
        if self.write in now.writes and self.target.mode != "overwrite":
            return None
        if self.target.mode != "append":
            raise WriteConflictError(
                f"another writer changed {self.target.describe()} since this write began; nothing of "
                "this write is visible. Read the new state, then write again"
            )
        staged, old = self.folder / STAGED, self.folder / REBASED
        fs.rename(staged, old)
        self._sources = [(a, f, old / path.relative_to(staged)) for a, f, path in self._sources]
        self.base = now
        self._check_append()
        return self._assemble()

    def _swap(self) -> None:
        """The commit point."""
        staged = self.folder / STAGED
        if not self.base.exists:
            fs.rename_new(staged, self.real)
        elif not self.base.files:
            # the only folder that a rename may replace is an empty one
            _remove_empty_folders(self.real)
            fs.rename(staged, self.real)
        elif not fs.exchange(staged, self.real):
            self._swap_in_two(staged)

    def _swap_in_two(self, staged: Path) -> None:
        """Without an exchanging rename: away, then in. ``repair`` finishes it if this process dies."""
        fs.rename_new(self.real, self.folder / REPLACED)
        try:
            fs.rename_new(staged, self.real)
        except BaseException:
            fs.rename_new(self.folder / REPLACED, self.real)
            raise

    def _check_schema(self) -> None:
        """An append has to have the columns that are there."""
        if self.target.mode != "append":
            return
        ending = self.target.part_suffix
        data = [n for n in self.base.own or self.base.foreign if n.endswith(ending)]
        there = self.target.read_schema(self.real / min(data, key=row_order)) if data else None
        keys = self.target.partition_by
        new = {name: dtype for name, dtype in self.schema.items() if name not in keys}
        check_same_columns(self.target, there, new)


def _is_dotted(name: str) -> bool:
    """Whether a file is the system's or an editor's, such as ``.DS_Store``: kept, and never in the way."""
    return any(part.startswith(".") for part in name.split("/"))


def _remove_empty_folders(real: Path) -> None:
    """Clear a folder of empty folders; one that is filled meanwhile stays, and the rename refuses it."""
    for root, folders, _ in os.walk(real, topdown=False):
        for name in folders:
            fs.remove_dir(Path(root, name))
