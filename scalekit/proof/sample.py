"""A part of a plan's input that is small enough to be run several times, and in which joins keep their matches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from scalekit.expr.node import Call, Opaque
from scalekit.kernels.row_hash import hash_rows
from scalekit.kernels.schema import schema_of
from scalekit.optimize.pushdown_columns import pushdown_columns
from scalekit.plan.nodes import Aggregate, Limit, MapBatches, Plan, Sample, Scan
from scalekit.proof.keys import Key, joined_keys
from scalekit.sources.memory import MemorySource
from scalekit.tree import rewrite, walk

Run = Callable[[Plan], pl.DataFrame]
"""Runs a plan where every installation can: in Polars."""

_SMALL = 10_000
"""Rows up to which a table stays whole beside sampled ones."""


@dataclass(frozen=True)
class Bound:
    """How much input may be run; ``read_bytes`` bounds what is read to choose it from."""

    rows: int = 1_000_000
    bytes: int = 256 * 1024**2
    read_bytes: int | None = None


@dataclass(frozen=True)
class Sampled:
    """A plan over a part of its input.

    Attributes
    ----------
    plan
        The plan, with other sources where they are not whole.
    rows, total
        Rows of the input that are in it, and of all input; None where nobody knows.
    how
        How they were chosen, in words.
    """

    plan: Plan
    rows: int | None
    total: int | None
    how: str

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.how == "all"

    @cached_property
    def share(self) -> float | None:
        """Rows in the sample of all rows, where both are known."""
        if self.is_whole:
            return 1.0
        return self.rows / self.total if self.rows is not None and self.total else None


def sampled(plan: Plan, bound: Bound, run: Run) -> Sampled:
    """The plan over all of its input where that is within the bound, else over some keys of it.

    Tables that are joined are sampled by the hash of one key that they share, the others stay whole where
    they are small.
    """
    scans = _scans(plan)
    sizes = {scan: _size(scan) for scan in scans}
    known = [size for size in sizes.values() if size is not None]
    total = sum(rows for rows, _ in known) if len(known) == len(scans) else None
    fits = total is not None and total <= bound.rows
    if fits and sum(size for _, size in known) <= bound.bytes:
        return Sampled(plan, total, total, "all")
    narrow = pushdown_columns(plan)  # so that what no step reads is not drawn
    if _is_too_much_to_read(known, scans, bound):
        return _first_rows(narrow, bound, total, run)
    found = _by_keys(narrow, bound, run)
    return replace(found, plan=plan) if found.is_whole else found


def with_tables(plan: Plan, tables: Mapping[Scan, pl.DataFrame]) -> Plan:
    """``plan`` over these tables instead of its sources."""

    def replaced(step: Plan) -> Plan:
        if not isinstance(step, Scan) or step not in tables:
            return step
        return Scan(MemorySource(tables[step].rechunk(), origin=f"a part of {_short(step)}"))

    return rewrite(plan, replaced)


def tables_of(plan: Plan, run: Run) -> dict[Scan, pl.DataFrame]:
    """The rows of every source of a plan."""
    return {scan: run(scan) for scan in _scans(plan)}


def _scans(plan: Plan) -> list[Scan]:
    return [step for step in walk(plan) if isinstance(step, Scan)]


def _short(scan: Scan) -> str:
    return str(scan.source.describe()).removeprefix("a part of ")


def _size(scan: Scan) -> tuple[int, int] | None:
    found = scan.source.statistics()
    if found.rows is None:
        return None
    known = dict(found.column_bytes)
    size = sum(known.get(name, 0) for name in schema_of(scan)) or found.bytes or 0
    return found.rows, size


def _is_too_much_to_read(known: list[tuple[int, int]], scans: list[Scan], bound: Bound) -> bool:
    if bound.read_bytes is None:
        return False
    return len(known) < len(scans) or sum(size for _, size in known) > bound.read_bytes


def _first_rows(plan: Plan, bound: Bound, total: int | None, run: Run) -> Sampled:
    scans = _scans(plan)
    share = max(1, bound.rows // max(1, len(scans)))
    tables = {scan: run(Limit(scan, 0, share)) for scan in scans}
    rows = sum(table.height for table in tables.values())
    return Sampled(
        with_tables(plan, tables), rows, total, f"the first {share:,} rows of each source"
    )


def _by_keys(plan: Plan, bound: Bound, run: Run) -> Sampled:
    scans = _scans(plan)
    sizes = {scan: _size(scan) or (_count(scan, run), 0) for scan in scans}
    total = sum(rows for rows, _ in sizes.values())
    if total <= bound.rows and sum(size for _, size in sizes.values()) <= bound.bytes:
        return Sampled(plan, total, total, "all")  # now that somebody has counted
    key = _best_key(plan, sizes)
    columns = {k.scan: k.column for k in key}
    whole = [s for s in scans if s not in columns and sizes[s][0] <= bound.rows // 4]
    share = _share([sizes[scan] for scan in scans if scan not in whole], bound)
    chosen = {scan: _chosen(scan, columns.get(scan), share) for scan in scans if scan not in whole}
    tables = {scan: run(chosen.get(scan, scan)) for scan in scans}
    rows = sum(table.height for table in tables.values())
    names = ", ".join(sorted({k.column for k in key}))
    how = f"{share:.3g} of the {f'keys {names}' if names else 'rows'}"
    return Sampled(with_tables(plan, tables), rows, total, how)


def _count(scan: Scan, run: Run) -> int:
    return int(run(Aggregate(scan, (), (Call("pl.len", ()),))).item())


def _share(sizes: Iterable[tuple[int, int]], bound: Bound) -> float:
    """Half, a quarter ...: the largest share within the bound, so that a smaller sample is part of a larger one."""
    rows, size = (max(1, sum(each)) for each in zip(*sizes, strict=True))
    most = min(bound.rows / rows, bound.bytes / size)
    return float(2.0 ** min(-1, math.floor(math.log2(most))))


def _chosen(scan: Scan, column: str | None, share: float) -> Plan:
    """The rows of a source whose key, or whose place where none is joined, falls into the share."""
    if column is None:
        return Sample(scan, None, share, 0)
    schema = tuple(schema_of(scan).items())
    return MapBatches(scan, Opaque(_OfShare(column, share)), schema)


@dataclass(frozen=True)
class _OfShare:
    """Keeps the rows whose key falls into a share of all keys, by the hash that is the same everywhere."""

    column: str
    share: float

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        hashes = hash_rows(rows, [self.column], purpose="sample")
        return rows.filter(pl.Series(hashes) < int(self.share * 2**64))


def _best_key(plan: Plan, sizes: Mapping[Scan, tuple[int, int]]) -> frozenset[Key]:
    """The key that is in the most rows."""
    return max(
        joined_keys(plan),
        key=lambda group: sum(sizes[scan][0] for scan in {k.scan for k in group}),
        default=frozenset(),
    )
