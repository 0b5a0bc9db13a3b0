"""Where a fit runs, what ``explain_fit`` says of it, and what becomes of estimators without a fit over partitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scalekit as sk
from scalekit.errors import InvalidOperationError, NotDistributableError
from tests.learn.fits.harness import Roles, assert_same, numbers, over_parts, plain, scattered

ROWS = numbers()
LATE = Roles(["x0", "x1"], "late")
NUMBER = Roles(["x0", "x1"], "y")


def planned(frame: sk.Frame, estimator: Any, roles: Roles, **settings: Any) -> Any:
    return sk.explain_fit(
        estimator, frame, target=roles.target, features=list(roles.features), **settings
    )


def test_rows_that_fit_the_memory_are_fitted_in_memory(tmp_path: Path) -> None:
    with scattered(ROWS, "polars", tmp_path) as frame:
        found = over_parts(LogisticRegression(), frame, LATE, solver="auto")
        plan = planned(frame, LogisticRegression(), LATE)
    assert found.scalekit_fit_.strategy == "local"
    assert plan.steps[0].strategy == "memory"
    assert "fit the memory here" in str(plan)


def test_rows_that_do_not_fit_are_read_in_batches(tmp_path: Path) -> None:
    with scattered(ROWS, "polars", tmp_path) as frame, sk.config(memory_budget=100_000):
        assert not planned(frame, KNeighborsRegressor(), NUMBER)
        plan = planned(frame, LogisticRegression(), LATE)
        assert plan.steps[0].strategy == "iterative"
        assert "do not fit the memory here" in plan.reason


@pytest.mark.parametrize("settings", [{}, {"solver": "memory"}], ids=str)
def test_rows_on_a_cluster_stay_there_unless_memory_is_asked_for(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    with scattered(ROWS, "serial-3", tmp_path) as frame:
        found = over_parts(StandardScaler(), frame, LATE, **{"solver": "auto", **settings})
    how = found.scalekit_fit_
    assert (how.strategy, how.backend) == ("local" if settings else "statistics", "serial")


def test_nothing_is_read_before_a_refusal() -> None:
    def explode(rows: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("rows were read")

    frame = sk.from_polars(ROWS.select("x0", "y")).map_batches(explode)
    with sk.config(backend="serial"), pytest.raises(NotDistributableError) as caught:
        sk.fit(make_pipeline(StandardScaler(), KNeighborsRegressor()), frame, target="y")
    message = str(caught.value)
    assert "KNeighborsRegressor (step kneighborsregressor) cannot be fitted" in message
    assert "in its place: " in message
    assert "on_unsupported='sample'" in message


def test_the_plan_says_what_the_fit_raises() -> None:
    model = make_pipeline(StandardScaler(), KNeighborsRegressor())
    with sk.config(backend="serial"):
        plan = planned(sk.from_polars(ROWS), model, NUMBER)
        gathered = planned(sk.from_polars(ROWS), model, NUMBER, on_unsupported="gather")
    assert not plan
    assert [bool(step.refusal) for step in plan.steps] == [False, False, True]
    assert gathered
    assert gathered.frame()["strategy"].to_list() == ["composed", "statistics", "gathered"]
    assert "✗" in plan._repr_html_()
    assert "✗" not in gathered._repr_html_()


@pytest.mark.parametrize("way", ["polars", "serial-3", "serial-8"])
def test_what_is_gathered_is_the_plain_fit(way: str, tmp_path: Path) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        found = over_parts(KNeighborsRegressor(), frame, NUMBER, on_unsupported="gather")
    wanted = plain(KNeighborsRegressor(), ROWS, NUMBER)
    assert found.scalekit_fit_.exactness == "exact"
    some = ROWS.select("x0", "x1").to_pandas()
    assert np.array_equal(found.predict(some), wanted.predict(some))
    assert_same(found, wanted, 0.0, loose={"_tree": np.inf})


def test_a_sample_is_the_same_in_all_partitions(tmp_path: Path) -> None:
    def learned(way: str) -> Any:
        folder = tmp_path / way
        folder.mkdir()
        with scattered(ROWS, way, folder) as frame:
            return over_parts(
                KNeighborsRegressor(), frame, NUMBER, on_unsupported="sample", max_rows=300
            )

    models = [learned(way) for way in ("polars", "serial-1", "serial-3", "serial-8")]
    assert models[0].scalekit_fit_.exactness == "sampled"
    assert models[0].n_samples_fit_ == 300
    for other in models[1:]:
        assert np.array_equal(other._fit_X, models[0]._fit_X)


@pytest.mark.parametrize("way", ["polars", "serial-3"])
def test_no_rows_are_an_error_that_says_so(way: str, tmp_path: Path) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        empty = frame.filter(sk.col("x0") > 1e9)
        with pytest.raises(InvalidOperationError, match="no rows to fit on"):
            over_parts(StandardScaler(), empty, LATE)


@pytest.mark.parametrize("way", ["polars", "serial-3"])
def test_missing_labels_are_an_error_that_counts_them(way: str, tmp_path: Path) -> None:
    holes = ROWS.with_columns(late=pl.when(pl.col("x0") < 0.5).then("late"))
    told = pytest.raises(InvalidOperationError, match="target='late' is null in")
    with scattered(holes, way, tmp_path) as frame, told:
        over_parts(LogisticRegression(), frame, LATE)


@pytest.mark.parametrize("way", ["polars", "serial-3"])
def test_what_scikit_learn_refuses_is_refused_in_its_words(way: str, tmp_path: Path) -> None:
    with scattered(ROWS, way, tmp_path) as frame:
        with pytest.raises(ValueError, match="Input X contains NaN") as caught:
            over_parts(LogisticRegression(), frame, Roles(["x0", "gap"], "late"))
        with pytest.raises(ValueError, match="could not convert string"):
            over_parts(LogisticRegression(), frame, Roles(["x0", "city"], "late"))
    assert any("while a pass read" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    "verb", [sk.fit, sk.explain_fit, sk.cross_validate], ids=lambda v: v.__name__
)
def test_what_does_not_go_together_is_refused_by_each_verb_alike(verb: Any) -> None:
    frame = sk.from_polars(ROWS)
    with pytest.raises(InvalidOperationError, match="name it with target="):
        verb(LogisticRegression(), frame, features=["x0"])
    with pytest.raises(InvalidOperationError, match="KNeighborsRegressor"):
        verb(KNeighborsRegressor(), frame, target="y", features=["x0"], sample_weight="x1")
    with pytest.raises(InvalidOperationError, match="solver"):
        verb(LogisticRegression(), frame, target="late", features=["x0"], solver="exact")
