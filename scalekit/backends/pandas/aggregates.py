"""Aggregates that pandas' groups answer as the contract says.

pandas turns a NaN that a group gives into null; a group that has values enough for an answer tells the
two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.keys import (
    Codes,
    Groups,
    Ints,
    codes,
    column_of,
    combine,
    count,
    has_codes,
    take,
)
from scalekit.backends.pandas.moments import corr, cov, of_values
from scalekit.backends.pandas.native import (
    Column,
    Site,
    all_of,
    both,
    cast,
    has_nan,
    is_boolean,
    is_decimal,
    is_duration,
    is_float,
    is_integer,
    of,
)
from scalekit.backends.pandas.quantiles import median, quantile
from scalekit.backends.pandas.reductions import Aggregate, Part, Reduction, known

_NAN = float("nan")


# Sums and moments


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
    if not found.null_count:
        return found
    lost = pc.and_(pc.is_null(found), pa.array(enough > 0))
    return pc.if_else(lost, pa.scalar(_NAN, found.type), found)


def _mean(to: pa.DataType, groups: Groups, x: Column) -> Reduction:
    n = count(groups, x)
    if pa.types.is_duration(x.type):
        number = column_of(n, n == 0)
        # Toward zero, as Polars does.
        return Reduction(
            (Part(cast(x, pa.int64()), "sum"),), lambda total: cast(pc.divide(total, number), to)
        )
    if pa.types.is_decimal(x.type):
        number = column_of(n.astype(np.float64), n == 0)
        return Reduction(
            (Part(x, "sum"),), lambda total: pc.divide(cast(total, pa.float64()), number)
        )
    if pa.types.is_boolean(x.type):
        x = cast(x, pa.float64())
    return Reduction((Part(x, "mean"),), lambda mean: cast(_with_nan(mean, n), to))


def _spread(name: str) -> Callable[..., Reduction]:
    def reduce(to: pa.DataType, groups: Groups, x: Column, *, ddof: int = 1) -> Reduction:
        enough = count(groups, x) - ddof
        part = Part(cast(x, pa.float64()), name, (("ddof", ddof),))
        return Reduction((part,), lambda found: cast(_with_nan(found, enough), to))

    return reduce


# Extremes


def _extreme(name: str) -> Callable[..., Reduction]:
    """The least or greatest, by whole numbers in the same order where pandas has none for the type."""

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
        reduction = _ordinal_extreme(name, x)
        return Reduction(reduction.parts, lambda *found: cast(reduction.finish(*found), to))

    return reduce


def _float_extreme(name: str, groups: Groups, x: Column) -> Reduction:
    """NaN counts only where there is nothing else."""
    if not has_nan(x):
        return Reduction((Part(x, name),), lambda found: found)
    n = count(groups, x)
    numbers = pc.if_else(pc.is_nan(x), pa.scalar(None, x.type), x)
    return Reduction((Part(numbers, name),), lambda found: _with_nan(found, n))


def _nan_extreme(name: str) -> Callable[..., Reduction]:
    """NaN where there is any."""

    def reduce(_: pa.DataType, groups: Groups, x: Column) -> Reduction:
        is_nan = pc.fill_null(pc.is_nan(x), fill_value=False).to_numpy()
        poisoned = np.bincount(groups.of_rows[is_nan], minlength=groups.count) > 0
        nan = pa.scalar(_NAN, x.type)
        return Reduction((Part(x, name),), lambda found: pc.if_else(pa.array(poisoned), nan, found))

    return reduce


def _ordinal_extreme(name: str, x: Column) -> Reduction:
    """Text and bytes, by their places in the order of all that occur."""
    if pa.types.is_dictionary(x.type):
        x = cast(x, x.type.value_type)
    if len(x) == 0:
        return Reduction(
            (Part(cast(x, pa.binary()), "count"),), lambda found: pa.nulls(len(found), x.type)
        )
    encoded = pc.dictionary_encode(x).combine_chunks()
    order = pc.sort_indices(encoded.dictionary)
    places = np.empty(len(order), dtype=np.int64)
    places[order.to_numpy()] = np.arange(len(order))
    in_order = encoded.dictionary.take(order)
    part = Part(pa.chunked_array([pa.array(places).take(encoded.indices)]), name)
    return Reduction((part,), lambda found: in_order.take(cast(found, pa.int64())))


# Counts and places, from the groups themselves


def _count(groups: Groups, x: Column) -> Column:
    return column_of(count(groups, x))


def _null_count(groups: Groups, x: Column) -> Column:
    return column_of(groups.sizes - count(groups, x))


def _has_nulls(groups: Groups, x: Column) -> Column:
    return column_of(groups.sizes > count(groups, x))


def _len(groups: Groups, *_: Column) -> Column:
    return column_of(groups.sizes)


def _n_unique(groups: Groups, x: Column) -> Column:
    pairs = combine([Codes(groups.of_rows, groups.count), codes(x)])
    firsts = Groups(pairs.of_rows, pairs.count).firsts
    return column_of(np.bincount(groups.of_rows[firsts], minlength=groups.count))


def _first(groups: Groups, x: Column, *, ignore_nulls: bool = False) -> Column:
    if not ignore_nulls or x.null_count == 0:
        return take(x, groups.firsts)
    rows = np.flatnonzero(pc.is_valid(x).to_numpy())
    return take(x, _rows_at(rows, Groups(groups.of_rows[rows], groups.count).firsts))


def _last(groups: Groups, x: Column, *, ignore_nulls: bool = False) -> Column:
    if not ignore_nulls or x.null_count == 0:
        return take(x, groups.lasts)
    rows = np.flatnonzero(pc.is_valid(x).to_numpy())
    return take(x, _rows_at(rows, Groups(groups.of_rows[rows], groups.count).lasts))


def _rows_at(rows: Ints, found: Ints) -> Ints:
    return np.where(found < 0, -1, rows[found.clip(0)]) if len(rows) else found


def _any_value(groups: Groups, x: Column) -> Column:
    return _first(groups, x, ignore_nulls=True)


# Kleene's any and all


def _truth(name: str) -> Callable[..., Reduction]:
    """``any`` is a maximum and ``all`` a minimum of truth; unknown only where a null could change it."""
    decisive = name == "max"

    def reduce(
        _: pa.DataType, groups: Groups, x: Column, *, ignore_nulls: bool = True
    ) -> Reduction:
        has_nulls = _has_nulls(groups, x)

        def finish(found: Column) -> Column:
            answer = pc.fill_null(cast(found, pa.bool_()), fill_value=not decisive)
            if ignore_nulls:
                return answer
            unknown = pc.and_(has_nulls, pc.not_equal(answer, pa.scalar(decisive)))
            return pc.if_else(unknown, pa.scalar(None, pa.bool_()), answer)

        return Reduction((Part(cast(x, pa.uint8()), name),), finish)

    return reduce


# What is refused


def _sums(site: Site) -> str | None:
    if site.options.get("strict"):
        return "sum(strict=True)"
    return of(is_integer, is_float, is_boolean, is_decimal, is_duration)(site)


def _coded(site: Site) -> str | None:
    return None if has_codes(site.operands[0]) else f"{site.call.function} of {site.operands[0]}"


def _ordered(site: Site) -> str | None:
    dtype = site.operands[0]
    is_text = dtype in (pl.String, pl.Binary) or isinstance(dtype, pl.Categorical)
    known_order = dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean or is_text
    return None if known_order else f"{site.call.function} of {dtype}"


_numeric = of(is_integer, is_float)
_numerics = all_of(is_integer, is_float)

AGGREGATES: Mapping[str, Aggregate] = {
    "sum": Aggregate(_sum, _sums),
    "mean": Aggregate(_mean, of(is_integer, is_float, is_boolean, is_decimal, is_duration)),
    "std": Aggregate(_spread("std"), of(is_integer, is_float, is_decimal)),
    "var": Aggregate(_spread("var"), of(is_integer, is_float, is_decimal)),
    "min": Aggregate(_extreme("min"), _ordered),
    "max": Aggregate(_extreme("max"), _ordered),
    "median": Aggregate(known(median), of(is_integer, is_float, is_decimal)),
    "quantile": Aggregate(known(quantile), of(is_integer, is_float, is_decimal)),
    "nan_min": Aggregate(_nan_extreme("min"), of(is_float)),
    "nan_max": Aggregate(_nan_extreme("max"), of(is_float)),
    "cov": Aggregate(known(cov), both(_numerics, of_values), columns=2),
    "corr": Aggregate(known(corr), both(_numerics, of_values), columns=2),
    "any": Aggregate(_truth("max"), of(is_boolean)),
    "all": Aggregate(_truth("min"), of(is_boolean)),
    "count": Aggregate(known(_count)),
    "null_count": Aggregate(known(_null_count)),
    "has_nulls": Aggregate(known(_has_nulls)),
    "len": Aggregate(known(_len)),
    "pl.len": Aggregate(known(_len)),
    "n_unique": Aggregate(known(_n_unique), _coded),
    "first": Aggregate(known(_first)),
    "last": Aggregate(known(_last)),
    "any_value": Aggregate(known(_any_value)),
}
"""By the name in the function table."""
