"""Thirty measures of a tumour in as many components as hold 95 % of their variance, then a classifier."""

from __future__ import annotations

from typing import Any

import polars as pl
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler

from tests.learn.gallery.example import Example, parted


def build() -> Example:
    model = Pipeline(
        [
            ("scale", StandardScaler()),
            (
                "features",
                FeatureUnion(
                    [
                        ("components", PCA(n_components=0.95, whiten=True)),
                        ("best", SelectKBest(f_classif, k=3)),
                    ]
                ),
            ),
            ("classify", LogisticRegression(solver="newton-cholesky")),
        ]
    )
    rows, test = parted(tumours())
    return Example(model, rows, test, "kind", names(), score)


def tumours() -> pl.DataFrame:
    found = load_breast_cancer()
    kind = [str(found.target_names[i]) for i in found.target]
    return pl.DataFrame(found.data, schema=names()).with_columns(kind=pl.Series(kind))


def names() -> list[str]:
    return [str(name) for name in load_breast_cancer().feature_names]


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    x, kind = rows[names()].to_pandas(), rows["kind"].to_numpy()
    chance = model.predict_proba(x)
    return {
        "components": float(model["features"]["components"].explained_variance_ratio_.sum()),
        "accuracy": accuracy_score(kind, model.predict(x)),
        "auc": roc_auc_score(kind == "malignant", chance[:, 1]),
        "log_loss": log_loss(kind, chance, labels=model.classes_),
    }
