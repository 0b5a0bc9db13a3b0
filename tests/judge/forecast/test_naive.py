"""Naive forecasts, scales and metrics against the same by hand, on every backend and in any partitions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import isclose, isnan
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.errors import ColumnNotFoundError, InvalidOperationError
from scalekit.judge.forecast.accuracy import METRICS, accuracy
from scalekit.judge.forecast.judged import rolling, with_history
from scalekit.judge.forecast.naive import (
    ADDED,
    LAST_VALUE,
    SCALE,
    SEASONAL_NAIVE,
    SQUARED_SCALE,
)
from scalekit.judge.protocol import Protocol
from scalekit.judge.protocol.names import HORIZON, WINDOW
from tests.judge.forecast import by_hand

COUNT, SEASON, HORIZONS = 25, 4, 3
MODELS = {"last": LAST_VALUE, "seasonal": SEASONAL_NAIVE, "model": "f"}
WAYS: dict[str, dict[str, Any]] = {
    "polars": {"backend": "polars"},
    "pandas": {"backend": "pandas"},
    "serial 1": {"backend": "serial", "partitions": 1},
    "serial 5": {"backend": "serial", "partitions": 5},
}
each_way = pytest.mark.parametrize("way", WAYS)


def month(period: int) -> date:
    return date(2022 + period // 12, 1 + period % 12, 1)


def values() -> dict[str, dict[int, float | None]]:
    """Series with seasons, gaps, missing values, no change, no history, and one that ends early."""
    draw = Random(4)
    whole = {p: 10 + p % SEASON + draw.gauss(0, 1) for p in range(COUNT)}
    gaps = {p: v + 5 for p, v in whole.items() if p % 7 != 3 and p not in (19, 20)}
    nulls: dict[int, float | None] = {p: None if p % 5 == 0 else -v for p, v in whole.items()}
    nulls[17] = float("nan")
    return {
        "whole": dict(whole), "gaps": dict(gaps), "nulls": nulls, "constant": dict.fromkeys(whole, 3.0),
        "zero": dict.fromkeys(whole, 0.0), "new": {p: 1.0 + p for p in range(20, COUNT)},
        "ended": {p: float(p * p) for p in range(12)},
    }  # fmt: skip


def table() -> pl.DataFrame:
    draw = Random(5)
    rows = [
        {
            "store": s,
            "month": month(p),
            "period": p,
            "y": y,
            "f": draw.gauss(8, 5) if p % 6 else None,
        }
        for s, of in values().items()
        for p, y in of.items()
    ]
    draw.shuffle(rows)
    return pl.DataFrame(rows)


def protocol(**changes: Any) -> Protocol:
    given: dict[str, Any] = {
        "time": "month", "horizon": HORIZONS, "season": SEASON, "series": "store", "period": "1mo",
        "split": {"valid_from": month(13), "test_from": month(17)},
    }  # fmt: skip
    return Protocol("forecast", "y", **{**given, **changes})


def read(tmp_path: Path, rows: pl.DataFrame) -> sk.Frame:
    rows.write_parquet(tmp_path / "rows.parquet", row_group_size=13)
    return sk.scan_parquet(str(tmp_path / "rows.parquet"))


def expected(
    rows: pl.DataFrame, windows: list[dict[str, Any]], season: int = SEASON
) -> Iterator[dict[str, Any]]:
    """The same rows by hand; a window says which periods it has, what is known, and its training."""
    series = values()
    for window in windows:
        for row in rows.to_dicts():
            if row["period"] not in window["periods"]:
                continue
            known, own = window["known"], series[row["store"]]
            scale, squared = by_hand.scales(own, *window["span"], season)
            yield {
                **row,
                WINDOW: window["number"],
                HORIZON: row["period"] - known + 1,
                SCALE: scale,
                SQUARED_SCALE: squared,
                LAST_VALUE: by_hand.last_value(own, known),
                SEASONAL_NAIVE: by_hand.seasonal_naive(own, known, row["period"], season),
            }


def tiles(test: int, gap: int = 0) -> list[dict[str, Any]]:
    """Windows of the horizon from the first test period, forwards and backwards."""
    found = []
    for number in range(-9, 9):
        start = test + number * HORIZONS
        periods = [p for p in range(start, start + HORIZONS) if 0 <= p < COUNT]
        if periods:
            known = max(start - gap, 0)
            found.append(
                {"number": number, "periods": periods, "known": known, "span": (0, test - gap)}
            )
    return found


def folds(train_ends: list[int], gap: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "number": i,
            "periods": range(end + gap, end + gap + HORIZONS),
            "known": end,
            "span": (0, end),
        }
        for i, end in enumerate(train_ends)
    ]


def is_near(found: Any, wanted: Any, rel: float = 1e-12) -> bool:
    """The same number to the last digits, or the same other thing."""
    if isinstance(wanted, float) and isinstance(found, float):
        return isclose(found, wanted, rel_tol=rel, abs_tol=1e-12) or (
            isnan(found) and isnan(wanted)
        )
    return bool(found == wanted)


def assert_same(found: pl.DataFrame, wanted: list[dict[str, Any]]) -> None:
    by = ["store", "period", WINDOW]
    ordered = found.sort(by).to_dicts()
    wanted = sorted(wanted, key=lambda row: [row[name] for name in by])
    assert len(ordered) == len(wanted)
    for left, right in zip(ordered, wanted, strict=True):
        assert set(left) == set(right)
        for name in right:
            assert is_near(left[name], right[name]), (name, left, right)


@each_way
@pytest.mark.parametrize("gap", [0, 2])
def test_every_row_has_what_was_known_before_its_window(way: str, gap: int, tmp_path: Path) -> None:
    rows = table()
    split = {"valid_from": month(13), "test_from": month(17), "gap": f"{gap}mo"}
    with sk.config(**WAYS[way]):
        found = with_history(read(tmp_path, rows), protocol(split=split)).collect()
    assert found.columns == [*rows.columns, *ADDED]
    assert [found.schema[name] for name in ADDED] == [pl.Int32, pl.Int32, *[pl.Float64] * 4]
    assert_same(found, list(expected(rows, tiles(17, gap))))


@each_way
def test_folds_of_a_protocol_have_the_rows_of_their_tests(way: str, tmp_path: Path) -> None:
    rows = table()
    split = {"valid_from": month(13), "test_from": month(17), "folds": 3, "gap": "1mo"}
    with sk.config(**WAYS[way]):
        found = rolling(read(tmp_path, rows), protocol(split=split))
        tests = found.rows.collect()
        trains = [max(train.collect()["period"]) for train in found.trains]
    assert trains == [14, 17, 20]
    assert_same(tests, list(expected(rows, folds([15, 18, 21], gap=1))))


def test_the_cut_off_of_the_split_is_where_windows_begin() -> None:
    rows = table()
    found = with_history(sk.from_polars(rows), protocol(split={})).collect()
    test = sk.split(sk.from_polars(rows), protocol(split={})).test.collect()
    assert found.filter(pl.col(WINDOW) >= 0).height == test.height
    assert set(found.filter(pl.col(WINDOW) >= 0)["period"]) == set(test["period"])
    given = with_history(sk.from_polars(rows), protocol(split={}), test_from=month(17)).collect()
    assert_same(given, list(expected(rows, tiles(17))))


@each_way
def test_one_series_and_no_season(way: str) -> None:
    rows = table().filter(pl.col("store") == "gaps")
    plain = protocol(series=(), season=None)
    with sk.config(**WAYS[way]):
        found = with_history(sk.from_polars(rows), plain).collect()
    wanted = list(expected(rows, tiles(17), season=1))
    for row in wanted:
        row[SEASONAL_NAIVE] = row[LAST_VALUE]
    assert_same(found, wanted)


def test_numbers_of_periods_are_times_too() -> None:
    rows = table().filter(pl.col("store") != "nulls")
    by_number = protocol(time="period", period=None, split={"valid_from": 13, "test_from": 17})
    found = with_history(sk.from_polars(rows), by_number).collect()
    assert_same(found, list(expected(rows, tiles(17))))


def test_two_series_of_two_columns() -> None:
    rows = table().with_columns(
        part=pl.col("store").str.slice(0, 2), rest=pl.col("store").str.slice(2)
    )
    two = protocol(series=["part", "rest"])
    found = with_history(sk.from_polars(rows), two).collect().drop("part", "rest")
    assert_same(found, list(expected(table(), tiles(17))))


def test_several_rows_of_a_series_in_a_period_are_refused() -> None:
    rows = table()
    with pytest.raises(
        InvalidOperationError, match=r"periods of the one series have more than one row"
    ):
        with_history(sk.from_polars(rows), protocol(series=()))
    twice = pl.concat([rows, rows.head(2)])
    with pytest.raises(
        InvalidOperationError, match=r"2 periods of series 'store' have more than one"
    ):
        with_history(sk.from_polars(twice), protocol())


# ------------------------------------------------------------------------------------- accuracy


def reference(rows: list[dict[str, Any]], by: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        row = {**row, "scale": row[SCALE], "squared_scale": row[SQUARED_SCALE]}
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    return {
        (*key, model): {**by_hand.metrics(group, column), "pinball": None}
        for key, group in groups.items()
        for model, column in MODELS.items()
    }


@each_way
@pytest.mark.parametrize("by", [[], ["store"], [HORIZON], ["store", HORIZON], [WINDOW]], ids=str)
def test_accuracy_is_that_of_the_definitions(way: str, by: list[str], tmp_path: Path) -> None:
    wanted = reference(list(expected(table(), tiles(17))), by)
    with sk.config(**WAYS[way]):
        rows = with_history(read(tmp_path, table()), protocol())
        found = accuracy(rows, MODELS, target="y", by=by).collect()
    assert found.columns == [*by, "model", "n", *METRICS]
    got = {tuple(row[name] for name in (*by, "model")): row for row in found.to_dicts()}
    assert set(got) == set(wanted)
    for key, metrics in wanted.items():
        for name, value in metrics.items():
            assert is_near(got[key][name], value, 1e-10), (key, name)


@each_way
def test_pinball_is_that_of_its_definition(way: str) -> None:
    draw = Random(6)
    rows = [
        {"k": i % 3, "y": None if i == 5 else draw.gauss(0, 2), "a": draw.gauss(-1, 1), "b": draw.gauss(0, 1),
         "c": None if i % 9 == 0 else draw.gauss(1, 1), SCALE: 2.0, SQUARED_SCALE: 5.0}
        for i in range(60)
    ]  # fmt: skip
    quantiles = {0.1: "a", 0.5: "b", 0.9: "c"}
    with sk.config(**WAYS[way]):
        frame = sk.from_polars(pl.DataFrame(rows))
        found = accuracy(frame, {"q": quantiles, "two": {0.2: "a", 0.8: "c"}}, target="y", by=["k"])
        got = {(row["k"], row["model"]): row for row in found.collect().to_dicts()}
    for k in range(3):
        group = [{**row, "scale": 2.0, "squared_scale": 5.0} for row in rows if row["k"] == k]
        assert got[k, "q"]["pinball"] == pytest.approx(by_hand.pinball(group, quantiles), rel=1e-12)
        for name, value in by_hand.metrics(group, "b").items():
            assert got[k, "q"][name] == pytest.approx(value, rel=1e-12), name
        assert got[k, "two"]["mase"] is None
        assert got[k, "two"]["pinball"] == pytest.approx(
            by_hand.pinball(group, {0.2: "a", 0.8: "c"})
        )


def test_the_seasonal_naive_forecast_has_a_mase_of_one_on_its_own_training() -> None:
    """By definition: the scale is what the seasonal naive forecast is wrong by."""
    rows = table().filter(pl.col("store") == "whole")
    whole = protocol(horizon=1, split={"valid_from": month(13), "test_from": month(24)})
    found = with_history(sk.from_polars(rows), whole)
    trained = found.filter((sk.col("period") >= SEASON) & (sk.col("period") < 24))
    of_season = accuracy(trained, {"seasonal": SEASONAL_NAIVE}, target="y").collect()
    assert of_season["mase"].item() == pytest.approx(1)
    assert of_season["rmsse"].item() == pytest.approx(1)


def test_columns_and_quantiles_are_checked() -> None:
    frame = sk.from_dict({"y": [1.0], "f": [1.0], SCALE: [1.0], SQUARED_SCALE: [1.0]})
    with pytest.raises(ColumnNotFoundError, match="'g' not found"):
        accuracy(frame, {"m": "g"}, target="y")
    with pytest.raises(ColumnNotFoundError, match="'store' not found"):
        accuracy(frame, {"m": "f"}, target="y", by=["store"])
    with pytest.raises(InvalidOperationError, match="there is no forecast"):
        accuracy(frame, {}, target="y")
    with pytest.raises(InvalidOperationError, match="quantiles are between 0 and 1"):
        accuracy(frame, {"m": {50: "f"}}, target="y")
