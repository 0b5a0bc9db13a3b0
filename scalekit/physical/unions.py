"""Tables one after the other: each comes to the common columns by itself, and keeps its parts.

::

    SELECT a + 1 <- UNION (A, B)    becomes   CONCAT
                                                MAP  a + 1 <- A
                                                MAP  a + 1 <- B
"""

from __future__ import annotations

import polars as pl

from scalekit.expr.node import Alias, Cast, Column, ExprNode, Literal
from scalekit.kernels.schema import schema_of
from scalekit.physical.lowering import Lower, leaf, mapped
from scalekit.physical.nodes import Concat, Physical
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import Plan, Select, Union


def lower_union(plan: Union, lower: Lower, *, ordered: bool) -> Physical:
    """The parts of all tables, each in the columns and types of the whole."""
    schema = schema_of(plan)
    tables = [table for table in plan.inputs if schema_of(table)]
    if not tables or any(_changes_within(schema_of(table), schema) for table in tables):
        return lower_whole(plan, lower, ordered=ordered)
    return Concat(tuple(_aligned(table, schema, lower, ordered=ordered) for table in tables))


def _aligned(table: Plan, schema: pl.Schema, lower: Lower, *, ordered: bool) -> Physical:
    below = lower(table, ordered=ordered)
    known = schema_of(table)
    if list(known.items()) == list(schema.items()):
        return below
    return mapped(
        below, Select(leaf(table), tuple(_column(n, d, known) for n, d in schema.items()))
    )


def _column(name: str, dtype: pl.DataType, known: pl.Schema) -> ExprNode:
    if name not in known:
        return Alias(Cast(Literal(None), dtype), name)
    return Column(name) if known[name] == dtype else Cast(Column(name), dtype)


def _changes_within(known: pl.Schema, schema: pl.Schema) -> bool:
    """Whether the type of a nested column changes, for which a union has other rules than a cast."""
    return any(schema[name] != dtype and dtype.is_nested() for name, dtype in known.items())
