"""Fits from sums and cross products take sparse X as scikit-learn does, and refuse it where it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    Lars,
    Lasso,
    LassoCV,
    LinearRegression,
    Ridge,
    RidgeClassifier,
    RidgeCV,
)
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.learn.fits.harness import Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers(800)
FEATURES = ["small", "count", "days"]


def to_sparse(x: Any) -> Any:
    return sparse.csr_matrix(np.asarray(x, dtype=float))


def sparsely(estimator: Any) -> Pipeline:
    return Pipeline([("sparse", FunctionTransformer(to_sparse)), ("fit", estimator)])


@pytest.mark.parametrize(
    ("estimator", "target"),
    [
        (LinearRegression(), "y"),
        (Ridge(), "y"),
        (Ridge(fit_intercept=False), "y"),
        (Ridge(solver="lsqr"), "y"),
        (Lasso(0.01), "y"),
        (ElasticNet(0.01), "y"),
        (LassoCV(cv=3), "y"),
        (RidgeCV(), "y"),
        (RidgeClassifier(), "mode"),
        (MultinomialNB(), "mode"),
        (ComplementNB(), "mode"),
        (BernoulliNB(), "mode"),
        (PCA(2, random_state=0), None),
        (PCA(2, svd_solver="covariance_eigh"), None),
        (TruncatedSVD(random_state=0), None),
    ],
    ids=str,
)
def test_equals_the_plain_fit(estimator: Any, target: str | None, tmp_path: Path) -> None:
    roles = Roles(FEATURES, target)
    with scattered(ROWS, "serial-8", tmp_path) as frame:
        found = over_parts(sparsely(estimator), frame, roles)
    wanted = plain(sparsely(estimator), ROWS, roles)
    assert_same(found[-1], wanted[-1], 1e-10, loose={"dual_gap_": 1e-6})


@pytest.mark.parametrize(
    ("estimator", "target"),
    [
        (BayesianRidge(), "y"),
        (ARDRegression(), "y"),
        (Lars(), "y"),
        (GaussianNB(), "mode"),
        (CategoricalNB(), "mode"),
        (LinearDiscriminantAnalysis(), "mode"),
        (LinearDiscriminantAnalysis(solver="lsqr"), "mode"),
        (QuadraticDiscriminantAnalysis(), "mode"),
    ],
    ids=str,
)
def test_is_refused_as_in_memory(estimator: Any, target: str, tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-8", tmp_path) as frame,
        pytest.raises(TypeError, match="Sparse data was passed for X, but dense data is required"),
    ):
        over_parts(sparsely(estimator), frame, Roles(FEATURES, target))
