"""What is known of a table that does not exist yet: its rows, and of each column width, values and origin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from scalekit.estimate.span import Span
from scalekit.expr.dtypes import to_dtype

EXPLODED = 4
"""Elements of a list, where nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Values:
    """What is known of a column.

    Parameters
    ----------
    width
        Bytes of a value in memory, the text that it points at included.
    distinct
        Different values in the table that the column came from, before any row was left out.
    low, high
        The least and the greatest, where they are known.
    nulls
        Share of nulls.
    origin
        The table that the column came from, where it came from one as it is.
    elements
        Elements of a list on average, None where unknown.
    """

    width: float
    distinct: float
    low: Any = None
    high: Any = None
    nulls: float = 0.0
    origin: int | None = None
    elements: float | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A table: its rows, whether they were counted, its columns, and what columns tell of each other.

    Parameters
    ----------
    rows
        How many.
    columns
        By name.
    sizes
        The rows that each origin had.
    implied
        Origin to the origins of which a row is determined by a row of it: orders imply customers.
    is_unknown
        Whether nothing bounds the rows but hope: lists are unfolded, or many rows meet many.
    """

    rows: Span
    columns: Mapping[str, Values]
    sizes: Mapping[int, float] = field(default_factory=dict)
    implied: Mapping[int, frozenset[int]] = field(default_factory=dict)
    is_unknown: bool = False

    @property
    def row_bytes(self) -> float:
        """Bytes of a row in memory."""
        return sum(values.width for values in self.columns.values())

    @property
    def bytes(self) -> Span:
        """Bytes in memory."""
        return self.rows.times(self.row_bytes)

    def only(self, names: Iterable[str]) -> Relation:
        """The table with some of its columns."""
        kept = set(names)
        return replace(self, columns={n: v for n, v in self.columns.items() if n in kept})

    def could_be_key(self, name: str) -> bool:
        """Whether no two rows of its origin need to have the same value there."""
        values = self.columns.get(name)
        if values is None or values.origin is None:
            return False
        return values.distinct >= 0.9 * self.sizes.get(values.origin, 0)

    def determined(self, names: Iterable[str]) -> set[int]:
        """The origins of which these columns determine a row."""
        found: set[int] = set()
        for name in names:
            if self.could_be_key(name):
                origin = self.columns[name].origin
                assert origin is not None
                found |= {origin, *self.implied.get(origin, ())}
        return found


def width_of(dtype: pl.DataType) -> float:
    """Bytes of a value, with averages where values differ in length (TRUST: section 4.2).

    Examples
    --------
    >>> width_of(pl.Int32()), width_of(pl.List(pl.Int64()))
    (4.125, 40.5)
    """
    if isinstance(dtype, pl.Struct):
        return sum(width_of(to_dtype(f.dtype)) for f in dtype.fields)
    if isinstance(dtype, pl.List):
        return 8 + EXPLODED * width_of(to_dtype(dtype.inner))
    if isinstance(dtype, pl.Array):
        return dtype.size * width_of(to_dtype(dtype.inner))
    return _WIDTHS.get(type(dtype), 8) + 1 / 8


_WIDTHS: Mapping[type[pl.DataType], float] = {
    pl.Boolean: 1 / 8,
    pl.Int8: 1, pl.UInt8: 1, pl.Int16: 2, pl.UInt16: 2, pl.Float16: 2,
    pl.Int32: 4, pl.UInt32: 4, pl.Float32: 4, pl.Date: 4, pl.Categorical: 4, pl.Enum: 4,
    pl.Int128: 16, pl.UInt128: 16, pl.Decimal: 16,
    pl.String: 24, pl.Binary: 32, pl.Null: 0,
}  # fmt: skip
