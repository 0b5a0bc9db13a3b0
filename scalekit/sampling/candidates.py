"""What a sample could cut together: each universe of keys, and each source by the place of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from scalekit.errors import SchemaError
from scalekit.estimate.relation import width_of
from scalekit.kernels.row_hash import check_hashable
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Plan, Scan, Union
from scalekit.sampling.cuts import Cut, Cuts, Mark
from scalekit.sampling.universes import Universe
from scalekit.sources.base import Statistics
from scalekit.tree import memo, walk

UNKNOWN = 1024**3
"""Bytes that a source of unknown size is taken to have: not small."""

PROBED = 20_000
"""First rows of a source that are looked at for how many values a key has."""

UNIQUE = 0.9
"""Share of different values among them from which on a column counts as a key that no two rows share."""

LEAST_KEYS = 100
"""Keys that a sample has to have at least, about: fewer say little of the others."""


def marked(scans: Sequence[Scan], groups: Sequence[Universe]) -> dict[Scan, Cut]:
    """The sources that are samples already, each with the universe by which it was cut."""
    found: dict[Scan, Cut] = {}
    for scan in scans:
        mark: Mark | None = scan.sampled
        if mark is not None:
            having = [
                u for u in groups if any(b.scan == scan and b.column in mark.keys for b in u.bases)
            ]
            universe = having[0] if having else None
            column = universe.column(scan) if universe is not None else None
            found[scan] = Cut(scan, column, universe, is_done=True)
    return found


def by_key(universe: Universe, share: float, already: Cuts) -> Cuts:
    """Every source of a universe, cut by its own column of it."""
    found: dict[Scan, Cut] = {}
    for scan in universe.scans:
        before = already.get(scan)
        if before is None:
            found[scan] = Cut(scan, universe.column(scan), universe)
        elif before.universe == universe and share < scan.sampled.share:
            found[scan] = Cut(scan, before.column, universe)  # a part of the part that is there
    return found


def by_place(plan: Plan, already: Cuts) -> Iterator[Cuts]:
    """Each source alone, and all of those that are put one below the other."""
    for node in walk(plan):
        if isinstance(node, Scan | Union):
            scans = [one for one in walk(node) if isinstance(one, Scan) and one not in already]
            if scans:
                yield {scan: Cut(scan) for scan in scans}


def is_usable(universe: Universe) -> bool:
    """Whether each source has the key once, and of a type that has a hash."""
    if universe.is_ambiguous:
        return False
    try:
        for base in universe.bases:
            check_hashable(schema_of(base.scan), [base.column])
    except SchemaError:
        return False
    return True


def has_keys_enough(universe: Universe, share: float) -> bool:
    """Whether a share of the keys is more than a few, by the smallest of the sources, which has them once."""
    smallest = min(universe.scans, key=lambda scan: (size(scan), scan.source.describe()))
    return keys(smallest, universe.column(smallest)) * share >= LEAST_KEYS


def keys(scan: Scan, column: str) -> int:
    """How many values a key surely has, about: as many as the first rows have, or one for each row.

    What is there of a flight's origin in the first rows tells it from a key; a file that is sorted by it
    tells too few, and then it is not chosen, which does no harm.
    """
    return memo(scan, f"_keys {column}", lambda: _keys(scan, column))


def _keys(scan: Scan, column: str) -> int:
    rows: int | None = scan.source.statistics().rows
    if not scan.source.has_cheap_head():
        return 0
    try:
        head = scan.source.read().select(column).head(PROBED).collect()
    except pl.exceptions.PolarsError:  # whoever runs the plan says so better
        return 0
    found: int = head.to_series().n_unique()
    return max(found, rows or 0) if found > UNIQUE * head.height else found


def size(scan: Scan) -> int:
    """Bytes of a source in memory, about."""
    known: Statistics = scan.source.statistics()
    if known.bytes is not None:
        return known.bytes
    return (
        UNKNOWN
        if known.rows is None
        else round(known.rows * sum(map(width_of, schema_of(scan).values())))
    )
