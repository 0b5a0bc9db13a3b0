"""Numbers with gaps and text side by side: which flights will be late?"""

from __future__ import annotations

from typing import Any

import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectPercentile, chi2
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.learn.gallery.example import Example, flights_from_new_york, parted

NUMBERS = ["distance", "hour", "temp", "humid", "precip", "seats", "built"]
KINDS = ["carrier", "origin", "manufacturer"]


def build() -> Example:
    numbers = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median", add_indicator=True)),
            ("scale", StandardScaler()),
        ]
    )
    kinds = Pipeline(
        [
            ("encode", OneHotEncoder(handle_unknown="ignore", min_frequency=10)),
            ("select", SelectPercentile(chi2, percentile=60)),
        ]
    )
    prepare = ColumnTransformer([("numbers", numbers, NUMBERS), ("kinds", kinds, KINDS)])
    model = Pipeline([("prepare", prepare), ("classify", LogisticRegression(max_iter=500))])
    rows, test = parted(departures())
    return Example(model, rows, test, "late", NUMBERS + KINDS, score)


def departures() -> pl.DataFrame:
    flights = flights_from_new_york("flights").filter(pl.col("arr_delay").is_not_null())
    planes = flights_from_new_york("planes").select(
        "tailnum", "seats", "manufacturer", built="year"
    )
    weather = flights_from_new_york("weather").select(
        "origin", "time_hour", "temp", "humid", "precip"
    )
    return (
        flights.sample(3_200, seed=1)
        .join(planes, on="tailnum", how="left", maintain_order="left")
        .join(weather, on=["origin", "time_hour"], how="left", maintain_order="left")
        .with_columns(pl.col("manufacturer").fill_null("unknown"), late=pl.col("arr_delay") > 15)
        .select(*NUMBERS, *KINDS, "late")
    )


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    late = rows["late"].to_numpy()
    chance = model.predict_proba(rows[NUMBERS + KINDS].to_pandas())[:, 1]
    return {
        "auc": roc_auc_score(late, chance),
        "log_loss": log_loss(late, chance),
        "brier": brier_score_loss(late, chance),
    }
