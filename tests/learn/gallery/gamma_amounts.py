"""How far diabetes has come after a year, which is positive and skewed: a gamma regression on splines."""

from __future__ import annotations

from typing import Any

import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.linear_model import GammaRegressor
from sklearn.metrics import d2_tweedie_score, mean_absolute_percentage_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, SplineTransformer, StandardScaler

from tests.learn.gallery.example import Example, parted

CURVED = ["age", "bmi", "bp", "s5"]
STRAIGHT = ["s1", "s2", "s3", "s4", "s6"]


def build() -> Example:
    model = make_pipeline(
        make_column_transformer(
            (SplineTransformer(n_knots=4, degree=3, knots="quantile"), CURVED),
            (OrdinalEncoder(), ["sex"]),
            remainder="passthrough",
        ),
        StandardScaler(),
        GammaRegressor(alpha=1e-2, solver="lbfgs", max_iter=1_000),
    )
    rows, test = parted(patients())
    return Example(model, rows, test, "progress", [*CURVED, "sex", *STRAIGHT], score)


def patients() -> pl.DataFrame:
    found = load_diabetes(scaled=False)
    rows = pl.DataFrame(found.data, schema=list(found.feature_names))
    sex = pl.when(pl.col("sex") == 1).then(pl.lit("f")).otherwise(pl.lit("m"))
    return rows.with_columns(sex=sex, progress=pl.Series(found.target))


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    found = model.predict(rows[[*CURVED, "sex", *STRAIGHT]].to_pandas())
    truth = rows["progress"].to_numpy()
    return {
        "d2": d2_tweedie_score(truth, found, power=2),
        "mape": mean_absolute_percentage_error(truth, found),
    }
