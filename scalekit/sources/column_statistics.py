"""What is known of a column's values before they are read, and how many different ones there may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from statistics import median_high
from typing import Any

import polars as pl


@dataclass(frozen=True)
class ColumnStatistics:
    """A column's least and greatest value, its share of nulls, and how many different values it has.

    None where nothing is known; all of it is a guess, as a few blocks of a file were looked at.
    """

    low: Any = None
    high: Any = None
    nulls: float | None = None
    distinct: float | None = None


@dataclass(frozen=True)
class BlockStatistics:
    """The same of one block of rows: ``distinct`` None means more than the block's format counts."""

    rows: int
    distinct: float | None = None
    low: Any = None
    high: Any = None
    nulls: int | None = None


def combined(blocks: Sequence[BlockStatistics], rows: int) -> ColumnStatistics:
    """What some blocks, in the order of rows, say of a column of ``rows`` rows.

    Parameters
    ----------
    blocks
        Blocks from all over the column, its first and its last one among them.
    rows
        Rows of the whole column.

    Examples
    --------
    Half of the values of a block are new in it. Where the next block has others, so it is everywhere;
    where it has the same range, both draw from one set.

    >>> apart = [BlockStatistics(1000, 500, 0, 499), BlockStatistics(1000, 500, 99_000, 99_999)]
    >>> combined(apart, 100_000).distinct
    50000.0
    >>> mixed = [BlockStatistics(1000, 500, 0, 9999), BlockStatistics(1000, 500, 5, 9990)]
    >>> round(combined(mixed, 100_000).distinct)
    628
    """
    if not blocks:
        return ColumnStatistics()
    lows = [block.low for block in blocks if block.low is not None]
    highs = [block.high for block in blocks if block.high is not None]
    seen = sum(block.rows for block in blocks)
    nulls = [block.nulls for block in blocks]
    low, high = (min(lows), max(highs)) if lows and highs else (None, None)
    return ColumnStatistics(
        low,
        high,
        None
        if None in nulls
        else sum(n or 0 for n in nulls) / max(1, seen + sum(n or 0 for n in nulls)),
        _distinct(blocks, rows, low, high),
    )


def _distinct(blocks: Sequence[BlockStatistics], rows: int, low: Any, high: Any) -> float | None:
    most = min(float(rows), _places(low, high))
    if all(block.distinct is None for block in blocks) and most == rows:
        return None
    found = [block.rows if block.distinct is None else block.distinct for block in blocks]
    seen = sum(block.rows for block in blocks)
    if seen >= rows and len(blocks) == 1:
        return min(found[0], most)
    if _is_in_order(blocks):
        return min(most, sum(found) / max(1, seen) * rows)
    return min(most, median_high(map(universe, (block.rows for block in blocks), found)))


def _is_in_order(blocks: Sequence[BlockStatistics]) -> bool:
    """Whether each block begins where the one before it ends, upwards or downwards."""
    if len(blocks) < 2 or any(block.low is None or block.high is None for block in blocks):
        return False
    if all(block.low == block.high for block in blocks):
        return len({block.low for block in blocks}) == len(blocks)
    pairs = list(pairwise(blocks))
    return all(a.high <= b.low for a, b in pairs) or all(b.high <= a.low for a, b in pairs)


def _places(low: Any, high: Any) -> float:
    """How many values lie between two, both included, of a type that has steps."""
    if isinstance(low, bool):
        return 2
    if isinstance(low, int) and isinstance(high, int):
        return float(high - low + 1)
    if isinstance(low, datetime) or not isinstance(low, date):
        return math.inf
    return float((high - low).days + 1)


def universe(rows: float, distinct: float) -> float:
    """From how many values ``rows`` rows are drawn, of which ``distinct`` are different (Cardenas 1975, inverted).

    Examples
    --------
    >>> universe(1000, 10)
    10.0
    >>> round(universe(1000, 632))
    1000
    >>> universe(1000, 1000)
    inf
    """
    if rows <= 0 or distinct >= rows * 0.99:
        return math.inf
    if distinct < rows / 20:
        return float(distinct)
    low, high = float(distinct), distinct * 200.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if expected(middle, rows) < distinct else (low, middle)
    return high


def expected(values: float, rows: float) -> float:
    """How many of ``values`` are met in ``rows`` rows (Cardenas 1975).

    Examples
    --------
    >>> round(expected(1000, 1000))
    632
    >>> expected(10, 10_000)
    10.0
    """
    return values * -math.expm1(-rows / values) if values > 0 else 0.0


def spread(count: int, most: int) -> list[int]:
    """At most ``most`` of ``count`` places, all over, first and last among them.

    Examples
    --------
    >>> spread(3, 5), spread(100, 5)
    ([0, 1, 2], [0, 25, 50, 74, 99])
    """
    if count <= most:
        return list(range(count))
    return sorted({round(n * (count - 1) / (most - 1)) for n in range(most)})


def of_rows(block: pl.DataFrame, columns: Sequence[str]) -> dict[str, BlockStatistics]:
    """What a block of rows at hand says of some of its columns, but for nested ones."""
    found = [block.get_column(name) for name in columns if name in block.columns]
    plain = [s for s in found if not s.dtype.is_nested() and s.dtype != pl.Object]
    return {s.name: _of_column(s) for s in plain}


def _of_column(values: pl.Series) -> BlockStatistics:
    nulls = values.null_count()
    has_order = values.dtype not in (pl.Categorical, pl.Enum, pl.Null, pl.Binary)
    return BlockStatistics(
        len(values) - nulls,
        values.n_unique() - (nulls > 0),
        values.min() if has_order else None,
        values.max() if has_order else None,
        nulls,
    )
