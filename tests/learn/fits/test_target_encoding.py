"""TargetEncoder over partitions equals scikit-learn's own; so do training rows that are encoded from other folds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, PredefinedSplit, ShuffleSplit, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder

from scalekit.backends.watch import UNWATCHED
from scalekit.config import resolve
from scalekit.learn import roles as learn_roles
from scalekit.learn.matrix import to_features, to_target
from scalekit.learn.over_parts import opened
from scalekit.learn.passes.batch import read
from scalekit.learn.passes.data import Data
from scalekit.learn.passes.drive import Driver
from scalekit.learn.passes.requests import Steps
from scalekit.learn.strategies.table import strategy_of
from scalekit.learn.strategies.target_encoding import SALT, fold_of
from tests.learn.fits.harness import WAYS, Case, Roles, numbers, scattered
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

ROWS = numbers().with_columns(
    hole=pl.when(pl.int_range(pl.len()) % 7 == 3).then(None).otherwise(pl.col("city")),
    whole=pl.col("count").cast(pl.Float64),
    yes=pl.col("late").cast(pl.Int64),
    short=pl.col("y").cast(pl.Float32),
    alone=pl.lit("only"),
)
NAMES = ["kind", "city", "small", "hole", "alone"]
TARGETS = ("y", "mode", "late", "count", "whole", "yes")
GIVEN = [["a", "b", "z"], ["Oslo", "Rome", "Xanadu"]]

CASES: list[Case] = [
    *(
        (TargetEncoder(smooth=smooth), Roles(NAMES, target), 1e-12, {})
        for smooth in ("auto", 10.0, 0.0)
        for target in TARGETS
    ),
    (TargetEncoder(), Roles(NAMES, "short"), 1e-7, {}),  # whose mean is a float32 in plain fits
    (TargetEncoder(target_type="continuous"), Roles(NAMES, "count"), 1e-12, {}),
    (TargetEncoder(target_type="binary"), Roles(NAMES, "mode"), 1e-12, {}),
    (TargetEncoder(target_type="binary"), Roles(NAMES, "y"), 1e-12, {}),
    *(
        (TargetEncoder(categories=GIVEN), Roles(["kind", "city"], target), 1e-12, {})
        for target in ("y", "mode")
    ),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("target", ["y", "mode", "late"])
def test_rows_for_training_are_encoded_from_other_folds(
    target: str, way: str, tmp_path: Path
) -> None:
    encoder, roles = TargetEncoder(cv=4), learn_roles.Roles(tuple(NAMES), (target,), None)
    with scattered(ROWS, way, tmp_path) as frame:
        config = resolve()
        driver = Driver(config, UNWATCHED)
        data = opened(frame.select(*roles.columns)._plan, roles, config)
        found = driver.run(_encoded(encoder, data))
    fold = fold_of(read(ROWS.select(roles.columns), roles), 4, roles.columns, SALT)
    assert np.all(np.bincount(fold.astype(int)) > 300)
    plain = TargetEncoder(cv=PredefinedSplit(fold.astype(int)))
    wanted = plain.fit_transform(to_features(ROWS.select(NAMES)), to_target(ROWS.select(target)))
    assert np.max(np.abs(found - wanted)) <= 1e-12 * np.max(np.abs(wanted))


def _encoded(encoder: TargetEncoder, data: Data) -> Steps:
    """All rows as the next step of a pipeline sees them."""
    strategy: Any = strategy_of(encoder)
    fitted = yield from strategy.adapter(clone(encoder), data)
    rows = yield from strategy.cross_fitted(fitted, data)
    assert rows.example.shape[1] == fitted.transform(data.example).shape[1]
    everything = yield rows.gathered()
    return everything.X


@pytest.mark.parametrize(
    ("estimator", "target", "match"),
    [
        (TargetEncoder(target_type="continuous"), "mode", "could not convert string to float"),
        (TargetEncoder(), ["y", "yes"], "continuous-multioutput"),
    ],
)
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, target: Any, match: str, tmp_path: Path
) -> None:
    assert_raises_as_plain(estimator, ROWS, Roles(NAMES, target), tmp_path, match)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("encoder", "target"),
    [
        (TargetEncoder(cv=KFold(3)), "y"),
        (TargetEncoder(cv=StratifiedKFold(4, shuffle=True, random_state=1)), "mode"),
        (TargetEncoder(cv=PredefinedSplit(np.arange(ROWS.height) % 3)), "late"),
    ],
    ids=str,
)
def test_folds_that_parameters_tell_are_scikit_learns(encoder: Any, target: str, way: str, tmp_path: Path) -> None:  # fmt: skip
    prepare = ColumnTransformer([("kinds", encoder, NAMES), ("rest", StandardScaler(), ["x0"])])
    last = Ridge() if target == "y" else LogisticRegression(solver="newton-cholesky")
    for model in (make_pipeline(encoder, last), make_pipeline(prepare, StandardScaler(), last)):
        names = [*NAMES, "x0"] if model[0] is prepare else NAMES
        (folder := tmp_path / str(len(names))).mkdir()
        assert_equals_plain((model, Roles(names, target), 1e-8, {}), ROWS, way, folder)


def test_folds_that_overlap_are_refused_as_in_scikit_learn(tmp_path: Path) -> None:
    model = make_pipeline(TargetEncoder(cv=ShuffleSplit(2, random_state=0)), Ridge())
    assert_raises_as_plain(model, ROWS, Roles(NAMES, "y"), tmp_path, "no overlap")
