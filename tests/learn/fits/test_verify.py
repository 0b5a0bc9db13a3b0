"""``verify=True`` finds a fit over partitions that is not scikit-learn's."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from scalekit.errors import VerificationWarning
from scalekit.learn.passes.data import Data
from scalekit.learn.strategies import scaling
from scalekit.learn.strategies.strategy import Strategy
from scalekit.learn.strategies.table import strategies
from tests.learn.fits.harness import Roles, numbers, over_parts, scattered

ROWS = numbers()
NUMBERS = Roles(["x0", "x1", "gap"])


@pytest.fixture
def faulty() -> Iterator[None]:
    """A scaler whose means are a little off."""

    def adapter(estimator: Any, data: Data) -> Any:
        fitted = yield from scaling.standard_scaler(estimator, data)
        fitted.mean_ = fitted.mean_ + 1e-6
        return fitted

    table: Any = strategies()
    right, table["StandardScaler"] = (
        table["StandardScaler"],
        Strategy("statistics", "exact", "1", adapter),
    )
    yield
    table["StandardScaler"] = right


@pytest.mark.parametrize("way", ["polars", "serial-8"])
def test_a_right_fit_is_verified(way: str, tmp_path: Path) -> None:
    with scattered(ROWS, way, tmp_path) as frame, warnings.catch_warnings():
        warnings.simplefilter("error")
        found = over_parts(StandardScaler(), frame, NUMBERS, verify=True)
        unverified = over_parts(MaxAbsScaler(), frame, NUMBERS)
    assert found.scalekit_fit_.verified < 1e-12
    assert unverified.scalekit_fit_.verified is None


def test_a_wrong_fit_is_found(faulty: None, tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.warns(VerificationWarning, match=r"transform differs by .*expected at most 1e-08"),
    ):
        found = over_parts(StandardScaler(), frame, NUMBERS, verify=True)
    assert found.scalekit_fit_.verified > 1e-8
