"""Scalers over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
ALL = Roles(["x0", "x1", "x2", "x3", "gap", "constant", "offset", "small"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "estimator",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        StandardScaler(with_mean=False, with_std=False),
        MinMaxScaler(),
        MinMaxScaler(feature_range=(-1, 2), clip=True),
        MaxAbsScaler(),
    ],
    ids=str,
)
def test_equals_the_plain_fit(estimator: Any, way: str, tmp_path: Path) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, ALL)
    assert_same(found, plain(estimator, ROWS, ALL), 1e-12)
    assert found.scalekit_fit_.passes == 1
    assert found.scalekit_fit_.rows == ROWS.height
