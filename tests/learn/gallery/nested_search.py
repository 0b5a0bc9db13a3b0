"""A search within a search: the outer one chooses the features, the inner one the penalty for each of them."""

from __future__ import annotations

from typing import Any

import polars as pl
from sklearn.datasets import make_friedman1
from sklearn.linear_model import LassoCV
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from tests.learn.gallery.example import Example, parted

FEATURES = [f"x{i}" for i in range(6)]


def build() -> Example:
    steps = Pipeline(
        [
            ("scale", StandardScaler()),
            ("features", PolynomialFeatures(include_bias=False)),
            ("regress", LassoCV(alphas=[0.001, 0.01, 0.1, 1.0], cv=KFold(3))),
        ]
    )
    choices = {"features__degree": [1, 2], "features__interaction_only": [False, True]}
    model = GridSearchCV(steps, choices, cv=KFold(4), scoring="r2")
    rows, test = parted(measurements())
    return Example(model, rows, test, "y", FEATURES, score)


def measurements() -> pl.DataFrame:
    x, y = make_friedman1(2_000, len(FEATURES), noise=1.0, random_state=0)
    return pl.DataFrame(x, schema=FEATURES).with_columns(y=pl.Series(y))


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    found = model.predict(rows[FEATURES].to_pandas())
    return {
        "r2": r2_score(rows["y"].to_numpy(), found),
        "inner": model.best_score_,
        "degree": float(model.best_params_["features__degree"]),
        "penalty": float(model.best_estimator_["regress"].alpha_),
    }
