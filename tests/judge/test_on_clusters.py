"""Evaluations and comparisons on real workers of Dask and of Ray: the same counts, the models sent once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.linear_model import LogisticRegression

import scalekit as sk
from tests.judge.rows import FEATURES, people
from tests.judge.test_scoring import TASKS, assert_same_tallies, judged

pytestmark = pytest.mark.timeout(400)

RAY = {"backend": "ray", "workers": 2, "worker_memory": "1GiB", "progress": False}

PEOPLE = people()


def assert_same_on(settings: dict[str, Any], folder: Path) -> None:
    path = folder / "rows.parquet"
    PEOPLE.write_parquet(path, row_group_size=PEOPLE.height // 7 + 1)
    for task in TASKS:
        with sk.config(backend="polars"):
            wanted = judged(sk.from_polars(PEOPLE), task)
        with sk.config(**settings, partitions=5):
            assert_same_tallies(judged(sk.scan_parquet(str(path)), task), wanted)


def assert_reports_on(settings: dict[str, Any], folder: Path) -> None:
    path = folder / "rows.parquet"
    people(3000).write_parquet(path)
    keys: dict[str, Any] = {
        "target": "churned",
        "key": "id",
        "group": "customer",
        "slices": ["region"],
    }
    with sk.config(track=False, backend="polars"):
        frame = sk.scan_parquet(str(path))
        train = sk.split(frame, group="customer").train
        old, new = (
            sk.fit(LogisticRegression(), train, target="churned", features=f)
            for f in (["x0"], FEATURES)
        )
        wanted = sk.evaluate(new, frame, **keys)
        compared = sk.compare({"prod": old, "dev": new}, frame, **keys)
    with sk.config(**settings, track=False, partitions=4):
        report = sk.evaluate(new, sk.scan_parquet(str(path)), **keys)
        found = sk.compare({"prod": old, "dev": new}, sk.scan_parquet(str(path)), **keys)
    assert report.provenance["backend"] == settings["backend"]
    judged_alike = pl.col("model").is_in([report.name, "dummy"])  # the linear one is fitted anew
    assert_frame_equal(
        report.results.filter(judged_alike), wanted.results.filter(judged_alike), rel_tol=1e-8
    )
    assert report.provenance["fingerprints"] == wanted.provenance["fingerprints"]
    assert [f.status for f in report.findings] == [f.status for f in wanted.findings]
    assert_frame_equal(found.differences, compared.differences, rel_tol=1e-7, abs_tol=1e-9)
    assert found.decision.passed


def assert_extras_on(settings: dict[str, Any], folder: Path) -> None:
    path = folder / "rows.parquet"
    people(3000).write_parquet(path)
    keys: dict[str, Any] = {
        "target": "churned", "key": "id", "group": "customer", "baselines": ["dummy"], "exact": True,
        "importance": True, "learning_curve": [0.3, 1.0],
    }  # fmt: skip
    with sk.config(track=False, backend="polars"):
        frame = sk.scan_parquet(str(path))
        train = sk.split(frame, group="customer").train
        model = sk.fit(LogisticRegression(), train, target="churned", features=FEATURES)
        wanted = sk.evaluate(model, frame, **keys)
    with sk.config(**settings, track=False, partitions=4):
        found = sk.evaluate(model, sk.scan_parquet(str(path)), **keys)
    assert_frame_equal(found.results, wanted.results, rel_tol=1e-8)
    assert_frame_equal(found.importance, wanted.importance, rel_tol=1e-8, abs_tol=1e-12)
    assert_frame_equal(found.learning_curve, wanted.learning_curve, rel_tol=1e-6)
    assert found.provenance["refined"] == wanted.provenance["refined"]


@pytest.mark.dask
def test_extras_are_the_same_on_dask(dask_settings: Any, tmp_path: Path) -> None:
    assert_extras_on(dask_settings, tmp_path)


@pytest.mark.ray
def test_extras_are_the_same_on_ray(tmp_path: Path) -> None:
    assert_extras_on(RAY, tmp_path)


@pytest.mark.dask
def test_tallies_are_the_same_on_dask(dask_settings: Any, tmp_path: Path) -> None:
    assert_same_on(dask_settings, tmp_path)


@pytest.mark.dask
def test_reports_and_comparisons_are_the_same_on_dask(dask_settings: Any, tmp_path: Path) -> None:
    assert_reports_on(dask_settings, tmp_path)


@pytest.mark.ray
def test_tallies_are_the_same_on_ray(tmp_path: Path) -> None:
    assert_same_on(RAY, tmp_path)


@pytest.mark.ray
def test_reports_and_comparisons_are_the_same_on_ray(tmp_path: Path) -> None:
    assert_reports_on(RAY, tmp_path)
