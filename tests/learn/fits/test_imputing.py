"""Imputers over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.impute import MissingIndicator, SimpleImputer

import scalekit as sk
from scalekit.errors import NotDistributableError
from tests.learn.fits.harness import WAYS, Case, Roles, numbers, over_parts, scattered
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

PLACE = pl.int_range(pl.len())
IS_LATE = PLACE > 1_500  # first rows and most parts have no gaps
ROWS = numbers().with_columns(
    hole=pl.when(PLACE % 7 == 3).then(None).otherwise(pl.col("city")),
    digit=pl.when(IS_LATE & (PLACE % 5 == 1)).then(None).otherwise(pl.col("small")),
    short=pl.when(IS_LATE).then(None).otherwise(pl.col("x1")).cast(pl.Float32),
    marked=pl.when(PLACE % 5 == 1).then(pl.lit("?")).otherwise(pl.col("city")),
    kinds=pl.col("kind").cast(pl.Categorical),
    tie=PLACE % 4,
    empty=pl.lit(None, dtype=pl.Float64),
    nothing=pl.lit(None, dtype=pl.String),
)
NUMBERS = Roles(["x0", "gap", "constant", "offset", "small", "digit", "empty", "short", "tie"])
TEXTS = Roles(["hole", "city", "kinds", "nothing", "digit"])
WHOLE = Roles(["small", "tie", "x0"])
ALL_STRATEGIES = ("mean", "median", "most_frequent", "constant")

CASES: list[Case] = [
    *(
        (SimpleImputer(strategy=strategy, **settings), NUMBERS, 1e-12, {})
        for strategy in ALL_STRATEGIES
        for settings in ({}, {"add_indicator": True}, {"keep_empty_features": True})
    ),
    *(
        (SimpleImputer(strategy=strategy, missing_values=3, add_indicator=True), WHOLE, 1e-12, {})
        for strategy in ALL_STRATEGIES
    ),
    *(
        (SimpleImputer(strategy=strategy, add_indicator=True, keep_empty_features=keep), TEXTS, 0.0, {})
        for strategy in ("most_frequent", "constant")
        for keep in (False, True)
    ),
    *(
        (SimpleImputer(strategy=strategy, missing_values="?"), Roles(["marked", "city"]), 0.0, {})
        for strategy in ("most_frequent", "constant")
    ),
    *(
        (SimpleImputer(strategy=strategy), Roles(["short"]), 0.0, {})
        for strategy in ("median", "most_frequent", "constant")
    ),
    (SimpleImputer(strategy="constant", fill_value=-1), Roles(["digit", "gap"]), 0.0, {}),
    (SimpleImputer(strategy="constant", fill_value="none"), Roles(["hole"]), 0.0, {}),
    (SimpleImputer(missing_values=pd.NA), Roles(["gap", "digit"]), 1e-12, {}),
    (MissingIndicator(), NUMBERS, 0.0, {}),
    (MissingIndicator(features="all"), NUMBERS, 0.0, {}),
    (MissingIndicator(), TEXTS, 0.0, {}),
    (MissingIndicator(missing_values=3), WHOLE, 0.0, {}),
    (MissingIndicator(missing_values="?"), Roles(["marked", "city"]), 0.0, {}),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    most = 4 if getattr(case[0], "strategy", "") == "median" else 1
    assert found.scalekit_fit_.passes <= most


def test_means_of_float32_are_summed_in_float64(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(SimpleImputer(), frame, Roles(["short"])).statistics_
    wanted = ROWS["short"].drop_nulls().cast(pl.Float64).mean()
    assert found[0] == pytest.approx(wanted, rel=1e-12)  # scikit-learn's sum in float32: 1e-5


@pytest.mark.parametrize(
    ("estimator", "roles", "match"),
    [
        (SimpleImputer(missing_values=-1), NUMBERS, "SimpleImputer does not accept missing values"),
        (SimpleImputer(), TEXTS, "Cannot use mean strategy with non-numeric data"),
        (SimpleImputer(strategy="constant", fill_value="x"), WHOLE, "cannot be cast"),
        (SimpleImputer(strategy="most_frequent"), Roles(["late"]), "data with dtype bool"),
        (SimpleImputer(missing_values=None), WHOLE, "expected to be both numerical"),
        (MissingIndicator(), Roles(["late"]), "data with dtype bool"),
    ],
)
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, roles: Roles, match: str, tmp_path: Path
) -> None:
    assert_raises_as_plain(estimator, ROWS, roles, tmp_path, match)


def test_functions_of_a_column_are_refused() -> None:
    with pytest.raises(NotDistributableError, match="takes all values of a column at once"):
        sk.fit(
            SimpleImputer(strategy=np.max), sk.from_polars(ROWS), features=["x0"], solver="passes"
        )
