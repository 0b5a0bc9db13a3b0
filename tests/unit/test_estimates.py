"""Estimates of rows, bytes and peaks: what sources know, what conditions and joins make of it, and bounds that hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

import scalekit as sk
from scalekit import col, run
from scalekit.config import resolve
from scalekit.estimate import estimate
from scalekit.estimate.peak import BASE, peaks
from scalekit.estimate.rows import Estimate
from scalekit.sources.column_statistics import BlockStatistics, combined

ROWS = 50_000
DAYS = [date(2020, 1, 1) + timedelta(days=n % 1000) for n in range(ROWS)]


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sales of 500 customers on 1,000 days, in row groups; the customers beside them."""
    folder = tmp_path_factory.mktemp("sales")
    number = pl.int_range(ROWS, eager=True)
    pl.DataFrame(
        {
            "id": number,
            "customer": number.hash(1) % 500,
            "day": DAYS,
            "kind": (number.hash(2) % 8).cast(pl.String) + "-kind",
            "price": (number.hash(3) % 1000) / 10,
            "note": pl.select(pl.when(number % 4 == 0).then(number)).to_series(),
            "tags": [[1, 2, 3]] * ROWS,
        }
    ).write_parquet(folder / "sales.parquet", row_group_size=5_000)
    pl.DataFrame(
        {"customer": range(500), "name": [f"customer {n}" for n in range(500)]}
    ).write_parquet(folder / "customers.parquet")
    return folder


def of(frame: sk.Frame) -> Estimate:
    plan = run.optimized_plan(frame._plan, resolve())
    return estimate(plan)[plan]


CASES: dict[str, Callable[[sk.Frame, sk.Frame], sk.Frame]] = {
    "a range of dates": lambda s, c: s.filter(col("day") < date(2020, 7, 19)),
    "a range of two limits": lambda s, c: s.filter(col("price") > 20, col("price") <= 40),
    "between": lambda s, c: s.filter(col("price").is_between(20, 40)),
    "one of few texts": lambda s, c: s.filter(col("kind") == "3-kind"),
    "some of few texts": lambda s, c: s.filter(col("kind").is_in(["1-kind", "2-kind"])),
    "all but one": lambda s, c: s.filter(col("kind") != "3-kind"),
    "either": lambda s, c: s.filter((col("kind") == "3-kind") | (col("price") < 50)),
    "nulls": lambda s, c: s.filter(col("note").is_null()),
    "every tenth": lambda s, c: s.filter(col("id") % 10 == 0),
    "nothing": lambda s, c: s.filter(col("price") > 1e9),
    "groups of few texts": lambda s, c: s.group_by("kind").agg(sk.len()),
    "groups of a key and a text": lambda s, c: s.group_by("customer", "kind").agg(sk.len()),
    "groups of days in years": lambda s, c: s.group_by(col("day").dt.year()).agg(sk.len()),
    "groups of what a join determines": lambda s, c: (
        s.join(c, on="customer").group_by("customer", "name").agg(sk.len())
    ),
    "groups of groups": lambda s, c: s.group_by("customer").agg(n=sk.len()).group_by("n").agg(sk.len()),
    "a join to a key": lambda s, c: s.join(c, on="customer"),
    "a join to some keys": lambda s, c: s.join(c.filter(col("customer") < 50), on="customer"),
    "a left join": lambda s, c: s.join(c.filter(col("customer") < 50), on="customer", how="left"),
    "a semi join": lambda s, c: c.join(s.filter(col("id") < 200), on="customer", how="semi"),
    "an anti join": lambda s, c: c.join(s.filter(col("id") < 200), on="customer", how="anti"),
    "a join with sums": lambda s, c: s.join(
        s.group_by("customer").agg(total=col("price").sum()), on="customer"
    ),
    "lists": lambda s, c: s.select("id", "tags").explode("tags"),
    "different rows": lambda s, c: s.select("customer", "kind").unique(),
    "a union": lambda s, c: sk.concat([s, s]),
    "columns as rows": lambda s, c: s.select("id", "customer", "note").unpivot(index="id"),
    "one row": lambda s, c: s.select(col("price").sum()),
    "the first": lambda s, c: s.sort("price").head(10),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_guesses_are_near_and_spans_hold(name: str, sales: Path) -> None:
    frame = CASES[name](
        sk.scan_parquet(sales / "sales.parquet"), sk.scan_parquet(sales / "customers.parquet")
    )
    rows, true = of(frame).rows, frame.collect(backend="polars").height
    assert rows is not None
    assert rows.low <= rows.guess <= rows.high
    assert rows.low <= true <= rows.high, (rows, true)
    assert max(true, 1) / 3 <= max(rows.guess, 1) <= max(true, 1) * 3, (rows, true)


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet", "frame"])
def test_values_are_known_from_blocks_of_any_format(suffix: str, tmp_path: Path) -> None:
    number = pl.int_range(40_000, eager=True)
    table = pl.DataFrame({"key": number, "few": number % 7, "some": number.hash(5) % 300})
    path = tmp_path / f"t.{suffix}"
    if suffix == "frame":
        frame = sk.from_polars(table)
    else:
        getattr(table, f"write_{suffix}")(path)
        frame = getattr(sk, f"scan_{suffix}")(path)
    found = frame._plan.source.column_statistics(["key", "few", "some"])
    assert 20_000 <= (found["key"].distinct or 40_000) <= 40_000
    assert 7 <= found["few"].distinct <= 9
    assert 200 <= found["some"].distinct <= 400
    assert (found["few"].low, found["few"].high) == (0, 6)


def test_a_large_text_file_is_looked_at_in_blocks(tmp_path: Path) -> None:
    number = pl.int_range(1_200_000, eager=True)
    table = pl.DataFrame({"key": number // 4, "few": number.hash(1) % 50})
    table.write_csv(tmp_path / "large.csv")
    source = sk.scan_csv(tmp_path / "large.csv")._plan.source
    assert source.pieces[0].text is not None, "the file is too small to have blocks"
    found = source.column_statistics(["key", "few"])
    assert 200_000 <= found["key"].distinct <= 400_000
    assert 45 <= found["few"].distinct <= 55


def test_nothing_is_known_of_a_lazy_frame_but_of_its_head() -> None:
    frame = sk.from_polars(pl.LazyFrame({"x": [1, 2, 3]}))
    assert of(frame.filter(col("x") > 1)).rows is None
    assert of(frame.head(2)).rows.high == 2
    assert peaks(frame._plan).polars is None
    assert peaks(frame._plan).unknown


def test_a_file_that_is_gone_is_no_error_of_an_estimate(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"x": [1, 2, 3]}).write_parquet(path)
    frame = sk.scan_parquet(path).filter(col("x") > 1)
    path.unlink()
    assert frame.estimate().height == 2


def test_blocks_of_nulls_and_empty_blocks() -> None:
    assert combined([], 10).distinct is None
    only_nulls = combined([BlockStatistics(0, 0.0, None, None, 100)], 100)
    assert only_nulls.nulls == 1.0
    assert combined([BlockStatistics(10, None, 1, 10, 0)], 10).distinct is None


def test_a_sort_holds_all_rows_and_a_limit_above_it_few() -> None:
    frame = sk.from_dict({"x": list(range(100_000))})
    assert (
        peaks(frame.sort("x")._plan).polars.guess
        > peaks(frame.sort("x").head(5)._plan).polars.guess
    )
    assert peaks(frame.sort("x")._plan).largest[0] == "SORT"


def test_what_nobody_reads_is_not_held() -> None:
    left = sk.from_dict({"k": list(range(10_000))})
    right = sk.from_dict(
        {"k": list(range(10_000)), "wide": ["a long text that takes room" * 10] * 10_000}
    )
    joined = left.join(right, on="k", how="left")
    narrow, wide = (peaks(f._plan).polars.guess - BASE for f in (joined.select("k"), joined))
    assert narrow < wide / 5


def test_plans_of_unknown_size_say_so() -> None:
    frame = sk.from_dict({"k": [1] * 1000, "v": list(range(1000))})
    many = frame.join(frame.select("k", w="v"), on="k")
    assert peaks(many._plan).unknown
    assert estimate(many._plan)[many._plan].rows.high >= 1_000_000
    assert peaks(frame.map_batches(lambda table: table)._plan).unknown
    assert not peaks(frame.group_by("k").agg(sk.len())._plan).unknown


def test_more_rows_are_never_less_memory() -> None:
    def peak(rows: int) -> float:
        frame = sk.from_dict({"k": list(range(rows)), "x": [1.5] * rows})
        return peaks(frame.group_by("k").agg(col("x").sum()).sort("k")._plan).polars.guess

    sizes = [peak(10**n) for n in range(2, 6)]
    assert sizes == sorted(sizes)


TEXTS = {
    "put together": sk.concat_str("x", "y", col("x")),
    "added": col("x") + col("y") + "12345678",
    "formatted": sk.format("{}{}{}{}", "x", "y", "x", "y"),
    "padded": col("x").str.pad_start(500),
    "in a list": sk.concat_list(*["x"] * 9),
    "repeated": col("x").repeat_by(7),
    "in a struct": sk.struct("x", z=sk.concat_str("x", "y")),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_put_together_are_as_long_as_their_parts(name: str) -> None:
    rows = pl.DataFrame(
        {"x": [f"a text of some length, the {n}th" for n in range(500)] * 2, "y": ["b" * 80] * 1000}
    )
    frame = sk.from_polars(rows).select(t=TEXTS[name])
    true = frame.collect().estimated_size()
    guess = of(frame).bytes
    assert guess is not None
    assert true / 2 <= guess.guess <= 3 * true
