"""Rows and bytes of every step of a plan at full size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import polars as pl

from scalekit.forecast.counting import Count, counted
from scalekit.forecast.growth import at_full_size, groups_at_full_size
from scalekit.forecast.leaves import Apart
from scalekit.plan.nodes import (
    Explode,
    Filter,
    Input,
    Limit,
    Plan,
    RowIndex,
    Sample,
    Select,
    Sort,
    Union,
    Unpivot,
    WithColumns,
)
from scalekit.tree import children, walk

Sizes: TypeAlias = Mapping[Plan, Count]


def full_sizes(
    apart: Apart, tables: Sequence[pl.DataFrame], read: Sequence[int]
) -> tuple[Sizes, Sizes]:
    """What every step gives of the sample, and at full size.

    Parameters
    ----------
    apart
        The plan, taken apart.
    tables
        The sample's rows of each of its inputs.
    read
        How many rows each has at full size.
    """
    pairs = list(zip(apart.leaves, tables, strict=True))
    sample, first, second = (
        counted(apart.rest, rows)
        for rows in (
            tables,
            [leaf.part(rows, 1 / 2) for leaf, rows in pairs],
            [leaf.rest(rows, 1 / 2) for leaf, rows in pairs],
        )
    )
    found: dict[Plan, float] = {}
    for node in (node for node in walk(apart.rest) if node in sample):
        counts = sample[node].rows, first[node].rows, second[node].rows
        below = [found[child] for child in children(node) if child in found]
        if isinstance(node, Input):
            found[node] = float(read[node.index])
        elif type(node) in _FOLLOW and below:
            found[node] = _FOLLOW[type(node)](node, sample, below)
        elif node in apart.thinned and getattr(node, "keys", True):
            found[node] = min(
                groups_at_full_size(*counts, apart.share, _grouped(node, sample)), *below, math.inf
            )
        else:
            found[node] = at_full_size(*counts, apart.share)
    return sample, {node: _grown(sample[node], rows) for node, rows in found.items()}


def _grouped(node: Plan, sample: Sizes) -> int:
    (below,) = children(node)
    return sample[below].rows


def _grown(count: Count, rows: float) -> Count:
    width = count.bytes / count.rows if count.rows else 0.0
    return Count(round(rows), round(rows * width))


def _as_before(node: Any, sample: Sizes, below: Sequence[float]) -> float:
    """As many for each row of the input as there were in the sample."""
    before = sample[node.input].rows
    return below[0] * sample[node].rows / before if before else 0.0


def _select(node: Select, sample: Sizes, below: Sequence[float]) -> float:
    """Scalars alone are one row, whatever there was before."""
    if sample[node].rows == 1 != sample[node.input].rows:
        return 1.0
    return _as_before(node, sample, below)


def _limit(node: Limit, _: Sizes, below: Sequence[float]) -> float:
    if node.length is None:
        return max(0.0, below[0] - abs(node.offset))
    start = node.offset if node.offset >= 0 else max(0.0, below[0] + node.offset)
    return max(0.0, min(float(node.length), below[0] - start))


def _some(node: Sample, _: Sizes, below: Sequence[float]) -> float:
    if node.n is not None:
        return min(float(node.n), below[0])
    return below[0] * (node.fraction or 0.0)


_FOLLOW: Mapping[type[Plan], Callable[[Any, Sizes, Sequence[float]], float]] = {
    Select: _select,
    WithColumns: _as_before,
    Filter: _as_before,
    Sort: _as_before,
    RowIndex: _as_before,
    Explode: _as_before,
    Unpivot: _as_before,
    Limit: _limit,
    Sample: _some,
    Union: lambda _, __, below: sum(below),
}
"""Steps whose rows follow from those of their input; all others go by what the halves gave."""
