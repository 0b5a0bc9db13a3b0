"""Arithmetic and mathematics on Arrow-backed columns.

pandas' own operators raise where integers overflow and turn NaN into null, so that arithmetic runs on
Arrow's unchecked kernels, on the column's memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.native import (
    Datum,
    Elementwise,
    Site,
    all_of,
    by_arrow,
    by_numpy,
    cast,
    is_date,
    is_datetime,
    is_decimal,
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
        if pa.types.is_decimal(to):
            return kernel(_wide(x, to), _wide(y, to)).cast(to)  # raises where the digits do not fit
        return kernel(cast(x, to), cast(y, to))

    def refuses(site: Site) -> str | None:
        return _not_numbers(site) and all_of(is_decimal)(site) and of_times(site)

    return Elementwise(run, refuses)


def _wide(x: Datum, to: pa.DataType) -> Datum:
    """Decimals with room for a digit more."""
    return x.cast(pa.decimal256(to.precision, to.scale))


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
    first = site.operands[0]
    if first.is_temporal() and set(site.operands) == {first}:
        return None
    narrow = first.is_integer() and any(d.is_float() for d in site.operands)
    return "clip of whole numbers to fractions" if narrow else _not_numbers(site)


ARITHMETIC: Mapping[str, Elementwise] = {
    "add": _add(),
    "sub": _arithmetic(pc.subtract, _DIFFERENCES),
    "mul": Elementwise(lambda to, x, y: pc.multiply(cast(x, to), cast(y, to)), _not_numbers),
    "truediv": Elementwise(_divide, _not_numbers),
    "floordiv": Elementwise(_floor_divide, _not_numbers),
    "mod": Elementwise(_modulo, _not_numbers),
    "pow": Elementwise(_power, _powers),
    "neg": Elementwise(by_arrow(pc.negate), of(is_integer, is_float, is_decimal)),
    "abs": Elementwise(by_arrow(pc.abs), of(is_integer, is_float, is_decimal)),
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
}
"""By the name in the function table."""
