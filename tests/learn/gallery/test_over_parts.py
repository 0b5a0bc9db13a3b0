"""Models of the gallery score the same where their rows stay in parts, on every backend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import scalekit as sk
from tests.learn.fits.harness import SIZES, uneven
from tests.learn.gallery.scores import GALLERY, assert_same_scores, example, fitted, plain_scores

HERE = {
    "polars": {"partition_bytes": 200_000},
    "pandas": {"partition_bytes": 200_000},
    "serial-3": {"backend": "serial", "partitions": 3},
    "serial-8": {"backend": "serial", "partitions": 8},
}
"""Batches of two hundred rows or so on the backends of one machine; three parts, and eight, one without a row."""


def scores(name: str, folder: Path, **settings: Any) -> None:
    """Fit one of them over parts, and compare what it scores with plain scikit-learn's."""
    one = example(name)
    shares = SIZES["3"] if settings.get("partitions") == 3 else SIZES["8 uneven"]
    with sk.config(**settings):
        frame = uneven(one.rows, shares, folder)
        model = fitted(one, frame, solver="passes")
    assert type(model) is type(one.estimator)
    assert model.scalekit_fit_.exactness in ("exact", "converged")
    assert_same_scores(one.score(model, one.test), plain_scores(name))


@pytest.mark.parametrize("way", HERE)
@pytest.mark.parametrize("name", GALLERY)
def test_scores_are_those_of_plain_scikit_learn(name: str, way: str, tmp_path: Path) -> None:
    scores(name, tmp_path, **{"backend": way, **HERE[way]})


@pytest.mark.dask
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", GALLERY)
def test_on_dask(name: str, tmp_path: Path, dask_settings: Any) -> None:
    scores(name, tmp_path, **dask_settings, partitions=8)


@pytest.mark.ray
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", GALLERY)
def test_on_ray(name: str, tmp_path: Path) -> None:
    scores(name, tmp_path, backend="ray", workers=2, worker_memory="1GiB", partitions=8)
