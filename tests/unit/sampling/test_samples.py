"""Samples nest, keep matches, agree on all backends and with splits, and say everywhere that they are samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import scalekit as sk
from scalekit import col
from scalekit.config import resolve
from scalekit.display.progress import Bar
from scalekit.errors import ConfigError
from scalekit.kernels.hash_function import row_share
from scalekit.sampling import search

NUMBERS = pl.int_range(4_000, eager=True)
CUSTOMERS = sk.from_polars(pl.DataFrame({"c_key": NUMBERS.cast(pl.Int16), "region": NUMBERS % 5}))
ORDERS = sk.from_polars(
    pl.DataFrame(
        {"o_key": range(20_000), "customer": [i * 7 % 4_000 for i in range(20_000)]}
    ).with_columns(customer=pl.when(pl.col("o_key") % 10 > 0).then("customer"))
)
JOINED = ORDERS.join(
    CUSTOMERS.with_columns(col("c_key").cast(sk.Int64)), left_on="customer", right_on="c_key"
)

BACKENDS = [{"backend": "polars"}, {"backend": "pandas"}, *(
    {"backend": "serial", "partitions": n, "broadcast_bytes": b} for n in (1, 2, 3, 7) for b in (0, 10**9)
)]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SMALL", 1024)


def rows(frame: sk.Frame, **settings: Any) -> pl.DataFrame:
    found = frame.collect(**settings)
    return found.sort(found.columns)


# Rows


def test_a_sample_of_a_join_is_the_join_of_which_the_key_is_in_the_sample():
    kept = JOINED.filter(row_share("customer", purpose="sample") < 0.1)
    assert_frame_equal(rows(JOINED, sample=0.1, sample_on="c_key"), rows(kept))
    assert 1_500 < rows(kept).height < 2_100


@pytest.mark.parametrize("settings", BACKENDS, ids=str)
@pytest.mark.parametrize("on", [None, "c_key", "o_key"])
def test_the_same_rows_everywhere(settings, on):
    for frame in (JOINED.filter(col("region") < 3), ORDERS.filter(col("o_key") % 3 == 0)):
        expected = rows(frame, sample=0.2, sample_on=on, backend="polars")
        assert_frame_equal(rows(frame, sample=0.2, sample_on=on, **settings), expected)


@given(st.floats(0.001, 1), st.floats(0.001, 1), st.sampled_from([None, "customer", "o_key"]))
def test_samples_nest(one, other, on):
    small, large = sorted((one, other))
    inner = ORDERS.collect(sample=small, sample_on=on)
    outer = ORDERS.collect(sample=large, sample_on=on)
    assert inner.join(outer, on="o_key", how="anti").is_empty()
    assert outer.height <= 20_000


def test_one_is_all_rows():
    with sk.config(sample=0.1, sample_on="o_key"):
        assert ORDERS.collect().height < 3_000
        assert ORDERS.collect(sample=1).height == 20_000


def test_values_are_in_the_sample_whatever_their_type():
    keys = pl.int_range(100, eager=True)
    found = {}
    for dtype in (pl.Int8, pl.Int64, pl.UInt16, pl.Float64, pl.Int128):
        frame = sk.from_polars(pl.DataFrame({"k": keys.cast(dtype)}))
        found[dtype] = frame.collect(sample=0.3, sample_on="k")["k"].cast(pl.Int64).to_list()
    assert len(found[pl.Int8]) > 10
    assert all(one == found[pl.Int8] for one in found.values())
    texts = pl.DataFrame({"k": keys.cast(pl.String)})
    coded = texts.with_columns(pl.col("k").cast(pl.Categorical))
    first, second = (
        sk.from_polars(t).collect(sample=0.3, sample_on="k")["k"].cast(pl.String).to_list()
        for t in (texts, coded)
    )
    assert first == second


def test_rows_without_a_key_go_together():
    assert ORDERS.collect(sample=0.5, sample_on="customer")["customer"].null_count() in (0, 2_000)


def test_rows_of_a_database_are_chosen_by_their_values(tmp_path):
    uri = f"sqlite:///{tmp_path}/orders.db"
    ORDERS.write_database("orders", uri)
    read = sk.scan_database("SELECT * FROM orders ORDER BY o_key", uri)
    turned = sk.scan_database("SELECT * FROM orders ORDER BY o_key DESC", uri)
    found = rows(read, sample=0.1)
    assert 1_700 < found.height < 2_300
    assert_frame_equal(found, rows(turned, sample=0.1))


def test_groups_by_the_key_are_whole():
    counts = ORDERS.group_by("customer").agg(n=sk.len())
    whole = counts.collect()
    some = counts.collect(sample=0.1, sample_on="customer")
    assert some.join(whole, on=["customer", "n"], how="anti", nulls_equal=True).is_empty()


# Splits


@pytest.mark.parametrize(
    "settings", [{"sample_on": "o_key"}, {"sample_on": "customer"}, {}], ids=str
)
def test_a_row_is_in_the_split_that_it_is_in_among_all_rows(settings):
    whole = [set(part.collect()["o_key"]) for part in sk.split(ORDERS, key="o_key")]
    with sk.config(sample=0.1, **settings):
        some = [set(part.collect()["o_key"]) for part in sk.split(ORDERS, key="o_key")]
    assert all(part <= all_rows for part, all_rows in zip(some, whole, strict=True))
    shares = [len(part) / sum(map(len, some)) for part in some]
    assert shares == pytest.approx([0.7, 0.15, 0.15], abs=0.04)


# What is said


def test_a_frame_says_so():
    plain = repr(ORDERS), ORDERS._repr_html_()
    with sk.config(sample=0.25, sample_on="o_key"):
        assert repr(ORDERS).endswith("about 5,000 rows, 78.7 KiB; a sample of 25 % by o_key")
        assert "a sample of 25 % by o_key" in ORDERS._repr_html_()
    assert (repr(ORDERS), ORDERS._repr_html_()) == plain


def test_explain_says_it_first():
    text = JOINED.explain(sample=0.1, sample_on="c_key")
    assert text.startswith("sample: a sample of 10 % by customer = c_key\n")
    assert "(from argument sample=)" in text
    assert "row_share(col('c_key'), purpose='sample') < 0.1" in text
    assert "sample" not in JOINED.explain()
    assert "chosen from the plan, sample_on= names another key" in JOINED.explain(sample=0.1)
    assert JOINED.explain("physical", sample=0.1).startswith("sample: ")


def test_the_progress_bar_and_a_profile_say_so():
    config = resolve(sample=0.1, sample_on="o_key")
    bar = Bar(lambda: 0.0)
    sk.run.collect(ORDERS._plan, config, bar)
    assert bar.look().who == "polars · a sample of 10 % by o_key"
    found = ORDERS.profile(sample=0.1, sample_on="o_key", backend="polars")
    result, _ = found
    assert result.height < 3_000
    assert found.sample == "a sample of 10 % by o_key"
    assert repr(found).startswith("a sample of 10 % by o_key\n")
    assert "<b>a sample of 10 % by o_key</b>" in found._repr_html_()


def test_what_is_written_warns_and_says_so(tmp_path: Path):
    with pytest.warns(
        UserWarning, match=r"what is written to .*some.parquet.* is a sample of 10 % by o_key"
    ):
        found = ORDERS.write_parquet(tmp_path / "some.parquet", sample=0.1, sample_on="o_key")
    assert found.sample == "a sample of 10 % by o_key"
    assert ORDERS.write_parquet(tmp_path / "all.parquet").sample == ""


@pytest.mark.parametrize("backend", ["polars", "serial"])
def test_persisted_rows_stay_a_sample_and_are_not_sampled_again(backend):
    with sk.config(sample=0.1, sample_on="customer", backend=backend):
        kept = ORDERS.persist()
        again = kept.collect()
        assert 1_500 < again.height < 2_500
        joined = kept.join(CUSTOMERS, left_on="customer", right_on=col("c_key").cast(sk.Int64))
        assert joined.collect().height == again["customer"].drop_nulls().len()
        assert "customer, as it was persisted" in kept.explain()
    assert repr(kept).endswith("a sample of 10 % by customer")
    assert "a sample of 10 % by customer" in kept.filter(col("o_key") > 3)._repr_html_()
    assert kept.explain().startswith(
        "sample: the plan reads a sample of 10 % by customer, which was persisted"
    )
    assert kept.collect(backend=backend).height == again.height
    everything = ORDERS.join(kept, on="o_key").persist(backend=backend)
    assert repr(everything).endswith("a sample of 10 % by customer")


def test_what_joins_persisted_rows_is_cut_by_their_key():
    with sk.config(sample=0.1):
        kept = ORDERS.persist(sample_on="customer", backend="polars")
        found = kept.join(
            CUSTOMERS.with_columns(col("c_key").cast(sk.Int64)),
            left_on="customer",
            right_on="c_key",
            how="right",
        )
        assert 300 < found.collect()["c_key"].n_unique() < 500
        narrower = kept.collect(sample=0.01, sample_on="customer")
    assert narrower.height == ORDERS.collect(sample=0.01, sample_on="customer").height


def test_a_preview_is_of_the_sample_or_says_that_it_is_not(tmp_path):
    ORDERS.write_parquet(tmp_path / "orders.parquet")
    with sk.config(sample=0.1, sample_on="o_key"):
        read = sk.scan_parquet(tmp_path / "orders.parquet")
        assert "not of the sample" in read._repr_html_()
        assert "not of the sample" not in ORDERS._repr_html_()
        assert "no preview" in read.group_by("customer").agg(sk.len())._repr_html_()


# Settings


def test_settings_are_read_at_every_level(monkeypatch):
    monkeypatch.setenv("SCALEKIT_SAMPLE", "0.01")
    monkeypatch.setenv("SCALEKIT_SAMPLE_ON", "a, b")
    assert (resolve().sample, resolve().sample_on) == (0.01, ("a", "b"))
    with sk.config(sample=1, sample_on=["c"]):
        assert (resolve().sample, resolve().sample_on) == (1.0, ("c",))


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "some", "nan"])
def test_shares_without_meaning_are_refused(value):
    with pytest.raises(ConfigError, match="above 0 and up to 1"):
        sk.config(sample=value)


@pytest.mark.parametrize("value", ["", "a,,b", [], [1], 3])
def test_names_without_meaning_are_refused(value):
    with pytest.raises(ConfigError, match="names of columns"):
        sk.config(sample_on=value)
