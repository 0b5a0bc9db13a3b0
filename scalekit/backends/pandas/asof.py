"""Joins to the nearest row: a binary search among the right keys, each group's in one stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.columns import Runner, Table, arrow_schema, assemble, column
from scalekit.backends.pandas.joins import codes_of_both, key_type
from scalekit.backends.pandas.keys import Ints, take
from scalekit.backends.pandas.native import NotNative, cast
from scalekit.expr.node import Column, ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import AsofJoin

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def asof_join(plan: AsofJoin) -> Runner:
    """Prepare a join to the nearest row; ``NotNative`` for keys that are no whole numbers or times."""
    left_schema, right_schema = schema_of(plan.left), schema_of(plan.right)
    left_on, right_on = _name(plan.left_on), _name(plan.right_on)
    if left_schema[left_on] != right_schema[right_on]:
        raise NotNative(
            f"join_asof() of {left_schema[left_on]} and {right_schema[right_on]} is not native"
        )
    tolerance = _ticks(plan.tolerance, left_schema[left_on])
    by = [key_type(plan, a, b) for a, b in zip(plan.by_left, plan.by_right, strict=True)]
    dropped = {*plan.by_right, *([right_on] if plan.coalesce and left_on == right_on else [])}
    theirs = [name for name in right_schema if name not in dropped]
    names = [*left_schema, *(n + plan.suffix if n in left_schema else n for n in theirs)]
    targets = arrow_schema(schema_of(plan))
    if names != list(targets):
        raise NotNative(f"join_asof() whose columns are {', '.join(targets)} is not native")

    def run(tables: Sequence[Table]) -> Table:
        left, right = tables
        sides = (
            _side(left, left_on, plan.by_left, by),
            _side(right, right_on, plan.by_right, by),
        )
        rows = _nearest(plan, *_grouped(*sides), tolerance)
        columns = [column(left, n) for n in left_schema] + [
            take(column(right, n), rows) for n in theirs
        ]
        return assemble(dict(zip(targets, columns, strict=True)))

    return run


@dataclass(frozen=True)
class Side:
    """The rows of one table: their keys as numbers, their groups, and whether they can match."""

    keys: Ints
    usable: Mask
    by: list[Any]
    groups: Ints


def _side(table: Table, on: str, by: Sequence[str], types: Sequence[Any]) -> Side:
    key = column(table, on)
    groups = [cast(column(table, name), to) for name, to in zip(by, types, strict=True)]
    usable = pc.is_valid(key).to_numpy()
    for group in groups:
        usable = usable & pc.is_valid(group).to_numpy()
    whole = cast(cast(key, pa.int32()) if pa.types.is_date32(key.type) else key, pa.int64())
    return Side(whole.fill_null(0).to_numpy(), usable, groups, np.zeros(len(table), dtype=np.int64))


def _grouped(left: Side, right: Side) -> tuple[Side, Side]:
    if not left.by:
        return left, right
    one, two, _ = codes_of_both(left.by, right.by)
    return replace(left, groups=one), replace(right, groups=two)


def _name(key: ExprNode) -> str:
    if not isinstance(key, Column):
        raise NotNative("join_asof() by a computed key is not native")
    return key.name


def _ticks(tolerance: Any, dtype: pl.DataType) -> int | None:
    """The tolerance as a difference of keys."""
    if not (dtype.is_integer() or isinstance(dtype, pl.Datetime | pl.Duration | pl.Date)):
        raise NotNative(f"join_asof() by {dtype} is not native")
    if tolerance is None:
        return None
    if isinstance(tolerance, timedelta) and isinstance(dtype, pl.Datetime | pl.Duration):
        return int(pl.Series([tolerance], dtype=pl.Duration(dtype.time_unit)).to_physical()[0])
    if isinstance(tolerance, int) and dtype.is_integer():
        return tolerance
    raise NotNative(f"join_asof(tolerance={tolerance!r}) by {dtype} is not native")


def _nearest(plan: AsofJoin, left: Side, right: Side, tolerance: int | None) -> Ints:
    """For each left row the right row that is nearest, or -1."""
    usable = np.flatnonzero(right.usable)
    if not len(usable):
        return np.full(len(left.keys), -1)
    order = usable[np.lexsort((right.keys[usable], right.groups[usable]))]
    sought, there = _places(left, right, order)
    exact = plan.allow_exact_matches
    before = np.searchsorted(there, sought, "right" if exact else "left") - 1
    after = np.searchsorted(there, sought, "left" if exact else "right")

    def found(at: Ints) -> Ints:
        rows = order[at.clip(0, len(order) - 1)]
        inside = (at >= 0) & (at < len(order)) & (right.groups[rows] == left.groups)
        return np.where(inside, rows, -1)

    match plan.strategy:
        case "backward":
            rows = found(before)
        case "forward":
            rows = found(after)
        case _:
            last = np.searchsorted(there, there[after.clip(0, len(order) - 1)], "right") - 1
            rows = _nearer(
                found(before), found(np.where(after < len(order), last, after)), left, right
            )
    near = left.usable & (rows >= 0)
    if tolerance is not None:
        near &= _distance(left, right, rows) <= tolerance
    return np.where(near, rows, -1)


def _places(left: Side, right: Side, order: Ints) -> tuple[Ints, Ints]:
    """Group and key as one number that sorts as they do, for both sides."""
    values, ranks = np.unique(np.concatenate([left.keys, right.keys[order]]), return_inverse=True)
    height = len(left.keys)
    return left.groups * len(values) + ranks[:height], right.groups[order] * len(values) + ranks[
        height:
    ]


def _nearer(before: Ints, after: Ints, left: Side, right: Side) -> Ints:
    """The later of two that are as near."""
    is_later = _distance(left, right, after) <= _distance(left, right, before)
    return np.where((before < 0) | (is_later & (after >= 0)), after, before)


def _distance(left: Side, right: Side, rows: Ints) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """How far keys lie apart, without overflow."""
    one, two = left.keys, right.keys[rows.clip(0)]
    low, high = np.minimum(one, two), np.maximum(one, two)
    apart: np.ndarray[Any, np.dtype[np.uint64]] = high.astype(np.uint64) - low.astype(np.uint64)
    return apart
