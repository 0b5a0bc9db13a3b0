"""Plan nodes in pandas: each is prepared while lowering, then run on the rows of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from scalekit.backends.pandas.asof import asof_join
from scalekit.backends.pandas.checks import Checked, Level, check, level_of
from scalekit.backends.pandas.columns import (
    Runner,
    Table,
    arrow_schema,
    arrow_table,
    assemble,
    column,
    from_arrow,
)
from scalekit.backends.pandas.evaluate import Scope, as_rows, evaluate_all, whole
from scalekit.backends.pandas.joins import join
from scalekit.backends.pandas.keys import Order, groups_of, has_codes, sort_rows, take
from scalekit.backends.pandas.native import Column, Datum, NotNative, cast
from scalekit.backends.pandas.shapes import explode, side_by_side, union, unpivot
from scalekit.expr.analysis import output_name
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import (
    Aggregate,
    AsofJoin,
    Distinct,
    Explode,
    Filter,
    HorizontalUnion,
    Join,
    Limit,
    Plan,
    RowIndex,
    Select,
    Sort,
    Union,
    Unpivot,
    WithColumns,
)

# Columns


def _select(plan: Select) -> Runner:
    checked = check(plan.exprs, schema_of(plan.input))
    targets = arrow_schema(schema_of(plan))
    by_row = any(level_of(e) is Level.ROW for e in checked.exprs)

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        values = evaluate_all(checked.exprs, whole(table, checked.types))
        return _named(targets, values, len(table) if by_row else 1)

    return run


def _with_columns(plan: WithColumns) -> Runner:
    checked = check(plan.exprs, schema_of(plan.input))
    names = [output_name(e) for e in plan.exprs]
    targets = arrow_schema(schema_of(plan))

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        values = evaluate_all(checked.exprs, whole(table, checked.types))
        new = {n: _as_column(v, len(table), targets[n]) for n, v in zip(names, values, strict=True)}
        return assemble({n: new[n] if n in new else column(table, n) for n in targets})

    return run


def _named(targets: Mapping[str, pa.DataType], values: Sequence[Datum], height: int) -> Table:
    named = zip(targets.items(), values, strict=True)
    return assemble({name: _as_column(value, height, to) for (name, to), value in named})


def _as_column(value: Datum, height: int, to: pa.DataType) -> Column:
    value = cast(value, to)
    return pa.chunked_array([pa.repeat(value, height)]) if isinstance(value, pa.Scalar) else value


# Rows


def _filter(plan: Filter) -> Runner:
    checked = check((plan.predicate,), schema_of(plan.input))

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        (keep,) = evaluate_all(checked.exprs, whole(table, checked.types))
        # Arrow's kernel on the columns' own memory: pandas would go through the index, at 20 times the cost.
        return from_arrow(arrow_table(table).filter(_as_column(keep, len(table), pa.bool_())))

    return run


def _sort(plan: Sort) -> Runner:
    checked = check(tuple(key.arg for key in plan.by), schema_of(plan.input))
    _need_codes(checked, "sort")

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        values = _rows_of(checked, whole(table, checked.types))
        keys = [
            Order(v, key.descending, key.nulls_last) for v, key in zip(values, plan.by, strict=True)
        ]
        return from_arrow(arrow_table(table).take(pa.array(sort_rows(keys))))

    return run


def _limit(plan: Limit) -> Runner:
    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        height = len(table)
        start = plan.offset if plan.offset >= 0 else height + plan.offset
        stop = height if plan.length is None else start + plan.length
        start = max(start, 0)
        return from_arrow(arrow_table(table).slice(start, max(stop - start, 0)))

    return run


def _distinct(plan: Distinct) -> Runner:
    schema = schema_of(plan.input)
    names = list(schema) if plan.subset is None else list(plan.subset)
    for name in names:
        if not has_codes(schema[name]):
            raise NotNative(f"unique() over column {name!r} of type {schema[name]} is not native")
    if not names:
        raise NotNative("unique() of a table without columns is not native")

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        same = groups_of([column(table, name) for name in names])
        if plan.keep == "none":
            rows = same.firsts[same.sizes == 1]
        else:
            rows = same.lasts if plan.keep == "last" else same.firsts
        return from_arrow(arrow_table(table).take(pa.array(np.sort(rows))))

    return run


def _row_index(plan: RowIndex) -> Runner:
    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        index = pa.chunked_array([pa.array(np.arange(plan.offset, plan.offset + len(table)))])
        return assemble({plan.name: index, **{n: column(table, n) for n in table.columns}})

    return run


# Groups


def _aggregate(plan: Aggregate) -> Runner:
    schema = schema_of(plan.input)
    keys = check(plan.keys, schema)
    aggs = check(plan.aggs, schema, grouped=bool(plan.keys))
    _need_codes(keys, "group_by")
    lists = [e for e in aggs.exprs if level_of(e) is Level.ROW]
    if lists:
        raise NotNative(f"a list for each group ({output_name(lists[0])}) is not native")
    targets = arrow_schema(schema_of(plan))

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        if not plan.keys:
            return _named(targets, evaluate_all(aggs.exprs, whole(table, aggs.types)), 1)
        rows = _rows_of(keys, whole(table, keys.types))
        groups = groups_of(rows)
        values = evaluate_all(aggs.exprs, Scope(table, aggs.types, groups))
        return _named(targets, [*(take(key, groups.firsts) for key in rows), *values], groups.count)

    return run


def _rows_of(checked: Checked, scope: Scope) -> list[Column]:
    """The expressions with a value for each row."""
    values = zip(checked.exprs, evaluate_all(checked.exprs, scope), strict=True)
    return [as_rows(value, level_of(expr), scope) for expr, value in values]


def _need_codes(checked: Checked, what: str) -> None:
    types = [checked.types[expr] for expr in checked.exprs]
    nested = [dtype for dtype in types if dtype == pl.Null or not has_codes(dtype)]
    if nested:
        raise NotNative(f"{what} by values of type {nested[0]} is not native")


NODES: Mapping[type[Plan], Callable[[Any], Runner]] = {
    Select: _select,
    WithColumns: _with_columns,
    Filter: _filter,
    Sort: _sort,
    Limit: _limit,
    Distinct: _distinct,
    RowIndex: _row_index,
    Aggregate: _aggregate,
    Join: join,
    AsofJoin: asof_join,
    Union: union,
    HorizontalUnion: side_by_side,
    Explode: explode,
    Unpivot: unpivot,
}
"""From a node to its runner; ``NotNative`` where this use of it is not native."""
