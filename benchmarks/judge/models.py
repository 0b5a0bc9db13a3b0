"""The models that are judged: three pipelines from columns to probabilities, fitted on a sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, SplineTransformer, StandardScaler

from benchmarks.judge.rows import KINDS, NUMBERS, TARGET, sample

ONE_THREAD = 1


def logistic() -> Any:
    """Scaled numbers, one-hot texts, logistic regression."""
    return make_pipeline(
        _columns(StandardScaler(), OneHotEncoder()), LogisticRegression(max_iter=200)
    )


def splines() -> Any:
    """The same with splines of the numbers."""
    numbers = make_pipeline(StandardScaler(), SplineTransformer(n_knots=6))
    return make_pipeline(_columns(numbers, OneHotEncoder()), LogisticRegression(max_iter=200))


def boosted() -> Any:
    """XGBoost on ordinal texts: 100 trees of depth 6."""
    trees = import_module("xgboost").XGBClassifier(
        n_estimators=100, max_depth=6, tree_method="hist", n_jobs=ONE_THREAD
    )
    return make_pipeline(_columns("passthrough", OrdinalEncoder()), trees)


def histogram() -> Any:
    """scikit-learn's own boosting on ordinal texts: 100 trees of 31 leaves."""
    return make_pipeline(
        _columns("passthrough", OrdinalEncoder()), HistGradientBoostingClassifier()
    )


MODELS: dict[str, Callable[[], Any]] = {
    "logistic": logistic,
    "boosted": boosted,
    "splines": splines,
    "histogram": histogram,
}


def fitted(names: Sequence[str], rows: int) -> dict[str, Any]:
    """Each of the models, fitted on the same sample."""
    learned = sample(rows).to_pandas()
    return {
        name: MODELS[name]().fit(learned[[*NUMBERS, *KINDS]], learned[TARGET]) for name in names
    }


def _columns(numbers: Any, kinds: Any) -> ColumnTransformer:
    return ColumnTransformer([("numbers", numbers, list(NUMBERS)), ("kinds", kinds, list(KINDS))])
