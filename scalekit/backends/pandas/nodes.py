"""Plan nodes in pandas: each is prepared while lowering, then run on the rows of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from scalekit.backends.pandas.checks import Level, check, level_of
from scalekit.backends.pandas.columns import (
    Table,
    arrow_table,
    arrow_type,
    assemble,
    column,
    from_arrow,
)
from scalekit.backends.pandas.evaluate import Scope, as_rows, evaluate_all, whole
from scalekit.backends.pandas.joins import join
from scalekit.backends.pandas.keys import Order, groups_of, has_codes, sort_rows, take
from scalekit.backends.pandas.native import Datum, NotNative, cast
from scalekit.expr.analysis import output_name
from scalekit.expr.node import ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import (
    Aggregate,
    Distinct,
    Filter,
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

Runner = Callable[[Sequence[Table]], Table]


# Columns


def _select(plan: Select) -> Runner:
    types = check(plan.exprs, schema_of(plan.input))
    targets = arrow_schema(plan)
    by_row = any(level_of(e) is Level.ROW for e in plan.exprs)

    def run(tables: Sequence[Table]) -> Table:
        height = len(tables[0]) if by_row else 1
        values = evaluate_all(plan.exprs, whole(tables[0], types))
        named = zip(targets.items(), values, strict=True)
        return assemble({name: _as_column(value, height, to) for (name, to), value in named})

    return run


def _with_columns(plan: WithColumns) -> Runner:
    types = check(plan.exprs, schema_of(plan.input))
    names = [output_name(e) for e in plan.exprs]
    targets = arrow_schema(plan)

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        values = evaluate_all(plan.exprs, whole(table, types))
        new = {n: _as_column(v, len(table), targets[n]) for n, v in zip(names, values, strict=True)}
        return assemble({n: new[n] if n in new else column(table, n) for n in targets})

    return run


# Rows


def _filter(plan: Filter) -> Runner:
    types = check((plan.predicate,), schema_of(plan.input))

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        (keep,) = evaluate_all((plan.predicate,), whole(table, types))
        # Arrow's kernel on the columns' own memory: pandas would go through the index, at 20 times the cost.
        return from_arrow(arrow_table(table).filter(_as_column(keep, len(table), pa.bool_())))

    return run


def _sort(plan: Sort) -> Runner:
    exprs = tuple(key.arg for key in plan.by)
    types = check(exprs, schema_of(plan.input))
    _need_codes(exprs, types, "sort")

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        scope = whole(table, types)
        values = [
            as_rows(v, level_of(e), scope)
            for e, v in zip(exprs, evaluate_all(exprs, scope), strict=True)
        ]
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
    types = dict(check(plan.keys, schema)) | dict(check(plan.aggs, schema, grouped=bool(plan.keys)))
    _need_codes(plan.keys, types, "group_by")
    lists = [e for e in plan.aggs if level_of(e) is Level.ROW]
    if lists:
        raise NotNative(f"a list for each group ({output_name(lists[0])}) is not native")
    targets = arrow_schema(plan)

    def run(tables: Sequence[Table]) -> Table:
        scope = whole(tables[0], types)
        if not plan.keys:
            values = evaluate_all(plan.aggs, scope)
            return _named(targets, values, 1)
        keys = [
            as_rows(v, level_of(k), scope)
            for k, v in zip(plan.keys, evaluate_all(plan.keys, scope), strict=True)
        ]
        groups = groups_of(keys)
        values = evaluate_all(plan.aggs, Scope(tables[0], types, groups))
        return _named(targets, [*(take(key, groups.firsts) for key in keys), *values], groups.count)

    return run


def _named(targets: Mapping[str, pa.DataType], values: Sequence[Datum], height: int) -> Table:
    return assemble(
        {n: _as_column(v, height, to) for (n, to), v in zip(targets.items(), values, strict=True)}
    )


# Shapes


def _union(plan: Union) -> Runner:
    if plan.how not in ("vertical", "vertical_relaxed", "diagonal", "diagonal_relaxed"):
        raise NotNative(f"concat(how={plan.how!r}) has no pandas counterpart")
    targets = arrow_schema(plan)

    def run(tables: Sequence[Table]) -> Table:
        return assemble({name: _stacked(tables, name, to) for name, to in targets.items()})

    return run


def _stacked(tables: Sequence[Table], name: str, to: pa.DataType) -> pa.ChunkedArray:
    chunks: list[pa.Array] = []
    for table in tables:
        if name in table.columns:
            chunks += cast(column(table, name), to).chunks
        else:
            chunks.append(pa.nulls(len(table), to))
    return pa.chunked_array(chunks, to)


def _unpivot(plan: Unpivot) -> Runner:
    targets = arrow_schema(plan)

    def run(tables: Sequence[Table]) -> Table:
        (table,) = tables
        repeated = {n: _repeated(column(table, n), len(plan.on)) for n in plan.index}
        names = pa.array(plan.on, pa.large_string())
        variable = pa.chunked_array([pa.repeat(name, len(table)) for name in names], names.type)
        chunks = [
            c for n in plan.on for c in cast(column(table, n), targets[plan.value_name]).chunks
        ]
        value = pa.chunked_array(chunks, targets[plan.value_name])
        return assemble({**repeated, plan.variable_name: variable, plan.value_name: value})

    return run


def _repeated(values: pa.ChunkedArray, times: int) -> pa.ChunkedArray:
    return pa.chunked_array(values.chunks * times, values.type)


def arrow_schema(plan: Plan) -> dict[str, pa.DataType]:
    """The Arrow types of a node's columns, which have been checked to exist."""
    return {name: arrow_type(dtype) for name, dtype in schema_of(plan).items()}


def _as_column(value: Datum, height: int, to: pa.DataType) -> pa.ChunkedArray:
    value = cast(value, to)
    return pa.chunked_array([pa.repeat(value, height)]) if isinstance(value, pa.Scalar) else value


def _need_codes(exprs: Sequence[ExprNode], types: Mapping[ExprNode, Any], what: str) -> None:
    for expr in exprs:
        if not has_codes(types[expr]):
            raise NotNative(f"{what} by values of type {types[expr]} is not native")


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
    Union: _union,
    Unpivot: _unpivot,
}
"""From a node to its runner; ``NotNative`` where this use of it is not native."""
