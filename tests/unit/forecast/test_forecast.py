"""Forecasts tell the rows of all steps from a sample, and say what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.forecast.growth import at_full_size, groups_at_full_size
from scalekit.sampling import search

RANDOM = np.random.default_rng(7)
ROWS = 60_000
FACTS = sk.from_polars(
    pl.DataFrame(
        {
            "id": RANDOM.permutation(ROWS),
            "customer": RANDOM.integers(0, 5_000, ROWS),
            "shop": RANDOM.integers(0, 40, ROWS),
            "price": RANDOM.random(ROWS),
        }
    )
)
CUSTOMERS = sk.from_polars(
    pl.DataFrame({"customer": range(5_000), "region": [i % 7 for i in range(5_000)]})
)


@pytest.fixture(autouse=True)
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SMALL", 1024)


PLANS = {
    "filter": FACTS.filter(col("price") < 0.3),
    "join": FACTS.join(CUSTOMERS, on="customer").filter(col("region") < 3),
    "groups of the key": FACTS.group_by("customer").agg(n=sk.len()),
    "few groups": FACTS.group_by("shop").agg(n=sk.len()),
    "many groups": FACTS.group_by("id").agg(n=sk.len()),
    "groups of two keys": FACTS.group_by("customer", "shop").agg(n=sk.len()),
    "groups after a join": FACTS.join(CUSTOMERS, on="customer").group_by("region", "shop").agg(sk.len()),
    "unique": FACTS.select("shop", col("customer") % 50).unique(),
    "all rows to one": FACTS.select(col("price").sum()),
    "best": FACTS.sort("price").head(20),
    "fewer than asked for": FACTS.filter(col("price") < 0.1).head(5_000_000),
    "semi": CUSTOMERS.join(FACTS.filter(col("price") < 0.02), on="customer", how="semi"),
    "pairs of one shop": FACTS.filter(col("price") < 0.1).join(FACTS.filter(col("price") > 0.9), on="shop"),
    "union": sk.concat([FACTS.select("customer"), CUSTOMERS.select("customer")]),
    "cross": FACTS.join(CUSTOMERS.head(3), how="cross").filter(col("price") > 0.5),
}  # fmt: skip


@pytest.mark.parametrize("on", [None, "id", "customer"])
@pytest.mark.parametrize("name", PLANS)
def test_rows_at_full_size(name, on):
    told = PLANS[name].forecast(sample=0.1, sample_on=on)
    true = PLANS[name].collect().height
    assert true / 1.6 <= told.rows <= true * 1.6
    assert told.seconds >= told.reading > 0


@pytest.mark.parametrize("backend", ["polars", "pandas", "serial"])
def test_backends(backend):
    told = PLANS["join"].forecast(sample=0.2, backend=backend)
    assert told.backend == backend
    assert told.rows == pytest.approx(PLANS["join"].collect().height, rel=0.1)


def test_all_rows_of_small_tables_are_told_exactly(monkeypatch):
    monkeypatch.setattr(search, "SMALL", 1024**3)
    joined = FACTS.join(CUSTOMERS, on="customer").filter(col("region") < 4)
    told = joined.forecast()
    assert (told.rows, told.sample) == (joined.collect().height, "all rows")


def test_persisted_samples_are_told_at_the_size_of_the_whole():
    with sk.config(sample=0.1, sample_on="customer"):
        kept = FACTS.persist(backend="polars")
    told = kept.filter(col("price") < 0.5).forecast()
    assert told.sample == "a sample of 10 % by customer"
    assert told.rows == pytest.approx(ROWS / 2, rel=0.1)


def test_it_reads_well():
    told = PLANS["few groups"].forecast(sample=0.1, sample_on="id")
    text = repr(told)
    assert text.startswith(
        "forecast at full size, from a sample of 10 % by id\n  result   about 40 rows,"
    )
    assert "\n  backend  polars (auto: " in text
    assert "at the peak, at most" in text
    assert told.memory.low <= told.memory.guess <= told.memory.high
    html = told._repr_html_()
    assert "<b>Forecast at full size</b>, from a sample of 10 % by id" in html
    assert "about 40 rows" in html
    steps = told.frame()
    assert steps.columns == ["step", "detail", "sample_rows", "rows", "bytes"]
    assert steps["step"].to_list() == ["SCAN", "AGGREGATE"]
    assert steps["rows"].to_list() == [ROWS, 40]


def test_what_a_sample_cannot_tell_is_said():
    above = (
        FACTS.group_by("customer")
        .agg(s=col("price").sum())
        .filter(col("s") > col("s").sum() / 5_000)
    )
    assert "how many rows there are" in above.forecast(sample=0.1).doubts[0]
    rare = FACTS.filter(col("price") < 0.0002).forecast(sample=0.1)
    assert "too few to tell" in rare.doubts[0]
    assert "beware" in repr(rare)
    assert PLANS["filter"].forecast(sample=0.1).doubts == ()


@pytest.mark.parametrize(
    ("counts", "share", "rows"),
    [
        ((0, 0, 0), 0.1, 0),
        ((5, 5, 5), 1, 5),
        ((100, 49, 51), 0.1, 1000),
        ((100, 25, 25), 0.1, 10_000),
    ],
)
def test_growth(counts: Any, share: float, rows: float):
    assert at_full_size(*counts, share) == pytest.approx(rows)


def test_groups_that_both_halves_have_are_all_there_are():
    assert groups_at_full_size(40, 40, 40, 0.01, rows=10**5) == pytest.approx(40, rel=0.02)
    assert groups_at_full_size(0, 0, 0, 0.01, rows=0) == 0
