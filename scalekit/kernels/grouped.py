"""Aggregates of groups in two steps: the aggregates alone, and then what is made of them.

Polars 2.1 adds up groups as it meets them only where every expression is one bare aggregate. One that is
cast, or divided by another, makes it gather the rows of all groups first, which takes two to three times
as long::

    by k: len().cast(Int64), x.sum() / x.len()    becomes    by k: a = len(), b = x.sum(), c = x.len()
                                                             a.cast(Int64), b / c
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl

from scalekit.expr.analysis import output_name
from scalekit.expr.function import FUNCTIONS, Kind
from scalekit.expr.node import Alias, Call, Cast, Column, ExprNode, Literal, Over
from scalekit.kernels.expressions import to_expr, unpinned
from scalekit.tree import children, map_children

_BARE = "__scalekit_bare_"


def aggregated(
    rows: pl.LazyFrame,
    keys: Sequence[ExprNode],
    aggs: Sequence[ExprNode],
    *,
    maintain_order: bool,
) -> pl.LazyFrame:
    """Rows by keys, with their aggregates."""
    groups = rows.group_by([to_expr(e) for e in keys], maintain_order=maintain_order)
    bare: dict[Call, str] = {}
    made = [_made(agg, bare) for agg in aggs]
    if not bare or all(isinstance(e, Column) for e in made) or any(e is None for e in made):
        return groups.agg([to_expr(e) for e in aggs])
    found = groups.agg([unpinned(e).alias(name) for e, name in bare.items()])
    named = [
        to_expr(e).alias(output_name(agg))
        for e, agg in zip(made, aggs, strict=True)
        if e is not None
    ]
    return found.select([*(pl.col(output_name(key)) for key in keys), *named])


def gathered_by(rows: pl.LazyFrame, keys: Sequence[ExprNode]) -> pl.LazyFrame:
    """Rows with those of a group together, where that makes groups quicker to find; else as they are.

    Polars 2.1 in memory finds groups of sorted keys in a third of the time, and in a fifth with the time to
    sort them, where there are many groups. Rows of a group keep their order.
    """
    if len(keys) != 1 or not isinstance(keys[0], Column):
        return rows
    return rows.map_batches(
        partial(_together, keys[0].name), slice_pushdown=False, predicate_pushdown=False
    )


def _together(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    key = rows.get_column(name)
    if not (key.dtype.is_integer() or key.dtype.is_temporal()) or key.dtype == pl.Int128:
        return rows
    if key.is_sorted():
        return rows.with_columns(key.set_sorted())
    sample = key.gather_every(max(1, len(key) // _SAMPLE))
    has_many = sample.n_unique() > _MANY * len(sample)
    return rows.sort(name, maintain_order=True) if has_many else rows


_SAMPLE = 2000
_MANY = 0.5
"""The share of a sample's keys that differ from which on it pays to sort."""


def _made(expr: ExprNode, bare: dict[Call, str]) -> ExprNode | None:
    """An expression over bare aggregates, which are added to ``bare``; None where it needs its rows."""
    match expr:
        case Call(function) if FUNCTIONS[function].kind is Kind.AGGREGATE:
            column = Column(bare.setdefault(expr, f"{_BARE}{len(bare)}"))
            pinned = FUNCTIONS[function].result
            return column if pinned is None else Cast(column, pinned)
        case Alias(arg):
            return _made(arg, bare)
        case Literal(value):
            return expr if value is None or isinstance(value, int | float | str) else None
        case Column() | Over():
            return None
        case Call(function) if not _is_row_by_row(function):
            return None
    below = [_made(child, bare) for child in children(expr)]
    if any(child is None for child in below):
        return None
    remaining = iter(below)
    return map_children(expr, lambda _: next(remaining))


def _is_row_by_row(function: str) -> bool:
    spec = FUNCTIONS[function]
    return spec.kind is Kind.ELEMENTWISE and not spec.resizes and not spec.user_function
