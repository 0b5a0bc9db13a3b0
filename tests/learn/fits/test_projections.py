"""Transformers that are drawn from the number of columns equal scikit-learn's own, for the same random state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.kernel_approximation import PolynomialCountSketch, RBFSampler, SkewedChi2Sampler
from sklearn.preprocessing import Binarizer, LabelEncoder, Normalizer, PolynomialFeatures
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

import scalekit as sk
from scalekit.errors import NotDistributableError
from tests.learn.fits.harness import WAYS, Case, Roles, numbers, over_parts, plain, scattered
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

ROWS = numbers().with_columns(
    pl.col("x0", "x1").cast(pl.Float32).name.suffix("_32"),
    **{f"z{i}": pl.col("x0") * i for i in range(200)},
)
FEW, SHORT, MANY = (
    Roles(["x0", "x1", "small"]),
    Roles(["x0_32", "x1_32"]),
    Roles([f"z{i}" for i in range(200)]),
)

CASES: list[Case] = [
    (PolynomialFeatures(3, interaction_only=True), FEW, 0.0, {}),
    (Normalizer(), FEW, 0.0, {}),
    (Binarizer(), FEW, 0.0, {}),
    (RBFSampler(random_state=0), FEW, 0.0, {}),
    (RBFSampler(gamma="scale", random_state=0), FEW, 1e-12, {}),
    (RBFSampler(gamma="scale", random_state=0), SHORT, 1e-6, {}),
    (PolynomialCountSketch(random_state=1), FEW, 0.0, {}),
    (SkewedChi2Sampler(random_state=1), FEW, 0.0, {}),
    (GaussianRandomProjection(2, random_state=0), SHORT, 0.0, {}),
    (SparseRandomProjection(2, random_state=0), FEW, 0.0, {}),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes <= (1 if "scale" in str(case[0]) else 0)


def test_components_follow_the_number_of_rows(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    projection = GaussianRandomProjection(eps=0.999, random_state=0)
    with scattered(ROWS, "serial-3", tmp_path / "many") as frame:
        found = over_parts(projection, frame, MANY)
    wanted = plain(projection, ROWS, MANY)  # whose names of outputs scikit-learn itself cannot tell
    assert vars(found).keys() - {"scalekit_fit_"} == vars(wanted).keys()
    assert found.n_components_ == wanted.n_components_
    assert np.array_equal(found.components_, wanted.components_)
    assert found.feature_names_in_.tolist() == wanted.feature_names_in_.tolist()
    assert found.scalekit_fit_.passes == 1
    assert_raises_as_plain(projection, ROWS, FEW, tmp_path, "larger than the original space")


def test_encoders_of_labels_are_refused() -> None:
    with pytest.raises(NotDistributableError, match="it encodes labels, and a fit has features"):
        sk.fit(LabelEncoder(), sk.from_polars(ROWS), features=["city"], solver="passes")
