"""What is known of a source's rows and columns, in the form in which the nodes above it go on."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import polars as pl

from scalekit.estimate.relation import Relation, Values, width_of
from scalekit.estimate.span import Span
from scalekit.expr.analysis import columns_read
from scalekit.expr.dtypes import to_dtype
from scalekit.kernels.schema import expressions
from scalekit.plan.nodes import Distinct, Pivot, Plan, Scan, Select, WithColumns
from scalekit.sources.base import Statistics
from scalekit.sources.column_statistics import ColumnStatistics
from scalekit.tree import walk

_MANY = 64
"""Columns of a selection that are looked at for their values: more are a whole table passed on."""

_ORIGINS = count()


def wanted_columns(plan: Plan) -> frozenset[str]:
    """Names whose values a plan depends on: those of conditions, keys and small selections."""
    found: set[str] = set()
    for node in walk(plan):
        exprs = tuple(expressions(node))
        if isinstance(node, Select | WithColumns) and len(exprs) > _MANY:
            continue
        for expr in exprs:
            found |= columns_read(expr)
        if isinstance(node, Distinct):
            found |= set(node.subset or ())
        if isinstance(node, Pivot):
            found |= {*node.on, *node.index}
    return frozenset(found)


def new_origin() -> int:
    """The mark of a table that columns come from."""
    return next(_ORIGINS)


def scanned(node: Scan, wanted: frozenset[str]) -> Relation | None:
    """What a scan gives, as far as its source knows."""
    source = node.source
    known: Statistics = source.statistics()
    if known.rows is None:
        return None if node.limit is None else _first_rows(node, node.limit)
    names = source.schema.names() if node.columns is None else node.columns
    asked = [name for name in names if name in wanted]
    values = source.column_statistics(asked) if asked else {}
    rows = known.rows if node.limit is None else min(known.rows, node.limit)
    origin = new_origin()
    schema, sizes = source.schema, dict(known.column_bytes)
    columns = {
        name: _column(
            schema[name], values.get(name), _width(name, schema, sizes, known), known.rows, origin
        )
        for name in names
    }
    exact = Span.of(rows) if known.exact else Span(0, rows, rows * 10)
    return Relation(exact, columns, {origin: float(known.rows)})


def _first_rows(node: Scan, limit: int) -> Relation:
    schema = node.source.schema
    names = schema.names() if node.columns is None else node.columns
    columns = {name: Values(width_of(schema[name]), float(limit)) for name in names}
    return Relation(Span(0.0, limit, limit), columns)


def _width(
    name: str, schema: Mapping[str, pl.DataType], sizes: Mapping[str, int], known: Statistics
) -> float:
    if name in sizes and known.rows:
        return sizes[name] / known.rows
    return width_of(schema[name])


def _column(
    dtype: pl.DataType, known: ColumnStatistics | None, width: float, rows: int, origin: int
) -> Values:
    known = known or ColumnStatistics()
    return Values(
        width,
        float(rows if known.distinct is None else known.distinct),
        known.low,
        known.high,
        known.nulls or 0.0,
        origin,
        _elements(dtype, width),
    )


def _elements(dtype: pl.DataType, width: float) -> float | None:
    """How long lists are on average, from the bytes that they take."""
    if not isinstance(dtype, pl.List):
        return None
    return max(0.0, width - 8) / max(1.0, width_of(to_dtype(dtype.inner)))
