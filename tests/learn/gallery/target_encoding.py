"""A hundred destinations in one column: each is replaced by what the delay of flights to it was in other folds."""

from __future__ import annotations

from typing import Any

import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler, TargetEncoder

from tests.learn.gallery.example import Example, flights_from_new_york, parted

KINDS = ["dest", "carrier", "hour"]
NUMBERS = ["distance", "dep_delay"]


def build() -> Example:
    model = make_pipeline(
        make_column_transformer(
            (
                TargetEncoder(
                    target_type="continuous", smooth=20.0, cv=KFold(5, shuffle=True, random_state=0)
                ),
                KINDS,
            ),
            (MaxAbsScaler(), NUMBERS),
        ),
        StandardScaler(),
        Ridge(alpha=10.0),
    )
    rows, test = parted(arrivals())
    return Example(model, rows, test, "arr_delay", KINDS + NUMBERS, score)


def arrivals() -> pl.DataFrame:
    flights = flights_from_new_york("flights").filter(pl.col("arr_delay").is_not_null())
    return flights.sample(4_000, seed=2).select(
        "dest", "carrier", pl.col("hour").cast(pl.String), *NUMBERS, "arr_delay"
    )


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    found = model.predict(rows[KINDS + NUMBERS].to_pandas())
    truth = rows["arr_delay"].to_numpy()
    return {"r2": r2_score(truth, found), "mae": mean_absolute_error(truth, found) / truth.std()}
