"""Plan nodes in pandas: each prepared while lowering, then run on the rows of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from scalekit.backends.pandas.columns import (
    Table,
    arrow_table,
    arrow_type,
    assemble,
    column,
    from_arrow,
)
from scalekit.backends.pandas.elementwise import cast
from scalekit.backends.pandas.evaluate import Scope, evaluate, typed
from scalekit.backends.pandas.native import Datum, NotNative
from scalekit.expr.node import Column, ExprNode, Literal
from scalekit.kernels.bind import output_name
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Filter, Limit, Plan, Select, WithColumns
from scalekit.tree import walk

Runner = Callable[[Sequence[Table]], Table]


def _select(plan: Select) -> Runner:
    types = typed(plan.exprs, schema_of(plan.input))
    named = {output_name(e): e for e in plan.exprs}
    if not any(isinstance(part, Column) for e in plan.exprs for part in walk(e)):
        raise NotNative("a selection of constants has one row, whatever its input")
    targets = _arrow_schema(plan)

    def run(tables: Sequence[Table]) -> Table:
        scope = Scope(tables[0], types)
        return assemble(
            {
                n: _as_column(evaluate(e, scope), len(tables[0]), targets[n])
                for n, e in named.items()
            }
        )

    return run


def _with_columns(plan: WithColumns) -> Runner:
    types = typed(plan.exprs, schema_of(plan.input))
    named = {output_name(e): e for e in plan.exprs}
    targets = _arrow_schema(plan)

    def run(tables: Sequence[Table]) -> Table:
        table = tables[0]
        scope = Scope(table, types)
        new = {n: _as_column(evaluate(e, scope), len(table), targets[n]) for n, e in named.items()}
        return assemble({n: new[n] if n in new else column(table, n) for n in targets})

    return run


def _filter(plan: Filter) -> Runner:
    types = typed((plan.predicate,), schema_of(plan.input))
    if isinstance(plan.predicate, Literal):
        raise NotNative("a constant predicate")

    def run(tables: Sequence[Table]) -> Table:
        keep = evaluate(plan.predicate, Scope(tables[0], types))
        # Arrow's kernel on the columns' own memory: pandas would go through the index, at 20 times the cost.
        return from_arrow(
            arrow_table(tables[0]).filter(_as_column(keep, len(tables[0]), pa.bool_()))
        )

    return run


def _limit(plan: Limit) -> Runner:
    def run(tables: Sequence[Table]) -> Table:
        table, height = tables[0], len(tables[0])
        start = plan.offset if plan.offset >= 0 else height + plan.offset
        stop = height if plan.length is None else start + plan.length
        return from_arrow(arrow_table(table).slice(max(start, 0), max(stop - max(start, 0), 0)))

    return run


def _arrow_schema(plan: Plan) -> dict[str, pa.DataType]:
    return {name: arrow_type(dtype) for name, dtype in schema_of(plan).items()}


def _as_column(value: Datum, height: int, to: pa.DataType) -> pa.ChunkedArray:
    value = cast(value, to)
    if isinstance(value, pa.Scalar):
        return pa.chunked_array([pa.repeat(value, height)])
    return value


NODES: Mapping[type[Plan], Callable[[Any], Runner]] = {
    Select: _select,
    WithColumns: _with_columns,
    Filter: _filter,
    Limit: _limit,
}
"""From a node to its runner; ``NotNative`` where this use of it is not native."""

_ = ExprNode
