"""Rows and bytes of every node, guessed from what sources know; a guess is never shown as a measurement."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.expr.dtypes import to_dtype
from scalekit.expr.node import Call, ExprNode
from scalekit.plan.nodes import (
    Aggregate,
    Distinct,
    DynamicAggregate,
    Explode,
    Filter,
    HorizontalUnion,
    Join,
    Limit,
    Pivot,
    Plan,
    Sample,
    Scan,
    Union,
    Unpivot,
)
from scalekit.tree import children, walk

FILTERED = 1 / 3
"""The share of rows that a filter of unknown selectivity keeps (Selinger et al. 1979, table 1)."""
LEAST = 1 / 1000
"""The share below which no guess goes, however many conditions there are."""
GROUPED = 1 / 10
"""The share of rows that remain as groups, where nothing is known of the keys."""
EXPLODED = 4
"""Elements of a list, where nothing is known of it."""


@dataclass(frozen=True)
class Estimate:
    """What one node gives: ``None`` where nothing is known, ``exact`` where it was measured."""

    rows: int | None
    bytes: int | None
    exact: bool


def estimate(plan: Plan, schema_of: Callable[[Plan], pl.Schema]) -> dict[Plan, Estimate]:
    """Estimate every node of a plan.

    Parameters
    ----------
    plan
        The plan.
    schema_of
        What gives a node's schema; passed in, as types are known one layer above.
    """
    done: dict[Plan, Estimate] = {}
    for node in walk(plan):
        below = [done[child] for child in children(node)]
        if isinstance(node, Scan):
            done[node] = _scan(node, schema_of(node))
            continue
        rows, exact = _ROWS.get(type(node), _same)(node, below)
        done[node] = Estimate(
            rows, None if rows is None else rows * row_width(schema_of(node)), exact
        )
    return done


def row_width(schema: Mapping[str, pl.DataType]) -> int:
    """Bytes of one row in memory, with averages where values differ in length (TRUST: section 4.2)."""
    return max(1, round(sum(map(_width, schema.values()))))


_WIDTHS: Mapping[type[pl.DataType], float] = {
    pl.Boolean: 1 / 8,
    pl.Int8: 1, pl.UInt8: 1, pl.Int16: 2, pl.UInt16: 2, pl.Float16: 2,
    pl.Int32: 4, pl.UInt32: 4, pl.Float32: 4, pl.Date: 4, pl.Categorical: 4, pl.Enum: 4,
    pl.Int128: 16, pl.UInt128: 16, pl.Decimal: 16,
    pl.String: 24, pl.Binary: 32, pl.Null: 0,
}  # fmt: skip


def _width(dtype: pl.DataType) -> float:
    if isinstance(dtype, pl.Struct):
        return sum(_width(to_dtype(f.dtype)) for f in dtype.fields)
    if isinstance(dtype, pl.List):
        return 8 + EXPLODED * _width(to_dtype(dtype.inner))
    if isinstance(dtype, pl.Array):
        return dtype.size * _width(to_dtype(dtype.inner))
    return _WIDTHS.get(type(dtype), 8) + 1 / 8


def _scan(node: Scan, schema: pl.Schema) -> Estimate:
    known = node.source.statistics()
    rows = known.rows if node.limit is None or known.rows is None else min(known.rows, node.limit)
    if rows is None:
        return Estimate(None, known.bytes, exact=False)
    whole = pl.Schema(node.source.schema)
    if known.bytes is None or not known.rows or not whole:
        size = rows * row_width(schema)
    else:
        size = round(known.bytes * (rows / known.rows) * row_width(schema) / row_width(whole))
    return Estimate(rows, size, known.exact)


Below = Sequence[Estimate]
Rows = tuple[int | None, bool]


def _same(_: Any, below: Below) -> Rows:
    return (below[0].rows, below[0].exact) if below else (None, False)


def _share(share: float) -> Callable[[Any, Below], Rows]:
    return lambda _, below: (
        None if below[0].rows is None else math.ceil(below[0].rows * share),
        False,
    )


def _filter(node: Filter, below: Below) -> Rows:
    """The share of each condition that has to hold, as if they had nothing to do with each other."""
    return _share(max(FILTERED ** _conditions(node.predicate), LEAST))(node, below)


def _conditions(predicate: ExprNode) -> int:
    found, stack = 0, [predicate]
    while stack:
        match stack.pop():
            case Call("and_" | "all_horizontal", args):
                stack.extend(args)
            case _:
                found += 1
    return found


def _aggregate(node: Aggregate, below: Below) -> Rows:
    return _share(GROUPED)(node, below) if node.keys else (1, True)


def _join(node: Join, below: Below) -> Rows:
    left, right = below[0].rows, below[1].rows
    if left is None or right is None:
        return None, False
    rows = {
        "cross": left * right,
        "left": left,
        "right": right,
        "full": left + right,
        "semi": round(left * FILTERED),
        "anti": round(left * FILTERED),
    }.get(node.how, max(left, right))
    return rows, node.how == "cross" and below[0].exact and below[1].exact


def _limit(node: Limit, below: Below) -> Rows:
    rows = below[0].rows
    if node.length is None:
        return (None, False) if rows is None else (max(0, rows - abs(node.offset)), below[0].exact)
    if rows is None:
        return node.length, False
    start = node.offset if node.offset >= 0 else max(0, rows + node.offset)
    return max(0, min(node.length, rows - start)), below[0].exact


def _union(_: Any, below: Below) -> Rows:
    counts = [b.rows for b in below]
    known = [c for c in counts if c is not None]
    return (sum(known) if len(known) == len(counts) else None), all(b.exact for b in below)


def _unpivot(node: Unpivot, below: Below) -> Rows:
    rows = below[0].rows
    return (None if rows is None else rows * len(node.on)), below[0].exact


def _sample(node: Sample, below: Below) -> Rows:
    rows = below[0].rows
    if node.n is not None:
        return (node.n if rows is None else min(node.n, rows)), below[0].exact
    return (None if rows is None else round(rows * (node.fraction or 0))), False


_ROWS: Mapping[type[Plan], Callable[[Any, Below], Rows]] = {
    Filter: _filter,
    Aggregate: _aggregate,
    DynamicAggregate: _share(GROUPED),
    Distinct: _share(GROUPED),
    Pivot: _share(GROUPED),
    Join: _join,
    Limit: _limit,
    Union: _union,
    HorizontalUnion: _same,
    Explode: _share(EXPLODED),
    Unpivot: _unpivot,
    Sample: _sample,
}
