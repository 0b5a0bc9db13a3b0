"""Every estimator that is fitted over partitions, on real workers of Dask and of Ray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import scalekit as sk
from tests.learn.fits.every_case import first_of_each_estimator
from tests.learn.fits.harness import assert_same, over_parts, plain, uneven

pytestmark = pytest.mark.timeout(400)

RAY = {"backend": "ray", "workers": 2, "worker_memory": "1GiB", "progress": False}


def assert_fits(name: str, settings: dict[str, Any], folder: Path) -> None:
    (estimator, roles, rtol, how), rows = first_of_each_estimator()[name]
    frame = uneven(rows, (0.2, 0.0, 0.5, 0.3), folder)
    with sk.config(**settings, partitions=4):
        found = over_parts(estimator, frame, roles)
    assert found.scalekit_fit_.backend == settings["backend"]
    assert_same(found, plain(estimator, rows, roles), rtol, **how)


@pytest.mark.dask
@pytest.mark.parametrize("name", first_of_each_estimator())
def test_on_dask(name: str, dask_settings: Any, tmp_path: Path) -> None:
    assert_fits(name, dask_settings, tmp_path)


@pytest.mark.ray
@pytest.mark.parametrize("name", first_of_each_estimator())
def test_on_ray(name: str, tmp_path: Path) -> None:
    assert_fits(name, RAY, tmp_path)
