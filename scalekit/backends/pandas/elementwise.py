"""Elementwise functions that pandas' Arrow-backed columns answer as the contract says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.native import Datum, Elementwise, Site, cast, has_nan


def _numbers(site: Site) -> str | None:
    kinds = {d for d in site.operands if not (d.is_integer() or d.is_float())}
    return f"{site.call.function} of {kinds.pop()}" if kinds else None


def _in_type_of_answer(kernel: Callable[..., Datum]) -> Elementwise:
    """Arithmetic in the type of the answer; Arrow's unchecked kernels wrap as the contract asks."""
    return Elementwise(lambda to, x, y: kernel(cast(x, to), cast(y, to)), _numbers)


def _alike(x: Datum, y: Datum) -> tuple[Datum, Datum]:
    """Numbers of different kinds are compared as floats; Arrow would refuse those beyond 2**53."""
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
    above = pc.is_nan(y)
    return pc.or_(
        plain, pc.and_(above, pc.invert(pc.is_nan(x))) if pa.types.is_floating(x.type) else above
    )


def _greater(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    return _less(to, y, x)


def _less_equal(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    return pc.invert(_less(to, y, x))


def _greater_equal(to: pa.DataType, x: Datum, y: Datum) -> Datum:
    return pc.invert(_less(to, x, y))


def _comparable(site: Site) -> str | None:
    one, two = site.operands
    if all(d.is_integer() or d.is_float() for d in (one, two)):
        mixed = pl.UInt64 in (one, two) and any(d.is_signed_integer() for d in (one, two))
        return f"{site.call.function} of {one} and {two}" if mixed else None
    plain = (pl.String, pl.Date, pl.Boolean)
    if one == two and (one in plain or isinstance(one, pl.Datetime | pl.Duration)):
        return None
    return f"{site.call.function} of {one} and {two}"


def _comparison(run: Callable[..., Datum]) -> Elementwise:
    return Elementwise(run, _comparable)


def _booleans(site: Site) -> str | None:
    others = [d for d in site.operands if d != pl.Boolean]
    return f"{site.call.function} of {others[0]}" if others else None


def _kleene(kernel: Callable[..., Datum]) -> Elementwise:
    return Elementwise(lambda _, *xs: reduce(kernel, xs), _booleans)


def _plain(kernel: Callable[..., Datum]) -> Elementwise:
    return Elementwise(lambda _, *xs: kernel(*xs))


ELEMENTWISE: Mapping[str, Elementwise] = {
    "add": _in_type_of_answer(pc.add),
    "sub": _in_type_of_answer(pc.subtract),
    "mul": _in_type_of_answer(pc.multiply),
    "truediv": _in_type_of_answer(pc.divide),
    "eq": _comparison(_equal),
    "ne": _comparison(_not_equal),
    "lt": _comparison(_less),
    "le": _comparison(_less_equal),
    "gt": _comparison(_greater),
    "ge": _comparison(_greater_equal),
    "and_": _kleene(pc.and_kleene),
    "or_": _kleene(pc.or_kleene),
    "not_": Elementwise(lambda _, x: pc.invert(x), _booleans),
    "is_null": _plain(pc.is_null),
    "is_not_null": _plain(pc.is_valid),
}
"""By the name in the function table."""
