"""Pseudo-random numbers that depend on a seed and a row's place alone: the same ones on every backend."""

from __future__ import annotations

import secrets

import polars as pl

_GOLDEN = 0x9E3779B97F4A7C15
_ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def mixed(place: pl.Expr, seed: int) -> pl.Expr:
    """Splitmix64 of the place, from the seed, in 63 bits (Steele et al. 2014, 'Fast splittable PRNGs')."""
    start = (seed * _GOLDEN + _GOLDEN) % 2**64
    z = place.cast(pl.UInt64) + pl.lit(start, dtype=pl.UInt64)
    z = z * pl.lit(_GOLDEN, dtype=pl.UInt64)
    for shift, factor in _ROUNDS:
        z = (z ^ (z // pl.lit(2**shift, dtype=pl.UInt64))) * pl.lit(factor, dtype=pl.UInt64)
    z = z ^ (z // pl.lit(2**31, dtype=pl.UInt64))
    return z // pl.lit(2, dtype=pl.UInt64)


def drawn(seed: int | None) -> int:
    """The seed, or a random one: drawn once, so that a plan gives the same rows whenever it is run."""
    return secrets.randbits(62) if seed is None else seed
