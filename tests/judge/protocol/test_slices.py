"""Slices: the same levels on every backend, with a place for what is missing and what is rare."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import run
from scalekit.errors import ColumnNotFoundError, ConfigError, SchemaError
from scalekit.judge.protocol import slices
from scalekit.judge.protocol.names import HORIZON
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.protocol.slices import MISSING, OTHER, Slice, levels, slices_of

BACKENDS = ("polars", "pandas", "serial")
each_backend = pytest.mark.parametrize("backend", BACKENDS)

ROWS = pl.DataFrame(
    {
        "y": [0, 1, 0, 1, 0],
        "region": ["b", "a", None, "b", "b"],
        "plan": pl.Series([1, 2, 2, None, 1], dtype=pl.Int8),
        "late": [True, False, None, True, True],
        "kind": pl.Series(["x", "y", "x", None, "x"], dtype=pl.Categorical),
        "day": [date(2024, 12, 30), date(2024, 1, 2), None, date(2025, 3, 9), date(2024, 1, 31)],
        "at": [datetime(2024, 12, 30, 23, 59), datetime(2024, 1, 2, 4), None, None, None],
        "amount": [5.0, 1.0, None, 10.0, float("nan")],
        "a:b": ["p", "q", "p", "q", "p"],
    }
)

LEVELS = {
    "region": ["b", "a", MISSING, "b", "b"],
    "plan": ["1", "2", "2", MISSING, "1"],
    "late": ["true", "false", MISSING, "true", "true"],
    "kind": ["x", "y", "x", MISSING, "x"],
    "a:b": ["p", "q", "p", "q", "p"],
    "day:year": ["2024", "2024", MISSING, "2025", "2024"],
    "day:quarter": ["2024-Q4", "2024-Q1", MISSING, "2025-Q1", "2024-Q1"],
    "time:month": ["2024-12", "2024-01", MISSING, "2025-03", "2024-01"],
    "day:week": ["2025-W01", "2024-W01", MISSING, "2025-W10", "2024-W05"],
    "day:day": ["2024-12-30", "2024-01-02", MISSING, "2025-03-09", "2024-01-31"],
    "day:weekday": ["1", "2", MISSING, "7", "3"],
    "at:hour": ["2024-12-30 23:00", "2024-01-02 04:00", MISSING, MISSING, MISSING],
    "amount:quantile2": ["q2: 5 or more", "q1: below 5", MISSING, "q2: 5 or more", MISSING],
    "y:quantiles3": ["q1: below 1", "q2: 1 or more", "q1: below 1", "q2: 1 or more", "q1: below 1"],
}


def protocol(*slices: str) -> Protocol:
    return Protocol("binary", "y", time="day", slices=slices)


def texts(rows: pl.DataFrame, one: Slice) -> list[str]:
    """The level of each row."""
    return one.texts(one.keys(rows)).to_list()


@each_backend
def test_every_kind_of_slice_has_its_levels(backend: str) -> None:
    frame = sk.from_polars(ROWS)
    with sk.config(backend=backend):
        found = slices_of(protocol(*LEVELS), frame)
        rows = frame.collect()
    assert {name: texts(rows, one) for name, one in found.items()} == LEVELS


@pytest.mark.parametrize("name", LEVELS)
def test_codes_are_the_places_of_levels(name: str) -> None:
    frame = sk.from_polars(ROWS)
    one = slices_of(protocol(name), frame)[name]
    known = list(dict.fromkeys(LEVELS[name]))[1:]
    places = [known.index(level) if level in known else -1 for level in LEVELS[name]]
    assert one.codes(ROWS, known).tolist() == places
    assert one.codes(ROWS.clear(), known).tolist() == []
    assert one.codes(ROWS.filter(pl.lit(value=False)), known).tolist() == []
    others = [place if place >= 0 else len(known) for place in places]
    assert one.codes(ROWS, [*known, OTHER]).tolist() == others
    counts = one.counts(ROWS).group_by("level").agg(pl.col("rows").sum()).rows()
    assert dict(counts) == Counter(LEVELS[name])


@pytest.mark.parametrize("values", [[-5, 3, None, 2**40], [2**63 - 1, None, -(2**63), 0], [None]])
def test_codes_of_numbers_far_apart(values: list[int | None]) -> None:
    rows = pl.DataFrame({"n": pl.Series(values, dtype=pl.Int64)})
    known = [MISSING, *(str(value) for value in values if value is not None)]
    assert Slice("n").codes(rows, known).tolist() == [
        known.index(MISSING if value is None else str(value)) for value in values
    ]


@each_backend
def test_levels_stand_by_size_or_in_their_order(backend: str) -> None:
    frame = sk.from_polars(ROWS)
    with sk.config(backend=backend):
        found = levels(
            frame, slices_of(protocol("region", "time:month", "amount:quantile2"), frame)
        )
    assert found == {
        "region": ("b", MISSING, "a"),
        "time:month": ("2024-01", "2024-12", "2025-03", MISSING),
        "amount:quantile2": ("q1: below 5", "q2: 5 or more", MISSING),
    }


def test_rare_levels_are_together() -> None:
    frame = sk.from_dict({"y": [0] * 11, "n": [1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7]})
    found = levels(frame, slices_of(Protocol("binary", "y", slices="n"), frame), most=3)
    assert found == {"n": ("1", "2", "3", OTHER)}
    assert levels(frame, {}) == {}


def test_two_queries_find_the_levels_of_all_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    collect = run.collect

    def counted(plan: Any, *rest: Any) -> Any:
        asked.append(plan)
        return collect(plan, *rest)

    monkeypatch.setattr(run, "collect", counted)
    names = ["y:quantile4", "n:quantile10", "region", "day:month"]
    days = [date(2024, 1 + i % 3, 1) for i in range(40)]
    texts = ["ab"[i % 2] for i in range(40)]
    frame = sk.from_dict(
        {"y": list(range(40)), "n": [i / 8 for i in range(40)], "region": texts, "day": days}
    )
    found = levels(frame, slices_of(Protocol("regression", "y", slices=names), frame))
    assert [len(found[name]) for name in names] == [4, 10, 2, 3]
    assert len(asked) == 2


def test_quantiles_of_many_rows_are_those_of_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SAMPLED", 2_000)
    count, found = 20_000, []
    rows = pl.DataFrame({"id": range(count)}).with_columns(y=pl.col("id") * 7919 % count)
    protocol = Protocol("regression", "y", key="id", slices="y:quantile4")
    for backend in BACKENDS:
        frame = sk.from_polars(rows)
        with sk.config(backend=backend):
            (all_of_them,) = slices_of(protocol, frame).values()
            (few,) = slices_of(protocol, frame, 2_000).values()
            (some,) = slices_of(protocol, frame, count).values()
        found.append(some.cuts)
        assert all_of_them.cuts == few.cuts
        assert all_of_them.cuts == pytest.approx((5_000, 10_000, 15_000), abs=1)
        assert some.cuts != few.cuts
        assert some.cuts == pytest.approx(few.cuts, abs=4 * count * 0.5 / 2_000**0.5)
    assert len(set(found)) == 1


def test_ten_quantiles_sort_as_they_stand() -> None:
    frame = sk.from_dict({"y": list(range(100))})
    found = levels(frame, slices_of(Protocol("regression", "y", slices="y:quantile10"), frame))
    numbers = [int(level[1:3]) for level in found["y:quantile10"]]
    assert numbers == list(range(1, 11))


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("regoin", ColumnNotFoundError, "slice column 'regoin' not found .*'region'"),
        ("dy:month", ColumnNotFoundError, "slice column 'dy' not found"),
        ("day:mnth", ConfigError, "did you mean 'month'"),
        ("day:minute", ConfigError, "after the colon: year, quarter"),
        ("day", SchemaError, "as in 'day:month'"),
        ("day:hour", SchemaError, "has no hour"),
        ("amount", SchemaError, "as in 'amount:quantile4'"),
        ("region:month", SchemaError, "'region' is of type String, which has no month"),
        ("region:quantile4", SchemaError, "which has no quantiles"),
        ("amount:quantile1", ConfigError, "from 2 to 50"),
        ("amount:quantile99", ConfigError, "from 2 to 50"),
        ("list", SchemaError, "which has no levels"),
    ],
)
def test_what_is_no_slice_is_named(name: str, error: type[Exception], says: str) -> None:
    frame = sk.from_polars(ROWS.with_columns(list=pl.lit([1])))
    with pytest.raises(error, match=says):
        slices_of(protocol(name), frame)


def test_forecasts_are_told_apart_by_horizon() -> None:
    frame = sk.from_dict({"t": [1, 2, 3], "y": [0.5] * 3, HORIZON: [1, 2, 12]})
    forecast = Protocol("forecast", "y", time="t", horizon=12)
    found = levels(frame, slices_of(forecast, frame))
    assert found == {"horizon": ("01", "02", "12")}
    assert slices_of(forecast.with_(slices="horizon"), frame).keys() == {"horizon"}
    assert slices_of(forecast, frame.drop(HORIZON)) == {}


def test_time_is_a_column_where_there_is_one() -> None:
    frame = sk.from_dict({"y": [0.5], "time": [date(2020, 1, 1)], "day": [date(2024, 1, 1)]})
    found: Any = slices_of(Protocol("regression", "y", time="day", slices="time:year"), frame)
    assert texts(frame.collect(), found["time:year"]) == ["2020"]
