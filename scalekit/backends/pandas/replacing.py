"""Values in the place of others, by a table of constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.keys import comparable
from scalekit.backends.pandas.native import Datum, Elementwise, Site, both, cast
from scalekit.errors import ComputeError


def _replace(to: pa.DataType, x: Datum, old: Datum, new: Datum) -> Datum:
    """Values without a replacement stay."""
    place = _places(x, old)
    return pc.if_else(pc.is_valid(place), _taken(to, new, old, place), x)


def _replace_strict(
    to: pa.DataType,
    x: Datum,
    old: Datum,
    new: Datum,
    *,
    default: Datum = None,
    return_dtype: Any = None,  # noqa: ARG001
) -> Datum:
    """Values without a replacement are an error, or ``default``."""
    place = _places(x, old)
    found = _taken(to, new, old, place)
    if default is not None:
        return pc.if_else(pc.is_valid(place), found, cast(default, to))
    lost = pc.and_(pc.is_null(place), pc.is_valid(x))
    if pc.any(lost).as_py():
        value = x.filter(lost)[0].as_py() if isinstance(x, pa.ChunkedArray) else x.as_py()
        raise ComputeError(f"{value!r} has no replacement: give one, or default=")
    return found


def _places(x: Datum, old: Datum) -> Datum:
    """Where each value stands among the old ones; null where it does not."""
    values = comparable(pa.chunked_array([cast(old.values, x.type)])).combine_chunks()
    return pc.index_in(x if isinstance(x, pa.Scalar) else comparable(x), value_set=values)


def _taken(to: pa.DataType, new: Datum, old: Datum, place: Datum) -> Datum:
    values = (
        new.values
        if isinstance(new, pa.ListScalar | pa.LargeListScalar)
        else pa.repeat(new, len(old.values))
    )
    if isinstance(place, pa.Scalar):
        return cast(values[place.as_py()], to) if place.is_valid else pa.scalar(None, to)
    return cast(values, to).take(place)


def _tables(site: Site) -> str | None:
    """Plain types, and distinct old values of the column's own type."""
    x, old, new = (_inner(d) for d in site.operands[:3])
    values = site.constant(1)
    plain = x.is_integer() or x in (pl.String, pl.Boolean, pl.Date)
    alike = old == x or (old.is_integer() and x.is_integer())
    if (
        plain
        and alike
        and isinstance(values, tuple)
        and len(set(values)) == len(values)
        and None not in values
    ):
        return (
            None
            if new in (site.result, pl.Null) or _fits(new, site.result)
            else f"{site.call.function} by {new}"
        )
    return f"{site.call.function} of {x} by a table of {old}"


def _fits(new: pl.DataType, result: pl.DataType) -> bool:
    return new.is_integer() and result.is_integer()


def _inner(dtype: pl.DataType) -> pl.DataType:
    inner: Any = dtype.inner if isinstance(dtype, pl.List) else dtype
    found: pl.DataType = inner() if isinstance(inner, type) else inner
    return found


def _defaults(site: Site) -> str | None:
    others = [d for d in site.operands[3:] if d not in (site.result, pl.Null)]
    return f"a default of {others[0]} among {site.result}" if others else None


REPLACING: Mapping[str, Elementwise] = {
    "replace": Elementwise(_replace, _tables, columns=1, lists=True),
    "replace_strict": Elementwise(_replace_strict, both(_tables, _defaults), columns=1, lists=True),
}
"""By the name in the function table."""
