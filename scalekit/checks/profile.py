"""What is known of the columns of a reference: where its quantiles are, which values it has, how many of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

from scalekit import run
from scalekit.config import Config
from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as count_rows
from scalekit.frame.frame import Frame
from scalekit.io.combine import concat

KNOWN = 1000
"""Distinct values of a text that a profile keeps, at most; of more, none can be called new without a join."""
COUNTED = 20
"""Distinct values that have a share of their own in a PSI; the others are counted together."""

_ALL = "rows"


@dataclass(frozen=True)
class Profile:
    """One column of a reference.

    Attributes
    ----------
    rows, nulls
        How many rows it has, and how many nulls.
    edges
        Of numbers, dates and times: distinct quantiles, ascending; a bin ends with each, and one more follows.
    values
        Of texts and Booleans: the most frequent ones, as text, at most :data:`KNOWN`.
    complete
        Whether those are all.
    counts
        Rows in each bin, or of each of the first :data:`COUNTED` values and of all others.
    """

    rows: int
    nulls: int
    edges: tuple[Any, ...] = ()
    values: tuple[str, ...] = ()
    complete: bool = True
    counts: tuple[int, ...] = ()

    @property
    def is_ordered(self) -> bool:
        """Whether its bins follow each other."""
        return bool(self.edges)


def is_binned(dtype: pl.DataType) -> bool:
    """Whether a type is profiled by its quantiles."""
    return dtype.is_numeric() or dtype in (pl.Date, pl.Datetime, pl.Time, pl.Duration)


def is_counted(dtype: pl.DataType) -> bool:
    """Whether a type is profiled by its values."""
    return dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean)


def profiles_of(
    reference: Frame, wanted: Iterable[tuple[str, int]], config: Config
) -> Mapping[tuple[str, int], Profile]:
    """Profiles of columns of a reference, each with a number of bins, in at most three queries.

    Parameters
    ----------
    reference
        The rows.
    wanted
        Names of columns with numbers of bins; what the reference does not have, or cannot be profiled, is left out.
    config
        Settings.
    """
    schema = reference.schema
    keys = [key for key in dict.fromkeys(wanted) if key[0] in schema]
    binned = [key for key in keys if is_binned(schema[key[0]])]
    counted = [key for key in keys if is_counted(schema[key[0]])]
    edges = _edges(reference, binned, config)
    values = _values(reference, [name for name, _ in counted], config)
    aggregates: dict[str, Expr] = {_ALL: count_rows()}
    for place, (name, _) in enumerate(keys):
        aggregates[f"{place}:nulls"] = col(name).null_count()
    for place, key in enumerate(keys):
        if key in edges:
            aggregates.update(at_most(col(key[0]), edges[key], f"{place}:"))
    found = _row(reference.select(**aggregates), config)
    rows = found[_ALL]
    profiles = {}
    for place, key in enumerate(keys):
        nulls = found[f"{place}:nulls"]
        if key in edges:
            counts = in_bins(found, len(edges[key]), rows - nulls, f"{place}:")
            profiles[key] = Profile(rows, nulls, edges[key], counts=counts)
        elif key[0] in values:
            profiles[key] = _of_values(values[key[0]], rows, nulls)
    return profiles


def at_most(x: Expr, edges: Iterable[Any], prefix: str) -> dict[str, Expr]:
    """Aggregates that count the values up to each edge; NaN is above all."""
    return {f"{prefix}{i}": (x <= lit(edge)).sum() for i, edge in enumerate(edges)}


def in_bins(found: Mapping[str, Any], edges: int, rows: int, prefix: str = "") -> tuple[int, ...]:
    """Counts of bins from those of :func:`at_most`, and the number of values that are not null."""
    up_to = [0, *(found[f"{prefix}{i}"] or 0 for i in range(edges)), rows]
    return tuple(high - low for low, high in pairwise(up_to))


def of_values(x: Expr, values: Iterable[str]) -> dict[str, Expr]:
    """Aggregates that count the first values of a profile, by their place."""
    text = x.cast(pl.String())
    return {str(i): (text == lit(value)).sum() for i, value in enumerate(values)}


def _edges(
    frame: Frame, keys: list[tuple[str, int]], config: Config
) -> dict[tuple[str, int], tuple[Any, ...]]:
    aggregates = {
        f"{place}:{i}": col(name).drop_nulls().quantile(i / bins, "nearest")
        for place, (name, bins) in enumerate(keys)
        for i in range(1, bins)
    }
    if not aggregates:
        return {}
    found = _row(frame.select(**aggregates), config)
    return {
        key: tuple(sorted({v for i in range(1, key[1]) if _is_edge(v := found[f"{place}:{i}"])}))
        for place, key in enumerate(keys)
    }


def _is_edge(value: Any) -> bool:
    return value is not None and value == value


def _values(frame: Frame, names: list[str], config: Config) -> dict[str, list[tuple[str, int]]]:
    """The most frequent values of some columns, one more than is kept, so that it is known whether that is all."""
    if not names:
        return {}
    columns = list(dict.fromkeys(names))
    counted = [
        frame.select(value=col(name).cast(pl.String()))
        .drop_nulls()
        .group_by("value")
        .agg(count=count_rows())
        .sort("count", "value", descending=[True, False])
        .head(KNOWN + 1)
        .select("value", "count", column=lit(name))
        for name in columns
    ]
    together = counted[0] if len(counted) == 1 else concat(counted)
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in columns}
    for value, count, name in run.collect(together._plan, config).iter_rows():
        found[name].append((value, count))
    return {name: sorted(rows, key=lambda r: (-r[1], r[0])) for name, rows in found.items()}


def _of_values(found: list[tuple[str, int]], rows: int, nulls: int) -> Profile:
    kept = found[:KNOWN]
    first = [count for _, count in kept[:COUNTED]]
    counts = (*first, rows - nulls - sum(first))
    values = tuple(value for value, _ in kept)
    return Profile(rows, nulls, (), values, len(found) <= KNOWN, counts)


def _row(frame: Frame, config: Config) -> dict[str, Any]:
    return run.collect(frame._plan, config).row(0, named=True)
