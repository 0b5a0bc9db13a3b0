"""Joins: keys become codes, Narwhals joins row numbers by these, and columns are gathered by the pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.columns import Runner, Table, arrow_type, assemble, column
from scalekit.backends.pandas.keys import Codes, Ints, codes, combine, has_codes, take
from scalekit.backends.pandas.native import NotNative, cast
from scalekit.errors import ComputeError
from scalekit.expr.node import Column, ExprNode
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import AsofJoin, Join

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Output:
    """An output column: where it comes from, and where else if that is null (a key that both sides give)."""

    name: str
    from_left: bool
    column: str
    otherwise: str | None = None


def join(plan: Join) -> Runner:
    """Prepare a join; ``NotNative`` where its keys are expressions or types that pandas would bend."""
    left_keys, right_keys = _names(plan.left_on), _names(plan.right_on)
    types = [key_type(plan, a, b) for a, b in zip(left_keys, right_keys, strict=True)]
    outputs = _outputs(plan, left_keys, right_keys)
    if [o.name for o in outputs] != schema_of(plan).names():
        raise NotNative(
            f"a {plan.how} join whose columns are {', '.join(schema_of(plan))} is not native"
        )

    def run(tables: Sequence[Table]) -> Table:
        left, right = tables
        one = [cast(column(left, n), t) for n, t in zip(left_keys, types, strict=True)]
        two = [cast(column(right, n), t) for n, t in zip(right_keys, types, strict=True)]
        rows = _rows(plan, one, two, (len(left), len(right)))
        return assemble({o.name: _gather(o, tables, rows, plan) for o in outputs})

    return run


def _names(keys: Sequence[ExprNode]) -> list[str]:
    computed = [key for key in keys if not isinstance(key, Column)]
    if computed:
        raise NotNative("a join by a computed key is not native")
    return [key.name for key in keys if isinstance(key, Column)]


def key_type(plan: Join | AsofJoin, left: str, right: str) -> pa.DataType:
    """The type in which two keys are compared."""
    one, two = schema_of(plan.left)[left], schema_of(plan.right)[right]
    if one == two and has_codes(one):
        return pa.large_string() if isinstance(one, pl.Categorical | pl.Enum) else arrow_type(one)
    if one.is_integer() and two.is_integer() and pl.UInt64 not in (one, two):
        return pa.int64()
    if one.is_float() and two.is_float():
        return pa.float64()
    raise NotNative(f"a join of {one} with {two} is not native")


def _outputs(plan: Join, left_keys: Sequence[str], right_keys: Sequence[str]) -> list[Output]:
    left, right = list(schema_of(plan.left)), list(schema_of(plan.right))
    if plan.how in ("semi", "anti"):
        return [Output(name, from_left=True, column=name) for name in left]
    coalesced = plan.how != "cross" and (
        plan.how != "full" if plan.coalesce is None else plan.coalesce
    )
    if coalesced and plan.how == "right":
        left = [name for name in left if name not in left_keys]
    if coalesced and plan.how != "right":
        right = [name for name in right if name not in right_keys]
    both = dict(zip(left_keys, right_keys, strict=True)) if coalesced and plan.how == "full" else {}
    mine = [Output(name, from_left=True, column=name, otherwise=both.get(name)) for name in left]
    theirs = [Output(n + plan.suffix if n in left else n, from_left=False, column=n) for n in right]
    return mine + theirs


def _gather(
    output: Output, tables: Sequence[Table], rows: tuple[Ints, Ints], plan: Join
) -> pa.ChunkedArray:
    side = 0 if output.from_left else 1
    values = take(column(tables[side], output.column), rows[side])
    if output.otherwise is not None:
        other = take(column(tables[1], output.otherwise), rows[1])
        values = pc.if_else(pa.array(rows[0] < 0), cast(other, values.type), values)
    return cast(values, arrow_type(schema_of(plan)[output.name]))


# Which rows go together


def _all_pairs(heights: tuple[int, int], *, right_first: bool) -> tuple[Ints, Ints]:
    left, right = np.arange(heights[0]), np.arange(heights[1])
    if right_first:
        return np.tile(left, heights[1]), np.repeat(right, heights[0])
    return np.repeat(left, heights[1]), np.tile(right, heights[0])


def _rows(
    plan: Join, one: list[Any], two: list[Any], heights: tuple[int, int]
) -> tuple[Ints, Ints]:
    """Rows of the left and the right table, side by side; -1 where a side has none."""
    if plan.how == "cross":
        return _all_pairs(heights, right_first=plan.maintain_order.startswith("right"))
    left, right, count = codes_of_both(one, two)
    left_fits, right_fits = (_may_match(keys, nulls_equal=plan.nulls_equal) for keys in (one, two))
    _validate(plan, left, right, left_fits, right_fits)
    if plan.how in ("semi", "anti"):
        present = np.zeros(count, dtype=bool)
        present[right[right_fits]] = True
        found = (present[left] if count else np.zeros(len(left), dtype=bool)) & left_fits
        rows = np.flatnonzero(found if plan.how == "semi" else ~found)
        return rows, rows
    pairs = _pairs(left, right, left_fits, right_fits)
    parts = [pairs, *_unmatched(plan.how, pairs, heights)]
    return _in_order(
        plan, np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    )


def codes_of_both(one: list[Any], two: list[Any]) -> tuple[Ints, Ints, int]:
    """One numbering for the keys of both tables."""
    several: list[Codes] = []
    for left, right in zip(one, two, strict=True):
        several.append(codes(pa.chunked_array(left.chunks + right.chunks, left.type)))
    both = combine(several)
    height = len(one[0])
    return both.of_rows[:height], both.of_rows[height:], both.count


def _may_match(keys: list[Any], *, nulls_equal: bool) -> Mask:
    fits = np.ones(len(keys[0]), dtype=bool)
    for key in keys if not nulls_equal else []:
        if key.null_count:
            fits &= pc.is_valid(key).to_numpy()
    return fits


def _validate(plan: Join, left: Ints, right: Ints, left_fits: Mask, right_fits: Mask) -> None:
    rule = plan.validate
    if plan.how != "full":  # which keeps the left rows whose keys are null, and counts them
        left = left[left_fits]
    right = right[right_fits]
    for keys, side, wanted in ((left, "left", rule[0]), (right, "right", rule[-1])):
        if wanted == "1" and len(np.unique(keys)) < len(keys):
            raise ComputeError(f"join(validate={rule!r}): the {side} keys are not unique")


def _pairs(left: Ints, right: Ints, left_fits: Mask, right_fits: Mask) -> tuple[Ints, Ints]:
    one, two = _numbered("left", left, left_fits), _numbered("right", right, right_fits)
    found = one.join(two, on="key", how="inner")
    return found["left"].to_numpy(), found["right"].to_numpy()


def _numbered(side: str, keys: Ints, fits: Mask) -> Any:
    if fits.all():
        rows = pd.DataFrame({"key": keys, side: np.arange(len(keys))}, copy=False)
    else:
        rows = pd.DataFrame({"key": keys[fits], side: np.flatnonzero(fits)}, copy=False)
    return nw.from_native(rows, eager_only=True)


def _unmatched(
    how: str, pairs: tuple[Ints, Ints], heights: tuple[int, int]
) -> Iterator[tuple[Ints, Ints]]:
    if how in ("left", "full"):
        rows = _others(pairs[0], heights[0])
        yield rows, np.full(len(rows), -1)
    if how in ("right", "full"):
        rows = _others(pairs[1], heights[1])
        yield np.full(len(rows), -1), rows


def _others(rows: Ints, height: int) -> Ints:
    matched = np.zeros(height, dtype=bool)
    matched[rows] = True
    return np.flatnonzero(~matched)


def _in_order(plan: Join, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """By the rows of the side that leads, those without a row there at the end."""
    keys = (right, left) if not _right_leads(plan) else (left, right)
    minor, major = (np.where(rows < 0, np.iinfo(np.int64).max, rows) for rows in keys)
    if len(major) and bool((major[1:] > major[:-1]).all()):
        return left, right
    order = np.lexsort((minor, major))
    return left[order], right[order]


def _right_leads(plan: Join) -> bool:
    return plan.maintain_order.startswith("right") or (
        plan.maintain_order == "none" and plan.how == "right"
    )
