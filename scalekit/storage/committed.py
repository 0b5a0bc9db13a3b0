"""What a reader may see of a path: the files that a commit made live, in the order of their rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scalekit.errors import CorruptFileError, PathNotFoundError
from scalekit.storage.location import local_path, parse_location
from scalekit.storage.names import (
    META,
    Marker,
    PartName,
    is_hidden,
    listing_digest,
    parse_key_marker,
)
from scalekit.storage.workspace import repair

# the types that a partition key may have, by the name that stands in a marker or manifest
KEY_TYPES: dict[str, pl.DataType] = {
    str(t): t
    for t in (
        pl.String(),
        pl.Boolean(),
        pl.Int8(),
        pl.Int16(),
        pl.Int32(),
        pl.Int64(),
        pl.UInt8(),
        pl.UInt16(),
        pl.UInt32(),
        pl.UInt64(),
        pl.Date(),
        pl.Categorical(),
    )
}
_ATTEMPTS = 20


@dataclass(frozen=True)
class DataFile:
    """One live file: where, and as far as it is known how large, and the beginning of its SHA-256."""

    path: str
    bytes: int | None = None
    rows: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class Committed:
    """A consistent view of a path.

    Parameters
    ----------
    root
        The folder, or the file itself.
    files
        The live files in the order of their rows.
    generation
        The number of the commit; None where scalekit did not write the folder.
    keys
        Name and type of each partition key, where a commit recorded them; folders ``key=value`` of other
        writers leave it empty, and the reader has to infer.
    """

    root: str
    files: tuple[DataFile, ...]
    generation: int | None = None
    keys: tuple[tuple[str, pl.DataType], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the live files."""
        return tuple(file.path for file in self.files)


def committed_files(
    path: str | os.PathLike[str], storage_options: Mapping[str, object] | None = None
) -> Committed:
    """List the live files of a file, a folder, or a prefix in an object store.

    A folder is listed as one generation: the marker of the last commit is read before and after, and the
    listing is taken again if a writer swapped the folder in between. Hidden files (``_x``, ``.x``) and
    empty files are passed over. A swap that died halfway is finished first.

    Parameters
    ----------
    path
        A local path or URI without wildcards.
    storage_options
        Options of the object store, as for Polars.

    Raises
    ------
    PathNotFoundError
        Nothing is there.
    CorruptFileError
        Files that the last commit wrote are missing.

    Examples
    --------
    >>> import tempfile, polars as pl
    >>> folder = tempfile.mkdtemp()
    >>> pl.DataFrame({"x": [1]}).write_parquet(f"{folder}/a.parquet")
    >>> [p.rpartition("/")[2] for p in committed_files(folder).paths]
    ['a.parquet']
    """
    location = parse_location(path)
    if not location.is_local:
        raise NotImplementedError
    real = Path(location.path)
    if not real.exists() and not repair(real):
        raise PathNotFoundError(f"nothing at {local_path(path)}")
    if real.is_file():
        return Committed(str(real), (DataFile(str(real), real.stat().st_size),))
    return _in_folder(real)


def _in_folder(root: Path) -> Committed:
    for attempt in range(_ATTEMPTS):
        before = read_marker(root)
        try:
            listing = list_data(root)
            keys = read_keys(root)
        except FileNotFoundError:
            repair(root)
            continue
        if read_marker(root) != before or not root.exists():
            continue
        missing = before is not None and not _is_complete(before, listing)
        if missing and attempt + 1 < _ATTEMPTS:
            continue
        if missing:
            raise CorruptFileError(
                f"{root}: the files of commit {before.generation} are not those that it wrote "  # type: ignore[union-attr]
                f"({before.files} files); some were removed, renamed or added under scalekit's names. "  # type: ignore[union-attr]
                "Restore them, or write the dataset again with mode='overwrite'"
            )
        files = tuple(_data_file(root, name, size) for name, size in listing)
        return Committed(str(root), files, before.generation if before else None, keys)
    raise PathNotFoundError(f"{root} was replaced faster than it could be listed")


def read_marker(root: Path) -> Marker | None:
    """The marker of the last commit of a local dataset."""
    try:
        names = os.listdir(root / META)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return max(filter(None, map(Marker.parse, names)), key=lambda m: m.generation, default=None)


def read_keys(root: Path) -> tuple[tuple[str, pl.DataType], ...]:
    """The partition keys that the last commit of a local dataset recorded."""
    try:
        names = os.listdir(root / META)
    except (FileNotFoundError, NotADirectoryError):
        return ()
    found = sorted(filter(None, map(parse_key_marker, names)))
    return tuple((name, KEY_TYPES[dtype]) for _, name, dtype in found if dtype in KEY_TYPES)


def list_data(root: Path) -> list[tuple[str, int]]:
    """Relative path and size of every data file below ``root``, in the order of their rows.

    Raises
    ------
    FileNotFoundError
        The folder was swapped away while it was listed.
    """
    found: list[tuple[str, int]] = []
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(root / prefix) as entries:
            for entry in entries:
                relative = f"{prefix}{entry.name}"
                if is_hidden(entry.name):
                    continue
                if entry.is_dir():
                    pending.append(f"{relative}/")
                elif size := entry.stat().st_size:
                    found.append((relative, size))
    return sorted(found, key=lambda item: row_order(item[0]))


def row_order(relative: str) -> tuple[int, int, int, str]:
    """A sorting key: files of other writers first, then commits, then the parts of each."""
    part = PartName.parse(relative)
    return (1, part.generation, part.index, relative) if part else (0, 0, 0, relative)


def own_files(listing: Iterable[str]) -> list[str]:
    """Those relative paths whose names scalekit gave."""
    return [name for name in listing if PartName.parse(name)]


def _is_complete(marker: Marker, listing: list[tuple[str, int]]) -> bool:
    own = own_files(name for name, _ in listing)
    return len(own) == marker.files and listing_digest(own) == marker.digest


def _data_file(root: Path, relative: str, size: int) -> DataFile:
    part = PartName.parse(relative)
    return DataFile(str(root / relative), size, checksum=part.checksum if part else None)
