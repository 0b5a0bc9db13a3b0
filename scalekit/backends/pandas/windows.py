"""Functions of a row's neighbours and of its group: shifts, fills, ranks and repeats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.keys import (
    Codes,
    Groups,
    Ints,
    Order,
    codes,
    combine,
    has_codes,
    sort_rows,
    take,
)
from scalekit.backends.pandas.native import Column, Datum, Site, Window, cast, is_mixable, plain

# Neighbours


def _shift(
    to: pa.DataType, groups: Groups, x: Column, n: Any = 1, *, fill_value: Datum | None = None
) -> Column:
    rows = _neighbours(groups, plain(n))
    shifted = cast(take(x, rows), to)
    if fill_value is None:
        return shifted
    return pc.if_else(pa.array(rows < 0), cast(fill_value, to), shifted)


def _neighbours(groups: Groups, n: int) -> Ints:
    """The row ``n`` before each row in its group, -1 where there is none."""
    place = groups.places
    inside = (place >= n) if n >= 0 else (place - n < groups.sizes[groups.of_rows])
    source = np.full(groups.height, -1, dtype=np.int64)
    at = np.flatnonzero(inside[groups.order])
    source[groups.order[at]] = groups.order[at - n]
    return source


def _diff(to: pa.DataType, groups: Groups, x: Column, n: Any = 1, **_: Any) -> Column:
    before = take(x, _neighbours(groups, plain(n)))
    if pa.types.is_temporal(x.type):
        return cast(pc.subtract(x, before), to)
    return pc.subtract(cast(x, to), cast(before, to))


def _reverse(_: pa.DataType, groups: Groups, x: Column) -> Column:
    backward = np.lexsort((-np.arange(groups.height), groups.of_rows))
    return _placed(groups, x, backward)


def _sort(
    _: pa.DataType, groups: Groups, x: Column, *, descending: bool = False, nulls_last: bool = False
) -> Column:
    keys = [Order(_as_column(groups.of_rows)), Order(x, descending, nulls_last)]
    return _placed(groups, x, sort_rows(keys))


def _placed(groups: Groups, x: Column, rows: Ints) -> Column:
    """The values of ``rows``, which are in the order of groups, where the groups' rows are."""
    source = np.empty(groups.height, dtype=np.int64)
    source[groups.order] = rows
    return take(x, source)


def _forward_fill(to: pa.DataType, groups: Groups, x: Column, limit: int | None = None) -> Column:  # noqa: ARG001
    return _fill(groups, groups.order, x, limit)


def _backward_fill(to: pa.DataType, groups: Groups, x: Column, limit: int | None = None) -> Column:  # noqa: ARG001
    return _fill(groups, groups.order[::-1], x, limit)


def _fill(groups: Groups, order: Ints, x: Column, limit: int | None) -> Column:
    """Each null from the nearest value before it in ``order``, within its group."""
    height = groups.height
    valid = pc.is_valid(x).to_numpy()[order]
    place = np.where(valid, np.arange(height), -1)
    nearest = np.maximum.accumulate(place) if height else place
    group = groups.of_rows[order]
    usable = (nearest >= 0) & (group[np.maximum(nearest, 0)] == group)
    if limit is not None:
        usable &= np.arange(height) - nearest <= limit
    source = np.empty(height, dtype=np.int64)
    source[order] = np.where(usable, order[np.maximum(nearest, 0)], -1) if height else nearest
    return take(x, source)


def _fill_by(
    to: pa.DataType, groups: Groups, x: Column, strategy: str, limit: int | None = None
) -> Column:
    return (_forward_fill if strategy == "forward" else _backward_fill)(to, groups, x, limit)


def _fills(site: Site) -> str | None:
    others = [d for d in (site.operands[0], *site.operands[2:]) if not is_mixable(d, site.result)]
    chooses = "fill_value" in dict(site.call.options)
    nested = site.result.is_nested() or isinstance(site.result, pl.Categorical | pl.Enum)
    return (
        f"shift(fill_value=...) of {site.operands[0]}" if chooses and (others or nested) else None
    )


def _known_strategies(site: Site) -> str | None:
    strategy = site.options["strategy"]
    return None if strategy in ("forward", "backward") else f"fill_null(strategy={strategy!r})"


# Ranks and repeats


def _rank(
    to: pa.DataType,
    groups: Groups,
    x: Column,
    method: str = "average",
    *,
    descending: bool = False,
    seed: Any = None,  # noqa: ARG001
) -> Column:
    order = sort_rows([Order(_as_column(groups.of_rows)), Order(x, descending, nulls_last=True)])
    group, value = groups.of_rows[order], codes(x).of_rows[order]
    first_of_group = _changes(group)
    first_of_tie = first_of_group | _changes(value)
    place = np.arange(len(order))
    begin = _last_true(first_of_group)
    tie = _last_true(first_of_tie)
    if method == "ordinal":
        ranks = place - begin + 1
    elif method == "min":
        ranks = tie - begin + 1
    elif method == "dense":
        numbered = np.cumsum(first_of_tie)
        ranks = numbered - numbered[begin] + 1
    else:
        size = np.diff(np.concatenate([np.flatnonzero(first_of_tie), [len(order)]]))
        end = tie + np.repeat(size, size) - 1
        ranks = end - begin + 1 if method == "max" else (tie + end) / 2 - begin + 1
    found = np.empty(len(order), dtype=ranks.dtype)
    found[order] = ranks
    return cast(pa.chunked_array([pa.array(found, mask=pc.is_null(x).to_numpy())]), to)


def _changes(values: Ints) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return (
        np.concatenate([[True], values[1:] != values[:-1]])
        if len(values)
        else np.empty(0, dtype=bool)
    )


def _last_true(marks: np.ndarray[Any, np.dtype[np.bool_]]) -> Ints:
    """For each place, the nearest mark at or before it."""
    return (
        np.maximum.accumulate(np.where(marks, np.arange(len(marks)), 0))
        if len(marks)
        else np.empty(0, dtype=int)
    )


def _as_column(values: np.ndarray[Any, Any]) -> Column:
    return pa.chunked_array([pa.array(values)])


def _repeats(answer: Callable[[Groups], Any]) -> Callable[..., Column]:
    def run(_: pa.DataType, groups: Groups, x: Column) -> Column:
        pairs = combine([Codes(groups.of_rows, groups.count), codes(x)])
        return _as_column(answer(Groups(pairs.of_rows, pairs.count)))

    return run


def _is_unique(same: Groups) -> Any:
    return same.sizes[same.of_rows] == 1


def _is_duplicated(same: Groups) -> Any:
    return same.sizes[same.of_rows] > 1


def _is_first(same: Groups) -> Any:
    return same.firsts[same.of_rows] == np.arange(same.height)


def _is_last(same: Groups) -> Any:
    return same.lasts[same.of_rows] == np.arange(same.height)


# What is refused


def _coded(site: Site) -> str | None:
    return None if has_codes(site.operands[0]) else f"{site.call.function} of {site.operands[0]}"


def _numbers(site: Site) -> str | None:
    dtype = site.operands[0]
    return None if dtype.is_integer() or dtype.is_float() else f"{site.call.function} of {dtype}"


def _differences(site: Site) -> str | None:
    if site.options.get("null_behavior", "ignore") != "ignore":
        return "diff(null_behavior='drop')"
    dtype = site.operands[0]
    return None if dtype.is_temporal() and dtype != pl.Time else _numbers(site)


def _ranks(site: Site) -> str | None:
    return "rank(method='random')" if site.options.get("method") == "random" else _coded(site)


NEIGHBOURS: Mapping[str, Window] = {
    "shift": Window(_shift, _fills),
    "reverse": Window(_reverse),
    "sort": Window(_sort, _coded),
    "diff": Window(_diff, _differences),
    "forward_fill": Window(_forward_fill),
    "backward_fill": Window(_backward_fill),
    "fill_null_by": Window(_fill_by, _known_strategies),
    "rank": Window(_rank, _ranks),
    "is_unique": Window(_repeats(_is_unique), _coded),
    "is_duplicated": Window(_repeats(_is_duplicated), _coded),
    "is_first_distinct": Window(_repeats(_is_first), _coded),
    "is_last_distinct": Window(_repeats(_is_last), _coded),
}
"""By the name in the function table."""
