"""The comparison with DuckDB finds what is wrong and forgives only ties and last bits."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.pdsh.check import Expected, Order, differences, normalise

FULL = pl.DataFrame(
    {
        "k": [9.0, 8.0, 8.0, 7.0, 7.0, 7.0],
        "name": ["a", "b", "c", "d", "e", "f"],
        "n": [1, 2, 3, 4, 5, 6],
    }
)
TOP_FIVE = Expected(FULL, Order(("k",), 5))


def rows(*at: int) -> pl.DataFrame:
    return FULL[list(at)]


@pytest.mark.parametrize(
    "got",
    [
        rows(0, 1, 2, 3, 4),
        rows(0, 2, 1, 3, 4),
        rows(0, 1, 2, 5, 3),
        rows(0, 1, 2, 3, 4).with_columns(k=pl.col("k") * (1 + 1e-12)),
        rows(0, 1, 2, 3, 4).cast({"n": pl.UInt32}),
    ],
    ids=["same", "tie the other way", "tie at the limit", "last bits", "narrow integers"],
)
def test_accepts(got: pl.DataFrame) -> None:
    assert differences(TOP_FIVE, got) == []


@pytest.mark.parametrize(
    ("got", "says"),
    [
        (rows(0, 1, 2, 3), "4 rows, not 5"),
        (rows(1, 0, 2, 3, 4), "row 0: k is 8.0, not 9.0"),
        (rows(0, 1, 1, 3, 4), "not in DuckDB's answer"),
        (rows(0, 1, 2, 3, 3), "not in DuckDB's answer"),
        (rows(0, 1, 2, 3, 4).with_columns(k=pl.col("k") * (1 + 1e-8)), "row 0: k is"),
        (rows(0, 1, 2, 3, 4).with_columns(n=pl.col("n") + 1), "not in DuckDB's answer"),
        (rows(0, 1, 2, 3, 4).with_columns(n=pl.col("n").cast(pl.Float64)), "columns are"),
        (rows(0, 1, 2, 3, 4).with_columns(n=pl.lit(None, pl.Int64)), "not in DuckDB's answer"),
        (rows(0, 1, 2, 3, 4).select("name", "k", "n"), "columns are"),
        (rows(0, 1, 2, 3, 4).rename({"n": "m"}), "columns are"),
    ],
    ids=[
        "rows missing",
        "wrong order",
        "a row twice",
        "a tied row twice at the limit",
        "float off by 1e-8",
        "integer off by one",
        "float for integer",
        "null for a value",
        "columns in another order",
        "another name",
    ],
)
def test_refuses(got: pl.DataFrame, says: str) -> None:
    assert says in " ".join(differences(TOP_FIVE, got))


def test_without_order_rows_may_stand_anywhere() -> None:
    unordered = Expected(FULL, Order((), None))
    assert differences(unordered, FULL.reverse()) == []
    assert differences(unordered, pl.concat([FULL[:5], FULL[:1]])) != []


def test_order_is_read_from_the_end_of_the_query() -> None:
    sql = "SELECT a\nFROM (SELECT * FROM t ORDER BY z)\nORDER BY revenue DESC, day\nLIMIT 10"
    assert Order.of(sql) == Order(("revenue", "day"), 10)
    assert Order.of("SELECT sum(a)\nFROM t") == Order((), None)


def test_normalise_keeps_kinds_apart() -> None:
    frame = pl.DataFrame({"a": [1], "b": [1.5], "c": ["x"]}, schema_overrides={"a": pl.UInt8})
    assert normalise(frame).dtypes == [pl.Int64, pl.Float64, pl.String]
