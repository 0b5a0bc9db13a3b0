"""The names that scalekit gives files, which on a file system are also the manifest of a commit.

A dataset folder holds nothing but data files and empty files::

    part-00002-00000-<write>-<nonce>-<checksum>.parquet     or  k=v/part-...
    _SUCCESS                                                 empty, for foreign readers
    _scalekit/manifest-00002-<write>-<nonce>-<files>-<digest>      empty
    _scalekit/key-0-<name>-<type>                            empty, one for each partition key

Polars refuses a folder in which any file that is not empty has another extension, so a manifest with
content would lock out ``pl.scan_parquet(folder)``. A local commit swaps the whole folder at once, so the
listing is the list of live files; the marker's count and digest say whether the listing is complete. All
of it survives a copy of the folder. An object store has no swap: there the manifest is a JSON object.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote

SUCCESS = "_SUCCESS"
META = "_scalekit"
NULL_KEY = "__HIVE_DEFAULT_PARTITION__"

_PART = re.compile(
    r"^part-(\d{5,})-(\d{5,})-([0-9a-f]{16})-([0-9a-f]{8})-([0-9a-f]{16})\.([a-z0-9.]+)$"
)
_MARKER = re.compile(r"^manifest-(\d{5,})-([0-9a-f]{16})-([0-9a-f]{8})-(\d+)-([0-9a-f]{16})$")
_KEY = re.compile(r"^key-(\d+)-(.*)-([A-Za-z0-9()]+)$")


@dataclass(frozen=True, order=True)
class PartName:
    """What the name of a data file says: its place in the order, the write it came from, its content."""

    generation: int
    index: int
    write: str
    nonce: str
    checksum: str
    suffix: str

    def __str__(self) -> str:
        return (
            f"part-{self.generation:05}-{self.index:05}-{self.write}-{self.nonce}"
            f"-{self.checksum[:16]}{self.suffix}"
        )

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """The parts of a file name, or None where scalekit did not give it."""
        match = _PART.match(name.rpartition("/")[2])
        if match is None:
            return None
        generation, index, write, nonce, checksum, suffix = match.groups()
        return cls(int(generation), int(index), write, nonce, checksum, f".{suffix}")


@dataclass(frozen=True)
class Marker:
    """What a local commit says of itself, as the name of an empty file."""

    generation: int
    write: str
    nonce: str
    files: int
    digest: str

    def __str__(self) -> str:
        return f"manifest-{self.generation:05}-{self.write}-{self.nonce}-{self.files}-{self.digest}"

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """The marker that a name spells, or None."""
        match = _MARKER.match(name)
        if match is None:
            return None
        generation, write, nonce, files, digest = match.groups()
        return cls(int(generation), write, nonce, int(files), digest)


def write_token(write_id: str) -> str:
    """The 16 digits that stand for ``write_id``, which may be any text, in file names."""
    return hashlib.sha256(write_id.encode()).hexdigest()[:16]


def listing_digest(paths: Iterable[str]) -> str:
    """The digest of a set of relative paths, whatever their order."""
    return hashlib.sha256("\n".join(sorted(paths)).encode()).hexdigest()[:16]


def key_marker(position: int, name: str, dtype: str) -> str:
    """The name of the empty file that records the type of a partition key."""
    return f"key-{position}-{quote(name, safe='')}-{dtype}"


def parse_key_marker(name: str) -> tuple[int, str, str] | None:
    """The position, column and type that the name of a key's file spells, or None."""
    match = _KEY.match(name)
    return (int(match.group(1)), unquote(match.group(2)), match.group(3)) if match else None


def hive_segment(name: str, value: str | None) -> str:
    """One folder of a partitioned dataset.

    Examples
    --------
    >>> hive_segment("k", "a/b"), hive_segment("k", None)
    ('k=a%2Fb', 'k=__HIVE_DEFAULT_PARTITION__')
    """
    shown = NULL_KEY if value is None else quote(value, safe="")
    return f"{quote(name, safe='')}={shown}"


def is_hidden(relative: str) -> bool:
    """Whether a reader passes over this path: a name in it begins with ``_`` or ``.``."""
    # a column of a partitioned dataset may begin with "_": "_year=2024" is data
    return any(p[0] == "." or (p[0] == "_" and "=" not in p) for p in relative.split("/") if p)
