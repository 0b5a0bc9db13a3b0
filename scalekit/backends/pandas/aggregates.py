"""Aggregates in groups: elementary ones by pandas, through Narwhals, and the contract's answer from these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.columns import assemble, column
from scalekit.backends.pandas.keys import (
    Codes,
    Groups,
    Ints,
    Order,
    codes,
    combine,
    has_codes,
    sort_rows,
)
from scalekit.backends.pandas.native import Column, Refusal, Site, anywhere, cast, has_nan, plain


@dataclass(frozen=True)
class Part:
    """An elementary aggregate that pandas computes for all groups at once."""

    values: Column
    by: str
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two parts the same."""
        return id(self.values), self.by, self.options


@dataclass(frozen=True)
class Reduction:
    """Elementary aggregates, and the answer for each group from these."""

    parts: tuple[Part, ...]
    finish: Callable[..., Column]


@dataclass(frozen=True)
class Aggregate:
    """A function from the rows of a group to one value.

    Attributes
    ----------
    reduce
        The answer's Arrow type, the groups, the operands' rows and the options to a reduction.
    refuses
        Why a use is not native.
    """

    reduce: Callable[..., Reduction]
    refuses: Refusal = anywhere


def run_reductions(reductions: Sequence[Reduction], groups: Groups) -> list[Column]:
    """The answers of several aggregates, with one pass of pandas over the groups."""
    unique = {part.identity: part for r in reductions for part in r.parts}
    found = dict(zip(unique, _elementary(list(unique.values()), groups), strict=True))
    return [r.finish(*(found[part.identity] for part in r.parts)) for r in reductions]


def _elementary(parts: Sequence[Part], groups: Groups) -> list[Column]:
    if not parts:
        return []
    names = [f"part {i}" for i in range(len(parts))]
    rows = assemble(dict(zip(names, (part.values for part in parts), strict=True)))
    native = rows.to_native()
    native["group"] = pd.Series(groups.of_rows, copy=False)
    aggs = [getattr(nw.col(n), p.by)(**dict(p.options)) for n, p in zip(names, parts, strict=True)]
    found = nw.from_native(native, eager_only=True).group_by("group").agg(*aggs)
    present = found["group"].to_numpy()
    answers = [_as_arrow(found, name) for name in names]
    if len(present) == groups.count and bool((present == np.arange(groups.count)).all()):
        return answers
    place = np.full(groups.count, -1, dtype=np.int64)
    place[present] = np.arange(len(present))
    return [take(answer, place) for answer in answers]


def _as_arrow(table: Any, name: str) -> Column:
    series = table[name].to_native()
    if isinstance(series.dtype, pd.ArrowDtype):
        return column(table, name)
    return pa.chunked_array([pa.array(series)])


def take(values: Column, rows: Ints) -> Column:
    """The values at these rows; null for -1."""
    missing = rows < 0
    return values.take(pa.array(rows, mask=missing if missing.any() else None))


def _column_of(values: np.ndarray[Any, Any], mask: np.ndarray[Any, Any] | None = None) -> Column:
    return pa.chunked_array([pa.array(values, mask=mask, from_pandas=False)])


# Elementary aggregates by Narwhals


def _sum(to: pa.DataType, groups: Groups, x: Column, *, strict: bool = False) -> Reduction:  # noqa: ARG001
    if pa.types.is_duration(x.type):
        x = cast(x, pa.int64())
    elif pa.types.is_boolean(x.type):
        x = cast(x, to)

    def finish(total: Column) -> Column:
        if pa.types.is_floating(total.type):
            total = _with_nan(total, groups.sizes)
        return cast(pc.fill_null(total, pa.scalar(0).cast(total.type)), to)

    return Reduction((Part(x, "sum"),), finish)


def _with_nan(found: Column, enough: Ints) -> Column:
    """Where pandas turned NaN into null: the answers of groups that have enough values for one."""
    if not found.null_count:
        return found
    lost = pc.and_(pc.is_null(found), pa.array(enough > 0))
    return pc.if_else(lost, pa.scalar(float("nan"), found.type), found)


def _mean(to: pa.DataType, groups: Groups, x: Column) -> Reduction:
    n = count(groups, x).to_numpy()
    if pa.types.is_decimal(x.type):
        number = _column_of(n.astype(np.float64), n == 0)
        return Reduction(
            (Part(x, "sum"),), lambda total: pc.divide(cast(total, pa.float64()), number)
        )
    if pa.types.is_boolean(x.type):
        x = cast(x, pa.float64())
    return Reduction((Part(x, "mean"),), lambda mean: cast(_with_nan(mean, n), to))


def _spread(name: str) -> Callable[..., Reduction]:
    def reduce(to: pa.DataType, groups: Groups, x: Column, *, ddof: int = 1) -> Reduction:
        enough = count(groups, x).to_numpy() - ddof
        part = Part(cast(x, pa.float64()), name, (("ddof", ddof),))
        return Reduction((part,), lambda found: cast(_with_nan(found, enough), to))

    return reduce


def _extreme(name: str) -> Callable[..., Reduction]:
    """NaN counts only where there is nothing else; text compares by its place in the order of all text."""

    def reduce(to: pa.DataType, groups: Groups, x: Column) -> Reduction:
        if pa.types.is_floating(x.type):
            return _float_extreme(name, groups, x)
        if pa.types.is_integer(x.type) or pa.types.is_decimal(x.type):
            return Reduction((Part(x, name),), lambda found: found)
        if pa.types.is_boolean(x.type):
            return Reduction((Part(cast(x, pa.uint8()), name),), lambda found: cast(found, to))
        if pa.types.is_temporal(x.type):
            whole = pa.int32() if x.type.bit_width == 32 else pa.int64()
            return Reduction(
                (Part(cast(x, whole), name),), lambda found: cast(cast(found, whole), to)
            )
        return _ordinal_extreme(name, x)

    return reduce


def _float_extreme(name: str, groups: Groups, x: Column) -> Reduction:
    if not has_nan(x):
        return Reduction((Part(x, name),), lambda found: found)
    n = count(groups, x)
    numbers = pc.if_else(pc.is_nan(x), pa.scalar(None, x.type), x)
    nan = pa.scalar(float("nan"), x.type)

    def finish(found: Column) -> Column:
        return pc.if_else(pc.and_(pc.is_null(found), pc.greater(n, 0)), nan, found)

    return Reduction((Part(numbers, name),), finish)


def _ordinal_extreme(name: str, x: Column) -> Reduction:
    encoded = (
        pa.chunked_array([x.combine_chunks().dictionary_encode()])
        .unify_dictionaries()
        .combine_chunks()
    )
    values = encoded.dictionary
    order = pc.sort_indices(values).to_numpy()
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    places = pa.chunked_array([pa.array(place).take(encoded.indices)])
    in_order = values.take(pa.array(order))

    def finish(found: Column) -> Column:
        return pa.chunked_array([in_order.take(cast(found, pa.int64()).combine_chunks())])

    return Reduction((Part(places, name),), finish)


# Counts and places, from the groups themselves


def _known(answer: Callable[..., Column]) -> Callable[..., Reduction]:
    """An aggregate that needs no pass of pandas."""

    def reduce(to: pa.DataType, groups: Groups, *operands: Column, **options: Any) -> Reduction:
        found = answer(groups, *operands, **options)
        return Reduction((), lambda: cast(found, to))

    return reduce


def count(groups: Groups, x: Column) -> Column:
    """Non-null values in each group."""
    if x.null_count == 0:
        return _column_of(groups.sizes)
    return _column_of(np.bincount(groups.of_rows[_valid(x)], minlength=groups.count))


def _valid(x: Column) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return pc.is_valid(x).to_numpy()


def _null_count(groups: Groups, x: Column) -> Column:
    return _column_of(groups.sizes - count(groups, x).to_numpy())


def _len(groups: Groups, *_: Column) -> Column:
    return _column_of(groups.sizes)


def _n_unique(groups: Groups, x: Column) -> Column:
    pairs = combine([Codes(groups.of_rows, groups.count), codes(x)])
    firsts = Groups(pairs.of_rows, pairs.count).firsts
    return _column_of(np.bincount(groups.of_rows[firsts], minlength=groups.count))


def _first(groups: Groups, x: Column, *, ignore_nulls: bool = False) -> Column:
    if not ignore_nulls or x.null_count == 0:
        return take(x, groups.firsts)
    rows = np.flatnonzero(_valid(x))
    found = Groups(groups.of_rows[rows], groups.count).firsts
    return take(x, _rows_at(rows, found))


def _last(groups: Groups, x: Column, *, ignore_nulls: bool = False) -> Column:
    if not ignore_nulls or x.null_count == 0:
        return take(x, groups.lasts)
    rows = np.flatnonzero(_valid(x))
    found = Groups(groups.of_rows[rows], groups.count).lasts
    return take(x, _rows_at(rows, found))


def _rows_at(rows: Ints, found: Ints) -> Ints:
    return np.where(found < 0, -1, rows[np.maximum(found, 0)] if len(rows) else -1)


def _any_value(groups: Groups, x: Column) -> Column:
    return _first(groups, x, ignore_nulls=True)


def _has_nulls(groups: Groups, x: Column) -> Column:
    return pc.greater(_null_count(groups, x), 0)


# Kleene's any and all


def _truth(name: str) -> Callable[..., Reduction]:
    """``any`` is a maximum and ``all`` a minimum of truth; unknown only where a null could change it."""
    decisive = name == "max"

    def reduce(
        _: pa.DataType, groups: Groups, x: Column, *, ignore_nulls: bool = True
    ) -> Reduction:
        has_nulls = _has_nulls(groups, x)

        def finish(found: Column) -> Column:
            answer = pc.fill_null(cast(found, pa.bool_()), not decisive)
            if ignore_nulls:
                return answer
            unknown = pc.and_(has_nulls, pc.not_equal(answer, pa.scalar(decisive)))
            return pc.if_else(unknown, pa.scalar(None, pa.bool_()), answer)

        return Reduction((Part(cast(x, pa.uint8()), name),), finish)

    return reduce


# Order statistics


def _median(groups: Groups, x: Column) -> Column:
    return _quantile(groups, x, 0.5, interpolation="linear")


def _quantile(
    groups: Groups, x: Column, quantile: float | pa.Scalar, *, interpolation: str = "nearest"
) -> Column:
    """From each group's values in order: the one at the quantile's place, or what lies between two."""
    q = plain(quantile)
    order = sort_rows([Order(_column_of(groups.of_rows)), Order(x, nulls_last=True)])
    values = x.take(pa.array(order)).to_numpy().astype(np.float64) if len(order) else np.zeros(1)
    n = count(groups, x).to_numpy()
    starts = np.concatenate([[0], np.cumsum(groups.sizes)[:-1]])
    place = q * (n - 1).clip(0)
    low, high = np.floor(place), np.ceil(place)
    last = len(values) - 1
    below, above = (values[np.minimum(starts + p.astype(np.int64), last)] for p in (low, high))
    if interpolation == "nearest":
        middle = values[np.minimum(starts + np.round(place).astype(np.int64), last)]
    elif interpolation in ("lower", "higher"):
        middle = below if interpolation == "lower" else above
    elif interpolation == "midpoint":
        middle = np.where(low == high, below, (below + above) / 2)
    else:
        with np.errstate(all="ignore"):
            middle = np.where(below == above, below, below + (above - below) * (place - low))
    return _column_of(middle, n == 0)


# What is refused


def _of(*allowed: Callable[[pl.DataType], bool]) -> Refusal:
    def refuses(site: Site) -> str | None:
        dtype = site.operands[0]
        return None if any(fits(dtype) for fits in allowed) else f"{site.call.function} of {dtype}"

    return refuses


def _integer(d: pl.DataType) -> bool:
    return d.is_integer()


def _float(d: pl.DataType) -> bool:
    return d.is_float()


def _boolean(d: pl.DataType) -> bool:
    return d == pl.Boolean


def _decimal(d: pl.DataType) -> bool:
    return isinstance(d, pl.Decimal)


def _duration(d: pl.DataType) -> bool:
    return isinstance(d, pl.Duration)


def _temporal(d: pl.DataType) -> bool:
    return d.is_temporal()


def _text(d: pl.DataType) -> bool:
    return d in (pl.String, pl.Binary)


def _sums(site: Site) -> str | None:
    if site.options.get("strict"):
        return "sum(strict=True)"
    return _of(_integer, _float, _boolean, _decimal, _duration)(site)


def _coded(site: Site) -> str | None:
    return None if has_codes(site.operands[0]) else f"{site.call.function} of {site.operands[0]}"


_ordered = _of(_integer, _float, _boolean, _decimal, _temporal, _text)
_numeric = _of(_integer, _float)

AGGREGATES: Mapping[str, Aggregate] = {
    "sum": Aggregate(_sum, _sums),
    "mean": Aggregate(_mean, _of(_integer, _float, _boolean, _decimal)),
    "std": Aggregate(_spread("std"), _numeric),
    "var": Aggregate(_spread("var"), _numeric),
    "min": Aggregate(_extreme("min"), _ordered),
    "max": Aggregate(_extreme("max"), _ordered),
    "any": Aggregate(_truth("max"), _of(_boolean)),
    "all": Aggregate(_truth("min"), _of(_boolean)),
    "count": Aggregate(_known(count)),
    "null_count": Aggregate(_known(_null_count)),
    "has_nulls": Aggregate(_known(_has_nulls)),
    "len": Aggregate(_known(_len)),
    "pl.len": Aggregate(_known(_len)),
    "n_unique": Aggregate(_known(_n_unique), _coded),
    "first": Aggregate(_known(_first)),
    "last": Aggregate(_known(_last)),
    "any_value": Aggregate(_known(_any_value)),
    "median": Aggregate(_known(_median), _numeric),
    "quantile": Aggregate(_known(_quantile), _numeric),
}
"""By the name in the function table."""
