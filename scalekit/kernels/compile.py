"""Plan fragments to Polars: one lazy query for each, which Polars optimizes as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from scalekit.errors import UnsupportedError
from scalekit.expr.analysis import columns_read, is_elementwise, output_name
from scalekit.expr.node import Case, Column, ExprNode, SortKey
from scalekit.kernels.expressions import to_expr
from scalekit.kernels.grouped import aggregated, gathered_by
from scalekit.kernels.joins import among, asof_join, beside, join
from scalekit.kernels.sampling import sample_rows
from scalekit.kernels.user_function import Guarded
from scalekit.plan.nodes import (
    Aggregate,
    Among,
    AsofJoin,
    Beside,
    Distinct,
    DynamicAggregate,
    Explode,
    Filter,
    HorizontalUnion,
    Input,
    Join,
    Limit,
    MapBatches,
    Numbered,
    Pivot,
    Plan,
    RollingAggregate,
    RowIndex,
    Sample,
    Scan,
    Select,
    Sort,
    Sql,
    Union,
    Unpivot,
    WithColumns,
)
from scalekit.tree import children, memo, walk

Tables = Sequence[pl.LazyFrame]

_STAGED = "__scalekit_staged_"
_PLACE = "__scalekit_place_of_top"


def to_lazy(plan: Plan, inputs: Tables = ()) -> pl.LazyFrame:
    """Compile a fragment to one lazy query.

    Parameters
    ----------
    plan
        A fragment whose expressions are bound.
    inputs
        The tables of its :class:`~scalekit.plan.nodes.Input` leaves, by position.

    Raises
    ------
    UnsupportedError
        Where a node has no Polars kernel, such as one of a backend's own.
    """
    done: dict[Plan, pl.LazyFrame] = {}
    for current in walk(plan):
        compiler = COMPILERS.get(type(current))
        if compiler is None:
            raise UnsupportedError(f"{type(current).__name__} has no Polars kernel")
        below = [done[child] for child in children(current)]
        if _is_top(current):
            done[current] = _top(current, done[current.input.input])  # type: ignore[attr-defined]
            continue
        done[current] = (
            inputs[current.index] if isinstance(current, Input) else compiler(current, below)
        )
    return done[plan]


def _scan(plan: Scan, _: Tables) -> pl.LazyFrame:
    rows: pl.LazyFrame = plan.source.read()
    rows = rows if plan.columns is None else rows.select(plan.columns)
    return rows if plan.limit is None else rows.head(plan.limit)


def _select(plan: Select, below: Tables) -> pl.LazyFrame:
    exprs = [to_expr(e) for e in plan.exprs]
    has_rows = all(map(is_elementwise, plan.exprs)) and any(map(columns_read, plan.exprs))
    if not has_rows or not any(map(_chooses, plan.exprs)):
        return below[0].select(exprs)
    # Polars 2.1 takes a choice between constants for independent of the order of rows, and gives the rows of
    # several files or of a concat in another order; beside the table's other columns it keeps them.
    return _added(below[0], plan.exprs).select([output_name(e) for e in plan.exprs])


def _chooses(expr: ExprNode) -> bool:
    return memo(expr, "_chooses", lambda: any(isinstance(e, Case) for e in walk(expr)))


def _with_columns(plan: WithColumns, below: Tables) -> pl.LazyFrame:
    return _added(below[0], plan.exprs)


def _added(rows: pl.LazyFrame, exprs: Sequence[ExprNode]) -> pl.LazyFrame:
    """Rows with further columns, each of which sees the rows as they were.

    Polars 2.1 moves some of the expressions into a ``with_columns`` below, and then the others read the new
    values (cluster_with_columns: of two columns that are swapped, one comes twice). Where one reads what
    another one replaces, all are computed under names of their own first.
    """
    if not _reads_what_it_replaces(exprs):
        return rows.with_columns([to_expr(e) for e in exprs])
    staged = [f"{_STAGED}{place}" for place in range(len(exprs))]
    made = rows.with_columns([to_expr(e).alias(s) for e, s in zip(exprs, staged, strict=True)])
    named = [pl.col(s).alias(output_name(e)) for e, s in zip(exprs, staged, strict=True)]
    return made.with_columns(named).drop(staged)


def _reads_what_it_replaces(exprs: Sequence[ExprNode]) -> bool:
    """Whether an expression reads a column that another one of them replaces."""
    makes = {output_name(e): e for e in exprs}
    return any(makes.get(name, e) is not e for e in exprs for name in columns_read(e))


def _filter(plan: Filter, below: Tables) -> pl.LazyFrame:
    return below[0].filter(to_expr(plan.predicate))


def _aggregate(plan: Aggregate, below: Tables) -> pl.LazyFrame:
    if not plan.keys:
        return below[0].select([to_expr(e) for e in plan.aggs])
    rows = gathered_by(below[0], plan.keys) if plan.may_sort else below[0]
    return aggregated(rows, plan.keys, plan.aggs, maintain_order=plan.maintain_order)


def _dynamic(plan: DynamicAggregate, below: Tables) -> pl.LazyFrame:
    index = to_expr(plan.index)
    if not plan.keys:
        # Polars 2.1 streaming gives one wrong window for rows out of order; a null it refuses, as in memory.
        index = pl.when((index >= index.shift()).fill_null(value=True)).then(index)
    groups = below[0].group_by_dynamic(
        index,
        every=plan.every,
        period=plan.period,
        offset=plan.offset,
        include_boundaries=plan.include_boundaries,
        closed=plan.closed,  # type: ignore[arg-type]
        label=plan.label,  # type: ignore[arg-type]
        group_by=[to_expr(e) for e in plan.keys] or None,
        start_by=plan.start_by,  # type: ignore[arg-type]
    )
    return groups.agg([to_expr(e) for e in plan.aggs])


def _rolling(plan: RollingAggregate, below: Tables) -> pl.LazyFrame:
    groups = below[0].rolling(
        to_expr(plan.index),
        period=plan.period,
        offset=plan.offset,
        closed=plan.closed,  # type: ignore[arg-type]
        group_by=[to_expr(e) for e in plan.keys] or None,
    )
    return groups.agg([to_expr(e) for e in plan.aggs])


def _sort(plan: Sort, below: Tables) -> pl.LazyFrame:
    return _sorted(below[0], plan.by, maintain_order=True)


def _sorted(rows: pl.LazyFrame, by: Sequence[SortKey], *, maintain_order: bool) -> pl.LazyFrame:
    return rows.sort(
        [to_expr(k.arg) for k in by],
        descending=[k.descending for k in by],
        nulls_last=[k.nulls_last for k in by],
        maintain_order=maintain_order,
    )


def _limit(plan: Limit, below: Tables) -> pl.LazyFrame:
    return below[0].slice(plan.offset, plan.length)


def _is_top(plan: Plan) -> bool:
    """Whether some rows from the first on are wanted of a sort."""
    is_cut = isinstance(plan, Limit) and plan.offset >= 0 and plan.length is not None
    return is_cut and isinstance(plan.input, Sort)  # type: ignore[attr-defined]


def _top(plan: Any, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The first rows of a stable sort.

    Polars 2.1 in memory looks for few rows of a sort twenty times as long where the sort has to keep the order
    of equal rows, and then longer than for all of them; so the order is a last key.
    """
    last = SortKey(Column(_PLACE))
    found = _sorted(rows.with_row_index(_PLACE), (*plan.input.by, last), maintain_order=False)
    return found.slice(plan.offset, plan.length).drop(_PLACE)


def _distinct(plan: Distinct, below: Tables) -> pl.LazyFrame:
    subset = None if plan.subset is None else list(plan.subset)
    return below[0].unique(subset, keep=plan.keep, maintain_order=plan.maintain_order)  # type: ignore[arg-type]


def _union(plan: Union, below: Tables) -> pl.LazyFrame:
    return pl.concat(below, how=plan.how)  # type: ignore[arg-type]


def _side_by_side(_: HorizontalUnion, below: Tables) -> pl.LazyFrame:
    return pl.concat(below, how="horizontal")


def _explode(plan: Explode, below: Tables) -> pl.LazyFrame:
    return below[0].explode(
        list(plan.columns), empty_as_null=plan.empty_as_null, keep_nulls=plan.keep_nulls
    )


def _unpivot(plan: Unpivot, below: Tables) -> pl.LazyFrame:
    return below[0].unpivot(
        list(plan.on),
        index=list(plan.index) or None,
        variable_name=plan.variable_name,
        value_name=plan.value_name,
    )


def _pivot(plan: Pivot, below: Tables) -> pl.LazyFrame:
    how = plan.aggregate
    return below[0].pivot(
        list(plan.on),
        on_columns=plan.on_columns.value,
        index=list(plan.index) or None,
        values=list(plan.values) or None,
        aggregate_function=how if how is None or isinstance(how, str) else to_expr(how),  # type: ignore[arg-type]
        maintain_order=plan.maintain_order,
        separator=plan.separator,
    )


def _row_index(plan: RowIndex | Numbered, below: Tables) -> pl.LazyFrame:
    indexed = below[0].with_row_index(plan.name)  # its own offset has 32 bits
    return indexed.with_columns(pl.col(plan.name).cast(pl.Int64) + plan.offset)


def _sample(plan: Sample, below: Tables) -> pl.LazyFrame:
    return sample_rows(below[0], n=plan.n, fraction=plan.fraction, seed=plan.seed)


def _map_batches(plan: MapBatches, below: Tables) -> pl.LazyFrame:
    schema = pl.Schema(plan.schema)
    return below[0].map_batches(
        Guarded(plan.function.value),
        schema=schema,
        validate_output_schema=True,
        streamable=not plan.whole,
    )


def _sql(plan: Sql, below: Tables) -> pl.LazyFrame:
    named = dict(zip(plan.names, below, strict=True))
    return pl.SQLContext(named, eager=False).execute(plan.query)


COMPILERS: Mapping[type[Plan], Callable[[Any, Tables], pl.LazyFrame]] = {
    Scan: _scan,
    Input: _scan,
    Select: _select,
    WithColumns: _with_columns,
    Filter: _filter,
    Aggregate: _aggregate,
    DynamicAggregate: _dynamic,
    RollingAggregate: _rolling,
    Join: join,
    AsofJoin: asof_join,
    Among: among,
    Beside: beside,
    Sort: _sort,
    Limit: _limit,
    Distinct: _distinct,
    Union: _union,
    HorizontalUnion: _side_by_side,
    Explode: _explode,
    Unpivot: _unpivot,
    Pivot: _pivot,
    RowIndex: _row_index,
    Numbered: _row_index,
    Sample: _sample,
    MapBatches: _map_batches,
    Sql: _sql,
}
"""Each plan node's kernel."""
