"""Three frauds in a hundred payments: classes weighted against their number, and a threshold chosen by hand."""

from __future__ import annotations

from typing import Any

import polars as pl
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, log_loss, recall_score
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, RobustScaler

from tests.learn.gallery.example import Example, parted

FEATURES = [f"v{i}" for i in range(12)]


def build() -> Example:
    classify = make_pipeline(
        RobustScaler(),
        PolynomialFeatures(degree=2, interaction_only=True, include_bias=False),
        LogisticRegression(class_weight="balanced", C=0.01, max_iter=1_000),
    )
    model = FixedThresholdClassifier(classify, threshold=0.7, pos_label="fraud")
    rows, test = parted(payments(4_000))
    return Example(model, rows, test, "kind", FEATURES, score)


def payments(count: int) -> pl.DataFrame:
    x, fraud = make_classification(
        count, len(FEATURES), n_informative=6, weights=[0.97], flip_y=0.005, random_state=5
    )
    kind = ["fraud" if yes else "honest" for yes in fraud]
    return pl.DataFrame(x, schema=FEATURES).with_columns(kind=pl.Series(kind))


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    x, kind = rows[FEATURES].to_pandas(), rows["kind"].to_numpy()
    fraud, chance = kind == "fraud", model.predict_proba(x)[:, 0]
    found = model.predict(x)
    return {
        "average_precision": average_precision_score(fraud, chance),
        "balanced_accuracy": balanced_accuracy_score(kind, found),
        "recall": recall_score(kind, found, pos_label="fraud"),
        "log_loss": log_loss(fraud, chance),
    }
