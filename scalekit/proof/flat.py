"""Answers as columns that can be compared: text for categories, and one column for each float within a struct."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.proof.inexact import has_float


@dataclass(frozen=True)
class Flat:
    """Two tables of the same columns, and those of them that are floats which may differ."""

    one: pl.DataFrame
    other: pl.DataFrame
    inexact: tuple[str, ...]


def flattened(one: pl.DataFrame, other: pl.DataFrame, inexact: frozenset[str]) -> Flat:
    """The columns of two tables under numbers, structs and lists of inexact floats taken apart."""
    made: list[_Part] = []
    for a, b in zip(one.iter_columns(), other.iter_columns(), strict=True):
        made += _parts(_Part(a, b, may_differ=a.name in inexact))
    return Flat(
        pl.DataFrame([part.one.alias(str(place)) for place, part in enumerate(made)]),
        pl.DataFrame([part.other.alias(str(place)) for place, part in enumerate(made)]),
        tuple(str(place) for place, part in enumerate(made) if part.may_differ),
    )


@dataclass(frozen=True)
class _Part:
    """A column of both tables, or what was within one."""

    one: pl.Series
    other: pl.Series
    may_differ: bool

    def each(self, part: Callable[[pl.Series], pl.Series], *, may_differ: bool = False) -> _Part:
        return _Part(part(self.one), part(self.other), may_differ)


def _parts(whole: _Part) -> Iterator[_Part]:
    dtype = whole.one.dtype
    if not whole.may_differ or not has_float(dtype):
        yield whole.each(_plain)
    elif dtype.is_float():
        yield whole
    elif isinstance(dtype, pl.Struct):
        yield whole.each(lambda s: s.is_null())
        for field in dtype.fields:
            yield from _parts(
                whole.each(lambda s, n=field.name: s.struct.field(n), may_differ=True)  # type: ignore[misc]
            )
    else:
        yield from _elements(whole)


def _elements(whole: _Part) -> Iterator[_Part]:
    """The lengths of lists, and their elements place by place."""
    lists = whole.each(lambda s: s.arr.to_list() if isinstance(s.dtype, pl.Array) else s)
    lengths = lists.each(lambda s: s.list.len())
    yield lengths
    longest: Any = max(lengths.one.max() or 0, lengths.other.max() or 0)
    for place in range(longest):
        yield from _parts(
            lists.each(lambda s, p=place: s.list.get(p, null_on_oob=True), may_differ=True)  # type: ignore[misc]
        )


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
