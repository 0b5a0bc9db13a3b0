"""LightGBM in parts: the same trees with any number of workers, LightGBM's own with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor

import scalekit as sk
from scalekit.errors import NotDistributableError
from scalekit.learn.strategies.choice import choose
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered
from tests.learn.fits.trees import outputs_apart

ROWS = numbers(3000)
X = ["x0", "x1", "x2", "x3", "gap", "constant", "offset", "small"]
SMALL_LEAVES: dict[str, Any] = {"min_child_samples": 1, "min_child_weight": 5, "verbosity": -1}

OWN = [
    (LGBMClassifier(n_estimators=20, verbosity=-1), Roles(X, "late")),
    (LGBMClassifier(n_estimators=5, verbosity=-1, max_bin=31), Roles(X, "mode", "w")),
    (LGBMClassifier(n_estimators=5, verbosity=-1, colsample_bytree=0.5, random_state=1), Roles(X, "mode")),
    (LGBMRegressor(n_estimators=20, verbosity=-1), Roles(X, "y", "w")),
    (LGBMRegressor(n_estimators=5, verbosity=-1, boost_from_average=False), Roles(X, "y")),
    (LGBMRegressor(n_estimators=5, verbosity=-1, objective="poisson"), Roles(X, "count")),
    (LGBMRegressor(n_estimators=5, verbosity=-1, objective="gamma"), Roles(X, "amount", "days")),
]  # fmt: skip

CASES = [(estimator, roles, 1e-9, {}) for estimator, roles in OWN]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles"), OWN, ids=[str(n) for n in range(len(OWN))])
def test_equals_the_plain_fit(estimator: Any, roles: Roles, way: str, tmp_path: Path) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    wanted = plain(estimator, ROWS, roles)
    assert_same(found, wanted, 1e-9)
    assert outputs_apart(found, wanted, ROWS.select(X)) <= 1e-9
    assert found.scalekit_fit_.passes == 3
    assert _splits(found) == _splits(wanted)
    assert _settings(found) == _settings(wanted)
    np.testing.assert_array_equal(found.feature_importances_, wanted.feature_importances_)


def _splits(model: Any) -> Any:
    trees = model.booster_.trees_to_dataframe()
    return trees[["node_index", "split_feature", "threshold"]].astype(str).to_numpy().tolist()


def _settings(model: Any) -> list[str]:
    lines = model.booster_.model_to_string().splitlines()
    return lines[lines.index("parameters:") : lines.index("end of parameters")]


@pytest.mark.dask
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_and_three_workers_grow_the_same_trees(dask_settings: Any, tmp_path: Path) -> None:
    estimators = [
        (LGBMClassifier(n_estimators=50, **SMALL_LEAVES), Roles(X, "late")),
        (LGBMRegressor(n_estimators=50, **SMALL_LEAVES), Roles(X, "y")),
        (LGBMClassifier(n_estimators=10, verbosity=-1), Roles(X, "mode", "w")),
        (LGBMRegressor(n_estimators=10, verbosity=-1, objective="poisson"), Roles(X, "count")),
    ]
    models: dict[int, list[Any]] = {}
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        for workers in (2, 3):
            with sk.config(**{**dask_settings, "workers": workers}):
                models[workers] = [over_parts(e, frame, roles) for e, roles in estimators]
    for two, three in zip(models[2], models[3], strict=True):
        assert _splits(two) == _splits(three)
        assert outputs_apart(two, three, ROWS.select(X)) <= 1e-9
    for found, (estimator, roles) in zip(models[2][:2], estimators[:2], strict=True):
        assert outputs_apart(found, plain(estimator, ROWS, roles), ROWS.select(X)) <= 1e-9


REFUSED = [
    (LGBMClassifier(boosting_type="dart"), "gbdt"),
    (LGBMClassifier(subsample=0.5, subsample_freq=1), "subsample=1"),
    (LGBMClassifier(class_weight="balanced"), "sample_weight"),
    (LGBMRegressor(objective="l1"), "regression"),
    (LGBMRegressor(bagging_fraction=0.5), "leave these parameters out"),
    (LGBMRegressor(linear_tree=True), "leave them out"),
    (LGBMRanker(), "relevance of each row"),
]


@pytest.mark.parametrize(("estimator", "way_out"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])  # fmt: skip
def test_says_what_it_cannot_do(estimator: Any, way_out: str) -> None:
    (reason,) = choose(estimator).refusals
    assert way_out in reason


def test_categories_are_refused_over_parts(tmp_path: Path) -> None:
    rows = ROWS.with_columns(city=pl.col("city").cast(pl.Categorical))
    refused = pytest.raises(NotDistributableError, match="OneHotEncoder")
    with scattered(rows, "serial-3", tmp_path) as frame, refused:
        over_parts(LGBMRegressor(), frame, Roles(["x0", "city"], "y"))
