"""Plan nodes that put tables together or turn columns into rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.columns import (
    Runner,
    Table,
    arrow_schema,
    arrow_table,
    assemble,
    column,
)
from scalekit.backends.pandas.keys import Ints, take
from scalekit.backends.pandas.native import Column, NotNative, cast
from scalekit.errors import ShapeError
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Explode, HorizontalUnion, Union, Unpivot


def union(plan: Union) -> Runner:
    """One table below the other; a column that one lacks is null there."""
    if plan.how not in ("vertical", "vertical_relaxed", "diagonal", "diagonal_relaxed"):
        raise NotNative(f"concat(how={plan.how!r}) has no pandas counterpart")
    if (
        len({tuple(schema_of(table).items()) for table in plan.inputs}) > 1
        and plan.how != "diagonal"
    ):
        raise NotNative("a concat of different types is not native")
    targets = arrow_schema(schema_of(plan))

    def run(tables: Sequence[Table]) -> Table:
        return assemble({name: _stacked(tables, name, to) for name, to in targets.items()})

    return run


def _stacked(tables: Sequence[Table], name: str, to: pa.DataType) -> Column:
    chunks: list[pa.Array] = []
    for table in tables:
        if name in table.columns:
            chunks += cast(column(table, name), to).chunks
        else:
            chunks.append(pa.nulls(len(table), to))
    return pa.chunked_array(chunks, to)


def side_by_side(_: HorizontalUnion) -> Runner:
    """One table beside another of the same height."""

    def run(tables: Sequence[Table]) -> Table:
        heights = {len(table) for table in tables}
        if len(heights) > 1:
            raise ShapeError(
                f"concat(how='horizontal') of tables with different heights: {sorted(heights)}"
            )
        return assemble({n: column(t, n) for t in tables for n in t.columns})

    return run


def unpivot(plan: Unpivot) -> Runner:
    """Columns as rows."""
    schema = schema_of(plan.input)
    if len({schema[name] for name in plan.on}) > 1:
        raise NotNative("unpivot() of columns of different types is not native")
    targets = arrow_schema(schema_of(plan))

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        index = {n: _repeated(column(table, n), len(plan.on)) for n in plan.index}
        names = pa.array(plan.on, pa.large_string())
        variable = pa.chunked_array([pa.repeat(name, len(table)) for name in names], names.type)
        to = targets[plan.value_name]
        chunks = [chunk for n in plan.on for chunk in column(table, n).chunks]
        return assemble(
            {**index, plan.variable_name: variable, plan.value_name: pa.chunked_array(chunks, to)}
        )

    return run


def _repeated(values: Column, times: int) -> Column:
    return pa.chunked_array(values.chunks * times, values.type)


def explode(plan: Explode) -> Runner:
    """One row for each element."""
    schema = schema_of(plan.input)
    for name in plan.columns:
        if not isinstance(schema[name], pl.List):
            raise NotNative(f"explode() of column {name!r} of type {schema[name]} is not native")

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        lists = {name: column(table, name).combine_chunks() for name in plan.columns}
        lengths = [pc.list_value_length(values) for values in lists.values()]
        places = [_elements(length, plan) for length in lengths]
        if any(not np.array_equal(places[0][0], rows) for rows, _ in places[1:]):
            raise ShapeError(f"explode(): the lists of {', '.join(plan.columns)} differ in length")
        rows = places[0][0]
        others = arrow_table(table).take(pa.array(rows))
        flat = {
            name: take(pa.chunked_array([pc.list_flatten(values)]), element)
            for (name, values), (_, element) in zip(lists.items(), places, strict=True)
        }
        return assemble({n: flat[n] if n in flat else others.column(n) for n in table.columns})

    return run


def _elements(lengths: pa.Array, plan: Explode) -> tuple[Ints, Ints]:
    """For each output row: the row it comes from, and its place among all elements or -1."""
    is_null = pc.is_null(lengths).to_numpy(zero_copy_only=False)
    count = pc.fill_null(lengths, 0).to_numpy().astype(np.int64)
    repeats = np.where(
        is_null, int(plan.keep_nulls), np.where(count == 0, int(plan.empty_as_null), count)
    )
    rows = np.repeat(np.arange(len(count)), repeats)
    starts = np.cumsum(count) - count
    inside = np.arange(len(rows)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return rows, np.where(count[rows] > 0, starts[rows] + inside, -1)
