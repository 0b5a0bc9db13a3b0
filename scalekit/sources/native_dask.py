"""Dask DataFrames as sources: what Dask announces, and partitions computed a few at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit.errors import (
    ComputeError,
    InvalidOperationError,
    ScalekitError,
    SchemaError,
    SchemaMismatchError,
)
from scalekit.sources.align import declared_types
from scalekit.sources.announced_types import types_of_pandas
from scalekit.sources.base import Statistics
from scalekit.sources.failures import source_errors
from scalekit.sources.native import CollectionSource
from scalekit.sources.on_request import dask_dataframe
from scalekit.sources.pandas_frame import pandas_source


@dataclass(frozen=True, eq=False, repr=False)
class DaskSource(CollectionSource):
    """A ``dask.dataframe``; its splits are its partitions."""

    nan_to_null: bool = True

    @property
    def origin(self) -> str:
        """Always ``"dask"``."""
        return "dask"

    def splits(self) -> tuple[int, ...]:
        """Numbers of the partitions."""
        return tuple(range(self.data.npartitions))

    def statistics(self) -> Statistics:
        """Nothing is known before it is computed."""
        return Statistics()

    def describe(self) -> str:
        """Partitions and columns."""
        return f"Dask DataFrame ({self.data.npartitions} partitions, {len(self.fields)} columns)"

    def _pieces(
        self, splits: tuple[Any, ...], names: list[str], limit: int | None
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        from dask.base import compute

        labels = [label for label in self.data.columns if str(label) in names]
        with source_errors(self.describe()):
            data = self.data[labels].optimize()
            # Computed one by one, partitions that share work would each repeat it.
            data = data.persist() if _shares_work(data) else data
            parts = data.to_delayed(optimize_graph=False)
        at_once = 1 if limit is not None else os.cpu_count() or 1
        for start in range(0, len(splits), at_once):
            numbers = splits[start : start + at_once]
            with source_errors(self.describe()):
                computed = compute(*(parts[number] for number in numbers))
            for number, part in zip(numbers, computed, strict=True):
                what = f"partition {number} of the {self.describe()}"
                yield what, partition_rows(part, what, nan_to_null=self.nan_to_null)


def partition_rows(part: Any, what: str, *, nan_to_null: bool) -> pl.DataFrame:
    """The rows of a partition, a pandas frame.

    Raises
    ------
    SchemaMismatchError, ComputeError
        For what it should not hold.
    """
    try:
        return pandas_source(part.reset_index(drop=True), nan_to_null=nan_to_null).frame
    except (AttributeError, SchemaError, InvalidOperationError) as error:
        kind: type[ScalekitError] = SchemaMismatchError
        text = str(error)
    except ComputeError as error:
        kind, text = ComputeError, str(error)
    raise kind(f"{what}: {text.removeprefix('from_pandas: ')}")


def dask_source(
    data: Any, *, nan_to_null: bool = True, schema_overrides: Mapping[str, Any] | None = None
) -> DaskSource:
    """A source over a ``dask.dataframe``; nothing is computed before a query runs.

    Types are those that Dask announces (its ``meta``); what a partition turns out to hold must fit them.

    Raises
    ------
    InvalidOperationError
        For another object, and for an index that holds data.
    SchemaError
        For a column whose type Dask does not know, such as ``object``.
    """
    dd = dask_dataframe("from_dask()")
    from dask.base import tokenize

    if not isinstance(data, dd.DataFrame):
        raise InvalidOperationError(
            f"from_dask needs a Dask DataFrame, not {type(data).__name__}"
            "; a Series becomes one with .to_frame(), a pandas frame goes to from_pandas"
        )
    meta = data._meta
    if meta.index.name is not None or getattr(meta.index.dtype, "kind", "O") not in "iu":
        raise InvalidOperationError(
            f"from_dask: the index ({meta.index.name!r}, {meta.index.dtype}) holds data and would be lost; call "
            "data.reset_index() to keep it as a column, or data.reset_index(drop=True) to drop it"
        )
    declared = declared_types(schema_overrides, what="from_dask")
    fields = types_of_pandas(meta, declared, what="from_dask")
    names = tuple(name for name, _ in declared)
    token = tokenize(data, nan_to_null, [(name, str(dtype)) for name, dtype in fields], names)
    return DaskSource(data, fields, names, token, nan_to_null)


def _shares_work(data: Any) -> bool:
    """Whether two partitions need one task, as after a shuffle, a merge or a mean of all rows."""
    from dask.optimization import cull

    graph = dict(data.__dask_graph__())
    seen: set[Any] = set()
    for key in data.__dask_keys__():
        needed = set(cull(graph, [key])[0])
        if not seen.isdisjoint(needed):
            return True
        seen |= needed
    return False
