"""Flights to judge models on, as Parquet: made once, file by file, each from a seed of its own, so that a smaller table is the first files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import tables

ROOT = Path("data") / "judge"
ROWS = 1_000_000
"""Of one file."""

NUMBERS = ("load", "wind", "distance", "hour")
KINDS = ("carrier", "city")
FEATURES = (*NUMBERS, *KINDS)
KEY, TIME, TARGET = "id", "day", "late"
SLICES = (
    "carrier", "hour", "load:quantile4", "day:month", "city", "day:weekday", "wind:quantile10", "day:quarter",
    "distance:quantile4", "day:year",
)  # fmt: skip
STEP = 64
"""Numbers are multiples of 1/64, as measured ones are rounded."""

_FIRST, _DAYS = date(2023, 1, 1), 730
_CARRIERS = [f"carrier {i}" for i in range(12)]
_CITIES = [f"city {i}" for i in range(40)]


def prepare(rows: int, folder: Path = ROOT, each: int = ROWS) -> list[str]:
    """The paths of files with ``rows`` rows together, of which those are made that are missing."""

    def write(path: Path, number: int, height: int, first: int) -> None:
        made(number, height, first).write_parquet(path, row_group_size=each)

    return tables.prepare(rows, folder, each, write)


def made(number: int, height: int, first: int = 0) -> pl.DataFrame:
    """The rows of one file: a key, a day, six features, and whether the flight was late."""
    draw = np.random.default_rng([13, number, height])
    of_carrier, of_city = _world()
    load, wind = np.round(draw.normal(size=(2, height)) * STEP) / STEP
    distance = np.round(draw.gamma(2.0, 400.0, height))
    hour = draw.integers(0, 24, height)
    carrier = draw.integers(0, len(_CARRIERS), height)
    city = np.minimum(draw.geometric(0.1, height), len(_CITIES)) - 1
    signal = load + 0.5 * wind**2 - distance / 2000 + 0.05 * hour
    signal += of_carrier[carrier] + of_city[city]
    days = pl.Series([_FIRST + timedelta(days=i) for i in range(_DAYS)])
    return pl.DataFrame(
        {
            KEY: np.arange(first, first + height),
            TIME: days.gather(draw.integers(0, _DAYS, height)),
            "load": load.astype(np.float32),
            "wind": wind.astype(np.float32),
            "distance": distance.astype(np.float32),
            "hour": hour.astype(np.int8),
            "carrier": pl.Series(_CARRIERS).gather(carrier),
            "city": pl.Series(_CITIES).gather(city),
            TARGET: signal + draw.logistic(size=height) > 1.5,
        }
    )


def sample(rows: int, columns: Sequence[str] = (*FEATURES, TARGET)) -> pl.DataFrame:
    """Rows that are in no file, to fit models on."""
    return made(1_000_000, rows).select(columns)


def _world() -> tuple[np.ndarray, np.ndarray]:
    """What carriers and cities have to do with it, the same in all files."""
    draw = np.random.default_rng(17)
    return draw.normal(size=len(_CARRIERS)), draw.normal(size=len(_CITIES))
