"""Every estimator has a strategy, needs no fit, or is refused before anything is read, with something in its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import DBSCAN
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import all_estimators, get_tags

import scalekit as sk
from scalekit.errors import NotDistributableError
from scalekit.learn.strategies.refused import REFUSED
from scalekit.learn.strategies.strategy import Strategy
from scalekit.learn.strategies.table import strategies

KNOWN = dict(all_estimators())


@pytest.mark.parametrize("name", KNOWN)
def test_every_estimator_of_scikit_learn_is_in_a_table_or_needs_no_fit(name: str) -> None:
    if name not in strategies():
        made = KNOWN[name](np.eye(2)) if name == "SparseCoder" else KNOWN[name]()
        assert not get_tags(made).requires_fit


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_why_and_what_can_be_done(name: str) -> None:
    assert name in KNOWN or "CatBoost" in name
    assert REFUSED[name].reason
    assert REFUSED[name].instead
    for instead in REFUSED[name].instead:
        first = instead.partition(" ")[0].partition("(")[0].rstrip(",")
        if first in KNOWN:
            assert isinstance(strategies()[first], Strategy)


@pytest.mark.parametrize("backend", ["polars", "serial"])
@pytest.mark.parametrize(
    ("estimator", "instead"),
    [
        (HistGradientBoostingClassifier(), "XGBClassifier"),
        (HistGradientBoostingRegressor(), "XGBRegressor"),
        (SVC(), "LinearSVC"),
        (DBSCAN(), "KMeans"),
        (KNeighborsClassifier(), "RandomForestClassifier"),
        (GaussianProcessRegressor(), "Nystroem"),
        (HalvingGridSearchCV(LogisticRegression(), {"C": [1.0]}), "GridSearchCV"),
        (make_pipeline(StandardScaler(), SVC()), "LinearSVC"),
        (GridSearchCV(SVC(), {"C": [1.0]}), "LinearSVC"),
        (GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression": [LogisticRegression(), SVC()]}), "LinearSVC"),
    ],
    ids=str,
)  # fmt: skip
def test_nothing_is_read_of_what_is_refused(estimator: Any, instead: str, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def read(*_: Any, **__: Any) -> None:
        raise AssertionError("rows were read")

    for name in ("collect", "batches", "persist_scan"):
        monkeypatch.setattr(f"scalekit.run.{name}", read)
    frame = sk.from_dict({"x": [0.0, 1.0, 2.0, 3.0], "y": [0, 1, 0, 1]})
    with (
        sk.config(backend=backend),
        pytest.raises(NotDistributableError, match=instead) as told,
    ):
        sk.fit(estimator, frame, target="y", solver="passes")
    assert "on_unsupported='sample'" in str(told.value)
