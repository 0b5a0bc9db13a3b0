"""A result has the types that its plan promised, whatever the data are."""

from __future__ import annotations

from typing import TypeVar

import polars as pl

Rows = TypeVar("Rows", pl.DataFrame, pl.LazyFrame)


def pin_schema(result: Rows, schema: pl.Schema) -> Rows:
    """Give a result the types that the plan promised, which no data may change."""
    if result.collect_schema() == schema:
        return result
    return result.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
