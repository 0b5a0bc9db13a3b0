"""Turn what the user names (a path, list, glob, folder or URI) into the files to be read, in order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TypeAlias, TypeVar

import polars as pl

from scalekit.errors import AccessError, PathNotFoundError, SourceError
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.remote import list_objects, nearest
from scalekit.sources.uri import WEB, File, check_web_address, generation, local_path, scheme_of
from scalekit.storage import committed_files, parse_location
from scalekit.storage.names import META
from scalekit.storage.workspace import repair

PathLike: TypeAlias = str | os.PathLike[str]
Paths: TypeAlias = PathLike | Sequence[PathLike]
F = TypeVar("F")
T = TypeVar("T")

_ATTEMPTS = 5
_THREADS = 8


@dataclass(frozen=True, repr=False)
class FileSet:
    """What was asked for, and the files found there; ``keys`` are the partition keys that a commit recorded.

    ``note`` is added to the description: which rows, where it is a part that one task reads.
    """

    asked: tuple[str, ...]
    files: tuple[File, ...]
    root: str | None = None
    options: StorageOptions = StorageOptions()
    keys: tuple[tuple[str, pl.DataType], ...] = ()
    note: str = ""

    def __repr__(self) -> str:
        return f"FileSet({self.describe()}, {len(self.files)} files)"

    def describe(self) -> str:
        """The paths as the user wrote them, credentials hidden."""
        shown = ", ".join(repr(redact(path, self.options)) for path in self.asked[:3])
        more = f" and {len(self.asked) - 3} more" if len(self.asked) > 3 else ""
        return f"{shown}{more}{self.note}"

    def local_paths(self) -> tuple[str, ...]:
        """The paths and globs that are local, in full."""
        asked = (path for path in self.asked if scheme_of(path) in (None, "file"))
        return tuple(local_path(path) for path in asked)

    def inputs(self) -> tuple[str, ...]:
        """Canonical identities of the folder and the files, for the check against targets."""
        folder = (self.root,) if self.root else ()
        return tuple(
            str(parse_location(path)) for path in (*folder, *(file.uri for file in self.files))
        )


@dataclass(frozen=True)
class _Listing:
    files: list[File]
    folder: str | None = None
    keys: tuple[tuple[str, pl.DataType], ...] = ()


def find_files(
    source: Paths, *, suffixes: tuple[str, ...], options: StorageOptions = StorageOptions()
) -> FileSet:
    """List the files that ``source`` names.

    Files of a folder whose name starts with ``_`` or ``.``, and ``*.crc``, are skipped, as every writer
    of data folders expects; any other file there whose suffix does not match is an error.

    Parameters
    ----------
    source
        A path or URI, a glob, a folder, or a sequence of these.
    suffixes
        How the names of data files in a folder end.
    options
        Options of the object store.

    Raises
    ------
    PathNotFoundError
        When nothing is there, naming what is nearest to it.
    AccessError
        When a path may not be listed or read.
    SourceError
        For a folder that holds other files as well.
    """
    asked = _as_texts(source)
    files: list[File] = []
    root: str | None = None
    keys: tuple[tuple[str, pl.DataType], ...] = ()
    for text in asked:
        found = _find(text, suffixes, options)
        files += found.files
        if len(asked) == 1:
            root, keys = found.folder, found.keys
    return FileSet(asked, tuple(files), root, options, keys)


def _as_texts(source: Paths) -> tuple[str, ...]:
    if isinstance(source, (str, os.PathLike)):
        source = [source]
    if not isinstance(source, Iterable) or isinstance(source, (bytes, bytearray)):
        raise SourceError(f"a path, URI or list of them is needed, not {type(source).__name__}")
    texts = tuple(str(os.fspath(item)) for item in source)
    if not texts:
        raise PathNotFoundError("the list of paths is empty: name at least one file")
    for text in texts:
        if not text.strip():
            raise PathNotFoundError("the path is empty: name a file, a folder or a glob")
    return texts


def _find(text: str, suffixes: tuple[str, ...], options: StorageOptions) -> _Listing:
    scheme = scheme_of(text)
    if scheme in (None, "file"):
        try:
            return _find_local(text, local_path(text), suffixes)
        except PermissionError as error:
            raise AccessError(
                f"{text!r}: may not be read ({error.strerror}); check its permissions"
            ) from None
    if scheme in WEB:
        check_web_address(text)
        web = import_module("scalekit.sources.web")  # brings urllib.request and ssl
        return _Listing([web.resolve_web(text)])
    listed, folder = list_objects(text, options)
    if folder is None and listed:
        return _Listing(listed)
    if folder is not None and any(f"/{META}/" in file.uri[len(folder) :] for file in listed):
        return _committed(folder, listed, options)
    listed = [file for file in listed if not _is_hidden(file.uri[len(folder or "") :])]
    if not listed:
        raise PathNotFoundError(f"{redact(text, options)!r}: no file there{nearest(text, options)}")
    _refuse_foreign([file.uri for file in listed], folder or "", suffixes)
    return _Listing(listed, folder)


def _committed(folder: str, listed: list[File], options: StorageOptions) -> _Listing:
    """What the last commit made live, where scalekit wrote the folder; other files there are not part of it."""
    live = committed_files(folder, options.to_dict() or None)
    known = {str(parse_location(file.uri)): file for file in listed}
    return _Listing([known[str(parse_location(path))] for path in live.paths], folder, live.keys)


def _find_local(text: str, path: str, suffixes: tuple[str, ...]) -> _Listing:
    if _exists(path):
        return _list_folder(path, suffixes) if os.path.isdir(path) else _Listing([_stat(path)])
    if not glob.has_magic(path):
        if repair(Path(path)):  # a writer died between two renames; its work is finished now
            return _list_folder(path, suffixes)
        raise PathNotFoundError(f"{text!r} does not exist{_nearest(path)}")
    files: list[File] = []
    for match in sorted(glob.glob(path, recursive=True)):
        name = os.path.basename(match)
        if _is_hidden(name) and not os.path.basename(path).startswith(("_", ".")):
            continue
        if os.path.isdir(match):
            files += _list_folder(match, suffixes).files if "**" not in path else []
        else:
            files.append(_stat(match))
    if not files:
        raise PathNotFoundError(f"{text!r} matches no file{_nearest(path)}")
    return _Listing(files)


def _exists(path: str) -> bool:
    """Whether there is something, a dangling link included; a folder that may not be entered raises."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _list_folder(folder: str, suffixes: tuple[str, ...]) -> _Listing:
    if os.path.isdir(os.path.join(folder, META)):
        return _list_committed(folder)
    found: list[str] = []

    def refuse(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        found += [os.path.join(parent, name) for name in names if not _is_hidden(name)]
    found.sort()
    _refuse_foreign(found, folder, suffixes)
    if not found:
        raise PathNotFoundError(
            f"the folder {folder!r} holds no file ending in {' or '.join(suffixes)}"
        )
    return _Listing([_stat(path) for path in found], folder)


def _list_committed(folder: str) -> _Listing:
    """The files of the last commit; listed again where a writer replaced them in between."""
    for _ in range(_ATTEMPTS - 1):
        live = committed_files(folder)
        with suppress(PathNotFoundError):
            return _Listing([_stat(path) for path in live.paths], folder, live.keys)
    live = committed_files(folder)
    return _Listing([_stat(path) for path in live.paths], folder, live.keys)


def in_threads(look: Callable[[F], T], files: Sequence[F]) -> list[T]:
    """Look into files, several at a time: most of it is waiting for a disk or a store."""
    if len(files) == 1:
        return [look(files[0])]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(look, files))


def look_up(find: Callable[[], FileSet], look: Callable[[FileSet], T]) -> tuple[FileSet, T]:
    """Find files and look into them; find them again where one is gone before it was looked into."""
    for _ in range(_ATTEMPTS - 1):
        found = find()
        with suppress(PathNotFoundError):
            return found, look(found)
    found = find()
    return found, look(found)


def _is_hidden(path: str) -> bool:
    return path.endswith(".crc") or any(
        step.startswith(("_", ".")) for step in path.split("/") if step
    )


def _refuse_foreign(found: list[str], folder: str, suffixes: tuple[str, ...]) -> None:
    foreign = [path for path in found if not path.lower().endswith(suffixes)]
    if foreign:
        shown = ", ".join(repr(path[len(folder) :].lstrip("/")) for path in foreign[:5])
        ends = " or ".join(suffixes)
        raise SourceError(
            f"the folder {redact(folder)!r} holds other files: {shown}"
            f"{f' and {len(foreign) - 5} more' if len(foreign) > 5 else ''}; "
            f"only names ending in {ends} are read: move them, or pass a glob such as '*{suffixes[0]}'"
        )


def _stat(path: str) -> File:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        if os.path.islink(path):
            raise PathNotFoundError(
                f"{path!r} is a symbolic link to {os.readlink(path)!r}, which does not exist"
            ) from None
        raise PathNotFoundError(f"{path!r} does not exist") from None
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise AccessError(f"{path!r}: may not be read; check its permissions")
    return File(path, found.st_size, generation(found))


def without_wildcards(path: str) -> str:
    """A path for readers that expand globs whether or not they are told to: ``a[1]`` means ``a[1]``."""
    return re.sub(r"([*?\[])", r"[\1]", path) if scheme_of(path) is None else path


def _nearest(path: str) -> str:
    """What there is instead: the deepest folder that exists, and some of its entries."""
    parent = Path(path).parent
    while not parent.is_dir() and parent != parent.parent:
        parent = parent.parent
    try:
        entries = sorted(os.listdir(parent))
    except OSError:
        return f"; the folder {str(parent)!r} may not be listed"
    shown = ", ".join(map(repr, entries[:8])) + (", ..." if len(entries) > 8 else "")
    return f"; looked in {str(parent)!r} (working directory {os.getcwd()!r}), which holds {shown or 'nothing'}"
