"""Estimators that learn batch by batch: the same model on every backend, as good as one fitted in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import Birch, MiniBatchKMeans
from sklearn.decomposition import (
    IncrementalPCA,
    LatentDirichletAllocation,
    MiniBatchDictionaryLearning,
    MiniBatchNMF,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    PassiveAggressiveClassifier,
    Perceptron,
    SGDClassifier,
    SGDOneClassSVM,
    SGDRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor

from scalekit.errors import NotDistributableError
from scalekit.learn.matrix import to_features, to_target
from tests.learn.fits.harness import WAYS, Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
X = ["x0", "x1", "small"]
COUNTS = Roles(["small", "days", "count"])
NO_LABELS = {"absent": ("labels_",)}

SAME: list[Any] = [
    (IncrementalPCA(2), Roles(X), 1e-10, {}),
    (IncrementalPCA(3, batch_size=333, whiten=True), Roles(X), 1e-10, {}),
    (IncrementalPCA(2, batch_size=1999), Roles(X), 1e-10, {}),  # one row is left
    (Birch(threshold=0.5), Roles(X), 1e-10, NO_LABELS),
    (Birch(threshold=0.5, n_clusters=None), Roles(X), 1e-10, NO_LABELS),
    (LatentDirichletAllocation(3, learning_method="online", random_state=0, max_iter=2), COUNTS, 1e-10, {}),
]  # fmt: skip
CASES = SAME

STREAMED: list[Any] = [
    (SGDClassifier(random_state=0), Roles(X, "late")),
    (SGDClassifier(random_state=0, loss="log_loss", class_weight="balanced"), Roles(X, "mode", "w")),
    (SGDClassifier(random_state=0, loss="modified_huber", average=True), Roles(X, "mode")),
    (Perceptron(), Roles(X, "late")),
    (SGDRegressor(random_state=0, eta0=0.001), Roles(X, "y", "w")),
    (SGDRegressor(random_state=0, eta0=0.001, loss="huber"), Roles(X, "y")),
    (MLPClassifier((5,), max_iter=60, random_state=0), Roles(X, "mode")),
    (MLPRegressor(hidden_layer_sizes=(5,), max_iter=60, random_state=0), Roles(X, "y")),
]  # fmt: skip
OTHERS: list[Any] = [
    (SGDOneClassSVM(random_state=0), Roles(X)),
    (MiniBatchKMeans(4, random_state=0), Roles(X, weight="w")),
    (MiniBatchDictionaryLearning(2, random_state=0, max_iter=3), Roles(X)),
    (MiniBatchNMF(2, random_state=0), COUNTS),
]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("estimator", "roles", "rtol", "kwargs"), SAME, ids=str)
def test_takes_the_batches_of_a_fit_in_memory(
    estimator: Any, roles: Roles, rtol: float, kwargs: Any, way: str, tmp_path: Path
) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(estimator, frame, roles)
    assert_same(found, plain(estimator, ROWS, roles), rtol, **kwargs)
    assert found.scalekit_fit_.exactness == "exact"


def fits(estimator: Any, roles: Roles, tmp_path: Path) -> list[Any]:
    found = []
    for way in WAYS:
        (tmp_path / way).mkdir()
        with scattered(ROWS, way, tmp_path / way) as frame:
            found.append(over_parts(estimator, frame, roles))
            assert found[-1].scalekit_fit_.exactness == "approximate"
            del found[-1].scalekit_fit_
    return found


@pytest.mark.parametrize(("estimator", "roles"), STREAMED, ids=str)
def test_is_the_same_everywhere_and_as_good(estimator: Any, roles: Roles, tmp_path: Path) -> None:
    first, *others = fits(estimator, roles, tmp_path)
    for other in others:
        assert_same(other, first, 1e-12)
    wanted = plain(estimator, ROWS, roles)
    assert set(vars(first)) == set(vars(wanted))
    x, y = to_features(ROWS.select(roles.features)), to_target(ROWS.select(roles.target))
    assert first.score(x, y) > wanted.score(x, y) - 0.06


@pytest.mark.parametrize(("estimator", "roles"), OTHERS, ids=str)
def test_is_the_same_everywhere(estimator: Any, roles: Roles, tmp_path: Path) -> None:
    here, *others = fits(estimator, roles, tmp_path)
    wanted = plain(estimator, ROWS, roles)
    assert set(vars(here)) == set(vars(wanted))
    absent = ("labels_",) if hasattr(here, "labels_") else ()
    for other in others:
        assert_same(other, here, 1e-10, absent=absent)
    if hasattr(here, "inertia_"):
        assert here.inertia_ < 1.5 * wanted.inertia_
        assert np.array_equal(here.labels_, here.predict(to_features(ROWS.select(roles.features))))
    if hasattr(here, "reconstruction_err_"):
        assert here.reconstruction_err_ == pytest.approx(wanted.reconstruction_err_, rel=0.05)


def test_passes_are_epochs_and_two(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        with pytest.warns(ConvergenceWarning, match="3 epochs"):
            found = over_parts(SGDClassifier(max_iter=3, tol=None), frame, Roles(X, "late"))
        assert found.n_iter_ == 3
        assert found.scalekit_fit_.passes == 5
        assert found.get_params()["class_weight"] is None


@pytest.mark.parametrize(
    "estimator",
    [
        SGDClassifier(early_stopping=True),
        SGDClassifier(learning_rate="adaptive", eta0=0.1),
        MLPClassifier(solver="lbfgs"),
        LatentDirichletAllocation(),
        MiniBatchNMF(beta_loss="kullback-leibler"),
    ],
    ids=str,
)
def test_parameters_that_need_all_rows_are_refused(estimator: Any, tmp_path: Path) -> None:
    with (
        scattered(ROWS, "serial-3", tmp_path) as frame,
        pytest.raises(NotDistributableError, match=r"set it to|take"),
    ):
        over_parts(estimator, frame, Roles(X, "late"))


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_passive_aggressive(tmp_path: Path) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(PassiveAggressiveClassifier(random_state=0), frame, Roles(X, "late"))
    wanted = plain(PassiveAggressiveClassifier(random_state=0), ROWS, Roles(X, "late"))
    assert set(vars(found)) - {"scalekit_fit_"} == set(vars(wanted))


@pytest.mark.parametrize(
    ("estimator", "roles", "words"),
    [
        (SGDClassifier(), Roles(["gap"], "late"), "contains NaN"),
        (SGDRegressor(), Roles(["gap"], "y"), "contains NaN"),
        (IncrementalPCA(), Roles(["gap", "x0"]), "contains NaN"),
        (LatentDirichletAllocation(learning_method="online"), Roles(["x0"]), "Negative values"),
    ],
    ids=str,
)
def test_refuses_what_scikit_learn_refuses(
    estimator: Any, roles: Roles, words: str, tmp_path: Path
) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame, pytest.raises(ValueError, match=words):
        over_parts(estimator, frame, roles)
