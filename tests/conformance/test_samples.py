"""A sample has the same rows on clusters as on Polars, whatever the number of parts, by keys and by places."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import scalekit as sk
from scalekit import col
from scalekit.sampling import search

NUMBERS = pl.int_range(6_000, eager=True)
ORDERS = sk.from_polars(
    pl.DataFrame(
        {
            "id": NUMBERS,
            "customer": (NUMBERS * 7 % 700).cast(pl.Int32),
            "name": NUMBERS.cast(pl.String),
        }
    )
)
CUSTOMERS = sk.from_polars(pl.DataFrame({"key": range(700), "region": [i % 5 for i in range(700)]}))

PLANS = {
    "rows": ORDERS.filter(col("id") % 3 > 0),
    "join": ORDERS.join(CUSTOMERS.with_columns(col("key").cast(sk.Int32)), left_on="customer", right_on="key"),
    "groups": ORDERS.group_by("customer").agg(n=sk.len(), last=col("id").max()),
}  # fmt: skip

KEYS = [None, "key", "name", "customer"]


@pytest.fixture(autouse=True)
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SMALL", 1024)


def differing(**settings: Any) -> list[str]:
    found = []
    for name, frame in PLANS.items():
        for on in KEYS:
            one, other = (
                rows.sort(rows.columns)
                for rows in (
                    frame.collect(sample=0.2, sample_on=on, backend="polars"),
                    frame.collect(sample=0.2, sample_on=on, **settings),
                )
            )
            try:
                assert_frame_equal(one, other)
            except AssertionError as error:
                found.append(f"{name} by {on}: {error}")
    return found


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_serial(parts):
    assert differing(backend="serial", partitions=parts) == []


def test_pandas():
    assert differing(backend="pandas") == []


@pytest.mark.dask
@pytest.mark.timeout(400)
def test_dask(dask_settings):
    assert differing(**dask_settings, partitions=3) == []


@pytest.mark.dask
@pytest.mark.timeout(400)
def test_rows_that_dask_keeps_stay_a_sample(dask_settings):
    with sk.config(**dask_settings, sample=0.2, sample_on="customer"):
        kept = ORDERS.persist()
        expected = ORDERS.collect(backend="polars").height
        assert kept.collect().height == expected
    assert "a sample of 20 % by customer" in repr(kept)


@pytest.mark.ray
@pytest.mark.timeout(400)
def test_ray():
    assert differing(backend="ray", workers=2, worker_memory="1GiB", partitions=3) == []
