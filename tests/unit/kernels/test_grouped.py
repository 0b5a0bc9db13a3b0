"""Rows of groups are brought together where there are many groups, and nothing else changes."""

from __future__ import annotations

import polars as pl
import pytest

from scalekit.expr.node import Column
from scalekit.kernels.grouped import gathered_by

KEYS = {
    "sorted": [n // 3 for n in range(9000)],
    "many": [n * 7919 % 9001 // 2 for n in range(9000)],
    "few": [n % 7 for n in range(9000)],
    "nulls": [None if n % 5 == 0 else n * 7919 % 9001 for n in range(9000)],
}


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, dtype) for name in KEYS for dtype in (pl.Int64, pl.UInt16, pl.Date, pl.String)],
)
def test_rows_of_a_group_keep_their_order(name: str, dtype: type[pl.DataType]) -> None:
    key = pl.Series("k", KEYS[name], dtype=pl.Int64).cast(dtype)
    rows = pl.DataFrame({"k": key, "place": range(9000)})
    found = gathered_by(rows.lazy(), [Column("k")]).collect()
    expected = rows.group_by("k", maintain_order=True).agg("place").sort("k")
    assert found.group_by("k", maintain_order=True).agg("place").sort("k").equals(expected)


def test_many_groups_are_sorted_and_few_are_not() -> None:
    def given(name: str) -> pl.DataFrame:
        return pl.DataFrame({"k": KEYS[name], "place": range(9000)})

    many = gathered_by(given("many").lazy(), [Column("k")]).collect()
    assert many["k"].is_sorted()
    assert many["k"].flags["SORTED_ASC"]
    assert gathered_by(given("few").lazy(), [Column("k")]).collect().equals(given("few"))
    assert gathered_by(given("sorted").lazy(), [Column("k")]).collect()["k"].flags["SORTED_ASC"]


def test_several_keys_stay_as_they_are() -> None:
    rows = pl.DataFrame({"a": [2, 1], "b": [1, 2]}).lazy()
    assert gathered_by(rows, [Column("a"), Column("b")]) is rows
