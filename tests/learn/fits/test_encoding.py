"""Encoders of categories over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

import scalekit as sk
from scalekit.errors import InvalidOperationError
from scalekit.learn.passes import counts
from tests.learn.fits.harness import WAYS, Case, Roles, numbers, over_parts, scattered
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

ROWS = numbers().with_columns(
    hole=pl.when(pl.int_range(pl.len()) % 7 == 3).then(None).otherwise(pl.col("city")),
    digit=pl.when(pl.int_range(pl.len()) % 401 == 300).then(None).otherwise(pl.col("small")),
    kinds=pl.col("kind").cast(pl.Categorical),
    day=pl.date(2024, 1, 1) + pl.duration(days=pl.col("small")),
    alone=pl.lit("only"),
)
ALL = Roles(["kind", "city", "small", "hole", "digit", "late", "kinds", "alone"])
TWO = Roles(["kind", "city"])
GIVEN = [["a", "b", "z"], ["Oslo", "Rome", "Xanadu"]]

ENCODERS = [
    OneHotEncoder(),
    OneHotEncoder(sparse_output=False, handle_unknown="ignore"),
    OneHotEncoder(drop="first"),
    OneHotEncoder(drop="if_binary", max_categories=2),
    OneHotEncoder(min_frequency=100),
    OneHotEncoder(min_frequency=0.1, drop="first"),
    OneHotEncoder(max_categories=3),
    OneHotEncoder(max_categories=1),
    OneHotEncoder(min_frequency=700, max_categories=3, handle_unknown="infrequent_if_exist"),
    OneHotEncoder(min_frequency=1_500),
    OrdinalEncoder(),
    OrdinalEncoder(min_frequency=100),
    OrdinalEncoder(max_categories=3, handle_unknown="use_encoded_value", unknown_value=-1),
    OrdinalEncoder(max_categories=1),
    OrdinalEncoder(min_frequency=1_500),
    OrdinalEncoder(encoded_missing_value=-5),
]
CASES: list[Case] = [
    *((encoder, ALL, 0.0, {}) for encoder in ENCODERS),
    (OneHotEncoder(), Roles(["day"]), 0.0, {}),
    (OneHotEncoder(drop=["a", "Rome"], max_categories=3), TWO, 0.0, {}),
    (OneHotEncoder(categories=[["a", "b", "c", "d", "e"], ["Rome", "Oslo", "Lima", "Perth"]]), TWO, 0.0, {}),
    *(
        (OneHotEncoder(categories=GIVEN, handle_unknown="ignore", min_frequency=least), TWO, 0.0, {})
        for least in (None, 3, 700, 1_900)
    ),
    (OrdinalEncoder(categories=GIVEN, handle_unknown="use_encoded_value", unknown_value=9), TWO, 0.0, {}),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes == 1


@pytest.mark.parametrize(
    ("estimator", "match"),
    [
        (OneHotEncoder(categories=GIVEN), "Found unknown categories"),
        (OneHotEncoder(drop=["z", "Rome"]), "supposed to be dropped"),
        (OrdinalEncoder(unknown_value=3), "unknown_value should only be set"),
        (OneHotEncoder(categories=[["a", "a"], ["Rome"]]), "contain duplicate elements"),
    ],
)
def test_refuses_what_scikit_learn_refuses(estimator: Any, match: str, tmp_path: Path) -> None:
    assert_raises_as_plain(estimator, ROWS, TWO, tmp_path, match)


def test_too_many_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(counts, "MOST", 100)
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(InvalidOperationError, match="'x0' has 2,000 different values"),
    ):
        over_parts(OneHotEncoder(), frame, Roles(["kind", "x0"]))


def test_text_and_none_and_nan_are_three_values() -> None:
    codes, values = counts.coded(counts.columns_of(_objects())[0])
    assert codes.tolist() == [0, 1, 2, 0, 2]
    assert values[0] is None
    assert values[1] == "a"
    assert values[2] != values[2]


def _objects() -> Any:
    import pandas as pd

    values = pd.Series([None, "a", float("nan"), None, float("nan")], dtype=object)
    return pd.DataFrame({"x": values})


def test_a_frame_of_this_session() -> None:
    found = sk.fit(
        OneHotEncoder(), sk.from_polars(ROWS), features=["city"], solver="passes"
    )  # fmt: skip
    assert found.categories_[0].tolist() == ["Lima", "Oslo", "Perth", "Rome"]
