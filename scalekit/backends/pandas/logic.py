"""Comparison, membership, logic and missing values on Arrow-backed columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.keys import comparable
from scalekit.backends.pandas.native import (
    Datum,
    Elementwise,
    Site,
    all_of,
    both,
    by_arrow,
    cast,
    choices,
    has_nan,
    is_boolean,
    is_float,
    is_integer,
    of,
)

# Comparison


def _alike(x: Datum, y: Datum) -> tuple[Datum, Datum]:
    """Numbers of different kinds are compared as floats; Arrow would refuse those beyond 2**53."""
    if pa.types.is_dictionary(x.type) or pa.types.is_dictionary(y.type):
        return cast(x, pa.large_string()), cast(y, pa.large_string())
    if x.type != y.type and (pa.types.is_floating(x.type) or pa.types.is_floating(y.type)):
        return cast(x, pa.float64()), cast(y, pa.float64())
    return x, y


def _equal(_: pa.DataType, x: Datum, y: Datum) -> Datum:
    x, y = _alike(x, y)
    plain = pc.equal(x, y)
    if has_nan(x) and has_nan(y):
        return pc.or_(plain, pc.and_(pc.is_nan(x), pc.is_nan(y)))
    return plain


def _not_equal(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    return pc.invert(_equal(to, x, y))


def _less(_: pa.DataType, x: Datum, y: Datum) -> Datum:
    """NaN is greater than every number and equal to itself."""
    x, y = _alike(x, y)
    plain = pc.less(x, y)
    if not has_nan(y):
        return plain
    return pc.or_(plain, pc.and_(pc.is_nan(y), pc.invert(pc.is_nan(x))))


def _greater(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    return _less(to, y, x)


def _less_equal(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    return pc.invert(_less(to, y, x))


def _greater_equal(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    return pc.invert(_less(to, x, y))


def _equal_missing(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    no_values = pc.and_(pc.is_null(x), pc.is_null(y))
    return pc.or_(no_values, pc.fill_null(_equal(to, x, y), fill_value=False))


def _not_equal_missing(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    return pc.invert(_equal_missing(to, x, y))


def _comparable(site: Site) -> str | None:
    one, *others = site.operands
    for two in others:
        if not _go_together(one, two) and (two != pl.Null or one.is_nested()):
            return f"{site.call.function} of {one} and {two}"
    return None


def _go_together(one: pl.DataType, two: pl.DataType) -> bool:
    if all(d.is_integer() or d.is_float() for d in (one, two)):
        return not (
            pl.UInt64 in (one, two) and (one.is_signed_integer() or two.is_signed_integer())
        )
    plain = (pl.String, pl.Binary, pl.Boolean, pl.Date, pl.Time)
    return one == two and (one in plain or isinstance(one, pl.Datetime | pl.Duration | pl.Decimal))


def _equatable(site: Site) -> str | None:
    text = [d for d in site.operands if d == pl.String or isinstance(d, pl.Categorical)]
    return None if len(text) == len(site.operands) else _comparable(site)


def _between(to: pa.DataType, x: Datum, low: Datum, high: Datum, closed: str = "both") -> Datum:
    above = (_greater_equal if closed in ("both", "left") else _greater)(to, x, low)
    below = (_less_equal if closed in ("both", "right") else _less)(to, x, high)
    return pc.and_kleene(above, below)


def _is_in(_: pa.DataType, x: Datum, other: Datum, *, nulls_equal: bool = False) -> Datum:
    """Null in the list matches nothing, and null on the left gives null, unless nulls are equal."""
    listed = other.values if isinstance(other, pa.Scalar) else other
    if pa.types.is_dictionary(x.type):
        x = cast(x, x.type.value_type)
    wide = x.type if x.type == listed.type else _common(x.type, listed.type)
    values = comparable(pa.chunked_array([cast(listed, wide)]))
    column = x if isinstance(x, pa.Scalar) else comparable(cast(x, wide))
    found = pc.is_in(
        cast(column, wide), value_set=values.combine_chunks(), skip_nulls=not nulls_equal
    )
    return found if nulls_equal else pc.if_else(pc.is_null(x), pa.scalar(None, pa.bool_()), found)


def _common(one: pa.DataType, two: pa.DataType) -> pa.DataType:
    return pa.float64() if pa.types.is_floating(one) or pa.types.is_floating(two) else pa.int64()


def _memberships(site: Site) -> str | None:
    one, listed = site.operands
    if isinstance(listed, pl.List):
        listed = listed.inner  # type: ignore[assignment]
    if isinstance(one, pl.Categorical) and listed == pl.String:
        return None
    together = one == listed if not one.is_numeric() else _go_together(one, listed)
    plain = (
        one.is_numeric() or one in (pl.String, pl.Boolean, pl.Date) or isinstance(one, pl.Datetime)
    )
    if together and plain and not isinstance(one, pl.Decimal):
        return None
    return f"is_in of {one} in values of {listed}"


# Logic


def _kleene(kernel: Callable[..., Datum]) -> Elementwise:
    return Elementwise(lambda _, *xs: reduce(kernel, xs), all_of(is_boolean))


# Missing values


def _fill_null(to: pa.DataType, x: Datum, value: Datum) -> Datum:
    return pc.coalesce(cast(x, to), cast(value, to))


def _fill_constant(_: pa.DataType, x: Datum, strategy: str) -> Datum:
    return pc.fill_null(x, pa.scalar(int(strategy == "one")).cast(x.type))


def _fill_nan(to: pa.DataType, x: Datum, value: Datum) -> Datum:
    x = cast(x, to)
    return pc.if_else(pc.fill_null(pc.is_nan(x), fill_value=False), cast(value, to), x)


def _never(x: Datum) -> Datum:
    """False, and null where there is no value."""
    return pc.if_else(pc.is_valid(x), pa.scalar(value=False), pa.scalar(None, pa.bool_()))


def _float_test(kernel: Callable[..., Datum], *, of_whole_numbers: bool) -> Elementwise:
    def run(_: pa.DataType, x: Datum) -> Datum:
        if pa.types.is_floating(x.type):
            return kernel(x)
        return pc.invert(_never(x)) if of_whole_numbers else _never(x)

    return Elementwise(run, of(is_integer, is_float))


LOGIC: Mapping[str, Elementwise] = {
    "eq": Elementwise(_equal, _equatable),
    "ne": Elementwise(_not_equal, _equatable),
    "eq_missing": Elementwise(_equal_missing, _equatable),
    "ne_missing": Elementwise(_not_equal_missing, _equatable),
    "lt": Elementwise(_less, _comparable),
    "le": Elementwise(_less_equal, _comparable),
    "gt": Elementwise(_greater, _comparable),
    "ge": Elementwise(_greater_equal, _comparable),
    "is_between": Elementwise(_between, _comparable),
    "is_in": Elementwise(_is_in, _memberships, columns=1, lists=True),
    "and_": _kleene(pc.and_kleene),
    "or_": _kleene(pc.or_kleene),
    "xor": _kleene(pc.xor),
    "not_": Elementwise(by_arrow(pc.invert), of(is_boolean)),
    "is_null": Elementwise(by_arrow(pc.is_null)),
    "is_not_null": Elementwise(by_arrow(pc.is_valid)),
    "is_nan": _float_test(pc.is_nan, of_whole_numbers=False),
    "is_not_nan": _float_test(lambda x: pc.invert(pc.is_nan(x)), of_whole_numbers=True),
    "is_finite": _float_test(pc.is_finite, of_whole_numbers=True),
    "is_infinite": _float_test(pc.is_inf, of_whole_numbers=False),
    "fill_null": Elementwise(_fill_null, choices),
    "fill_null_constant": Elementwise(_fill_constant, of(is_integer, is_float)),
    "fill_nan": Elementwise(_fill_nan, both(of(is_float), choices)),
}
"""By the name in the function table."""
