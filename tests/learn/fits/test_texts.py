"""Vectorizers of text over partitions equal scikit-learn's own; they take the text of one column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit.errors import InvalidOperationError
from tests.learn.fits.harness import WAYS, Case, Roles, numbers, over_parts, plain, scattered
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

WORDS = [
    "the",
    "a",
    "quick",
    "brown",
    "Fox",
    "jumps",
    "over",
    "lazy",
    "dog",
    "don't",
    "élan",
    "x1",
    "42",
    "naïve",
    "zebra",
    "apple",
    "pear",
    "fig",
    "and",
    "or",
]


def documents(count: int) -> list[str]:
    """Texts of few words, frequent and rare ones; some have none, or none that counts."""
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, len(WORDS) + 1)
    sizes = rng.integers(0, 9, size=count)
    found = [" ".join(rng.choice(WORDS, size=size, p=share / share.sum())) for size in sizes]
    return ["", "a I", *found[2:]]


ROWS = numbers().with_columns(
    text=pl.Series(documents(2_000)),
    facts=pl.struct(pl.col("city"), pl.col("small").alias("size")),
)
TEXT = Roles(["text"])
SETTINGS: list[dict[str, Any]] = [
    {},
    {"min_df": 30},
    {"max_df": 0.3, "min_df": 0.01},
    {"max_features": 5},
    {"max_features": 6, "binary": True},
    {"ngram_range": (1, 2)},
    {"analyzer": "char_wb", "ngram_range": (2, 3)},
    {"stop_words": "english", "lowercase": False},
    {"strip_accents": "unicode"},
    {"vocabulary": ["fox", "dog", "whale"]},
]

CASES: list[Case] = [
    *(
        (vectorizer(**settings), TEXT, 0.0, {})
        for vectorizer in (CountVectorizer, TfidfVectorizer)
        for settings in SETTINGS
    ),
    (TfidfVectorizer(use_idf=False), TEXT, 0.0, {}),
    (TfidfVectorizer(smooth_idf=False), TEXT, 0.0, {}),
    (TfidfVectorizer(sublinear_tf=True, norm=None), TEXT, 0.0, {}),
    (TfidfVectorizer(dtype=np.float32), TEXT, 0.0, {}),
    (TfidfVectorizer(use_idf=False, vocabulary=["fox", "dog"]), TEXT, 0.0, {}),
    (HashingVectorizer(), TEXT, 0.0, {}),
    *(
        (TfidfTransformer(**settings), Roles(["small", "count", "x0"]), 0.0, {})
        for settings in ({}, {"use_idf": False}, {"smooth_idf": False})
    ),
    (DictVectorizer(), Roles(["facts"]), 0.0, {}),
    (FeatureHasher(8), Roles(["facts"]), 0.0, {}),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes <= 1


@pytest.mark.parametrize(
    ("estimator", "roles", "match"),
    [
        (CountVectorizer(min_df=5_000), TEXT, "max_df corresponds to < documents than min_df"),
        (CountVectorizer(min_df=0.9), TEXT, "After pruning, no terms remain"),
        (CountVectorizer(token_pattern="q{9}"), TEXT, "empty vocabulary; perhaps"),
        (CountVectorizer(ngram_range=(2, 1)), TEXT, "lower boundary larger than"),
        (TfidfTransformer(), Roles(["gap"]), "TfidfTransformer does not accept missing values"),
    ],
)
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, roles: Roles, match: str, tmp_path: Path
) -> None:
    assert_raises_as_plain(estimator, ROWS, roles, tmp_path, match)


@pytest.mark.parametrize("solver", ["memory", "passes"])
def test_one_column_is_its_text(solver: str) -> None:
    frame = sk.from_polars(ROWS)
    model = sk.fit(
        make_pipeline(TfidfVectorizer(min_df=5), LogisticRegression()), frame,
        features="text", target="late", solver=solver, verify=solver == "passes",
    )  # fmt: skip
    wanted = plain(model, ROWS, Roles(["text"], "late"))
    assert model[0].vocabulary_ == wanted[0].vocabulary_
    assert np.max(np.abs(model[1].coef_ - wanted[1].coef_)) <= 1e-6
    found = sk.predict(model, frame, keep=[], method="predict_proba").collect()
    expected = wanted.predict_proba(ROWS["text"].to_list())
    assert np.max(np.abs(found.to_numpy() - expected)) <= 1e-6


def test_several_columns_are_refused() -> None:
    for solver in ("memory", "passes"):
        with pytest.raises(
            InvalidOperationError, match="takes the text of one column, and there are 2"
        ):
            sk.fit(
                CountVectorizer(), sk.from_polars(ROWS), features=["text", "city"], solver=solver
            )  # fmt: skip


def test_beside_other_columns(tmp_path: Path) -> None:
    whole = ColumnTransformer(
        [("words", CountVectorizer(), "text"), ("scaled", StandardScaler(), ["x0", "x1"])]
    )
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        found = over_parts(whole, frame, Roles(["x0", "text", "x1"]))
    wanted = plain(whole, ROWS, Roles(["x0", "text", "x1"]))
    assert list(found.get_feature_names_out()) == list(wanted.get_feature_names_out())
    assert (
        found.named_transformers_["words"].vocabulary_
        == wanted.named_transformers_["words"].vocabulary_
    )
