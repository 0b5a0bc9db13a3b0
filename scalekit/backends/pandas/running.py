"""Functions of the rows up to a row: running totals, and windows of a fixed number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.columns import assemble, column
from scalekit.backends.pandas.keys import Groups, Ints
from scalekit.backends.pandas.native import (
    Column,
    Site,
    Window,
    both,
    cast,
    has_nan,
    is_float,
    is_integer,
    of,
)

_numbers = of(is_integer, is_float)
_whole_numbers = of(is_integer)
_ordered = of(is_integer, is_float, lambda dtype: dtype.is_temporal())
_NAN = float("nan")


# Running totals, by Narwhals


def _cum_sum(to: pa.DataType, groups: Groups, x: Column, *, reverse: bool = False) -> Column:
    values = cast(x, to)
    if not pa.types.is_floating(to) or pc.all(pc.is_finite(values)).as_py() is not False:
        return _running("cum_sum", groups, values, reverse=reverse)
    finite = pc.if_else(pc.is_finite(values), values, pa.scalar(0.0, to))
    total = _running("cum_sum", groups, finite, reverse=reverse)
    seen = {
        name: pa.array(
            _running_count(groups, pc.fill_null(marks, fill_value=False), reverse=reverse) > 0
        )
        for name, marks in {
            "nan": pc.is_nan(values),
            "high": pc.equal(values, float("inf")),
            "low": pc.equal(values, float("-inf")),
        }.items()
    }
    total = pc.if_else(seen["high"], pa.scalar(float("inf"), to), total)
    total = pc.if_else(seen["low"], pa.scalar(float("-inf"), to), total)
    undefined = pc.or_(seen["nan"], pc.and_(seen["high"], seen["low"]))
    return _where_valid(values, pc.if_else(undefined, pa.scalar(_NAN, to), total))


def _cum_extreme(name: str, ground: float) -> Callable[..., Column]:
    """NaN counts only as long as there is nothing else."""

    def run(to: pa.DataType, groups: Groups, x: Column, *, reverse: bool = False) -> Column:
        if pa.types.is_temporal(x.type):
            whole = cast(x, pa.int32() if x.type.bit_width == 32 else pa.int64())
            return cast(_running(name, groups, whole, reverse=reverse), to)
        if not has_nan(x):
            return _running(name, groups, x, reverse=reverse)
        numbers = pc.if_else(pc.is_nan(x), pa.scalar(ground, x.type), x)
        found = _running(name, groups, numbers, reverse=reverse)
        is_number = pc.fill_null(pc.invert(pc.is_nan(x)), fill_value=False)
        none_yet = pa.array(_running_count(groups, is_number, reverse=reverse) == 0)
        return _where_valid(x, pc.if_else(none_yet, pa.scalar(_NAN, x.type), found))

    return run


def _running(name: str, groups: Groups, values: Column, *, reverse: bool) -> Column:
    rows = assemble({"x": values}).to_native()
    rows["group"] = pd.Series(groups.of_rows, copy=False)
    running = getattr(nw.col("x"), name)(reverse=reverse).over("group")
    return column(nw.from_native(rows, eager_only=True).select(running), "x")


def _where_valid(x: Column, answer: Column) -> Column:
    return (
        pc.if_else(pc.is_valid(x), answer, pa.scalar(None, answer.type)) if x.null_count else answer
    )


def _cum_count(to: pa.DataType, groups: Groups, x: Column, *, reverse: bool = False) -> Column:
    counts = _running_count(groups, pc.is_valid(x), reverse=reverse)
    return cast(pa.chunked_array([pa.array(counts)]), to)


def _running_count(groups: Groups, marks: Column, *, reverse: bool) -> Ints:
    """How many marks up to each row: a total over all groups, less what there was before its own."""
    order = groups.order
    marked = marks.to_numpy()[order].astype(np.int64)
    total = np.cumsum(marked)
    if reverse:
        all_of_group = np.bincount(groups.of_rows, marks.to_numpy(), groups.count).astype(np.int64)
        total = (
            all_of_group[groups.of_rows[order]] - (total - _before(groups, total - marked)) + marked
        )
    else:
        total = total - _before(groups, total - marked)
    counts = np.empty(groups.height, dtype=np.int64)
    counts[order] = total
    return counts


def _before(groups: Groups, total: Ints) -> Ints:
    """The total at the start of each row's group, in the order of groups."""
    return np.repeat(total[groups.starts[groups.sizes > 0]], groups.sizes[groups.sizes > 0])


# Windows of a fixed number of rows


@dataclass(frozen=True)
class Frames:
    """The values in the window of each row, by their place in it; rows are in the order of groups."""

    values: np.ndarray[Any, Any]
    valid: np.ndarray[Any, np.dtype[np.bool_]]
    place: Ints
    size: Ints
    window: int
    center: bool

    def __iter__(self) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        """For each place of the window: the values there, and whether there is one."""
        height = len(self.values)
        at = np.arange(height)
        ahead = (self.window - 1) // 2 if self.center else 0
        for back in range(self.window - 1 - ahead, -1 - ahead, -1):
            inside = (self.place - back >= 0) & (self.place - back < self.size)
            source = np.where(inside, at - back, 0)
            yield self.values[source], inside & self.valid[source]

    def count(self) -> Ints:
        """Values in each window."""
        found = np.zeros(len(self.values), dtype=np.int64)
        for _, present in self:
            found += present
        return found


def _rolling(reduce: Callable[..., Any]) -> Callable[..., Column]:
    def run(
        to: pa.DataType,
        groups: Groups,
        x: Column,
        window_size: int,
        weights: Any = None,  # noqa: ARG001 - refused unless None
        min_samples: int | None = None,
        *,
        center: bool = False,
        ddof: int = 1,
    ) -> Column:
        values = cast(x, to)
        order = groups.order
        plain = (values.fill_null(0) if values.null_count else values).to_numpy()[order]
        group = groups.of_rows[order]
        frames = Frames(
            plain,
            pc.is_valid(values).to_numpy()[order],
            groups.places[order],
            groups.sizes[group],
            window_size,
            center,
        )
        count = frames.count()
        with np.errstate(all="ignore"):
            found, enough = reduce(frames, count, ddof)
        enough &= count >= (window_size if min_samples is None else min_samples)
        answer = np.empty(groups.height, dtype=found.dtype)
        missing = np.empty(groups.height, dtype=bool)
        answer[order], missing[order] = found, ~enough
        return cast(pa.chunked_array([pa.array(answer, mask=missing, from_pandas=False)]), to)

    return run


def _window_sum(frames: Frames, count: Ints, _: int) -> tuple[Any, Any]:
    total = np.zeros(len(count), dtype=frames.values.dtype)
    for values, present in frames:
        total += np.where(present, values, 0)
    return total, np.ones(len(count), dtype=bool)


def _window_mean(frames: Frames, count: Ints, ddof: int) -> tuple[Any, Any]:
    total, _ = _window_sum(frames, count, ddof)
    return total / count, count > 0


def _window_var(frames: Frames, count: Ints, ddof: int) -> tuple[Any, Any]:
    mean, _ = _window_mean(frames, count, ddof)
    squares = np.zeros(len(count))
    for values, present in frames:
        squares += np.where(present, (values - mean) ** 2, 0)
    return squares / (count - ddof), count > ddof


def _window_std(frames: Frames, count: Ints, ddof: int) -> tuple[Any, Any]:
    variance, enough = _window_var(frames, count, ddof)
    return np.sqrt(variance), enough


def _window_extreme(better: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    def reduce(frames: Frames, count: Ints, _: int) -> tuple[Any, Any]:
        found = np.zeros(len(count), dtype=frames.values.dtype)
        any_yet = np.zeros(len(count), dtype=bool)
        for values, present in frames:
            found = np.where(
                present & any_yet, better(found, values), np.where(present, values, found)
            )
            any_yet |= present
        return found, any_yet

    return reduce


def _unweighted(site: Site) -> str | None:
    return "a rolling window with weights" if site.options.get("weights") is not None else None


RUNNING: Mapping[str, Window] = {
    "cum_sum": Window(_cum_sum, _numbers),
    "cum_min": Window(_cum_extreme("cum_min", float("inf")), _ordered),
    "cum_max": Window(_cum_extreme("cum_max", float("-inf")), _ordered),
    "cum_count": Window(_cum_count),
    "rolling_sum": Window(_rolling(_window_sum), both(_numbers, _unweighted)),
    "rolling_mean": Window(_rolling(_window_mean), both(_numbers, _unweighted)),
    "rolling_var": Window(_rolling(_window_var), both(_whole_numbers, _unweighted)),
    "rolling_std": Window(_rolling(_window_std), both(_whole_numbers, _unweighted)),
    "rolling_min": Window(_rolling(_window_extreme(np.minimum)), both(_numbers, _unweighted)),
    "rolling_max": Window(_rolling(_window_extreme(np.maximum)), both(_numbers, _unweighted)),
}
"""By the name in the function table."""
