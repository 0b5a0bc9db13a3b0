"""Naive Bayes over partitions equals scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB

from scalekit.errors import NotDistributableError
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
REAL = ["x0", "x1", "x2", "x3", "constant", "offset", "small"]
COUNTS = ["count", "days", "amount"]
WHOLE = ["small", "count", "days"]

CASES: list[tuple[Any, Roles, float, dict[str, Any]]] = [
    # rows lie in the order of kind: most parts lack some of its classes
    (GaussianNB(), Roles(REAL, "kind"), 1e-12, {}),
    (GaussianNB(), Roles(REAL, "late", "w"), 1e-12, {}),
    (GaussianNB(), Roles(REAL, "days"), 1e-12, {}),
    (GaussianNB(priors=[0.2, 0.5, 0.3], var_smoothing=1e-3), Roles(REAL, "mode", "w"), 1e-12, {}),
    (MultinomialNB(), Roles(COUNTS, "kind"), 1e-12, {}),
    (MultinomialNB(alpha=[0.1, 1.0, 2.0], fit_prior=False), Roles(COUNTS, "mode", "w"), 1e-12, {}),
    (ComplementNB(), Roles(COUNTS, "kind", "w"), 1e-12, {}),
    (ComplementNB(norm=True), Roles(COUNTS, "late"), 1e-12, {}),
    (BernoulliNB(), Roles(REAL, "kind"), 1e-12, {}),
    (BernoulliNB(binarize=0.5, class_prior=[0.5, 0.5]), Roles(REAL, "late", "w"), 1e-12, {}),
    (BernoulliNB(binarize=None), Roles(["late", "small"], "mode"), 1e-12, {}),
    (CategoricalNB(), Roles(WHOLE, "kind"), 1e-12, {}),
    (CategoricalNB(min_categories=20), Roles(WHOLE, "mode", "w"), 1e-12, {}),
    (CategoricalNB(alpha=0.0, force_alpha=False), Roles(WHOLE, "late"), 1e-12, {}),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "settings"), CASES, ids=str)
@pytest.mark.filterwarnings("ignore:alpha too small")
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, settings: dict[str, Any], way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, ROWS, roles), rtol, **settings)
    assert found.scalekit_fit_.passes == 1


def test_a_class_without_weight(tmp_path: Path) -> None:
    rows = ROWS.with_columns(pl.when(pl.col("kind") == "b").then(0.0).otherwise("w").alias("w"))
    roles = Roles(["x0", "x1"], "kind", "w")
    with scattered(rows, "serial-8", tmp_path) as frame:
        found = over_parts(GaussianNB(), frame, roles)
    assert_same(found, plain(GaussianNB(), rows, roles), 1e-12)


def test_columns_of_float32(tmp_path: Path) -> None:
    rows = ROWS.with_columns(pl.col("x0", "x1").cast(pl.Float32))
    for estimator, rtol in ((GaussianNB(), 1e-5), (BernoulliNB(), 1e-12)):
        roles = Roles(["x0", "x1"], "mode")
        with scattered(rows, "serial-1", tmp_path) as frame:
            found = over_parts(estimator, frame, roles)
        assert_same(found, plain(estimator, rows, roles), rtol)


@pytest.mark.parametrize(
    ("estimator", "features", "target", "says"),
    [
        (MultinomialNB(), ["x0"], "mode", "Negative values in data passed to MultinomialNB"),
        (CategoricalNB(), ["x0"], "mode", "Negative values in data passed to CategoricalNB"),
        (GaussianNB(), ["gap"], "mode", "Input X contains NaN"),
        (GaussianNB(), ["kind"], "mode", "could not convert string to float"),
        (GaussianNB(), ["x0"], "x1", "Unknown label type: continuous"),
        (GaussianNB(priors=[0.5, 0.5]), ["x0"], "mode", "Number of priors must match"),
    ],
    ids=str,
)
def test_input_that_scikit_learn_refuses(
    estimator: Any, features: list[str], target: str, says: str, tmp_path: Path
) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(ValueError, match=says):
        over_parts(estimator, frame, Roles(features, target))


def test_a_small_alpha_warns_as_in_memory(tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.warns(UserWarning, match="alpha too small"),
    ):
        over_parts(MultinomialNB(alpha=0.0, force_alpha=False), frame, Roles(COUNTS, "mode"))


def test_categories_that_are_no_small_numbers_are_refused(tmp_path: Path) -> None:
    rows = ROWS.with_columns(pl.col("small") * 100_000_000)
    with (
        scattered(rows, "serial-3", tmp_path) as frame,
        pytest.raises(NotDistributableError, match="OrdinalEncoder"),
    ):
        over_parts(CategoricalNB(), frame, Roles(["small"], "mode"))
