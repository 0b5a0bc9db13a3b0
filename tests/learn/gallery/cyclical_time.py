"""Hours and months go round: departures by hour of New York's airports, from splines and from sine and cosine."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    SplineTransformer,
)

from tests.learn.gallery.example import Example, flights_from_new_york, parted

FEATURES = ["hour", "weekday", "month", "temp", "wind_speed", "origin"]


def build() -> Example:
    waves = ColumnTransformer(
        [
            ("kinds", OneHotEncoder(handle_unknown="ignore"), ["origin"]),
            ("month_sin", sine(12), ["month"]),
            ("month_cos", cosine(12), ["month"]),
            ("weekday", periodic(7, knots=7), ["weekday"]),
            ("hour", periodic(24, knots=12), ["hour"]),
        ],
        remainder=MinMaxScaler(),
    )
    together = make_pipeline(
        ColumnTransformer(
            [
                ("hour", periodic(24, knots=8), ["hour"]),
                ("weekend", FunctionTransformer(lambda x: x >= 6), ["weekday"]),
            ]
        ),
        PolynomialFeatures(degree=2, interaction_only=True, include_bias=False),
    )
    model = make_pipeline(
        FeatureUnion([("waves", waves), ("together", together)]), Ridge(alpha=1e-2)
    )
    rows, test = parted(departures_by_hour())
    return Example(model, rows, test, "departures", FEATURES, score)


def sine(period: float) -> FunctionTransformer:
    return FunctionTransformer(
        lambda x: np.sin(2 * np.pi * x / period), feature_names_out="one-to-one"
    )


def cosine(period: float) -> FunctionTransformer:
    return FunctionTransformer(
        lambda x: np.cos(2 * np.pi * x / period), feature_names_out="one-to-one"
    )


def periodic(period: int, knots: int) -> SplineTransformer:
    return SplineTransformer(
        knots=np.linspace(0, period, knots + 1).reshape(-1, 1),
        extrapolation="periodic",
        include_bias=True,
    )


def departures_by_hour() -> pl.DataFrame:
    weather = flights_from_new_york("weather").select("origin", "time_hour", "temp", "wind_speed")
    return (
        flights_from_new_york("flights")
        .group_by("origin", "time_hour", "hour", "month")
        .len("departures")
        .join(weather, on=["origin", "time_hour"])
        .drop_nulls()
        .filter(pl.col("wind_speed") < 150)
        .with_columns(
            pl.col("departures").cast(pl.Float64),
            weekday=pl.col("time_hour").dt.weekday().cast(pl.Int64),
        )
        .sort("time_hour", "origin")
        .gather_every(5)
        .select(*FEATURES, "departures")
    )


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    found = model.predict(rows[FEATURES].to_pandas())
    truth = rows["departures"].to_numpy()
    return {
        "r2": r2_score(truth, found),
        "mae": mean_absolute_error(truth, found) / truth.mean(),
    }
