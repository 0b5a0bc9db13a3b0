"""Keys as integer codes, so that null, NaN and -0.0 mean in groups, joins and orders what the contract says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

Ints = np.ndarray[Any, np.dtype[np.int64]]

_MOST_CODES = 2**62


def has_codes(dtype: pl.DataType) -> bool:
    """Whether values of a type can be numbered so that equal ones get equal codes."""
    return not dtype.is_nested()


@dataclass(frozen=True)
class Codes:
    """A number below ``count`` for each row; rows have the same one where their keys are equal."""

    of_rows: Ints
    count: int


def codes(column: pa.ChunkedArray) -> Codes:
    """Number the values in order of first appearance; null is one of them, NaN equals NaN, -0.0 is 0.0."""
    if len(column) == 0:
        return Codes(np.empty(0, dtype=np.int64), 0)
    column = comparable(column)
    if pa.types.is_integer(column.type) and column.null_count == 0:
        numbers, values = pd.factorize(column.to_numpy())
        return Codes(numbers.astype(np.int64, copy=False), len(values))
    encoded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    return Codes(
        encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), len(encoded.dictionary)
    )


def comparable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values in a form in which equal ones have equal bytes."""
    if pa.types.is_dictionary(column.type):
        return pc.cast(column, column.type.value_type)
    if pa.types.is_floating(column.type):
        return pc.add(column, pa.scalar(0.0, column.type))  # turns -0.0 into 0.0
    return column


def combine(several: Sequence[Codes]) -> Codes:
    """Number the combinations of several keys, in order of first appearance."""
    if len(several) == 1:
        return several[0]
    return reduce(_pair, several)


def _pair(one: Codes, two: Codes) -> Codes:
    if one.count * two.count >= _MOST_CODES:
        raise OverflowError(
            "too many combinations of keys"
        )  # would need 2**31 distinct values twice
    numbers, values = pd.factorize(one.of_rows * two.count + two.of_rows)
    return Codes(numbers.astype(np.int64, copy=False), len(values))


@dataclass(frozen=True)
class Groups:
    """Rows gathered by key: ``of_rows`` numbers each row's group; ``is_whole`` if there are no keys."""

    of_rows: Ints
    count: int
    is_whole: bool = False

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.of_rows)

    @cached_property
    def sizes(self) -> Ints:
        """Rows in each group."""
        return np.bincount(self.of_rows, minlength=self.count)

    @cached_property
    def firsts(self) -> Ints:
        """Each group's first row, -1 where it has none."""
        found = np.full(self.count, -1, dtype=np.int64)
        found[self.of_rows[::-1]] = np.arange(self.height - 1, -1, -1)  # the last write wins
        return found

    @cached_property
    def lasts(self) -> Ints:
        """Each group's last row, -1 where it has none."""
        found = np.full(self.count, -1, dtype=np.int64)
        found[self.of_rows] = np.arange(self.height)
        return found

    @cached_property
    def order(self) -> Ints:
        """Rows by group, in each group as they were."""
        if self.count == 1:
            return np.arange(self.height)
        return np.argsort(self.of_rows, kind="stable")

    @cached_property
    def starts(self) -> Ints:
        """Where each group starts in :attr:`order`."""
        return np.cumsum(self.sizes) - self.sizes

    @cached_property
    def places(self) -> Ints:
        """Each row's place within its group, from 0."""
        places = np.empty(self.height, dtype=np.int64)
        places[self.order] = np.arange(self.height) - np.repeat(self.starts, self.sizes)
        return places


def groups_of(keys: Sequence[pa.ChunkedArray]) -> Groups:
    """Gather rows by one key or several."""
    combined = combine([codes(key) for key in keys])
    return Groups(combined.of_rows, combined.count)


def one_group(height: int) -> Groups:
    """All rows together; one group even of none."""
    return Groups(np.zeros(height, dtype=np.int64), 1, is_whole=True)


@dataclass(frozen=True)
class Order:
    """One key to sort by."""

    column: pa.ChunkedArray
    descending: bool = False
    nulls_last: bool = False


def sort_rows(keys: Sequence[Order]) -> Ints:
    """The rows in order: stable, NaN greatest, nulls where each key wants them."""
    columns: dict[str, pa.ChunkedArray] = {}
    sort_keys: list[tuple[str, str, str]] = []
    for key in keys:
        direction = "descending" if key.descending else "ascending"
        nulls = "at_end" if key.nulls_last else "at_start"
        for column in _parts(key):
            name = str(len(columns))
            columns[name] = column
            sort_keys.append((name, direction, nulls))
    rows: Ints = pc.sort_indices(pa.table(columns), sort_keys=sort_keys).to_numpy().astype(np.int64)
    return rows


def _parts(key: Order) -> list[pa.ChunkedArray]:
    """What to sort by: Arrow puts NaN beside the nulls, so that it needs a key of its own."""
    column = key.column
    if (
        pa.types.is_dictionary(column.type) and column.type.ordered
    ):  # an Enum: its order is declared
        return [
            pa.chunked_array([chunk.indices for chunk in column.chunks], column.type.index_type)
        ]
    column = comparable(column)
    if pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py():
        return [pc.is_nan(column), column]
    return [column]


def count(groups: Groups, x: pa.ChunkedArray) -> Ints:
    """Non-null values in each group."""
    if x.null_count == 0:
        return groups.sizes
    return np.bincount(groups.of_rows[pc.is_valid(x).to_numpy()], minlength=groups.count)


def column_of(
    values: np.ndarray[Any, Any], missing: np.ndarray[Any, Any] | None = None
) -> pa.ChunkedArray:
    """A column of NumPy values, NaN being NaN."""
    return pa.chunked_array([pa.array(values, mask=missing, from_pandas=False)])


def take(values: pa.ChunkedArray, rows: Ints) -> pa.ChunkedArray:
    """The values at these rows; null for -1."""
    missing = rows < 0
    return values.take(pa.array(rows, mask=missing if missing.any() else None))
