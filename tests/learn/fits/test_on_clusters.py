"""Every estimator that is fitted over partitions, on real workers of Dask and of Ray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from tests.learn.fits.every_case import first_of_each_estimator
from tests.learn.fits.harness import assert_same, over_parts, plain

pytestmark = pytest.mark.timeout(400)

RAY = {"backend": "ray", "workers": 2, "worker_memory": "1GiB", "progress": False}


def assert_fits(name: str, settings: dict[str, Any], folder: Path) -> None:
    (estimator, roles, rtol, how), rows = first_of_each_estimator()[name]
    for number, (start, length) in enumerate(thirds(rows)):
        rows.slice(start, length).write_parquet(folder / f"{number}.parquet")
    with sk.config(**settings, partition_bytes=1):
        found = over_parts(estimator, sk.scan_parquet(str(folder / "*.parquet")), roles)
    assert found.scalekit_fit_.backend == settings["backend"]
    assert_same(found, plain(estimator, rows, roles), rtol, **how)


def thirds(rows: pl.DataFrame) -> list[tuple[int, int]]:
    """Three parts of different size, and one without a row."""
    first, second = rows.height // 5, rows.height // 2
    return [(0, first), (first, 0), (first, second), (first + second, rows.height)]


@pytest.mark.dask
@pytest.mark.parametrize("name", first_of_each_estimator())
def test_on_dask(name: str, dask_settings: Any, tmp_path: Path) -> None:
    assert_fits(name, dask_settings, tmp_path)


@pytest.mark.ray
@pytest.mark.parametrize("name", first_of_each_estimator())
def test_on_ray(name: str, tmp_path: Path) -> None:
    assert_fits(name, RAY, tmp_path)
