"""A sample is bounded, keeps the matches of joins, and a smaller one is part of a larger one."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import scalekit as sk
from scalekit import col, run
from scalekit.config import resolve
from scalekit.plan.nodes import Plan
from scalekit.proof.keys import joined_keys
from scalekit.proof.sample import Bound, Sampled, sampled

ORDERS = sk.from_polars(pl.DataFrame({"o": range(30_000), "c": [i % 900 for i in range(30_000)]}))
LINES = sk.from_polars(
    pl.DataFrame({"order": [i // 4 for i in range(120_000)], "x": range(120_000)})
)
CUSTOMERS = sk.from_polars(pl.DataFrame({"c": range(900), "name": [f"c{i}" for i in range(900)]}))
JOINED = LINES.join(ORDERS, left_on="order", right_on="o").join(CUSTOMERS, on="c")


def polars(plan: Plan) -> pl.DataFrame:
    return run.collect(plan, resolve(backend="polars"))


def some(frame: sk.Frame, rows: int, **bound: int) -> Sampled:
    return sampled(frame._plan, Bound(rows=rows, **bound), polars)


def test_what_is_small_is_run_whole() -> None:
    found = some(JOINED, 1_000_000)
    assert found.is_whole
    assert found.plan is JOINED._plan
    assert found.rows == found.total == 150_900
    assert found.share == 1


def test_joins_keep_their_matches() -> None:
    found = some(JOINED, 40_000)
    assert not found.is_whole
    assert found.rows is not None
    assert 10_000 < found.rows <= 40_000
    assert "of the keys o, order" in found.how
    rows = polars(found.plan)
    by_order = rows.group_by("order").len()
    assert by_order["len"].unique().to_list() == [4]  # all lines of every order that is in it
    assert 0.1 < rows.height / 120_000 < 0.3


def test_a_smaller_sample_is_part_of_a_larger_one() -> None:
    less, more = (set(polars(some(JOINED, n).plan)["x"]) for n in (20_000, 80_000))
    assert less < more


def test_rows_without_a_joined_key_are_drawn_by_their_place() -> None:
    found = some(LINES.group_by("order").agg(col("x").sum()), 20_000)
    assert found.how == "0.125 of the rows"
    assert found.rows is not None
    assert found.rows <= 20_000


def test_a_file_is_drawn_from_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    polars(LINES._plan).write_csv(path)
    frame = sk.scan_csv(path).join(ORDERS, left_on="order", right_on="o")
    found = some(frame, 40_000)
    assert found.rows is not None
    assert 0 < found.rows <= 60_000
    assert polars(found.plan).height % 4 == 0


def test_no_more_is_read_than_the_bound_says() -> None:
    found = some(JOINED, 3_000, read_bytes=1000)
    assert found.how == "the first 1,000 rows of each source"
    assert found.rows == 2_900
    assert polars(found.plan).height == 1_000


@pytest.mark.parametrize("rename", [False, True])
def test_keys_are_traced_to_their_sources(*, rename: bool) -> None:
    lines = LINES.rename({"order": "o"}) if rename else LINES.select(o="order", x="x")
    counted = lines.group_by("o").agg(col("x").sum()).filter(col("x") > 3)
    (key,) = joined_keys(ORDERS.join(counted, on="o")._plan)
    assert sorted(one.column for one in key) == ["o", "order"]
    assert not joined_keys(ORDERS.join(LINES, left_on=col("o") + 1, right_on="order")._plan)
    assert not joined_keys(ORDERS.join(CUSTOMERS, how="cross")._plan)


def test_a_sampled_verification_says_so() -> None:
    found = (
        JOINED.group_by("name").agg(col("x").sum()).verify(["polars", "serial"], (2,), rows=40_000)
    )
    assert found
    assert " of the keys o, order: " in repr(found)
    assert "of 150,900" in repr(found)
