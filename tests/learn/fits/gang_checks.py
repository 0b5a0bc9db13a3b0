"""What gangs have to do on every cluster."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier

import scalekit as sk
from scalekit.backends.watch import Watch
from tests.faults.fit_kills import FITS, kill_in, watched
from tests.learn.fits import harness
from tests.learn.fits.harness import Roles, over_parts, plain, scattered
from tests.learn.fits.trees import assert_same_trees

ROWS = harness.numbers().with_columns(stage=pl.col("days") - 1)
X = ["x0", "x1", "x2", "x3", "gap", "constant", "offset", "small"]

MODELS = [
    (XGBClassifier(n_estimators=100, n_jobs=1), Roles(X, "late")),
    (XGBClassifier(n_estimators=10, n_jobs=2, colsample_bytree=0.5, random_state=1), Roles(X, "stage", "w")),
    (XGBRegressor(n_estimators=10, n_jobs=1, subsample=0.7), Roles(X, ["y", "amount"])),
    (XGBRFClassifier(n_estimators=4, n_jobs=1), Roles(X, "late")),
]  # fmt: skip
"""Models of which each has to be the one that is fitted on one machine."""


def check_models(folder: Path, settings: dict[str, Any], numbers: Sequence[int]) -> None:
    """Models are the same there, of uneven parts of which one is empty and one has a single row."""
    for number in numbers:
        estimator, roles = MODELS[number]
        found = fitted(estimator, roles, folder / f"{number} there", settings)
        assert found.scalekit_fit_.backend == settings["backend"]
        if (found.get_params()["subsample"] or 1) < 1:
            wanted = fitted(estimator, roles, folder / f"{number} here", {"backend": "polars"})
        else:
            wanted = plain(estimator, ROWS, roles)
        assert_same_trees(found, wanted, ROWS.select(X))


def fitted(estimator: Any, roles: Roles, folder: Path, settings: dict[str, Any]) -> Any:
    """A model of a backend."""
    folder.mkdir()
    with scattered(ROWS, "serial-8", folder) as frame, sk.config(**settings):
        return over_parts(estimator, frame, roles)


def check_two_at_once(folder: Path, settings: dict[str, Any]) -> None:
    """Two fits that begin at the same time are both right."""
    estimator, roles = MODELS[0]
    with scattered(ROWS, "serial-8", folder) as frame:
        sk.configure(**settings)  # for all threads
        with ThreadPoolExecutor(2) as pool:
            models = list(pool.map(lambda _: over_parts(estimator, frame, roles), range(2)))
    for model in models:
        assert_same_trees(model, plain(estimator, ROWS, roles), ROWS.select(X))


class Interrupts(Watch):
    """The user's stop button, when the first tree is there."""

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:
        """Press it."""
        if "growing trees" in name and done:
            raise KeyboardInterrupt


def check_interrupt(folder: Path, settings: dict[str, Any]) -> None:
    """An interrupt ends a fit at once, and the next one is right."""
    estimator = XGBClassifier(n_estimators=100_000, n_jobs=1)
    with scattered(ROWS, "serial-8", folder) as frame, sk.config(**settings):
        started = time.monotonic()
        with watched(Interrupts()), pytest.raises(KeyboardInterrupt):
            over_parts(estimator, frame, Roles(X, "late"))
        estimator.n_estimators = 5
        found = over_parts(estimator, frame, Roles(X, "late"))
        assert time.monotonic() - started < 60
    assert_same_trees(found, plain(estimator, ROWS, Roles(X, "late")), ROWS.select(X))


def check_own_error(folder: Path, settings: dict[str, Any]) -> None:
    """What XGBoost refuses while members read their rows is told in its words, and the next fit is right."""
    rows = ROWS.with_columns(count=pl.col("count") - 1)
    estimator = XGBRegressor(n_estimators=3, objective="count:poisson")
    with scattered(rows, "serial-8", folder) as frame, sk.config(**settings):
        with pytest.raises(ValueError, match="label must be non-negative"):
            over_parts(estimator, frame, Roles(X, "count"))
        found = over_parts(estimator, frame, Roles(X, "amount"))
    assert_same_trees(found, plain(estimator, rows, Roles(X, "amount")), rows.select(X))


def check_kill(folder: Path, settings: dict[str, Any], victim: int) -> None:
    """A member that is killed at the third tree is done without."""
    (fit,) = [fit for fit in FITS if fit.name == "xgboost"]
    with scattered(fit.rows, "serial-8", folder) as frame, sk.config(**settings):
        found = kill_in(fit, frame, settings["backend"], fit.passes, 3, victim)
    assert found.is_fine, found
