"""Baselines over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from tests.learn.fits.harness import WAYS, Case, Roles, numbers
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

ROWS = numbers().with_columns(
    none=pl.when(pl.int_range(pl.len()) % 3 == 0).then(0.0).otherwise(pl.col("w")),
    short=pl.col("y").cast(pl.Float32),
)
WEIGHTS = (None, "w", "none")
NUMBERS = (
    DummyRegressor(),
    DummyRegressor(strategy="median"),
    DummyRegressor(strategy="quantile", quantile=0.3),
)

CASES: list[Case] = [
    *(
        (DummyClassifier(strategy=strategy), Roles(["x0", "city"], target, weight), 1e-12, {})
        for strategy in ("prior", "most_frequent", "stratified", "uniform")
        for target in ("mode", "late", "kind", ["late", "small"], ["mode", "kind"])
        for weight in WEIGHTS
    ),
    (DummyClassifier(strategy="constant", constant="rail"), Roles(["x0"], "mode"), 1e-12, {}),
    *(
        (regressor, Roles(["x0"], target, weight), 1e-12, {})
        for regressor in NUMBERS
        for target in ("y", "count", ["y", "count"])
        for weight in WEIGHTS
    ),
    (DummyRegressor(strategy="median"), Roles(["x0"], "short"), 0.0, {}),
    (DummyRegressor(strategy="constant", constant=3.0), Roles(["x0"], "y"), 0.0, {}),
]


@pytest.mark.parametrize("way", ["polars", "serial-8"])
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes <= (
        4 if "strategy='median'" in str(case[0]) or "quantile" in str(case[0]) else 1
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("estimator", [DummyClassifier(), DummyRegressor(strategy="median")])
def test_equals_the_plain_fit_in_all_ways(estimator: Any, way: str, tmp_path: Path) -> None:
    assert_equals_plain((estimator, Roles(["x0"], "small"), 1e-12, {}), ROWS, way, tmp_path)


@pytest.mark.parametrize(
    ("estimator", "target", "match"),
    [
        (DummyClassifier(strategy="constant", constant="sea"), "mode", "must be present in the training data"),
        (DummyClassifier(strategy="constant"), "mode", "has to be specified"),
        (DummyRegressor(strategy="quantile"), "y", "you have to specify the desired quantile"),
        (DummyRegressor(), "mode", "could not convert string to float"),
    ],
)  # fmt: skip
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, target: str, match: str, tmp_path: Path
) -> None:
    assert_raises_as_plain(estimator, ROWS, Roles(["x0"], target), tmp_path, match)
