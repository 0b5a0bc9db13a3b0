"""Pseudo-random numbers that depend on a seed and a row's place alone: the same ones on every backend."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import polars as pl

_GOLDEN = 0x9E3779B97F4A7C15
_ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def mixed(place: pl.Expr, seed: int) -> pl.Expr:
    """Splitmix64 of the place, from the seed, in 63 bits (Steele et al. 2014, 'Fast splittable PRNGs')."""
    found: pl.Expr = mixed_with(place, seed, pl.lit)
    return found


def mixed_with(place: Any, seed: int, constant: Callable[..., Any]) -> Any:
    """The same in expressions of any kind, of which ``constant`` makes those of numbers."""

    def word(value: int) -> Any:
        return constant(value, dtype=pl.UInt64)

    z = (place.cast(pl.UInt64) + word((seed * _GOLDEN + _GOLDEN) % 2**64)) * word(_GOLDEN)
    for shift, factor in _ROUNDS:
        z = (z ^ (z // word(2**shift))) * word(factor)
    z = z ^ (z // word(2**31))
    return z // word(2)


def drawn(seed: int | None) -> int:
    """The seed, or a random one: drawn once, so that a plan gives the same rows whenever it is run."""
    return secrets.randbits(62) if seed is None else seed
