"""A difference between two ways of running a plan, as small as it could be made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from scalekit.proof.compare import Mismatch
from scalekit.proof.ways import Way

MOST_ROWS = 8
"""Rows of each side that are shown."""

_MOST_COLUMNS = (10, 8)
"""Columns that differ, and others beside them, that are shown."""


@dataclass(frozen=True)
class Difference:
    """Where one way of running a plan differs from the reference.

    Attributes
    ----------
    way, reference
        The two ways.
    text
        What differs in the plan's answer.
    step
        The first step of the plan whose output differs, in one line; the last one where none does alone.
    columns
        The columns of that step that differ.
    rows
        Rows of that step that only one of the two has: the first column says which.
    inputs
        The rows of each source that are enough to see it.
    rows_before
        Rows of the input that was verified.
    """

    way: Way
    reference: Way
    text: str
    step: str = ""
    columns: tuple[str, ...] = ()
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)
    inputs: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    rows_before: int | None = None


def side_by_side(mismatch: Mismatch, way: Way, reference: Way) -> pl.DataFrame:
    """The rows that only one of the two has, those that are most alike beneath each other."""
    if not mismatch.missing.width or mismatch.missing.schema != mismatch.extra.schema:
        return pl.DataFrame()
    names = _shown(mismatch)
    missing = mismatch.missing.select(names).head(MOST_ROWS)
    extra = mismatch.extra.select(names).head(5 * MOST_ROWS)
    left, right = missing.rows(), extra.rows()
    order: list[tuple[str, pl.DataFrame]] = []
    free = list(range(len(right)))
    for place, row in enumerate(left):
        order.append((str(reference), missing[place : place + 1]))
        if free:
            near = max(free, key=lambda i: _alike(row, right[i]))
            free.remove(near)
            order.append((str(way), extra[near : near + 1]))
    more = MOST_ROWS - sum(who == str(way) for who, _ in order)
    order += [(str(way), extra[i : i + 1]) for i in free[: max(0, more)]]
    if not order:
        return pl.DataFrame()
    who = pl.Series("only in", [name for name, _ in order])
    rows = pl.concat([row for _, row in order])
    return rows.insert_column(0, who) if "only in" not in rows.columns else rows


def _shown(mismatch: Mismatch) -> list[str]:
    """The columns that differ and some others, in their order."""
    most, beside = _MOST_COLUMNS
    differing = set(mismatch.columns[:most])
    others = [name for name in mismatch.missing.columns if name not in mismatch.columns][:beside]
    return [name for name in mismatch.missing.columns if name in differing or name in others]


def _alike(a: tuple[object, ...], b: tuple[object, ...]) -> int:
    return sum(repr(x) == repr(y) for x, y in zip(a, b, strict=True))
