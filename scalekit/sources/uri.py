"""Which URIs may be read: a closed list of schemes, and no address that only the machine itself can see."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from scalekit.errors import SecurityError, SourceError
from scalekit.sources.redact import redact

OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "az", "azure", "adl", "abfs", "abfss")
WEB = ("http", "https")
SCHEMES = ("file", *OBJECT_STORES, *WEB)

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_METADATA_HOSTS = {"metadata.google.internal", "metadata", "instance-data"}


@dataclass(frozen=True, repr=False)
class File:
    """One readable object: where it is, how large, and which generation of it was seen."""

    uri: str
    size: int | None
    version: str

    def __repr__(self) -> str:
        return f"File({redact(self.uri)!r})"


def generation(found: os.stat_result) -> str:
    """What changes when a local file is replaced or written to, within the clock's grain too."""
    return f"{found.st_mtime_ns}-{found.st_ctime_ns}-{found.st_ino}-{found.st_size}"


def scheme_of(path: str) -> str | None:
    """The scheme of a URI in lower case, or None for a plain path.

    Raises
    ------
    SourceError
        For a scheme that is not on the list.

    Examples
    --------
    >>> scheme_of("s3://lake/a.parquet"), scheme_of("data/a.parquet")
    ('s3', None)
    """
    found = _SCHEME.match(path)
    if found is None:
        return None
    scheme = found[1].lower()
    if scheme not in SCHEMES:
        raise SourceError(
            f"{redact(path)!r}: the scheme {scheme!r} is not read; known: {', '.join(SCHEMES)}"
        )
    return scheme


def local_path(path: str | os.PathLike[str]) -> str:
    """The absolute local path that a plain path or a ``file://`` URI names, ``~`` expanded."""
    text = os.fspath(path)
    if scheme_of(text) == "file":
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost"):
            raise SourceError(
                f"{text!r}: a file URI has three slashes, as in 'file:///data/a.parquet'"
            )
        text = unquote(parts.path)
    expanded = os.path.expanduser(text)
    if expanded.startswith("~"):
        raise SourceError(f"{text!r}: the home directory is unknown; write the path in full")
    if "\0" in expanded:
        raise SourceError(f"{text!r}: a path cannot hold a NUL byte")
    return os.path.abspath(expanded)


def split_bucket(uri: str) -> tuple[str, str, str]:
    """Scheme, bucket and key of an object's URI, normalised; Azure's ``container@account`` is kept."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if not bucket:
        raise SourceError(f"{redact(uri)!r} names no bucket: write it as '{scheme}://bucket/key'")
    return {"s3a": "s3", "gcs": "gs"}.get(scheme.lower(), scheme.lower()), bucket, key


def check_web_address(uri: str) -> None:
    """Refuse an address of the link-local range, where clouds keep the machine's own credentials.

    Every form that a resolver accepts is looked at, decimal and hexadecimal numbers included.

    Raises
    ------
    SecurityError
        For such an address, or a name that resolves to one.
    """
    parts = urlsplit(uri)
    host = (parts.hostname or "").rstrip(".").lower()
    if not host:
        raise SourceError(f"{redact(uri)!r} names no host")
    for address in _addresses(host):
        if host in _METADATA_HOSTS or _is_internal(address):
            raise SecurityError(
                f"{redact(uri)!r} points at a link-local or metadata address, which is never read; "
                "name a host that serves data"
            )


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    if host in _METADATA_HOSTS:
        return [ipaddress.IPv4Address("169.254.169.254")]
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []  # the reader reports a host that does not exist
    return [ipaddress.ip_address(str(entry[4][0]).split("%")[0]) for entry in found]


def _is_internal(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    metadata = {"fd00:ec2::254", "100.100.100.200", "168.63.129.16"}
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or str(address) in metadata
    )
