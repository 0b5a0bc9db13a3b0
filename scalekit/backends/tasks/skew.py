"""Keys that hold most of the rows: their part of an exchange is worked on by several tasks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median_low

from scalekit.backends.tasks.parts import Part, Pending, stored
from scalekit.backends.tasks.run import Run
from scalekit.physical.nodes import JoinPartitions

_SKEWED = 4
"""How many times larger than the median a part has to be in order to be worked on by several tasks."""


def unskewed(node: JoinPartitions, tables: Sequence[Pending], run: Run) -> Sequence[Pending]:
    """Parts that are far larger than others as several, each beside the whole part of the other side."""
    limits = [_skew_limit(table, run) for table in tables]
    contents: tuple[list[Part], list[Part]] = ([], [])
    for pair in zip(*(table.parts for table in tables), strict=True):
        large = [
            place
            for place in (0, 1)
            if node.may_broadcast[1 - place] and pair[place].bytes > limits[place]
        ]
        place = max(large, key=lambda place: pair[place].bytes, default=0)
        pieces = _cut(pair[place], run.part_bytes) if large else [pair[place]]
        contents[place].extend(pieces)
        contents[1 - place].extend([pair[1 - place]] * len(pieces))
    if len(contents[0]) == tables[0].count:
        return tables
    return [stored(parts, table.fragment) for parts, table in zip(contents, tables, strict=True)]


def _skew_limit(table: Pending, run: Run) -> int:
    usual = median_low(part.bytes for part in table.parts)
    return max(run.part_bytes, int(_SKEWED * usual))


def _cut(part: Part, size: int) -> list[Part]:
    """A part as several of about ``size`` bytes, of the tables that it is made of; sizes are shares."""
    count = min(len(part.tables), -(-part.bytes // size))
    bounds = [len(part.tables) * number // count for number in range(count + 1)]
    return [
        Part(part.tables[start:stop], -(-part.rows // count), part.bytes // count)
        for start, stop in pairwise(bounds)
    ]
