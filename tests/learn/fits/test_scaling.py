"""Scalers over partitions equal scikit-learn's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from tests.learn.fits.harness import (
    WAYS,
    Case,
    Roles,
    assert_same,
    numbers,
    over_parts,
    plain,
    scattered,
)

ROWS = numbers()
ALL = Roles(["x0", "x1", "x2", "x3", "gap", "constant", "offset", "small"])


CASES: list[Case] = [
    (StandardScaler(), ALL, 1e-12, {}),
    (StandardScaler(with_mean=False), ALL, 1e-12, {}),
    (StandardScaler(with_std=False), ALL, 1e-12, {}),
    (StandardScaler(with_mean=False, with_std=False), ALL, 1e-12, {}),
    (MinMaxScaler(), ALL, 1e-12, {}),
    (MinMaxScaler(feature_range=(-1, 2), clip=True), ALL, 1e-12, {}),
    (MaxAbsScaler(), ALL, 1e-12, {}),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case[0]))
def test_equals_the_plain_fit(case: Case, way: str, tmp_path: Path) -> None:
    estimator, roles, rtol, how = case
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, ROWS, roles), rtol, **how)
    assert found.scalekit_fit_.passes == 1
    assert found.scalekit_fit_.rows == ROWS.height
