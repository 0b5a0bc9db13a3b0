"""List and open files wherever they lie: on disk, in an object store, on the web."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol, Self

from scalekit.errors import AccessError, PathNotFoundError, SourceError
from scalekit.sources.redact import StorageOptions, redact
from scalekit.sources.uri import WEB, File, scheme_of, split_bucket
from scalekit.storage import parse_location
from scalekit.storage.objects import ObjectStore, StoredObject, StoreError

_MAGIC = re.compile(r"[*?\[]")


class OpenFile(Protocol):
    """A file that can be read from any position."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def size(self) -> int:
        """The length of the file."""

    def seek(self, position: int) -> Any:
        """Go to a position from the start."""

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes."""


def list_objects(uri: str, options: StorageOptions) -> tuple[list[File], str | None]:
    """The objects that a URI, a glob or a prefix names, sorted; and the prefix, if it is one.

    Raises
    ------
    PathNotFoundError
        For a bucket that does not exist.
    AccessError
        Within seconds, for wrong or expired credentials and for hosts that do not answer.
    """
    scheme, bucket, key = split_bucket(uri)
    base = f"{scheme}://{bucket}"
    with _store_errors(uri, options):
        store = _open_store(base, options)
        magic = _MAGIC.search(key)
        if magic:
            wanted = re.compile(_glob_pattern(key))
            listed = store.list(key[: magic.start()].rpartition("/")[0])
            return _as_files(base, [found for found in listed if wanted.fullmatch(found.key)]), None
        found = store.find(key) if key and not key.endswith("/") else None
        if found is not None:
            return _as_files(base, [found]), None
        folder = f"{base}/{key}".rstrip("/")
        return _as_files(base, store.list(key.rstrip("/"))), folder


def _as_files(base: str, found: list[StoredObject]) -> list[File]:
    """Empty objects whose name ends in a slash are how consoles show a folder."""
    return [
        File(
            f"{base}/{item.key}",
            item.bytes,
            f"{item.etag or item.modified.isoformat()}-{item.bytes}",
        )
        for item in sorted(found, key=lambda item: item.key)
        if not item.key.endswith("/")
    ]


def _glob_pattern(path: str) -> str:
    """A regular expression for a glob: ``*`` stays within one level, ``**`` crosses levels."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", path)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(part) or (part.replace("[!", "[^") if part.startswith("[") else re.escape(part))
        for part in parts
    )


def nearest(uri: str, options: StorageOptions) -> str:
    """What there is instead, for the message of an error; nothing where it cannot be listed."""
    scheme, bucket, key = split_bucket(uri)
    parent = _MAGIC.split(key)[0].rstrip("/").rpartition("/")[0]
    try:
        found = _open_store(f"{scheme}://{bucket}", options).list(parent)
    except StoreError:
        return ""
    names = sorted({item.key[len(parent) :].strip("/").split("/")[0] for item in found})
    shown = ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")
    return f"; '{scheme}://{bucket}/{parent}' holds {shown or 'nothing'}"


def open_file(uri: str, options: StorageOptions) -> OpenFile:
    """Open a local file, an object, or a page for reading at any position.

    Raises
    ------
    AccessError, PathNotFoundError
        When it cannot be read.
    """
    scheme = scheme_of(uri)
    if scheme is None:
        return _LocalFile(uri)
    if scheme not in WEB:
        return _ObjectFile(uri, options)
    # brings urllib.request and ssl
    opened: OpenFile = import_module("scalekit.sources.web").WebFile(uri)
    return opened


class _LocalFile:
    """A file on disk."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb")  # noqa: SIM115 - closed by the with block that this object serves

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def seek(self, position: int) -> int:
        return self._file.seek(position)

    def read(self, count: int) -> bytes:
        return self._file.read(count)


class _ObjectFile:
    """An object of a store, read by ranges."""

    def __init__(self, uri: str, options: StorageOptions) -> None:
        scheme, bucket, self._key = split_bucket(uri)
        self._uri, self._options, self._position = uri, options, 0
        with _store_errors(uri, options):
            self._store = _open_store(f"{scheme}://{bucket}", options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def size(self) -> int:
        with _store_errors(self._uri, self._options):
            found = self._store.find(self._key)
        if found is None:
            raise PathNotFoundError(f"{redact(self._uri, self._options)!r} does not exist any more")
        return found.bytes

    def seek(self, position: int) -> None:
        self._position = position

    def read(self, count: int) -> bytes:
        with _store_errors(self._uri, self._options):
            data = self._store.read_range(self._key, self._position, self._position + count)
        self._position += count
        return data


@lru_cache(maxsize=32)
def _open_store(base: str, options: StorageOptions) -> ObjectStore:
    return ObjectStore(parse_location(f"{base}/"), options.to_dict(), patient=False)


@contextmanager
def _store_errors(uri: str, options: StorageOptions) -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        shown = repr(redact(uri, options))
        said = str(error).split(": <?xml")[0]
        if error.fault == "missing":
            raise PathNotFoundError(
                f"{shown} does not exist ({said}); check the bucket and the path"
            ) from None
        if error.fault == "denied":
            raise AccessError(
                f"{shown} may not be read ({said}); check the credentials in storage_options or in the "
                "environment: they may be wrong or expired"
            ) from None
        if error.fault == "unreachable":
            raise AccessError(
                f"{shown} cannot be reached ({said}); check the host, the endpoint and the network"
            ) from None
        raise SourceError(f"{shown}: {said}; check storage_options") from None
