"""Folds with a rolling origin: which periods they have, on every backend."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.errors import InvalidOperationError, PlanError, SchemaError
from scalekit.judge.forecast.periods import periods_of
from scalekit.judge.forecast.windows import Window, rolling_windows, tiled_windows

BACKENDS = ("polars", "pandas", "serial")


def cut_by_hand(
    count: int, horizon: int, initial: int, step: int, gap: int, *, is_sliding: bool
) -> list[tuple[list[int], list[int]]]:
    """What sktime's splitters give with ``fh = gap + 1 .. gap + horizon``: from the first window on, as many as fit."""
    found, end = [], initial
    while end + gap + horizon <= count:
        train = list(range(end - initial if is_sliding else 0, end))
        found.append((train, list(range(end + gap, end + gap + horizon))))
        end += step
    return found


@pytest.mark.parametrize("window", ["expanding", "sliding"])
@pytest.mark.parametrize("count", [9, 10, 23])
@pytest.mark.parametrize(
    ("horizon", "initial", "step", "gap"),
    [(1, 3, 1, 0), (2, 3, 2, 0), (3, 4, 1, 0), (2, 5, 3, 1), (2, 4, 2, 2)],
)
def test_windows_are_those_of_the_definition(
    count: int, horizon: int, initial: int, step: int, gap: int, window: str
) -> None:
    wanted = cut_by_hand(count, horizon, initial, step, gap, is_sliding=window == "sliding")
    found = rolling_windows(
        count, horizon=horizon, initial=initial, step=step, gap=gap, window=window
    )
    as_lists = [
        (list(range(w.train_start, w.train_end)), list(range(w.test_start, w.test_end)))
        for w in found
    ]
    assert as_lists == wanted
    assert [w.number for w in found] == list(range(len(wanted)))


@pytest.mark.parametrize("step", [None, 1, 4])
def test_a_number_of_folds_ends_with_the_last_period(step: int | None) -> None:
    found = rolling_windows(30, horizon=3, folds=4, step=step, gap=2)
    assert found[-1].test_end == 30
    assert {b.test_start - a.test_start for a, b in pairwise(found)} == {step or 3}
    assert all(w.test_start - w.train_end == 2 and w.train_start == 0 for w in found)
    assert len(rolling_windows(30, horizon=3)) == 5


def test_sliding_windows_have_one_length() -> None:
    found = rolling_windows(30, horizon=3, folds=4, window="sliding")
    assert {w.train_end - w.train_start for w in found} == {18}
    found = rolling_windows(30, horizon=3, folds=4, window="sliding", initial=6)
    assert {w.train_end - w.train_start for w in found} == {6}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"horizon": 3, "folds": 4}, "4 folds with horizon=3, step=3, gap=0 and 1 periods of training need 13 periods, and there are 10"),
        ({"horizon": 3, "folds": 3, "initial": 2}, "need 11 periods"),
        ({"horizon": 3, "initial": 8}, "need 11 periods"),
        ({"horizon": 0}, "horizon=0: a whole number of periods, 1 or more"),
        ({"horizon": None}, "horizon=None"),
        ({"horizon": 1.5}, "horizon=1.5"),
        ({"horizon": 1, "folds": True}, "folds=True"),
        ({"horizon": 1, "gap": -1}, "gap=-1: a whole number of periods, 0 or more"),
        ({"horizon": 1, "step": 0}, "step=0"),
        ({"horizon": 1, "initial": 0}, "initial=0"),
        ({"horizon": 1, "window": "rolling"}, "unknown window='rolling'; known: expanding, sliding"),
    ],
    ids=str,
)  # fmt: skip
def test_windows_that_cannot_be(arguments: Any, says: str) -> None:
    with pytest.raises(InvalidOperationError, match=says):
        rolling_windows(10, **arguments)


def test_tiles_cover_every_period_once_and_begin_with_the_test() -> None:
    for count in range(5, 12):
        for start in range(1, count):
            found = tiled_windows(count, start, 3, lambda begin: begin - 1)
            covered = [p for w in found for p in range(w.test_start, w.test_end)]
            assert covered == list(range(count))
            (first,) = [w for w in found if w.number == 0]
            assert (first.test_start, first.train_end) == (start, start - 1)
            assert all(w.train_end <= w.test_start for w in found)
    assert tiled_windows(7, 4, 3, lambda begin: begin) == (
        Window(-2, 0, 0, 0, 1),
        Window(-1, 0, 1, 1, 4),
        Window(0, 0, 4, 4, 7),
    )


# ------------------------------------------------------------------------------------------ frames


def panel(months: int = 12) -> pl.DataFrame:
    """Two series, one of which begins later."""
    starts = [date(2023 + i // 12, 1 + i % 12, 1) for i in range(months)]
    rows = [(s, start) for s in ("a", "b") for i, start in enumerate(starts) if s == "a" or i > 4]
    return pl.DataFrame(rows, schema=["series", "month"], orient="row")


def months(frame: sk.Frame) -> list[int]:
    return sorted({12 * m.year + m.month - 12 * 2023 for m in frame.collect()["month"]})


@pytest.mark.parametrize("backend", BACKENDS)
def test_folds_have_the_rows_of_their_periods(backend: str, tmp_path: Path) -> None:
    panel().sample(fraction=1, shuffle=True, seed=2).write_parquet(tmp_path / "rows.parquet", row_group_size=4)  # fmt: skip
    frame = sk.scan_parquet(str(tmp_path / "rows.parquet"))
    with sk.config(backend=backend):
        folds = sk.rolling_origin(frame, time="month", horizon=2, folds=3, gap=1)
        found = [(months(train), months(valid)) for train, valid in folds]
        rows = sum(fold.valid.collect().height for fold in folds)
    assert found == [
        ([1, 2, 3, 4, 5], [7, 8]),
        ([1, 2, 3, 4, 5, 6, 7], [9, 10]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], [11, 12]),
    ]
    assert rows == 12


def test_periods_of_the_calendar_count_without_rows() -> None:
    rows = panel().filter(pl.col("month").dt.month() != 9)
    frame = sk.from_polars(rows)
    by_rows = sk.rolling_origin(frame, time="month", horizon=2, folds=2)
    by_calendar = sk.rolling_origin(frame, time="month", horizon=2, folds=2, period="1mo")
    assert [months(f.valid) for f in by_rows] == [[8, 10], [11, 12]]
    assert [months(f.valid) for f in by_calendar] == [[10], [11, 12]]
    days = rows.with_columns(
        month=pl.col("month").cast(pl.Datetime("us", "UTC")).dt.offset_by("9d3h")
    )
    of_days = sk.rolling_origin(
        sk.from_polars(days), time="month", horizon=2, folds=2, period="1mo"
    )
    assert [months(f.valid) for f in of_days] == [[10], [11, 12]]


def test_no_row_is_trained_on_after_it_is_forecast() -> None:
    frame = sk.from_dict({"t": [0.5, 1.5, 2.5, 3.5, 4.5] * 3, "x": list(range(15))})
    for window in ("expanding", "sliding"):
        for train, valid in sk.rolling_origin(frame, time="t", horizon=1, folds=3, window=window):
            latest, earliest = train.collect()["t"].max(), valid.collect()["t"].min()
            assert latest is not None
            assert earliest is not None
            assert latest < earliest  # type: ignore[operator]


def test_periods_know_where_a_moment_is() -> None:
    periods = periods_of(sk.from_polars(panel()), "month")
    assert len(periods) == 12
    assert [periods.index(d) for d in (date(2022, 1, 1), date(2023, 3, 1), date(2023, 3, 2))] == [0, 2, 3]  # fmt: skip
    assert periods.index(date(2030, 1, 1)) == 12


@pytest.mark.parametrize(
    ("rows", "arguments", "error", "says"),
    [
        ({"t": ["a"]}, {}, SchemaError, "time='t' is of type String"),
        ({"t": [1, None]}, {}, InvalidOperationError, "some rows have no 't'"),
        ({"t": [1, 2]}, {"period": "1mo"}, SchemaError, "period='1mo': time='t' is of type Int64"),
        ({"t": [datetime(2024, 1, 1)]}, {"period": "monthly"}, PlanError, "monthly"),
        ({"t": [1]}, {"time": "tt"}, PlanError, "'tt'"),
        ({"t": pl.Series([], dtype=pl.Int64)}, {}, InvalidOperationError, "there are no rows"),
    ],
    ids=str,
)  # fmt: skip
def test_times_that_are_no_periods(
    rows: Any, arguments: Any, error: type[Exception], says: str
) -> None:
    frame = sk.from_polars(pl.DataFrame(rows))
    with pytest.raises(error, match=says):
        sk.rolling_origin(frame, **{"time": "t", "horizon": 1, **arguments})
