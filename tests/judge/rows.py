"""Rows that evaluations are tested on: small, with everything that they stumble over, and the ways to read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import scalekit as sk

ROWS = 1_500


def people(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    """Customers over months: ``churned`` yes or no, ``mood`` of three texts, ``spend``, a number, and ``calls``, a count.

    ``x0`` to ``x2`` are normal, ``gap`` has nulls, ``region`` four texts, one of them rare and in the last rows alone; ``id`` tells
    rows apart, ``customer`` groups them by three, ``day`` is their time, ``w`` weights them.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    region = rng.choice(["north", "south", "west"], p=[0.5, 0.3, 0.2], size=rows).astype(object)
    region[-9:] = "isle"
    signal = 1.5 * x[:, 0] - x[:, 1] + (region == "south")
    mood = np.array(["calm", "glad", "sad"])[
        np.argmax(np.c_[x[:, 0], x[:, 1], x[:, 2]] + rng.gumbel(size=(rows, 3)), axis=1)
    ]
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "customer": np.arange(rows) // 3,
            "day": np.arange(rows) % 365,
            **{f"x{i}": x[:, i] for i in range(3)},
            "gap": np.where(rng.random(rows) < 0.1, np.nan, x[:, 1] + rng.normal(size=rows)),
            "region": region.astype(str),
            "churned": signal + rng.logistic(size=rows) > 1.0,
            "mood": mood,
            "spend": 20 + 5 * signal + 3 * rng.normal(size=rows),
            "calls": rng.poisson(np.exp(0.3 * x[:, 0])),
            "w": rng.uniform(0.5, 2.0, size=rows),
        }
    ).with_columns(pl.col("gap").fill_nan(None))


FEATURES = ["x0", "x1", "x2"]

WAYS: dict[str, dict[str, Any]] = {
    "polars": {"backend": "polars"},
    "polars, small batches": {"backend": "polars", "partition_bytes": 20_000},
    "pandas": {"backend": "pandas"},
    "serial, 1 part": {"backend": "serial", "partitions": 1},
    "serial, 3 parts": {"backend": "serial", "partitions": 3},
    "serial, 7 parts": {"backend": "serial", "partitions": 7},
}
"""Backends of this process and numbers of parts; Dask and Ray have their own tests."""


@contextmanager
def read(way: str, rows: pl.DataFrame, folder: Path) -> Iterator[sk.Frame]:
    """The rows from a file, on one of the :data:`WAYS`."""
    path = folder / "rows.parquet"
    rows.write_parquet(path, row_group_size=max(1, rows.height // 7 + 1))
    with sk.config(**WAYS[way]):
        yield sk.scan_parquet(str(path))
