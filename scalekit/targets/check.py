"""Refuse to write where the query reads: a plan that is run again, or a task that is retried, would read the result.

A commit is staged in any case and removes what it replaces last, so that a source which does not say what
it reads comes to no harm either. The refusal is for the runs that follow: a lazy frame over its own
result means something else each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from scalekit.errors import TargetError
from scalekit.storage.location import Location, glob_root, is_glob, parse_location
from scalekit.storage.redaction import redact
from scalekit.targets.base import FileTarget, Target


def check_target(target: Target, inputs: Iterable[str]) -> None:
    """Compare a target with what a query reads.

    Local paths are compared after following symbolic links, and by inode, which also finds mounts and
    file systems that fold case; URIs by scheme, bucket and key. An input may be a file, a folder or a
    glob; it is in the way if it is the target, lies below it, or holds it.

    Parameters
    ----------
    target
        Where the rows would go.
    inputs
        Paths and URIs that the query reads.

    Raises
    ------
    TargetError
        One of them is in the way; the message names both.

    Examples
    --------
    >>> from scalekit.targets import ParquetTarget
    >>> check_target(ParquetTarget(path="lake/new"), ["lake/old/*.parquet"])
    >>> check_target(ParquetTarget(path="lake/old"), ["./lake/old/*.parquet"])
    Traceback (most recent call last):
    scalekit.errors.TargetError: cannot write lake/old: the query reads ./lake/old/*.parquet, ...
    """
    if not isinstance(target, FileTarget):
        # a Delta table keeps the version that is being read; rows for a database are staged before
        # its transaction begins
        return
    place = target.location
    for given in inputs:
        if _overlaps(place, given, is_dataset=target.is_dataset):
            raise TargetError(
                f"cannot write {target.describe()}: the query reads {redact(given)}, which is the same "
                "place. Write to another path, or collect() first and write the collected frame"
            )


def _overlaps(place: Location, given: str, *, is_dataset: bool) -> bool:
    root = parse_location(glob_root(given))
    if (root.scheme, root.bucket) != (place.scheme, place.bucket):
        return False
    if _is_within(root, place):
        return True
    if not is_glob(given):
        return _is_within(place, root)
    tail = given[len(glob_root(given)) :].strip("/").split("/")
    return _is_within(place, root) and _looks_into(place, root, tail, is_dataset=is_dataset)


def _is_within(inner: Location, outer: Location) -> bool:
    """Whether ``inner`` is ``outer`` or lies below it."""
    if inner.path == outer.path or inner.path.startswith(outer.path.rstrip("/") + "/"):
        return True
    if not inner.is_local:
        return outer.path == ""
    wanted = _inode(Path(outer.path))
    return wanted is not None and wanted in _inodes(Path(inner.path))


def _inodes(path: Path) -> Iterator[tuple[int, int] | None]:
    return (_inode(p) for p in (path, *path.parents))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def _looks_into(place: Location, root: Location, pattern: list[str], *, is_dataset: bool) -> bool:
    """Whether a glob, split at ``/``, finds the file ``place``, or looks for files inside the folder."""
    inner = place.path.strip("/")[len(root.path.strip("/")) :].strip("/").split("/")
    if "**" in pattern[: len(inner)]:
        # as many folders as it takes: what counts is the name at the end
        return is_dataset or fnmatchcase(inner[-1], pattern[-1])
    fits = all(fnmatchcase(name, wanted) for name, wanted in zip(inner, pattern, strict=False))
    return fits and (len(pattern) > len(inner) if is_dataset else len(pattern) == len(inner))
