"""What a sample cuts: the keys that were named or fit best, wherever joins lead, and nothing that tears matches apart."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.sampling import describe
from scalekit.sampling import search as rules
from scalekit.sampling.search import Sampling, decide


def table(rows: int, **columns: Any) -> sk.Frame:
    """A table whose columns hold numbers below what they are given."""
    numbers = pl.int_range(rows, eager=True)
    return sk.from_polars(pl.DataFrame({name: numbers % most for name, most in columns.items()}))


CUSTOMERS = table(2_000, c_key=2_000, region=5)
ORDERS = table(20_000, o_key=20_000, o_customer=2_000, day=365)
LINES = table(60_000, l_order=20_000, l_part=3_000, price=97)
PARTS = table(3_000, p_key=3_000, size=50)
STAFF = table(20_000, id=20_000, boss=500)

SALES = CUSTOMERS.join(ORDERS, left_on="c_key", right_on="o_customer").join(
    LINES, left_on="o_key", right_on="l_order"
)


@pytest.fixture(autouse=True)
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "SMALL", 1024)


def cut(frame: sk.Frame, *on: str, share: float = 0.1) -> Sampling:
    return decide(frame._plan, share, on)


def columns(found: Sampling) -> list[str | None]:
    return sorted((c.column for c in found.cuts), key=str)


def test_a_named_key_is_followed_through_joins():
    found = cut(SALES, "c_key")
    assert columns(found) == ["c_key", "o_customer"]
    assert len(found.whole) == 1


def test_the_name_may_be_that_of_any_table_or_of_a_renamed_column():
    assert columns(cut(SALES, "o_customer")) == ["c_key", "o_customer"]
    renamed = ORDERS.select(customer="o_customer", o_key="o_key")
    assert columns(cut(renamed, "customer")) == ["o_customer"]


def test_renames_and_widths_on_the_way_are_followed():
    orders = ORDERS.rename({"o_customer": "key"}).with_columns(
        key=col("key").cast(sk.Int32), day=col("day") + 1
    )
    joined = orders.filter(col("day") > 3).join(
        CUSTOMERS.with_columns(col("c_key").cast(sk.Int32)), left_on="key", right_on="c_key"
    )
    assert columns(cut(joined, "c_key")) == ["c_key", "o_customer"]


def test_a_key_that_is_computed_is_not_followed():
    orders = ORDERS.with_columns(key=col("o_customer") + 1)
    joined = orders.join(CUSTOMERS, left_on="key", right_on="c_key")
    assert columns(cut(joined, "c_key")) == ["c_key"]
    text = sk.from_dict({"code": ["007", "8"]}).with_columns(key=col("code").cast(sk.Int64))
    assert columns(cut(text.join(CUSTOMERS, left_on="key", right_on="c_key"), "c_key")) == ["c_key"]


def test_keys_go_through_groups_unions_and_explosions():
    per_order = LINES.group_by("l_order").agg(n=sk.len())
    joined = ORDERS.join(per_order, left_on="o_key", right_on="l_order")
    assert columns(cut(joined, "o_key")) == ["l_order", "o_key"]
    both = sk.concat([ORDERS, ORDERS.with_columns(day=col("day") + 1), ORDERS.head(10)])
    assert columns(cut(both.join(CUSTOMERS, left_on="o_customer", right_on="c_key"), "c_key")) == [
        "c_key",
        "o_customer",
    ]


def test_without_a_name_it_is_the_key_of_the_largest_tables():
    found = cut(SALES)
    assert columns(found) == ["l_order", "o_key"]
    assert found.is_chosen
    assert not found.notes


def test_without_joins_it_is_the_place():
    assert columns(cut(LINES.filter(col("price") > 3))) == [None]
    both = sk.concat([ORDERS, table(20_000, o_key=20_000, o_customer=2_000, day=7)])
    assert columns(cut(both)) == [None, None]


def test_groups_stay_whole_where_their_key_has_many_values():
    assert columns(cut(LINES.group_by("l_part").agg(n=sk.len()))) == ["l_part"]
    assert columns(cut(LINES.group_by("price").agg(n=sk.len()))) == [None]


def test_keys_of_few_rows_are_not_chosen():
    few = table(12, month=12)
    assert columns(cut(ORDERS.join(few, left_on="day", right_on="month"))) == [None]


def test_a_key_of_few_values_is_not_chosen_either():
    """As the origins of flights, by which they meet the weather there, beside the hour."""
    flights = table(50_000, origin=3, hour=8_000, delay=90)
    weather = table(24_000, origin=3, hour=8_000)
    joined = flights.join(weather, on=["origin", "hour"], how="left")
    assert columns(cut(joined)) == ["hour", "hour"]
    assert columns(cut(joined, share=0.001)) == [None]


def test_small_tables_are_whole(monkeypatch):
    monkeypatch.setattr(rules, "SMALL", 1024**3)
    assert cut(SALES).cuts == ()
    assert columns(cut(SALES, "o_key")) == ["l_order", "o_key"]


@pytest.mark.parametrize("how", ["semi", "anti", "left", "full"])
def test_a_choice_leaves_no_row_without_its_match(how):
    """By orders and lines would cover most, but customers would lose their orders."""
    orders = ORDERS.join(LINES, left_on="o_key", right_on="l_order", how="semi")
    joined = CUSTOMERS.join(orders, left_on="c_key", right_on="o_customer", how=how)
    found = cut(joined)
    assert columns(found) == ["c_key", "o_customer"]
    assert found.notes == ()


def test_a_named_key_is_cut_all_the_same_and_says_what_that_does():
    found = cut(CUSTOMERS.join(ORDERS, left_on="c_key", right_on="o_customer", how="left"), "o_key")
    assert columns(found) == ["o_key"]
    assert "lose their matches" in found.notes[0]


def test_a_table_that_meets_itself_by_two_columns_stays_whole():
    bosses = STAFF.select(boss_id="id")
    found = cut(STAFF.join(bosses, left_on="boss", right_on="boss_id"), "id")
    assert found.cuts == ()


def test_further_keys_cut_what_goes_with_the_first():
    found = cut(SALES, "c_key", "l_part")
    assert columns(found) == ["c_key", "o_customer"]
    apart = sk.concat(
        [
            SALES.select("price"),
            LINES.join(PARTS, left_on="l_part", right_on="p_key").select("price"),
        ]
    )
    assert set(columns(cut(apart, "p_key", "c_key"))) >= {"l_part", "p_key"}


def test_two_stars_below_each_other_are_both_cut():
    one = ORDERS.join(CUSTOMERS, left_on="o_customer", right_on="c_key").select("region")
    other = table(50_000, key=10_000, region=7).join(
        table(10_000, id=10_000), left_on="key", right_on="id"
    )
    found = cut(sk.concat([one, other.select("region")]))
    assert columns(found) == ["c_key", "id", "key", "o_customer"]
    assert found.notes == ()


def test_tables_side_by_side_are_not_cut():
    beside = sk.concat([ORDERS, LINES.head(20_000)], how="horizontal")
    assert "row by row" in cut(beside).notes[0] or not cut(beside).cuts


def test_groups_that_have_some_of_their_rows_are_named():
    grouped = LINES.group_by("price").agg(n=sk.len())
    assert "price" in cut(grouped).thinned[0]
    assert cut(grouped, "price").thinned == ()
    assert cut(LINES.select(col("price").sum())).thinned == ()


def test_a_large_table_that_stays_whole_is_told(monkeypatch):
    monkeypatch.setattr(describe, "LARGE", 1024)
    with pytest.warns(UserWarning, match=r"stays whole, as it has none of its keys.*sample_on="):
        LINES.head(1).collect(sample=0.1, sample_on="nothing")
