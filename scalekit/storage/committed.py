"""What a reader may see of a path: the files that a commit made live, in the order of their rows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scalekit.errors import AccessError, CorruptFileError, PathNotFoundError
from scalekit.storage.folder import KEY_TYPES, list_data, own_files, read_keys, read_marker
from scalekit.storage.location import Location, local_path, parse_location
from scalekit.storage.manifest import ManifestFile
from scalekit.storage.names import Marker, PartName, listing_digest
from scalekit.storage.objects import ObjectStore, StoreError
from scalekit.storage.prefix import read_state
from scalekit.storage.workspace import repair

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
        return _in_store(location, storage_options)
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
        if not listing:
            raise PathNotFoundError(f"no data in {root}: the folder holds no file with rows")
        files = tuple(_data_file(root, name, size) for name, size in listing)
        return Committed(str(root), files, before.generation if before else None, keys)
    raise PathNotFoundError(f"{root} was replaced faster than it could be listed")


def _in_store(location: Location, options: Mapping[str, object] | None) -> Committed:
    if not location.is_object_store:
        raise PathNotFoundError(
            f"{location} cannot be listed: name the files, or use s3://, gs://, az://"
        )
    try:
        store = ObjectStore(location, options, patient=False)
        found = store.find(location.path) if location.path else None
        if found is not None:
            uri = store.uri(location.path)
            return Committed(uri, (DataFile(uri, found.bytes),))
        return _in_prefix(store, location)
    except StoreError as error:
        kind = PathNotFoundError if error.fault == "missing" else AccessError
        raise kind(f"cannot list {location}: {error}") from None


def _in_prefix(store: ObjectStore, location: Location) -> Committed:
    for _ in range(_ATTEMPTS):
        state = read_state(store, location.path)
        if not state.live:
            raise PathNotFoundError(f"no data at {location}")
        if not state.missing:
            return Committed(
                str(location),
                tuple(_store_file(store, location.path, file) for file in state.live),
                state.generation or None,
                tuple((name, KEY_TYPES[dtype]) for name, dtype in state.keys if dtype in KEY_TYPES),
            )
    raise CorruptFileError(
        f"{location}: commit {state.generation} lists {len(state.missing)} files that are gone, such as "
        f"{min(state.missing)}. Restore them, or write the dataset again with mode='overwrite'"
    )


def _store_file(store: ObjectStore, prefix: str, file: ManifestFile) -> DataFile:
    return DataFile(store.uri(f"{prefix}/{file.path}"), file.bytes, file.rows, file.checksum)


def _is_complete(marker: Marker, listing: list[tuple[str, int]]) -> bool:
    own = own_files(name for name, _ in listing)
    return len(own) == marker.files and listing_digest(own) == marker.digest


def _data_file(root: Path, relative: str, size: int) -> DataFile:
    part = PartName.parse(relative)
    return DataFile(str(root / relative), size, checksum=part.checksum if part else None)
