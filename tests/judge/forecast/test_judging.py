"""Forecasts in the pass of an evaluation: the metrics of the definitions, by horizon too, on every backend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import scalekit as sk
from scalekit.judge import statistics
from scalekit.judge.evaluate import evaluate
from scalekit.judge.forecast.naive import LAST_VALUE, SCALE, SEASONAL_NAIVE, SQUARED_SCALE
from scalekit.judge.judging import dummy, judge, judged_model, naive_baselines
from scalekit.judge.preparing import prepare
from scalekit.judge.protocol import Protocol
from scalekit.judge.protocol.names import HORIZON
from scalekit.judge.statistics import Layout, results, tally
from tests.judge.forecast import by_hand
from tests.judge.forecast.test_naive import (
    WAYS,
    each_way,
    expected,
    month,
    protocol,
    read,
    table,
    tiles,
)


class Echo:
    """A fitted model that says what stands in a column."""

    feature_names_in_ = np.array(["f"])

    def predict(self, rows: Any) -> Any:
        return np.asarray(rows["f"], dtype=np.float64)


def rows() -> pl.DataFrame:
    """Every row has a target and a forecast."""
    return table().filter(pl.col("y").is_finite()).with_columns(pl.col("f").fill_null(7.0))


def judged(frame: sk.Frame, of: Protocol, **given: Any) -> Any:
    prepared = prepare({"model": Echo()}, frame, of, features=["f"], **given)
    ground = prepared.ground
    models = [judged_model("model", Echo(), ground), dummy(ground), *naive_baselines(ground)]
    return judge(ground, models)


def by_definition(of_test: list[dict[str, Any]], column: str) -> dict[str, Any]:
    renamed = [{**r, "scale": r[SCALE], "squared_scale": r[SQUARED_SCALE]} for r in of_test]
    return by_hand.metrics(renamed, column)


def constant_for_new_series(wanted: list[dict[str, Any]], constant: float) -> None:
    for row in wanted:
        for column in (LAST_VALUE, SEASONAL_NAIVE):
            row[column] = constant if row[column] is None else row[column]


@each_way
def test_the_metrics_of_a_pass_are_those_of_the_definitions(way: str, tmp_path: Path) -> None:
    frame = read(tmp_path, rows())
    wanted = [row for row in expected(rows(), tiles(17)) if row["period"] >= 17]
    with sk.config(**WAYS[way]):
        found = judged(frame, protocol())
    trained = rows().filter(pl.col("month") < month(13))["y"]
    constant_for_new_series(wanted, float(f"{trained.median():.12g}"))
    metrics = results(found.scored.tallies["test"])
    columns = {"model": "f", "dummy": SEASONAL_NAIVE, "last_value": LAST_VALUE}
    assert set(metrics["model"]) == set(columns)
    for place in (None, *range(1, 4)):
        chosen = [r for r in wanted if place is None or r[HORIZON] == place]
        for model, column in columns.items():
            for name, value in by_definition(chosen, column).items():
                if name == "n":
                    continue
                level = (
                    pl.col("level").is_null() if place is None else pl.col("level") == f"{place:02}"
                )
                (row,) = metrics.filter(level, model=model, metric=name).to_dicts()
                assert row["value"] == pytest.approx(value, rel=1e-9), (model, name, place)
                assert row["n"] == len(chosen)


def test_the_blocks_of_intervals_are_series_in_windows() -> None:
    found = judged(sk.from_polars(rows()), protocol(ci={"blocks": 10_000}))
    counted = found.scored.tallies["test"].arrays["rows"]
    wanted = [r for r in expected(rows(), tiles(17)) if r["period"] >= 17]
    sizes = {}
    for row in wanted:
        key = (row["store"], (row["period"] - 17) // 3)
        sizes[key] = sizes.get(key, 0) + 1
    blocks = counted[:10_000]
    assert sorted(blocks[blocks > 0].tolist()) == sorted(sizes.values())


def test_rows_that_are_brought_are_judged_from_the_first_test_row_on() -> None:
    frame = rows()
    train, test = (frame.filter(pl.col("period") < 17), frame.filter(pl.col("period") >= 17))
    whole = judged(sk.from_polars(frame), protocol())
    brought = judged(sk.from_polars(test), protocol(), train=sk.from_polars(train))
    a, b = (results(one.scored.tallies["test"]) for one in (whole, brought))
    by = ["metric", "slice", "level"]
    a, b = (one.filter(pl.col("model") == "model").sort(by)["value"] for one in (a, b))
    assert a.to_list() == pytest.approx(b.to_list(), rel=1e-12)


def test_an_estimator_is_fitted_on_the_train_rows_and_not_across_time() -> None:
    from sklearn.linear_model import LinearRegression

    prepared = prepare(
        {"line": LinearRegression()}, sk.from_polars(rows()), protocol(), features=["f"]
    )
    assert prepared.ground.rows.folds == 0
    assert prepared.fitted_here == ("line",)
    trained = rows().filter(pl.col("month") < month(13))
    slope, _ = np.polyfit(trained["f"], trained["y"], 1)
    assert prepared.models["line"].coef_[0] == pytest.approx(slope)


def test_a_row_without_a_scale_counts_for_the_other_metrics_only() -> None:
    layout = Layout("forecast", ("m",), blocks=4, slice_blocks=2)
    y, f = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 4.0, 3.0, 9.0])
    scale = np.array([[2.0, 5.0], [4.0, 20.0], [np.nan, np.nan], [0.0, 0.0]])
    counted = tally(layout, y, {"m": f}, np.arange(4), scale=scale)
    found = dict(results(counted).select("metric", "value").iter_rows())
    assert found["mase"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert found["rmsse"] == pytest.approx(np.sqrt((1 / 5 + 4 / 20) / 2))
    assert found["mae"] == pytest.approx(2)
    without = tally(layout, y, {"m": f}, np.arange(4))
    assert dict(results(without).select("metric", "value").iter_rows())["mase"] is None


def test_joined_parts_have_the_metrics_of_the_whole() -> None:
    rng = np.random.default_rng(1)
    layout = Layout("forecast", ("m",))
    y, f, scale = rng.normal(size=90), rng.normal(size=90), rng.uniform(0, 2, size=(90, 2))
    scale[::7] = np.nan
    block = np.arange(90) % 200
    whole = tally(layout, y, {"m": f}, block, scale=scale)
    parts = [tally(layout, y[s], {"m": f[s]}, block[s], scale=scale[s]) for s in (slice(0, 30), slice(30, 90))]  # fmt: skip
    assert results(statistics.joined(*parts))["value"].to_list()[:3] == pytest.approx(
        results(whole)["value"].to_list()[:3]
    )


def test_an_evaluation_is_against_the_seasonal_naive_forecast_and_says_so() -> None:
    report = evaluate(Echo(), sk.from_polars(rows()), protocol(), name="echo", features=["f"])
    assert set(report.layout.models) == {"echo", "dummy", "last_value"}
    assert "the dummy is the seasonal naive forecast" in report.provenance["notes"]
    wanted = [r for r in expected(rows(), tiles(17)) if r["period"] >= 17]
    model, naive = (by_definition(wanted, column)["mase"] for column in ("f", SEASONAL_NAIVE))
    assert report.skill.value == pytest.approx(1 - model / naive)
    assert report.value("mase") == pytest.approx(model)
    again = evaluate(Echo(), sk.from_polars(rows()), protocol(season=None), features=["f"])
    assert "the dummy is the last value forecast" in again.provenance["notes"]
