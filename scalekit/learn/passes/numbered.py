"""Numbers for rows, in the order of the frame; where it has none, in the order that values decide."""

from __future__ import annotations

import polars as pl

from scalekit.expr.node import Column, Opaque, SortKey
from scalekit.kernels.schema import schema_of
from scalekit.learn.passes.batch import POSITION
from scalekit.learn.rows import order_of
from scalekit.plan.nodes import MapBatches, Plan, RowIndex, Select, Sort
from scalekit.plan.order import has_order

KEYS = ("__scalekit_coarse", "__scalekit_exact")
"""Columns of hashes by which rows without an order are sorted."""


def numbered(plan: Plan) -> Plan:
    """The rows with their positions: the same on every backend, and in the local fit of :func:`collect_rows`."""
    if has_order(plan):
        return RowIndex(plan, POSITION, 0)
    schema = schema_of(plan)
    hashed = (*schema.items(), *((key, pl.UInt64()) for key in KEYS))
    keyed = MapBatches(plan, Opaque(with_keys), hashed)
    ordered = Sort(keyed, tuple(SortKey(Column(key)) for key in KEYS))
    return RowIndex(Select(ordered, tuple(map(Column, schema))), POSITION, 0)


def with_keys(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows and their hashes."""
    return rows.with_columns(
        pl.Series(key, values) for key, values in zip(KEYS, order_of(rows), strict=True)
    )
