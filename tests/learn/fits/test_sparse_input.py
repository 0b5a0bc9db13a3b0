"""What takes sparse matrices is fitted on them over partitions, as a step behind one that gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.feature_selection import (
    SelectKBest,
    VarianceThreshold,
    chi2,
    f_classif,
    f_regression,
    r_regression,
)
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import RBFSampler
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, RobustScaler
from sklearn.random_projection import SparseRandomProjection

from tests.learn.fits.harness import Roles, numbers, over_parts, plain, scattered
from tests.learn.fits.harness import differences as differences_of
from tests.learn.fits.test_texts import documents
from tests.learn.fits.ways import worded

ROWS = numbers().with_columns(text=pl.Series(documents(2_000)))

STEPS = [
    TfidfTransformer(),
    SelectKBest(chi2, k=4),
    SelectKBest(f_classif, k=4),
    SelectKBest(f_regression, k=4),
    SelectKBest(r_regression, k=4),
    VarianceThreshold(),
    VarianceThreshold(0.05),
    SimpleImputer(),
    SimpleImputer(strategy="median"),
    SimpleImputer(strategy="most_frequent"),
    SimpleImputer(strategy="constant", fill_value=2),
    SimpleImputer(missing_values=1, add_indicator=True),
    SimpleImputer(missing_values=1, strategy="median"),
    MissingIndicator(missing_values=1),
    RobustScaler(with_centering=False, quantile_range=(1.0, 99.0)),
    QuantileTransformer(n_quantiles=30, subsample=None),
    QuantileTransformer(n_quantiles=30, subsample=None, ignore_implicit_zeros=True),
    RBFSampler(gamma="scale", random_state=0),
    SparseRandomProjection(3, random_state=0),
]


@pytest.mark.parametrize("way", ["polars", "serial-8"])
@pytest.mark.parametrize("step", STEPS, ids=worded)
def test_a_step_behind_words(step: Any, way: str, tmp_path: Path) -> None:
    target = "y" if "regression" in str(getattr(step, "score_func", "")) else "mode"
    whole, roles = make_pipeline(CountVectorizer(), step), Roles(["text"], target)
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(whole, frame, roles)[1]
    wanted = plain(whole, ROWS, roles)[1]
    assert vars(found).keys() == vars(wanted).keys()
    for name, value in vars(wanted).items():
        for what, difference in differences_of(vars(found)[name], value, name):
            assert difference <= 1e-12, (what, difference)
