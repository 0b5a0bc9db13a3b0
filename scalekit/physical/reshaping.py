"""Operators that turn lists, columns and batches into rows where the rows are, and the rows of groups into columns."""

from __future__ import annotations

from typing import Any

import polars as pl

from scalekit.expr.expr import Expr
from scalekit.expr.node import Alias, Cast, Column, ExprNode, Literal
from scalekit.kernels.bind import bind
from scalekit.kernels.schema import dtype_of, schema_of
from scalekit.physical.lowering import Lower, leaf, mapped
from scalekit.physical.nodes import HashExchange, Physical
from scalekit.physical.places import PLACE, first_place, in_place_order, with_place
from scalekit.physical.whole import lower_whole
from scalekit.plan.nodes import (
    Aggregate,
    Explode,
    HorizontalUnion,
    MapBatches,
    Pivot,
    Select,
    Unpivot,
)
from scalekit.tree import updated


def lower_explode(plan: Explode, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row."""
    return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))


def lower_unpivot(plan: Unpivot, lower: Lower, *, ordered: bool) -> Physical:
    """Row by row; the rows have no order."""
    del ordered
    return mapped(lower(plan.input, ordered=False), updated(plan, input=leaf(plan.input)))


def lower_map_batches(plan: MapBatches, lower: Lower, *, ordered: bool) -> Physical:
    """Part by part, where the function does not ask for all rows at once."""
    if plan.whole:
        return lower_whole(plan, lower, ordered=ordered)
    return mapped(lower(plan.input, ordered=ordered), updated(plan, input=leaf(plan.input)))


def lower_pivot(plan: Pivot, lower: Lower, *, ordered: bool) -> Physical:
    """The aggregate that it stands for, in steps; else all rows of an index meet."""
    equivalent = _as_aggregate(plan)
    if equivalent is not None:
        return lower(equivalent, ordered=ordered)
    if not plan.index or not plan.values:
        return lower_whole(plan, lower, ordered=ordered)  # Polars takes all other columns for them
    if ordered:
        return _in_order(plan, lower)
    return mapped(
        _met(lower(plan.input, ordered=True), plan), updated(plan, input=leaf(plan.input))
    )


def _met(below: Physical, plan: Pivot) -> Physical:
    return HashExchange(below, tuple(map(Column, plan.index)))


def _in_order(plan: Pivot, lower: Lower) -> Physical:
    """Rows in the order in which their index first came, of which each brings the place."""
    placed = with_place(plan.input)
    rows = updated(plan, input=leaf(placed), maintain_order=True)
    keys = tuple(map(Column, plan.index))
    places = Aggregate(leaf(placed), keys, (first_place(),), maintain_order=True)
    # Both give one row for each index, in the order in which it first comes.
    beside = HorizontalUnion((rows, Select(places, (Column(PLACE),))))
    below = mapped(_met(lower(placed, ordered=True), plan), beside)
    return in_place_order(below, beside, tuple(schema_of(plan)))


_AGGREGATES = ("min", "max", "sum", "mean", "len")
"""What gives the same answer in a pivot's cell as of the rows that belong into it."""

_ON = (pl.String, pl.Boolean, pl.Date, pl.Enum, pl.Categorical)


def _as_aggregate(plan: Pivot) -> Aggregate | None:
    """One aggregate for each cell of a row, of the rows that belong into it; None where it is not that simple."""
    known, wanted = schema_of(plan.input), schema_of(plan)
    if plan.aggregate not in _AGGREGATES or len(plan.on) > 1 or not plan.values:
        return None
    if len(known) > len(plan.on) + len(plan.values) and not plan.index:
        return None
    values = _values_of(plan.on_columns.value, known[plan.on[0]])
    names = list(wanted)[len(plan.index) :]
    if values is None or not values or len(names) != len(plan.values) * len(values):
        return None
    cells = [_cell(plan, name, value) for name in plan.values for value in values]
    bound = bind(tuple(cells), known)
    if plan.aggregate != "len" and [dtype_of(b, known) for b in bound] != [
        wanted[n] for n in names
    ]:
        return None
    aggs = [Alias(Cast(b, wanted[n]), n) for b, n in zip(bound, names, strict=True)]
    keys = tuple(map(Column, plan.index))
    return Aggregate(plan.input, keys, tuple(aggs), plan.maintain_order)


def _cell(plan: Pivot, name: str, value: ExprNode) -> ExprNode:
    rows = Expr(Column(name)).filter(Expr(Column(plan.on[0])).eq_missing(Expr(value)))
    found: ExprNode = getattr(rows, str(plan.aggregate))()._node
    return found


def _values_of(given: Any, dtype: pl.DataType) -> list[ExprNode] | None:
    """The values that become columns as constants, where they compare without doubt."""
    if not isinstance(given, list | pl.Series) or not (
        dtype.is_integer() or isinstance(dtype, _ON)
    ):
        return None
    try:
        pl.Series(given, dtype=dtype, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        return None  # Polars compares what is no value of the column in its own way
    return [Cast(Literal(value), dtype) for value in given]
