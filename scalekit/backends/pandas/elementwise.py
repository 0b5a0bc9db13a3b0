"""Arithmetic, comparison, logic and missing values on Arrow-backed columns.

pandas' own operators raise where integers overflow and turn NaN into null, so that arithmetic runs on
Arrow's unchecked kernels, on the column's memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
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
    by_numpy,
    cast,
    choices,
    has_nan,
    is_boolean,
    is_date,
    is_datetime,
    is_duration,
    is_float,
    is_integer,
    is_string,
    of,
)

# Arithmetic


def _arithmetic(
    kernel: Callable[..., Datum], of_times: Callable[[Site], str | None]
) -> Elementwise:
    def run(to: pa.DataType, x: Datum, y: Datum) -> Datum:
        if pa.types.is_temporal(to):
            unit = to.unit if hasattr(to, "unit") else "us"
            return cast(kernel(_ticks(x, unit), _ticks(y, unit)), to)
        return kernel(cast(x, to), cast(y, to))

    def refuses(site: Site) -> str | None:
        return _not_numbers(site) and of_times(site)

    return Elementwise(run, refuses)


def _not_numbers(site: Site) -> str | None:
    """Numbers, and constants of their kind: what Polars makes of others depends on more than types."""
    for position, dtype in enumerate(site.operands):
        if site.is_constant(position) and not _is_within(site.constant(position), site.result):
            return f"{site.call.function} with the constant {site.constant(position)!r}"
        if site.is_constant(position) and position == 0 and site.result != site.operands[1]:
            return f"{site.call.function} of a constant and {site.operands[1]}"
        if not (dtype.is_integer() or dtype.is_float()):
            return f"{site.call.function} of {dtype}"
    return None


def _is_within(value: Any, dtype: pl.DataType) -> bool:
    if not dtype.is_integer() or not isinstance(value, int):
        return True
    low, high = pl.select(low=dtype.min(), high=dtype.max()).row(0)  # type: ignore[attr-defined]
    return bool(low <= value <= high)


def _divide(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    """By a constant, Polars multiplies with its reciprocal; the last bit tells the two apart."""
    x, y = cast(x, to), cast(y, to)
    if isinstance(y, pa.Scalar) and not isinstance(x, pa.Scalar):
        return pc.multiply(x, pc.divide(pa.scalar(1.0, to), y))
    return pc.divide(x, y)


def _ticks(x: Datum, unit: str) -> Datum:
    """Datetimes, dates and durations as whole numbers of a unit."""
    if pa.types.is_date(x.type):
        x = cast(x, pa.timestamp(unit))
    return cast(x, pa.int64())


def _unlike_times(
    *kinds: tuple[Callable[[pl.DataType], bool], Callable[[pl.DataType], bool]],
) -> Any:
    """Refuse all but these pairs of types, in the same unit."""

    def refuses(site: Site) -> str | None:
        one, two = site.operands
        units = {d.time_unit for d in (one, two) if isinstance(d, pl.Datetime | pl.Duration)} or {
            "us"
        }
        zones = {d.time_zone for d in (one, two) if isinstance(d, pl.Datetime)}
        known = any(a(one) and b(two) for a, b in kinds)
        if known and len(units) == 1 and len(zones) <= 1:
            return None
        return f"{site.call.function} of {one} and {two}"

    return refuses


_SUMS = _unlike_times(
    (is_datetime, is_duration), (is_duration, is_datetime), (is_duration, is_duration)
)
_DIFFERENCES = _unlike_times(
    (is_datetime, is_duration),
    (is_datetime, is_datetime),
    (is_date, is_date),
    (is_duration, is_duration),
)


def _add() -> Elementwise:
    numbers = _arithmetic(pc.add, _SUMS)

    def run(to: pa.DataType, x: Datum, y: Datum) -> Datum:
        if pa.types.is_large_string(to):
            return pc.binary_join_element_wise(x, y, pa.scalar("", to))
        return numbers.run(to, x, y)

    def refuses(site: Site) -> str | None:
        return all_of(is_string)(site) and numbers.refuses(site)

    return Elementwise(run, refuses)


def _floor_divide(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    if pa.types.is_floating(to):
        return pc.floor(_divide(to, x, y))
    return by_numpy(np.floor_divide)(to, x, _null_zeros(cast(y, to)))


def _modulo(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    if pa.types.is_floating(to):
        x, y = cast(x, to), cast(y, to)
        return pc.subtract(x, pc.multiply(y, pc.floor(_divide(to, x, y))))
    return by_numpy(np.mod)(to, x, _null_zeros(cast(y, to)))


def _null_zeros(y: Datum) -> Datum:
    """Whole numbers divided by zero give null."""
    if isinstance(y, pa.Scalar):
        return pa.scalar(None, y.type) if y.is_valid and y.as_py() == 0 else y
    return pc.if_else(pc.equal(y, 0), pa.scalar(None, y.type), y)


def _power(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    if isinstance(y, pa.Scalar) and y.as_py() == 0.5:
        return pc.sqrt(
            cast(x, to)
        )  # as Polars does: of minus infinity it is NaN, where a power is infinite
    return pc.power(cast(x, to), cast(y, to))


def _powers(site: Site) -> str | None:
    """Whole numbers to a power that may be negative raise in Polars and not here."""
    if not site.result.is_integer() or (
        isinstance(exponent := site.constant(1), int) and exponent >= 0
    ):
        return _not_numbers(site)
    return "pow of whole numbers to a power that is no constant"


def _in_float(kernel: Callable[..., Datum]) -> Elementwise:
    """Mathematics in the type of the answer."""
    return Elementwise(lambda to, x: kernel(cast(x, to)), of(is_integer, is_float))


def _is_double(dtype: pl.DataType) -> bool:
    return dtype == pl.Float64


def _log(to: pa.DataType, x: Datum, base: Any = None) -> Datum:
    x = cast(x, to)
    return pc.ln(x) if base is None else pc.divide(pc.ln(x), pc.ln(cast(base, to)))


def _rounded(kernel: Callable[..., Datum]) -> Elementwise:
    """Whole numbers are round already."""
    return Elementwise(
        lambda _, x: kernel(x) if pa.types.is_floating(x.type) else x, of(is_integer, is_float)
    )


def _round(to: pa.DataType, x: Datum, decimals: int = 0, mode: str = "half_to_even") -> Datum:  # noqa: ARG001
    if not pa.types.is_floating(x.type):
        return x
    scale = 10.0**decimals

    def kernel(values: Any) -> Any:
        scaled = values * scale
        return np.where(np.isfinite(scaled), np.rint(scaled) / scale, values)

    return by_numpy(kernel)(pa.float64(), x)


def _rounds(site: Site) -> str | None:
    if site.options["mode"] != "half_to_even" or site.options["decimals"] < 0:
        return f"round(decimals={site.options['decimals']}, mode={site.options['mode']!r})"
    return of(is_integer, is_float)(site)


def _sign(to: pa.DataType, x: Datum) -> Datum:
    return by_numpy(np.sign)(to, x)


def _clip(to: pa.DataType, x: Datum, lower_bound: Datum = None, upper_bound: Datum = None) -> Datum:
    """NaN stays NaN, as no comparison with it is true."""
    if lower_bound is not None:
        low = cast(lower_bound, to)
        x = pc.if_else(pc.less(x, low), low, x)
    if upper_bound is not None:
        high = cast(upper_bound, to)
        x = pc.if_else(pc.greater(x, high), high, x)
    return x


def _bounds(site: Site) -> str | None:
    narrow = site.operands[0].is_integer() and any(d.is_float() for d in site.operands)
    return "clip of whole numbers to fractions" if narrow else _not_numbers(site)


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
        if not _go_together(one, two):
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


ELEMENTWISE: Mapping[str, Elementwise] = {
    "add": _add(),
    "sub": _arithmetic(pc.subtract, _DIFFERENCES),
    "mul": Elementwise(lambda to, x, y: pc.multiply(cast(x, to), cast(y, to)), _not_numbers),
    "truediv": Elementwise(_divide, _not_numbers),
    "floordiv": Elementwise(_floor_divide, _not_numbers),
    "mod": Elementwise(_modulo, _not_numbers),
    "pow": Elementwise(_power, _powers),
    "neg": Elementwise(by_arrow(pc.negate), of(is_integer, is_float)),
    "abs": Elementwise(by_arrow(pc.abs), of(is_integer, is_float)),
    "sign": Elementwise(_sign, of(is_integer, is_float)),
    "sqrt": _in_float(pc.sqrt),
    "exp": _in_float(pc.exp),
    "log": Elementwise(_log, of(is_integer, is_float)),
    "log10": Elementwise(by_arrow(pc.log10), of(_is_double)),
    "log1p": _in_float(pc.log1p),
    "sin": _in_float(pc.sin),
    "cos": _in_float(pc.cos),
    "tan": _in_float(pc.tan),
    "arcsin": _in_float(pc.asin),
    "arccos": _in_float(pc.acos),
    "arctan": _in_float(pc.atan),
    "sinh": _in_float(pc.sinh),
    "cosh": _in_float(pc.cosh),
    "tanh": _in_float(pc.tanh),
    "cbrt": Elementwise(by_numpy(np.cbrt), of(_is_double)),
    "degrees": _in_float(lambda x: pc.multiply(x, pa.scalar(180 / math.pi, x.type))),
    "radians": _in_float(lambda x: pc.multiply(x, pa.scalar(math.pi / 180, x.type))),
    "ceil": _rounded(pc.ceil),
    "floor": _rounded(pc.floor),
    "round": Elementwise(_round, _rounds),
    "clip": Elementwise(_clip, _bounds),
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
