"""Functions of lists and structs, through Narwhals."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.native import Datum, Elementwise, Refusal, Site, both, of, through


def _list_of(*, floats: bool) -> Refusal:
    """Refuse elements that Arrow cannot aggregate, or whose NaN it would not tell from a number."""

    def refuses(site: Site) -> str | None:
        dtype = site.operands[0]
        inner = dtype.inner if isinstance(dtype, pl.List) else pl.Null
        fits = inner in (pl.Int64, *((pl.Float64,) if floats else ()))
        return None if fits else f"{site.call.function} of {dtype}"

    return refuses


def _is_list(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List)


def _is_struct(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Struct)


def _length(_: pa.DataType, x: Datum) -> Datum:
    return pc.list_value_length(x)


def _known_number(site: Site) -> str | None:
    value = site.constant(1)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return None if is_whole else f"list.contains({value!r})"


NESTED: Mapping[str, Elementwise] = {
    "list.len": Elementwise(_length, of(_is_list)),
    "list.min": Elementwise(through(lambda s: s.list.min()), _list_of(floats=False)),
    "list.max": Elementwise(through(lambda s: s.list.max()), _list_of(floats=False)),
    "list.sum": Elementwise(through(lambda s: s.list.sum()), _list_of(floats=False)),
    "list.contains": Elementwise(
        through(lambda s, item, **_: s.list.contains(item)),
        both(_list_of(floats=False), _known_number),
        columns=1,
    ),
    "struct.field": Elementwise(through(lambda s, name: s.struct.field(name)), of(_is_struct)),
}
"""By the name in the function table."""
