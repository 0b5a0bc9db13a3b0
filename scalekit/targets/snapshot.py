"""What a local folder holds before it is written to, and the folders that are never written to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scalekit.errors import TargetError
from scalekit.storage import filesystem as fs
from scalekit.storage.folder import own_files, read_marker
from scalekit.storage.names import META, SUCCESS, Marker, PartName
from scalekit.targets.base import Target


@dataclass(frozen=True)
class Snapshot:
    """A folder as it was: its marker, and every file in it with its size."""

    exists: bool
    marker: Marker | None
    files: tuple[tuple[str, int], ...]

    @property
    def own(self) -> list[str]:
        """The data files that scalekit wrote."""
        return own_files(name for name, _ in self.files)

    @property
    def foreign(self) -> list[str]:
        """The files that scalekit did not write."""
        own = {*self.own, SUCCESS}
        return [n for n, _ in self.files if n not in own and not n.startswith(f"{META}/")]

    @property
    def writes(self) -> set[str]:
        """The tokens of the writes whose rows are in it."""
        return {part.write for part in map(PartName.parse, self.own) if part}

    @property
    def generation(self) -> int:
        """The number of the last commit; 0 where there was none."""
        return self.marker.generation if self.marker else 0


def take_snapshot(real: Path) -> Snapshot:
    """List a folder; the caller holds the lock, so that no other writer swaps it meanwhile."""
    if not real.is_dir():
        return Snapshot(exists=False, marker=None, files=())
    files = []
    for root, folders, names in os.walk(real):
        links = [name for name in folders if Path(root, name).is_symlink()]
        files += [Path(root, name) for name in (*names, *links)]
    listing = sorted((p.relative_to(real).as_posix(), p.lstat().st_size) for p in files)
    return Snapshot(exists=True, marker=read_marker(real), files=tuple(listing))


def snapshot_under_lock(real: Path) -> Snapshot:
    """List a folder between two commits."""
    if not real.parent.is_dir():
        return take_snapshot(real)
    with fs.exclusive(real.parent):
        return take_snapshot(real)


def refuse_place(real: Path, target: Target) -> None:
    """Refuse folders that hold far more than a dataset, and files where a folder is needed.

    Raises
    ------
    TargetError
        The folder is the root, the home or the working directory, or lies above one of them.
    """
    if real.exists() and not real.is_dir():
        raise TargetError(
            f"{target.describe()} is a file, and a path without a suffix, or ending in '/', is a folder: "
            "choose another path, or remove the file"
        )
    for what, place in _kept_places():
        if real == place or real in place.parents:
            raise TargetError(
                f"{target.describe()} is {'' if real == place else 'above '}the {what} ({place}), which is "
                "never replaced: name a folder inside it"
            )


def _kept_places() -> list[tuple[str, Path]]:
    places = [("root of the file system", Path("/"))]
    for what, find in (("working directory", Path.cwd), ("home directory", Path.home)):
        try:
            places.append((what, find().resolve()))
        except (OSError, RuntimeError):
            # a working directory that was removed, a user without a home
            continue
    return places
