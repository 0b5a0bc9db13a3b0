"""Rows and bytes of every step of a plan at full size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import polars as pl

from scalekit.forecast.counting import Count, counted
from scalekit.forecast.growth import at_full_size
from scalekit.forecast.leaves import Leaf
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
    rest: Plan, leaves: Sequence[Leaf], tables: Sequence[pl.DataFrame], read: Sequence[int | None]
) -> tuple[Sizes, Sizes]:
    """What every step gives of the sample, and at full size.

    Parameters
    ----------
    rest
        The plan over its inputs.
    leaves
        What reads these.
    tables
        The sample's rows of each.
    read
        How many rows each has at full size, where that is known.
    """
    sample = counted(rest, tables)
    halves = [
        counted(
            rest,
            [leaf.half(rows, second=second) for leaf, rows in zip(leaves, tables, strict=True)],
        )
        for second in (False, True)
    ]
    share = min((leaf.share for leaf in leaves), default=1.0)
    found: dict[Plan, float] = {}
    for node in walk(rest):
        if isinstance(node, Input):
            known = read[node.index]
            found[node] = (
                sample[node].rows / leaves[node.index].share if known is None else float(known)
            )
        elif node in sample:
            follow = _FOLLOW.get(type(node))
            below = [child for child in children(node) if child in found]
            if follow is not None and below:
                found[node] = follow(node, sample, [found[child] for child in below])
            else:
                found[node] = at_full_size(
                    sample[node].rows, halves[0][node].rows, halves[1][node].rows, share
                )
    return sample, {node: _grown(sample[node], rows) for node, rows in found.items()}


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
