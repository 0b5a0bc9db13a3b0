"""Functions of lists and structs, through Narwhals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def _struct(to: pa.DataType, *fields: Datum, schema: Any = None) -> Datum:  # noqa: ARG001 - refused unless None
    height = max((len(x) for x in fields if not isinstance(x, pa.Scalar)), default=1)
    columns = [_whole_column(x, height, to.field(i).type) for i, x in enumerate(fields)]
    return pa.chunked_array([pa.StructArray.from_arrays(columns, fields=list(to))])


def _whole_column(x: Datum, height: int, to: pa.DataType) -> pa.Array:
    column = pa.repeat(x, height) if isinstance(x, pa.Scalar) else x.combine_chunks()
    return column.cast(to) if column.type != to else column


def _plain_fields(site: Site) -> str | None:
    if site.options.get("schema") is not None:
        return "struct(schema=...)"
    constants = all(site.is_constant(i) for i in range(len(site.operands)))
    dictionaries = [d for d in site.operands if isinstance(d, pl.Categorical | pl.Enum)]
    return (
        f"struct of {dictionaries[0] if dictionaries else 'constants'}"
        if constants or dictionaries
        else None
    )


NESTED: Mapping[str, Elementwise] = {
    "list.len": Elementwise(_length, of(_is_list)),
    "list.min": Elementwise(through(lambda s: s.list.min()), _list_of(floats=True)),
    "list.max": Elementwise(through(lambda s: s.list.max()), _list_of(floats=True)),
    "list.mean": Elementwise(through(lambda s: s.list.mean()), _list_of(floats=True)),
    "list.sum": Elementwise(through(lambda s: s.list.sum()), _list_of(floats=False)),
    "list.contains": Elementwise(
        through(lambda s, item, **_: s.list.contains(item)),
        both(_list_of(floats=False), _known_number),
        columns=1,
    ),
    "struct": Elementwise(_struct, _plain_fields),
    "struct.field": Elementwise(through(lambda s, name: s.struct.field(name)), of(_is_struct)),
}
"""By the name in the function table."""
