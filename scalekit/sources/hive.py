"""Partition keys in the names of folders: ``year=2024/month=1/part-0.parquet``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

import polars as pl

from scalekit.errors import ColumnNotFoundError, SourceError
from scalekit.sources.align import Types
from scalekit.sources.conditions import Bounds
from scalekit.sources.paths import FileSet

NULL_VALUE = "__HIVE_DEFAULT_PARTITION__"

_INTEGER = re.compile(r"-?\d{1,18}")


@dataclass(frozen=True)
class HiveKeys:
    """The keys below the folder that was asked for; and those above it, which Polars sees in a path too."""

    types: tuple[tuple[str, pl.DataType], ...] = ()
    above: tuple[tuple[str, pl.DataType], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The names that become columns."""
        return frozenset(name for name, _ in self.types)

    @property
    def all_types(self) -> tuple[tuple[str, pl.DataType], ...]:
        """Every key of the paths, in the order in which they stand there."""
        return (*self.above, *self.types) if self.types else ()

    def check_clash(self, stored: Iterable[str], *, what: str) -> None:
        """Refuse a column of the files that Polars would replace by a key above the folder.

        Raises
        ------
        SourceError
            Naming the column.
        """
        clash = {name for name, _ in self.above} & set(stored)
        if self.types and clash:
            raise SourceError(
                f"{what}: {min(clash)!r} is a column of the files and a key in the path above the folder as "
                "well; pass hive_partitioning=False, or read from the folder above"
            )


def hive_keys(
    found: FileSet,
    enabled: bool | None,  # noqa: FBT001 - Polars' name and meaning, passed on
    declared: Types,
    *,
    what: str,
) -> HiveKeys:
    """The partition keys of the files' folders, with their types.

    Parameters
    ----------
    found
        The files and the folder that was asked for.
    enabled
        Whether to look for keys; None for "where a folder was asked for".
    declared
        Types that the user, or the commit that wrote the folder, gave.
    what
        The source, for messages.

    Raises
    ------
    SourceError
        When the files disagree about which keys there are.
    ColumnNotFoundError
        When a declared key is not in the paths.
    """
    if enabled is False or (enabled is None and found.root is None and not declared):
        return HiveKeys()
    start = len(found.root.rstrip("/")) + 1 if found.root else 0
    values = [_keys_in(file.uri[start:]) for file in found.files]
    types = _types_of(values, dict(declared), what)
    if not types:
        return HiveKeys()
    above = _keys_in(found.root + "/-") if found.root else {}
    outer = tuple((name, pl.String()) for name in above if name not in types)
    return HiveKeys(tuple(types.items()), outer)


def key_bounds(paths: Sequence[str], keys: HiveKeys) -> list[dict[str, Bounds]]:
    """The one value that each key has in each file."""
    found = [_keys_in(path) for path in paths]
    bounds: list[dict[str, Bounds]] = [{} for _ in paths]
    for name, dtype in keys.types:
        texts = pl.Series([values.get(name) for values in found], dtype=pl.String)
        for place, value in enumerate(texts.cast(dtype, strict=False).to_list()):
            is_null = found[place].get(name) is None
            if is_null or value is not None:
                bounds[place][name] = Bounds(value, value, is_null, only_nulls=is_null)
    return bounds


def _keys_in(path: str) -> dict[str, str | None]:
    """The keys and values of the folders of a path; the name of the file is none."""
    steps = [step.partition("=") for step in path.split("/")[:-1] if "=" in step]
    return {
        unquote(name): None if value == NULL_VALUE else unquote(value)
        for name, _, value in steps
        if name
    }


def _types_of(
    values: list[dict[str, str | None]], declared: dict[str, pl.DataType], what: str
) -> dict[str, pl.DataType]:
    names = list(values[0])
    for found in values:
        if list(found) != names:
            raise SourceError(
                f"{what}: the folders do not agree on their keys ({', '.join(names) or 'none'} and "
                f"{', '.join(found) or 'none'}); pass hive_partitioning=False, or read the parts separately"
            )
    unknown = [name for name in declared if name not in names]
    if unknown and names:
        raise ColumnNotFoundError(
            f"{what}: hive_schema names {', '.join(map(repr, unknown))}; the folders have {', '.join(map(repr, names))}"
        )
    return {
        name: declared.get(name) or _inferred(found[name] for found in values) for name in names
    }


def _inferred(values: Iterable[str | None]) -> pl.DataType:
    """Whole numbers or ISO dates where all values are, else text; the data of one folder decide nothing."""
    known = {value for value in values if value is not None}
    if known and all(_INTEGER.fullmatch(value) for value in known):
        return pl.Int64()
    if known and all(map(_is_date, known)):
        return pl.Date()
    return pl.String()


def _is_date(value: str) -> bool:
    try:
        return len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False
