"""How each kind of node changes what is known of a table: one row of a table for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import polars as pl

from scalekit.estimate.groups import APART, combinations, groups, size_of
from scalekit.estimate.joins import asof_joined, joined
from scalekit.estimate.relation import EXPLODED, Relation, Values, width_of
from scalekit.estimate.scans import new_origin
from scalekit.estimate.selectivity import share_kept
from scalekit.estimate.span import Span, total
from scalekit.estimate.values import by_name, values_of
from scalekit.expr.analysis import is_elementwise, is_scalar, nodes, output_name
from scalekit.expr.dtypes import to_dtype
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.node import Call, Column, ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import (
    Aggregate,
    Among,
    AsofJoin,
    Distinct,
    DynamicAggregate,
    Explode,
    Filter,
    HorizontalUnion,
    Join,
    Limit,
    MapBatches,
    Numbered,
    Pivot,
    Plan,
    RollingAggregate,
    RowIndex,
    Sample,
    Select,
    Sort,
    Union,
    Unpivot,
    WithColumns,
)

Known: TypeAlias = Sequence[Relation | None]
Rule: TypeAlias = Callable[[Any, Known], Relation | None]

GROWN = 10
"""How many times its rows a function of the user may give, as far as anybody dares to say."""


def unknown_rule(plan: Plan, below: Known) -> Relation | None:
    """Of a node without a rule: as many rows as its inputs have together, or ten times as many."""
    known = [one for one in below if one is not None]
    if len(known) < len(below) or not known:
        return None
    rows = total([one.rows for one in known])
    return _plain(plan, Span(0.0, rows.guess, rows.high * GROWN), is_unknown=True)


def _plain(plan: Plan, rows: Span, *, is_unknown: bool = False) -> Relation:
    """A table of which types are known, and nothing of the values."""
    columns = {n: Values(width_of(t), max(rows.guess, 1.0)) for n, t in schema_of(plan).items()}
    return Relation(rows, columns, is_unknown=is_unknown)


def _same(_: Plan, below: Known) -> Relation | None:
    return below[0]


def _with(relation: Relation, rows: Span, columns: Mapping[str, Values] | None = None) -> Relation:
    return replace(relation, rows=rows, columns=relation.columns if columns is None else columns)


def _select(plan: Select, below: Known) -> Relation | None:
    if plan.exprs and all(map(is_scalar, plan.exprs)):
        return _plain(plan, Span.of(1.0))
    relation = below[0]
    if relation is None:
        return None
    return _with(
        relation, _resized(plan.exprs, relation.rows), _computed(plan, plan.exprs, relation)
    )


def _with_columns(plan: WithColumns, below: Known) -> Relation | None:
    relation = below[0]
    if relation is None:
        return None
    return _with(
        relation, relation.rows, {**relation.columns, **_computed(plan, plan.exprs, relation)}
    )


def _computed(plan: Plan, exprs: tuple[ExprNode, ...], relation: Relation) -> dict[str, Values]:
    found: dict[str, Values] = {}
    schema: pl.Schema | None = None
    for name, expr in by_name(exprs).items():
        if isinstance(expr, Column) and expr.name in relation.columns:
            found[name] = relation.columns[expr.name]
            continue
        schema = schema_of(plan) if schema is None else schema
        found[name] = values_of(expr, relation, schema[name])
    return found


def _resized(exprs: tuple[ExprNode, ...], rows: Span) -> Span:
    """Rows of a selection; one that shortens or lengthens columns says so by being nothing else."""
    if any(map(is_elementwise, exprs)) or not exprs:
        return rows
    if any(_has_own_length(e) for e in exprs):
        return Span(0.0, rows.guess, rows.high * EXPLODED)
    return rows


def _has_own_length(expr: ExprNode) -> bool:
    return any(isinstance(e, Call) and FUNCTIONS[e.function].resizes for e in nodes(expr))


def _filter(plan: Filter, below: Known) -> Relation | None:
    relation = below[0]
    if relation is None:
        return None
    found = relation.rows * share_kept(plan.predicate, relation)
    one = min(1.0, relation.rows.guess)
    low = found.low if found.low >= 1 else 0.0
    return _with(relation, Span(low, max(one, found.guess), max(one, found.high)))


def _aggregate(plan: Aggregate, below: Known) -> Relation | None:
    if not plan.keys:
        return _plain(plan, Span.of(1.0))
    relation = below[0]
    if relation is None:
        return None
    schema = schema_of(plan)
    keys = _computed(plan, plan.keys, relation)
    universe = _universe(plan.keys, keys, relation)
    found = groups(universe, relation.rows, size_of(list(keys.values()), relation))
    each = relation.rows.guess / max(1.0, found.guess)
    made = {output_name(e): _aggregated(e, relation, schema, each) for e in plan.aggs}
    return _keyed(found, universe, keys, made, relation)


def _universe(exprs: tuple[ExprNode, ...], keys: Mapping[str, Values], relation: Relation) -> float:
    names = [e.name if isinstance(e, Column) else "" for e in by_name(exprs).values()]
    return combinations(list(keys.values()), relation, names)


def _keyed(
    rows: Span,
    universe: float,
    keys: Mapping[str, Values],
    others: Mapping[str, Values],
    below: Relation,
) -> Relation:
    """A table whose keys are unique together: a new origin for the joins above."""
    if len(keys) > 1:
        return replace(below, rows=rows, columns={**keys, **others})
    origin = new_origin()
    mine = {n: replace(v, origin=origin, distinct=universe) for n, v in keys.items()}
    rest = {n: replace(v, origin=origin) for n, v in others.items()}
    return Relation(rows, {**mine, **rest}, {origin: universe}, is_unknown=below.is_unknown)


def _aggregated(expr: ExprNode, relation: Relation, schema: pl.Schema, each: float) -> Values:
    dtype = schema[output_name(expr)]
    if isinstance(dtype, pl.List):
        inner = values_of(expr, relation, to_dtype(dtype.inner)).width
        return Values(8 + each * inner, relation.rows.guess, elements=each)
    width = values_of(expr, relation, dtype).width
    count = max(1.0, relation.rows.guess / max(1.0, each))
    if any(isinstance(e, Call) and e.function in _COUNTS for e in nodes(expr)):
        return Values(width, min(count, 4 * each + 2, 12 * each**0.5))
    return Values(width, count)


_COUNTS = {"count", "len", "pl.len", "n_unique", "null_count"}
"""Aggregates that give few different values, as most groups are about as large as others."""


def _distinct(plan: Distinct, below: Known) -> Relation | None:
    relation = below[0]
    if relation is None:
        return None
    names = list(plan.subset or relation.columns)
    keys = {name: relation.columns[name] for name in names}
    universe = combinations(list(keys.values()), relation, names)
    others = {n: v for n, v in relation.columns.items() if n not in keys}
    count = groups(universe, relation.rows, size_of(list(keys.values()), relation))
    found = _keyed(count, universe, keys, others, relation)
    return replace(found, columns={name: found.columns[name] for name in relation.columns})


def _dynamic(plan: DynamicAggregate, below: Known) -> Relation | None:
    if below[0] is None:
        return None
    rows = below[0].rows
    return _plain(plan, Span(min(1.0, rows.guess / 100), rows.guess / APART, rows.high))


def _rolling(plan: RollingAggregate, below: Known) -> Relation | None:
    return None if below[0] is None else _plain(plan, below[0].rows)


def _pivot(plan: Pivot, below: Known) -> Relation | None:
    relation = below[0]
    if relation is None:
        return None
    keys = [relation.columns[n] for n in plan.index if n in relation.columns]
    universe = combinations(keys, relation, list(plan.index)) if keys else 1.0
    return _plain(plan, groups(universe, relation.rows, size_of(keys, relation)))


def _limit(plan: Limit, below: Known) -> Relation | None:
    relation = below[0]
    if plan.length is None:
        if relation is None:
            return None
        return _with(relation, relation.rows.map(lambda rows: max(0.0, rows - abs(plan.offset))))
    if relation is None:
        return _plain(plan, Span(0.0, plan.length, plan.length))
    length, offset = plan.length, plan.offset

    def kept(rows: float) -> float:
        start = offset if offset >= 0 else max(0.0, rows + offset)
        return max(0.0, min(length, rows - start))

    return _with(relation, relation.rows.map(kept))


def _union(plan: Union, below: Known) -> Relation | None:
    known = [one for one in below if one is not None]
    if len(known) < len(below):
        return None
    rows = total([one.rows for one in known])
    columns = {
        name: _either([one.columns[name] for one in known if name in one.columns], rows, dtype)
        for name, dtype in schema_of(plan).items()
    }
    return Relation(rows, columns, is_unknown=any(one.is_unknown for one in known))


def _either(found: Sequence[Values], rows: Span, dtype: pl.DataType) -> Values:
    if not found:
        return Values(width_of(dtype), 1.0)
    distinct = min(rows.guess, sum(values.distinct for values in found))
    return Values(max(values.width for values in found), max(1.0, distinct))


def _horizontal(_: HorizontalUnion, below: Known) -> Relation | None:
    known = [one for one in below if one is not None]
    if len(known) < len(below):
        return None
    columns = {name: values for one in known for name, values in one.columns.items()}
    longest = max(known, key=lambda one: one.rows.guess)
    return Relation(longest.rows, columns, is_unknown=any(one.is_unknown for one in known))


def _explode(plan: Explode, below: Known) -> Relation | None:
    relation = below[0]
    if relation is None:
        return None
    lists = [relation.columns[name] for name in plan.columns if name in relation.columns]
    known = [values.elements for values in lists if values.elements is not None]
    each = max(known) if known else EXPLODED
    rows = relation.rows * Span(each * 0.9, each, each * 1.1 + 1)
    if not known or not relation.rows.is_exact:
        rows = Span(relation.rows.low, rows.guess, rows.high * GROWN)
    schema = schema_of(plan)
    single = {n: _element(schema[n], relation.columns[n]) for n in plan.columns}
    found = _with(relation, rows, {**relation.columns, **single})
    return replace(found, is_unknown=relation.is_unknown or not known)


def _element(dtype: pl.DataType, values: Values) -> Values:
    """What is known of a list column is known of its elements, where anything is."""
    width = values.width / values.elements if values.elements else 0.0
    width = max(width, width_of(dtype)) if dtype in (pl.String, pl.Binary) else width_of(dtype)
    return replace(values, width=width, elements=None, origin=None)


def _unpivot(plan: Unpivot, below: Known) -> Relation | None:
    relation = below[0]
    if relation is None:
        return None
    kept = {n: v for n, v in relation.columns.items() if n in plan.index}
    made = _plain(plan, relation.rows.times(len(plan.on)))
    return replace(made, columns={**made.columns, **kept}, sizes=relation.sizes)


def _sample(plan: Sample, below: Known) -> Relation | None:
    relation = below[0]
    if relation is None:
        return None
    if plan.n is not None:
        return _with(relation, relation.rows.at_most(Span.of(plan.n)))
    share = plan.fraction or 0.0
    return _with(relation, relation.rows * Span(share * 0.9, share, min(1.0, share * 1.1)))


def _numbered(plan: RowIndex | Numbered, below: Known) -> Relation | None:
    relation = below[0]
    if relation is None:
        return None
    column = Values(8.125, max(relation.rows.guess, 1.0))
    return _with(relation, relation.rows, {plan.name: column, **relation.columns})


def _mapped(plan: MapBatches, below: Known) -> Relation | None:
    if below[0] is None:
        return None
    rows = below[0].rows
    if plan.keeps_rows:
        return _plain(plan, rows)
    return _plain(plan, Span(0.0, rows.guess, rows.high * GROWN), is_unknown=True)


def _among(_: Among, below: Known) -> Relation | None:
    return None if below[0] is None else _with(below[0], below[0].rows * Span(0.0, 1 / 3, 1.0))


RULES: Mapping[type[Plan], Rule] = {
    Select: _select,
    WithColumns: _with_columns,
    Filter: _filter,
    Aggregate: _aggregate,
    DynamicAggregate: _dynamic,
    RollingAggregate: _rolling,
    Distinct: _distinct,
    Pivot: _pivot,
    Join: joined,
    AsofJoin: asof_joined,
    Sort: _same,
    Limit: _limit,
    Union: _union,
    HorizontalUnion: _horizontal,
    Explode: _explode,
    Unpivot: _unpivot,
    Sample: _sample,
    RowIndex: _numbered,
    Numbered: _numbered,
    MapBatches: _mapped,
    Among: _among,
}
"""Every node that has a rule; others go by :func:`unknown_rule`."""
