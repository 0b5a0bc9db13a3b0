"""What is fitted, and how far it may be from scikit-learn in time and values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.linear_model import Lasso, LassoCV, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.fit.rows import KINDS, NUMBERS

ALPHAS = np.logspace(-4, 0, 13)


@dataclass(frozen=True)
class Model:
    """One of the models.

    Attributes
    ----------
    make
        The estimator, not fitted, for so many threads.
    target
        What it learns to predict; None where there is nothing.
    method
        What its answers are compared by.
    ratio
        The goal: its time over partitions over that of Polars, pandas and scikit-learn in memory, at the most.
    apart
        How far its answers may be from those, at the most, over the largest; None where the rule is another one.
    features
        The columns of X.
    held
        Bytes of each row that stay in memory between its passes, where the workers have room for them: the matrix
        in float64 for iterations; for trees what XGBoost itself holds.
    is_search
        Whether it is one of those that have to win: they are measured on half of all rows, the others on a tenth.
    """

    make: Callable[[int], Any]
    target: str | None
    method: str
    ratio: float
    apart: float | None
    features: tuple[str, ...] = NUMBERS
    held: int = 0
    is_search: bool = False


ONE_PASS, ITERATIVE, SEARCH = 1.5, 2.5, 1.0
"""Goals of issue 5."""

BOOSTED = 90
"""Bytes that XGBoost 3.2 holds for a row of twenty columns, alone in a process: ``python -m benchmarks.fit.booster_memory``
finds 92.6 for each of 10 million rows. A byte for each value by row and one by column, and gradients, places and predictions."""


def k_means(_: int) -> KMeans:
    starts = np.random.default_rng(0).normal(scale=3.0, size=(8, len(NUMBERS)))
    return KMeans(8, init=starts, n_init=1, max_iter=20)


def trees(threads: int) -> Any:
    return import_module("xgboost").XGBClassifier(
        n_estimators=50, max_depth=6, tree_method="hist", n_jobs=threads
    )


def pipeline(_: int) -> Any:
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), list(NUMBERS[:18])),
            ("kinds", OneHotEncoder(handle_unknown="ignore"), list(KINDS)),
        ]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=200))


def lasso_grid(threads: int) -> GridSearchCV:
    return GridSearchCV(Lasso(), {"alpha": ALPHAS}, cv=KFold(5), n_jobs=threads)


def lasso_cv(threads: int) -> LassoCV:
    return LassoCV(alphas=ALPHAS, cv=KFold(5), n_jobs=threads)


MODELS: dict[str, Model] = {
    "StandardScaler": Model(lambda _: StandardScaler(), None, "transform", ONE_PASS, 1e-9),
    "Ridge": Model(lambda _: Ridge(), "y", "predict", ONE_PASS, 1e-8),
    "PCA": Model(lambda _: PCA(5), None, "transform", ONE_PASS, 1e-8),
    "LogisticRegression": Model(
        lambda _: LogisticRegression(max_iter=200),
        "late",
        "predict_proba",
        ITERATIVE,
        1e-4,
        held=8 * 21,
    ),
    "KMeans": Model(k_means, None, "transform", ITERATIVE, 1e-6, held=8 * 20),
    # Plain XGBoost cuts columns by what it sees of all rows: alike in quality, not in trees.
    "XGBoost": Model(trees, "late", "predict_proba", ITERATIVE, None, held=BOOSTED),
    "Pipeline": Model(
        pipeline,
        "late",
        "predict_proba",
        ITERATIVE,
        1e-4,
        (*NUMBERS[:18], *KINDS),
        held=8 * (18 + 12 + 40 + 1),
    ),
    "Lasso grid": Model(lasso_grid, "y", "predict", SEARCH, 1e-6, is_search=True),
    "LassoCV": Model(lasso_cv, "y", "predict", SEARCH, 1e-6, is_search=True),
}
