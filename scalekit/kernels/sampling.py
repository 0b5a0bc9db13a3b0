"""Samples by a counter-based hash of the seed and the row's place: the same rows on every backend."""

from __future__ import annotations

import polars as pl

_PLACE = "__scalekit_place"
_HASH = "__scalekit_hash"


def sample_rows(
    rows: pl.LazyFrame, *, n: int | None, fraction: float | None, seed: int
) -> pl.LazyFrame:
    """Choose ``n`` rows or a fraction of them, keeping their order.

    A row is chosen by the hash of its place, so a smaller sample of the same seed is part of a larger one.
    """
    place = pl.col(_PLACE)
    hashed = rows.with_row_index(_PLACE).with_columns(_mix(place, seed).alias(_HASH))
    if fraction is not None:
        chosen = hashed.filter(pl.col(_HASH) < int(fraction * 2**63))
    else:
        chosen = hashed.sort(_HASH).head(n or 0).sort(_PLACE)
    return chosen.drop(_PLACE, _HASH)


def _mix(place: pl.Expr, seed: int) -> pl.Expr:
    """Splitmix64 of the place, from the seed, in 63 bits (Steele et al. 2014, 'Fast splittable PRNGs')."""
    z = place.cast(pl.UInt64) + pl.lit(
        (seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64, dtype=pl.UInt64
    )
    z = z * pl.lit(0x9E3779B97F4A7C15, dtype=pl.UInt64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z // pl.lit(2**shift, dtype=pl.UInt64))) * pl.lit(factor, dtype=pl.UInt64)
    z = z ^ (z // pl.lit(2**31, dtype=pl.UInt64))
    return z // pl.lit(2, dtype=pl.UInt64)
