"""What lies in a local dataset folder: its data files, and what the names of its empty files record."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import polars as pl

from scalekit.storage.names import META, Marker, PartName, is_hidden, parse_key_marker

if TYPE_CHECKING:
    from pathlib import Path

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
