"""What users bring along travels to workers of Dask and Ray; folds and draws there are those of a fit in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import scalekit as sk
from scalekit.learn.matrix import to_features
from tests.learn.fits.harness import Roles, numbers, over_parts, plain

ROWS = numbers()
PLAIN = ["x0", "x1", "small"]
RAY = {"backend": "ray", "workers": 2, "worker_memory": "1GiB", "progress": False}
SCALED = make_pipeline(StandardScaler(), LogisticRegression())

MODELS = [
    (GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [1, 2]}, cv=ShuffleSplit(2, random_state=0), scoring=make_scorer(lambda y, p: float(np.abs(y - p).max()))), Roles(PLAIN, "y")),
    (make_pipeline(FunctionTransformer(lambda x: 2 * x), StandardScaler(), Ridge()), Roles(PLAIN, "y")),
    (GridSearchCV(SCALED, {"logisticregression__C": [0.1, 1]}, cv=3, scoring=["accuracy", "roc_auc"], refit="roc_auc"), Roles(PLAIN, "late")),
    (RandomForestRegressor(20, random_state=0), Roles(PLAIN, "y")),
]  # fmt: skip


def assert_fits(settings: dict[str, Any], folder: Path) -> None:
    for number in range(3):
        ROWS.slice(700 * number, 700).write_parquet(folder / f"{number}.parquet")
    with sk.config(**settings, partition_bytes=1):  # type: ignore[arg-type]
        frame = sk.scan_parquet(str(folder / "*.parquet"))
        for model, roles in MODELS:
            x = to_features(ROWS.select(roles.features))
            found, wanted = over_parts(model, frame, roles), plain(model, ROWS, roles)
            assert np.allclose(found.predict(x), wanted.predict(x), rtol=1e-8)
        ours = searched(frame, "passes")
    with sk.config(backend="polars"):
        theirs = searched(sk.from_polars(ROWS), "memory")
    assert np.allclose(ours, theirs, rtol=1e-10)


def searched(frame: sk.Frame, solver: str) -> Any:
    """Scores of folds of rows that have no order."""
    grouped = frame.group_by("x0", "x1", "y").agg(sk.len())
    search = GridSearchCV(Ridge(), {"alpha": [1, 2]}, cv=3)
    found = sk.fit(search, grouped, target="y", features=["x0", "x1"], solver=solver)
    return found.cv_results_["mean_test_score"]


@pytest.mark.dask
def test_on_dask(dask_settings: Any, tmp_path: Path) -> None:
    assert_fits(dask_settings, tmp_path)


@pytest.mark.ray
def test_on_ray(tmp_path: Path) -> None:
    assert_fits(RAY, tmp_path)
