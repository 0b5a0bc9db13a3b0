"""Claims for each year of a policy, weighted by how long it was watched: a Poisson regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import d2_tweedie_score, mean_absolute_error
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    StandardScaler,
)

from tests.learn.gallery.claims import policies
from tests.learn.gallery.example import Example, parted

FEATURES = ["age", "power", "density", "bonus", "area", "brand"]


def build() -> Example:
    log_scaled = make_pipeline(FunctionTransformer(np.log, validate=False), StandardScaler())
    bins = KBinsDiscretizer(
        n_bins=8, strategy="quantile", quantile_method="averaged_inverted_cdf", subsample=None
    )
    prepare = ColumnTransformer(
        [
            ("ages", bins, ["age", "power"]),
            ("kinds", OneHotEncoder(), ["area", "brand"]),
            ("density", log_scaled, ["density"]),
            ("bonus", StandardScaler(), ["bonus"]),
        ]
    )
    model = Pipeline(
        [
            ("prepare", prepare),
            ("regress", PoissonRegressor(alpha=1e-4, solver="newton-cholesky")),
        ]
    )
    rows, test = parted(policies(4_000))
    return Example(model, rows, test, "frequency", FEATURES, score, weight="exposure")


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    found = model.predict(rows[FEATURES].to_pandas())
    truth, exposure = rows["frequency"].to_numpy(), rows["exposure"].to_numpy()
    return {
        "d2": d2_tweedie_score(truth, found, power=1, sample_weight=exposure),
        "mae": mean_absolute_error(truth, found, sample_weight=exposure),
        "claims": np.average(found, weights=exposure) / np.average(truth, weights=exposure),
    }
