"""Rows to fit on, as Parquet: made once, file by file, each from a seed of its own, so that a smaller table is the first files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import tables

ROOT = Path("data") / "fit"
ROWS = 500_000
"""Of one file."""

NUMBERS = tuple(f"x{i}" for i in range(20))
KINDS = ("carrier", "city")
STEP = 256
"""Values are multiples of 1/256, as measured ones are rounded: a file holds each of them once, and small numbers for them."""

_CARRIERS = [f"carrier {i}" for i in range(12)]
_CITIES = [f"city {i}" for i in range(40)]


def prepare(rows: int, folder: Path = ROOT, each: int = ROWS) -> list[str]:
    """The paths of files with ``rows`` rows together, of which those are made that are missing."""

    def write(path: Path, number: int, height: int, _: int) -> None:
        made(number, height).write_parquet(path)

    return tables.prepare(rows, folder, each, write)


def made(number: int, height: int) -> pl.DataFrame:
    """The rows of one file: 20 numbers that lie in eight groups, two texts, a number and a yes or no to learn."""
    mixing, centres, slopes, of_carrier, of_city = _world()
    draw = np.random.default_rng([7, number, height])
    x = draw.normal(size=(height, len(NUMBERS))) @ mixing
    x[:, :4] += centres[draw.integers(0, len(centres), height)]
    x = np.round(x * STEP) / STEP
    carrier = draw.integers(0, len(_CARRIERS), height)
    city = np.minimum(draw.geometric(0.1, height), len(_CITIES)) - 1
    signal = x @ slopes + of_carrier[carrier] + of_city[city]
    late = signal + draw.logistic(scale=1.5, size=height) > 1.0
    texts = {
        "carrier": pl.Series(carrier, dtype=pl.UInt32).replace_strict(dict(enumerate(_CARRIERS))),
        "city": pl.Series(city, dtype=pl.UInt32).replace_strict(dict(enumerate(_CITIES))),
    }
    return pl.DataFrame(x, schema=list(NUMBERS)).with_columns(
        **texts, y=pl.Series(signal + draw.normal(size=height)), late=pl.Series(late)
    )


def probe(columns: Sequence[str], height: int = 200) -> pl.DataFrame:
    """Rows that are in no file, on which models are compared."""
    return made(1_000_000, height).select(columns)


def _world() -> tuple[np.ndarray, ...]:
    """What is the same for all files: how columns go together, where groups lie, and what the targets depend on."""
    draw = np.random.default_rng(11)
    width = len(NUMBERS)
    mixing = np.eye(width) + 0.3 * draw.normal(size=(width, width)) / np.sqrt(width)
    slopes = draw.normal(size=width) * (draw.random(width) < 0.6) * 0.5
    return mixing, draw.normal(scale=4.0, size=(8, 4)), slopes, draw.normal(size=12), draw.normal(size=40)  # fmt: skip
