"""RobustScaler and QuantileTransformer over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import QuantileTransformer, RobustScaler

import scalekit as sk
from scalekit.learn.strategies import order_scaling
from tests.learn.fits.harness import WAYS, Case, Roles, numbers, over_parts, plain, scattered
from tests.learn.fits.ways import assert_equals_plain, assert_raises_as_plain, named

ROWS = numbers().with_columns(pl.col("x0", "x1", "gap").cast(pl.Float32).name.suffix("_32"))
ALL = Roles(["x0", "x1", "x2", "x3", "gap", "constant", "offset", "small"])
SHORT = Roles(["x0_32", "x1_32", "gap_32"])

CASES: list[Case] = [
    (RobustScaler(), ALL, 0.0, {}),
    (RobustScaler(unit_variance=True, quantile_range=(10, 99)), ALL, 1e-15, {}),
    (RobustScaler(with_centering=False), ALL, 0.0, {}),
    (RobustScaler(with_scaling=False), ALL, 0.0, {}),
    (RobustScaler(), SHORT, 0.0, {}),
    (RobustScaler(), Roles(["late", "small"]), 0.0, {}),
    (QuantileTransformer(n_quantiles=50), ALL, 0.0, {}),
    (QuantileTransformer(output_distribution="normal"), SHORT, 0.0, {}),
    (QuantileTransformer(n_quantiles=1_500, subsample=None), ALL, 0.0, {}),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    found = assert_equals_plain(case, ROWS, way, tmp_path)
    assert found.scalekit_fit_.passes <= 4


@pytest.mark.parametrize("roles", [ALL, SHORT], ids=["all", "float32"])
def test_quantiles_of_all_rows(
    roles: Roles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(order_scaling, "FEW", 100)
    case = (QuantileTransformer(n_quantiles=77, subsample=None), roles, 0.0, {})
    found = assert_equals_plain(case, ROWS, "serial-8", tmp_path)
    assert found.scalekit_fit_.passes <= 5


def test_the_sample_is_the_same_everywhere(tmp_path: Path) -> None:
    sampled = QuantileTransformer(n_quantiles=20, subsample=300, random_state=3)
    found = []
    for way in WAYS:
        folder = tmp_path / way
        folder.mkdir()
        with scattered(ROWS, way, folder) as frame:
            found.append(over_parts(sampled, frame, ALL))
    found.append(sk.fit(sampled, sk.from_polars(ROWS.reverse()), features=list(ALL.features)))
    for one in found[1:]:
        assert np.array_equal(one.quantiles_, found[0].quantiles_)
    assert found[0].get_params() == sampled.get_params()
    assert found[0].scalekit_fit_.exactness == "in_law"
    whole = plain(QuantileTransformer(n_quantiles=20), ROWS, ALL).quantiles_[:, :5]
    apart = np.abs(found[0].quantiles_[10, :5] - whole[10])
    assert np.all(apart <= 0.1 * np.ptp(whole, axis=0))  # whole numbers may be one off


def test_refuses_what_scikit_learn_refuses(tmp_path: Path) -> None:
    wrong = RobustScaler(quantile_range=(75.0, 25.0))
    assert_raises_as_plain(wrong, ROWS, ALL, tmp_path, "Invalid quantile range")
    text = Roles(["x0", "city"])
    assert_raises_as_plain(RobustScaler(), ROWS, text, tmp_path, "could not convert string")
