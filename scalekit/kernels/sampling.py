"""Samples by a counter-based hash of the seed and the row's place: the same rows on every backend."""

from __future__ import annotations

import polars as pl

from scalekit.expr.counter import mixed

_PLACE = "__scalekit_place"
_HASH = "__scalekit_hash"


def sample_rows(
    rows: pl.LazyFrame, *, n: int | None, fraction: float | None, seed: int
) -> pl.LazyFrame:
    """Choose ``n`` rows or a fraction of them, keeping their order.

    A row is chosen by the hash of its place, so a smaller sample of the same seed is part of a larger one.
    """
    place = pl.col(_PLACE)
    hashed = rows.with_row_index(_PLACE).with_columns(mixed(place, seed).alias(_HASH))
    if fraction is not None:
        chosen = hashed.filter(pl.col(_HASH) < int(fraction * 2**63))
    else:
        chosen = hashed.sort(_HASH, _PLACE).head(n or 0).sort(_PLACE)
    return chosen.drop(_PLACE, _HASH)
