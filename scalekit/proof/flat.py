"""Answers as columns that can be compared: text for categories, and one column for each float within a struct."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.proof.inexact import has_float


@dataclass(frozen=True)
class Flat:
    """A table, and those of its columns that are floats which may differ."""

    table: pl.DataFrame
    inexact: tuple[str, ...]


def flattened(table: pl.DataFrame, inexact: frozenset[str]) -> Flat:
    """The columns of ``table`` under numbers, structs and lists of inexact floats taken apart."""
    made: list[pl.Series] = []
    floats: list[str] = []
    for series in table.iter_columns():
        for part, may_differ in _parts(series, may_differ=series.name in inexact):
            name = str(len(made))
            made.append(part.alias(name))
            floats += [name] if may_differ else []
    return Flat(pl.DataFrame(made), tuple(floats))


def _parts(series: pl.Series, *, may_differ: bool) -> Iterator[tuple[pl.Series, bool]]:
    dtype = series.dtype
    if not may_differ or not has_float(dtype):
        yield _plain(series), False
    elif dtype.is_float():
        yield series, True
    elif isinstance(dtype, pl.Struct):
        yield series.is_null(), False
        for field in dtype.fields:
            yield from _parts(series.struct.field(field.name), may_differ=True)
    else:
        lists = series.arr.to_list() if isinstance(dtype, pl.Array) else series
        longest: Any = lists.list.len().max() or 0
        yield lists.list.len(), False
        for place in range(longest):
            yield from _parts(lists.list.get(place, null_on_oob=True), may_differ=True)


def _plain(series: pl.Series) -> pl.Series:
    """Values as they compare: categories as text, as their codes differ between parts."""
    wanted = _type(series.dtype)
    if wanted == pl.Object:
        return pl.Series([repr(value) for value in series], dtype=pl.String)
    return series if wanted == series.dtype else series.cast(wanted)


def _type(dtype: pl.DataType) -> pl.DataType:
    match dtype:
        case pl.Categorical() | pl.Enum():
            return pl.String()
        case pl.List(inner=inner):
            return pl.List(_type(inner))  # type: ignore[arg-type]
        case pl.Array(inner=inner, size=size):
            return pl.Array(_type(inner), size)  # type: ignore[arg-type]
        case pl.Struct(fields=fields):
            return pl.Struct({f.name: _type(f.dtype) for f in fields})  # type: ignore[arg-type]
    return dtype
