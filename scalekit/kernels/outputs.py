"""How the rows of a task are handed on: whole, cut for an exchange, or to a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from scalekit.expr.node import ExprNode, SortKey
from scalekit.kernels.expressions import to_expr
from scalekit.kernels.split import BUCKET, hash_buckets, key_sample, range_buckets, split
from scalekit.kernels.tables import from_table, to_table

if TYPE_CHECKING:
    import pyarrow as pa

PLACE_BITS = 40
"""Bits of a place that number the rows of one part; those above are the part's number."""

_SAMPLED = 100
"""Keys of each part that go into the bounds of ranges."""


@dataclass(frozen=True)
class Whole:
    """One table with all rows; ``sample`` asks for keys of this order in the report."""

    sample: tuple[SortKey, ...] = ()

    @property
    def parts(self) -> int:
        """Always one."""
        return 1


@dataclass(frozen=True)
class ByHash:
    """One table for each of ``buckets``, by the hash of the keys.

    With ``coarse``, as in all outputs: that many tables, each with the rows of every ``coarse``-th bucket,
    which they carry in a column to the second round of the exchange. ``nulls`` says where rows go that have
    a null among their keys: to ``"meet"``, to ``"stay"`` in a bucket of this part's own, or to be dropped.
    """

    keys: tuple[ExprNode, ...]
    buckets: int
    coarse: int | None = None
    nulls: str = "meet"

    @property
    def parts(self) -> int:
        """The number of tables."""
        return self.coarse or self.buckets


@dataclass(frozen=True)
class ByRange:
    """One table for each range of an order, see :func:`by_range`.

    The bounds are an Arrow table, as everything that travels: Polars pickles frames with the interpreter's lock held.
    """

    by: tuple[SortKey, ...]
    bounds: pa.Table
    buckets: int
    coarse: int | None = None

    @property
    def parts(self) -> int:
        """The number of tables."""
        return self.coarse or self.buckets


def by_range(by: Sequence[SortKey], bounds: pl.DataFrame) -> ByRange:
    """One table for each range of an order, of which there is one more than there are ``bounds``."""
    return ByRange(tuple(by), to_table(bounds), bounds.height + 1)


@dataclass(frozen=True)
class ByBucket:
    """A later round: the tables that one of ``coarse`` tables of the rounds before is split into.

    Rows carry their bucket on where another round comes after.
    """

    coarse: int
    parts: int
    carries: bool = False


@dataclass(frozen=True)
class ByRows:
    """At most ``parts`` tables, cut after the rows that ``ends`` has for each task."""

    ends: tuple[tuple[int, ...], ...]
    parts: int


@dataclass(frozen=True)
class Handed:
    """An empty table: the rows go to a function, with the part's number, and its answer into the report."""

    to: Callable[[int, pl.DataFrame], Any]

    @property
    def parts(self) -> int:
        """Always one."""
        return 1


Output: TypeAlias = Whole | ByHash | ByRange | ByBucket | ByRows | Handed


def handed_on(frame: pl.DataFrame, output: Output, part: int) -> list[pl.DataFrame]:
    """The rows of a part as the tables that ``output`` says."""
    match output:
        case Whole():
            return [frame]
        case Handed():
            return [frame.clear()]
        case ByRows(ends, parts):
            cuts = [0, *ends[part], *[frame.height] * parts][: parts + 1]
            return [frame.slice(start, stop - start) for start, stop in pairwise(cuts)]
        case ByBucket(coarse, parts):
            rows = frame if output.carries else frame.drop(BUCKET)
            return split(rows, frame.get_column(BUCKET), parts, over=coarse)
        case ByHash(keys, count):
            if output.nulls == "drop":
                frame = frame.filter(to_expr(key).is_not_null() for key in keys)
            home = part if output.nulls == "stay" else None
            buckets = hash_buckets(frame, keys, count, home=home)
        case ByRange(by, bounds):
            buckets = range_buckets(frame, by, from_table(bounds), part << PLACE_BITS)
    carried = frame if output.coarse is None else frame.with_columns(buckets)
    return split(carried, buckets, output.parts)


def sampled(frame: pl.DataFrame, output: Output, part: int) -> pl.DataFrame | None:
    """Keys of some rows, where ``output`` asks for them."""
    if isinstance(output, Whole) and output.sample:
        return key_sample(frame, output.sample, _SAMPLED, part << PLACE_BITS)
    return None


def answered(frame: pl.DataFrame, output: Output, part: int) -> Any:
    """What the function says that the rows go to, where there is one."""
    return output.to(part, frame) if isinstance(output, Handed) else None
