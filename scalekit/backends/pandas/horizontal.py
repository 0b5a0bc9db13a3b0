"""Functions of several columns of one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.native import (
    Datum,
    Elementwise,
    Site,
    all_of,
    both,
    cast,
    choices,
    is_boolean,
    is_float,
    is_integer,
    is_string,
)

_numbers = all_of(is_integer, is_float)


def _coalesce(to: pa.DataType, *operands: Datum) -> Datum:
    return pc.coalesce(*(cast(x, to) for x in operands))


def _extreme(name: str) -> Callable[..., Datum]:
    """Nulls are skipped, and NaN counts only where there is nothing else."""
    better = pc.min_element_wise if name == "min" else pc.max_element_wise

    def run(to: pa.DataType, *operands: Datum) -> Datum:
        values = [cast(x, to) for x in operands]
        if not pa.types.is_floating(to):
            return better(*values, skip_nulls=True)
        nan = pa.scalar(float("nan"), to)
        numbers = [pc.if_else(pc.is_nan(x), pa.scalar(None, to), x) for x in values]
        any_value = reduce(pc.or_, [pc.is_valid(x) for x in values])
        found = better(*numbers, skip_nulls=True)
        return pc.if_else(pc.and_(pc.is_null(found), any_value), nan, found)

    return run


def _sum(to: pa.DataType, *operands: Datum, ignore_nulls: bool = True) -> Datum:
    values = [cast(x, to) for x in operands]
    if ignore_nulls:
        values = [pc.fill_null(x, pa.scalar(0).cast(to)) for x in values]
    return reduce(pc.add, values)


def _mean(to: pa.DataType, *operands: Datum, ignore_nulls: bool = True) -> Datum:
    values = [cast(x, to) for x in operands]
    if not ignore_nulls:
        return pc.divide(reduce(pc.add, values), pa.scalar(float(len(values)), to))
    total = reduce(pc.add, [pc.fill_null(x, pa.scalar(0.0, to)) for x in values])
    count = reduce(pc.add, [cast(pc.is_valid(x), to) for x in values])
    some = pc.if_else(pc.equal(count, pa.scalar(0.0, to)), pa.scalar(None, to), count)
    return pc.divide(total, some)


def _concat(to: pa.DataType, *operands: Datum, separator: str = "", **_: Any) -> Datum:
    return pc.binary_join_element_wise(*operands, pa.scalar(separator, to))


def _with_nulls(site: Site) -> str | None:
    """Arrow's kernel that skips nulls drops the rows that have nothing else."""
    return "concat_str(ignore_nulls=True)" if site.options["ignore_nulls"] else None


def _any_column(site: Site) -> str | None:
    """Polars' answer for constants alone has one row, or as many as there are."""
    constants = all(site.is_constant(i) for i in range(len(site.operands)))
    return f"{site.call.function} of constants" if constants else None


def _same_types(site: Site) -> str | None:
    others = [d for d in site.operands if d not in (site.result, pl.Null)]
    return f"{site.call.function} of {others[0]} among {site.result}" if others else None


HORIZONTAL: Mapping[str, Elementwise] = {
    "coalesce": Elementwise(_coalesce, both(_any_column, choices)),
    "min_horizontal": Elementwise(_extreme("min"), both(_any_column, _numbers, _same_types)),
    "max_horizontal": Elementwise(_extreme("max"), both(_any_column, _numbers, _same_types)),
    "sum_horizontal": Elementwise(_sum, both(_any_column, _numbers)),
    "mean_horizontal": Elementwise(_mean, both(_any_column, all_of(is_float), _same_types)),
    "all_horizontal": Elementwise(
        lambda _, *xs: reduce(pc.and_kleene, xs), both(_any_column, all_of(is_boolean))
    ),
    "any_horizontal": Elementwise(
        lambda _, *xs: reduce(pc.or_kleene, xs), both(_any_column, all_of(is_boolean))
    ),
    "concat_str": Elementwise(_concat, both(_any_column, all_of(is_string), _with_nulls)),
}
"""By the name in the function table."""
