"""One spelling for one place: local paths and object-store URIs, normalised so that they can be compared."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

# aliases of one store, so that s3a://b/k and s3://b/k are the same place
_SCHEMES = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gs",
    "gcs": "gs",
    "az": "az",
    "azure": "az",
    "adl": "az",
    "abfs": "az",
    "abfss": "az",
}
_URI = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):/{1,3}")
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Location:
    """A normalised place.

    Parameters
    ----------
    scheme
        ``"file"``, ``"s3"``, ``"gs"`` or ``"az"``; any other scheme is kept as it is.
    bucket
        The bucket or container; empty for local paths.
    path
        The real path of a local file (symbolic links followed), or the key within the bucket.
    """

    scheme: str
    bucket: str
    path: str

    @property
    def is_local(self) -> bool:
        """Whether the place is on a mounted file system."""
        return self.scheme == "file"

    @property
    def is_object_store(self) -> bool:
        """Whether the place is in a store that scalekit can write to."""
        return self.scheme in _SCHEMES.values()

    def __str__(self) -> str:
        return self.path if self.is_local else f"{self.scheme}://{self.bucket}/{self.path}"


def parse_location(path: str | os.PathLike[str]) -> Location:
    """Normalise ``path``: ``~``, ``file://``, relative parts and symbolic links, aliases of schemes.

    Parameters
    ----------
    path
        A local path or a URI.

    Examples
    --------
    >>> parse_location("s3a://lake//flights/./2024/")
    Location(scheme='s3', bucket='lake', path='flights/2024')
    >>> parse_location("file:///tmp/../tmp/x.csv") == parse_location("/tmp/x.csv")
    True
    """
    text = os.fspath(path)
    match = _URI.match(text)
    if match is None:
        return Location("file", "", os.path.realpath(os.path.expanduser(text)))
    scheme = match.group(1).lower()
    if scheme == "file":
        return Location("file", "", os.path.realpath(_file_uri_path(text)))
    parts = urlsplit(text)
    key = "/".join(p for p in parts.path.split("/") if p not in ("", "."))
    bucket = parts.netloc.rpartition("@")[0] if scheme.startswith("abfs") else parts.netloc
    return Location(_SCHEMES.get(scheme, scheme), bucket or parts.netloc, key)


def is_glob(path: str | os.PathLike[str]) -> bool:
    """Whether ``path`` holds a wildcard."""
    return _GLOB.search(os.fspath(path)) is not None


def glob_root(path: str) -> str:
    """The folder above the first wildcard of ``path``."""
    head = path[: _GLOB.search(path).start()] if is_glob(path) else path  # type: ignore[union-attr]
    return (
        head if head == path else head.rpartition("/")[0] or ("/" if head.startswith("/") else ".")
    )


def local_path(path: str | os.PathLike[str]) -> Path:
    """The local path that ``path`` names, links not followed."""
    text = os.fspath(path)
    match = _URI.match(text)
    plain = _file_uri_path(text) if match else os.path.expanduser(text)
    return Path(os.path.abspath(plain))


def _file_uri_path(uri: str) -> str:
    rest = uri[len("file:") :]
    if rest.startswith("//"):
        rest = rest[2:]
        rest = rest[len("localhost") :] if rest.startswith("localhost/") else rest
    return unquote(rest)
