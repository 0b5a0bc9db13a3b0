"""k-means over partitions takes Lloyd's steps as scikit-learn does; what it draws is the same on every backend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.cluster import BisectingKMeans, KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score

from scalekit.learn.matrix import to_features
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
X = ["x0", "x1", "small", "offset", "constant"]
ALL, WEIGHTED = Roles(X), Roles(X, weight="w")
START = ROWS.select(X).head(6).to_numpy()
FAR = START + np.array([[0], [0], [1e4], [0], [2e4], [0]])
NO_LABELS = {"absent": ("labels_",)}

CASES: list[Any] = [
    (KMeans(6, init=START), ALL, 1e-10, NO_LABELS),
    (KMeans(6, init=START), WEIGHTED, 1e-10, NO_LABELS),
    (KMeans(6, init=START, tol=0.0, algorithm="elkan"), ALL, 1e-10, NO_LABELS),
    (KMeans(6, init=START, max_iter=3), ALL, 1e-10, NO_LABELS),
    (KMeans(6, init=FAR), ALL, 1e-10, NO_LABELS),
    (KMeans(6, init=FAR), WEIGHTED, 1e-10, NO_LABELS),
]


def blobs(rows: int = 1_500) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(5, 3)) * 20
    x = middles[rng.integers(0, 5, rows)] + rng.normal(size=(rows, 3))
    w = rng.uniform(0.5, 2.0, rows)
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1] + 1e5, "c": x[:, 2], "w": w})


BLOBS = blobs()
ABC = Roles(["a", "b", "c"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "kwargs"), CASES, ids=lambda _: "")
def test_equals_the_plain_fit(
    estimator: Any, roles: Roles, rtol: float, kwargs: Any, way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    absent = kwargs["absent"] if way != "polars" else ()
    assert_same(found, plain(estimator, ROWS, roles), rtol, absent=absent)
    assert found.scalekit_fit_.passes <= found.n_iter_ + 3 + 2 * (estimator.init is FAR)


def fits(estimator: Any, ways: Any, tmp_path: Path, **settings: Any) -> list[Any]:
    found = []
    for number, (rows, way) in enumerate(ways):
        (tmp_path / str(number)).mkdir()
        with scattered(rows, way, tmp_path / str(number)) as frame:
            found.append(over_parts(estimator, frame, ABC, **settings))
    return found


@pytest.mark.parametrize(
    "estimator",
    [
        KMeans(5, random_state=0),
        KMeans(5, random_state=0, init="random"),
        KMeans(5, random_state=3, n_init=4),
        BisectingKMeans(5, random_state=0, n_init=3),
        BisectingKMeans(5, random_state=0, init="k-means++", bisecting_strategy="largest_cluster"),
    ],
    ids=str,
)
def test_what_is_drawn_is_the_same_everywhere(estimator: Any, tmp_path: Path) -> None:
    mixed = BLOBS.sample(fraction=1.0, shuffle=True, seed=1)
    ways = [(BLOBS, way) for way in WAYS] + [(mixed, "serial-3")]
    first, *others = fits(estimator, ways, tmp_path)
    here = fits(estimator, [(BLOBS, "polars")], tmp_path / "2", solver="auto")
    for other in others + here:
        np.testing.assert_allclose(other.cluster_centers_, first.cluster_centers_, rtol=1e-10)
        np.testing.assert_allclose(other.inertia_, first.inertia_, rtol=1e-10)
    x = to_features(BLOBS.select(ABC.features))
    assert np.array_equal(first.labels_, first.predict(x))
    assert np.array_equal(here[0].labels_, first.labels_)


@pytest.mark.parametrize(
    "estimator",
    [KMeans(5, random_state=0, n_init=5), BisectingKMeans(5, random_state=0, n_init=5)],
    ids=str,
)
def test_clusters_are_those_of_the_plain_fit(estimator: Any, tmp_path: Path) -> None:
    wanted = plain(estimator, BLOBS, ABC)
    (found,) = fits(estimator, [(BLOBS, "polars")], tmp_path)
    assert set(vars(found)) - {"scalekit_fit_"} == set(vars(wanted))
    assert adjusted_rand_score(wanted.labels_, found.labels_) > 0.99
    assert found.inertia_ == pytest.approx(wanted.inertia_, rel=1e-6)
    assert found._tol == pytest.approx(wanted._tol, rel=1e-10)


def test_bisecting_with_one_cluster_is_the_mean(tmp_path: Path) -> None:
    (found,) = fits(BisectingKMeans(1), [(BLOBS, "polars")], tmp_path)
    wanted = plain(BisectingKMeans(1), BLOBS, ABC)
    assert_same(found, wanted, 1e-10)


def test_says_that_clusters_are_empty(tmp_path: Path) -> None:
    rows = pl.DataFrame({"a": [1.0, 2.0] * 10, "b": 0.0, "c": 0.0})
    with pytest.warns(ConvergenceWarning, match=r"distinct clusters \(2\)"):
        fits(KMeans(3, random_state=0), [(rows, "serial-3")], tmp_path)


@pytest.mark.parametrize(
    ("rows", "words"),
    [(BLOBS.head(3), "n_samples=3 should be >= n_clusters=5"),
     (BLOBS.with_columns(a=float("nan")), "contains NaN")],
    ids=["few", "NaN"],
)  # fmt: skip
def test_refuses_what_scikit_learn_refuses(rows: pl.DataFrame, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        fits(KMeans(5), [(rows, "serial-3")], tmp_path)
