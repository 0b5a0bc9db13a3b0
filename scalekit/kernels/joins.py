"""Joins as Polars queries, around what Polars gets wrong in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from scalekit.expr.node import Column
from scalekit.kernels.expressions import to_expr
from scalekit.plan.nodes import Among, AsofJoin, Beside, Join

Tables = Sequence[pl.LazyFrame]

# Names of the kernels' own: what a frame or a fragment numbers may be joined here.
_PLACE = "__scalekit_join_place"
_PLACE_OF_RIGHT = "__scalekit_join_place_of_right"
_SECOND = "__scalekit_second_key"
_ALWAYS = pl.lit(value=True).alias(_SECOND)


def join(plan: Join, below: Tables) -> pl.LazyFrame:
    """Rows of two tables whose keys are equal."""
    if plan.how == "full" and plan.maintain_order in ("right", "right_left"):
        return _full_by_right(plan, *below)
    joined = _joined(plan, *below)
    if plan.maintain_order == "none":
        return joined
    # Polars 2.1 moves a slice into the join, overlooks there that it looks at the order, and drops the order and
    # the sorts below (check_order_observe): sort, join and head gave other rows. A slice stays above a function.
    return joined.map_batches(_unchanged, slice_pushdown=False, streamable=True)


def _full_by_right(plan: Join, left: pl.LazyFrame, right: pl.LazyFrame) -> pl.LazyFrame:
    """A full join in the order of the right: Polars 2.1 streams two sides of one row each the other way round."""
    unordered = replace(plan, maintain_order="none")
    joined = _joined(unordered, left.with_row_index(_PLACE), right.with_row_index(_PLACE_OF_RIGHT))
    places = [_PLACE_OF_RIGHT, _PLACE]
    return joined.sort(places, nulls_last=True).drop(places)


def _unchanged(table: pl.DataFrame) -> pl.DataFrame:
    return table


def _joined(plan: Join, left: pl.LazyFrame, right: pl.LazyFrame) -> pl.LazyFrame:
    if plan.how == "cross":
        return left.join(right, how="cross", suffix=plan.suffix, maintain_order=plan.maintain_order)  # type: ignore[arg-type]
    on_left, on_right = [to_expr(e) for e in plan.left_on], [to_expr(e) for e in plan.right_on]
    if plan.only_key_is_float:
        # Polars 2.1 in memory never matches NaN where one side has one row, unless there are two keys.
        left, right = left.with_columns(_ALWAYS), right.with_columns(_ALWAYS)
        on_left, on_right = [*on_left, pl.col(_SECOND)], [*on_right, pl.col(_SECOND)]
    joined = left.join(
        right,
        left_on=on_left,
        right_on=on_right,
        how=plan.how,  # type: ignore[arg-type]
        suffix=plan.suffix,
        validate=plan.validate,  # type: ignore[arg-type]
        nulls_equal=plan.nulls_equal,
        coalesce=plan.coalesce,
        maintain_order=plan.maintain_order,  # type: ignore[arg-type]
    )
    return (
        joined.drop(_SECOND, _SECOND + plan.suffix, strict=False)
        if plan.only_key_is_float
        else joined
    )


def asof_join(plan: AsofJoin, below: Tables) -> pl.LazyFrame:
    """Each left row with the nearest right row."""
    # Polars' kernel trusts its input to be sorted, and with by= does not look: it is sorted here, and the
    # left rows are put back in their order.
    left = below[0].with_row_index(_PLACE).sort(to_expr(plan.left_on), maintain_order=True)
    right = below[1].sort(to_expr(plan.right_on), maintain_order=True)
    joined = left.join_asof(
        right,
        left_on=to_expr(plan.left_on),
        right_on=to_expr(plan.right_on),
        by_left=list(plan.by_left) or None,
        by_right=list(plan.by_right) or None,
        strategy=plan.strategy,  # type: ignore[arg-type]
        suffix=plan.suffix,
        tolerance=plan.tolerance,
        # Polars does not fold keys that are computed, and warns where it is asked to.
        coalesce=plan.coalesce
        and all(isinstance(e, Column) for e in (plan.left_on, plan.right_on)),
        allow_exact_matches=plan.allow_exact_matches,
        check_sortedness=False,
    )
    return joined.sort(_PLACE).drop(_PLACE)


def beside(_: Beside, below: Tables) -> pl.LazyFrame:
    """Every row beside the one row of another table."""
    both = below[0].join(below[1], how="cross", maintain_order="left_right")
    return both.map_batches(
        _unchanged, predicate_pushdown=False, slice_pushdown=False, streamable=True
    )


def among(plan: Among, below: Tables) -> pl.LazyFrame:
    """Rows whose key is among those of another table."""
    keys = below[1].select(to_expr(plan.keys)).collect(engine="in-memory").to_series()
    # Polars moves this down to where the rows are read, as it does with all filters.
    return below[0].filter(to_expr(plan.key).is_in(keys.implode()))
