"""Sorts and limits over partitions: what moves, what runs, and rows of equal keys."""

from __future__ import annotations

import random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import scalekit as sk
from scalekit.expr.node import Column, SortKey
from scalekit.kernels.split import (
    _by_searching,
    _by_sorting,
    bounds_of,
    key_sample,
    range_buckets,
    split,
)
from scalekit.physical import limits
from scalekit.testing.compare import reference
from scalekit.testing.data import SCHEMA, dataset

FRAME = sk.from_dict(
    {"a": list(range(1_000)), "b": [7 * i % 10 for i in range(1_000)], "c": [1] * 1_000}
)


def test_a_sort_gathers_nothing(steps):
    found = steps(FRAME.sort("b"))
    assert found["Gather"] == 0
    assert found["RangeExchange"] == 1


def test_a_sort_by_what_other_rows_decide_exchanges_ranges(steps):
    assert steps(FRAME.sort(sk.col("b") - sk.col("b").mean()))["RangeExchange"] == 1


@pytest.mark.parametrize("key", ["a", "b", "c", -sk.col("b")])
@pytest.mark.parametrize("partitions", [2, 7, 129])
def test_a_sort_is_stable(counted, key, partitions):
    rows, _ = counted(FRAME.sort(key), partitions=partitions)
    assert_frame_equal(rows, reference(FRAME.sort(key)))


def test_a_sort_by_ranks_is_that_of_one_machine(counted):
    frame = FRAME.sort(sk.col("b").rank("dense"), descending=True)
    assert_frame_equal(counted(frame, partitions=3)[0], reference(frame))


def test_rows_of_one_key_go_to_several_parts():
    by = (SortKey(Column("c")),)
    table = FRAME.collect()
    bounds = bounds_of([key_sample(table, by, 100)], by, 4, splits_ties=True)
    pieces = split(table, range_buckets(table, by, bounds), 4)
    assert [piece.height for piece in pieces] == [250, 250, 250, 250]
    assert_frame_equal(pl.concat(pieces), table)


def test_rows_of_one_key_stay_together_where_they_have_to():
    by = (SortKey(Column("c")),)
    table = FRAME.collect()
    bounds = bounds_of([key_sample(table, by, 100)], by, 4)
    pieces = split(table, range_buckets(table, by, bounds), bounds.height + 1)
    assert sorted(piece.height for piece in pieces) == [0, 1_000]


def test_bounds_weigh_samples_by_the_rows_that_they_stand_for():
    by = (SortKey(Column("x")),)
    many, few = pl.DataFrame({"x": range(1_000)}), pl.DataFrame({"x": range(5_000, 5_010)})
    samples = [key_sample(table, by, 10) for table in (many, few)]
    bounds = bounds_of(samples, by, 2, rows=[many.height, few.height])
    assert bounds["key_0"].to_list() == [500]


@pytest.mark.parametrize("column", list(SCHEMA))
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("nulls_last", [False, True])
def test_ranges_of_any_type_are_in_order(column, descending, nulls_last):
    table = pl.concat([dataset(name) for name in ("nan_null", "ordinary", "all_null")])
    flags = {"descending": descending, "nulls_last": nulls_last}
    by = [SortKey(Column(name), **flags) for name in (column, "b")]
    for ties in (False, True):
        bounds = bounds_of([key_sample(table, by, 100)], by, 5, splits_ties=ties)
        pieces = split(table, range_buckets(table, by, bounds), bounds.height + 1)
        order = {"by": [column, "b"], "maintain_order": True, **flags}
        assert pl.concat([p.sort(**order) for p in pieces]).equals(table.sort(**order))


FLAT = [name for name, dtype in SCHEMA.items() if not dtype.is_nested() and dtype != pl.Categorical]


@pytest.mark.parametrize("data", ["nan_null", "duplicates", "extreme", "all_null"])
@pytest.mark.parametrize("seed", range(4))
def test_ranges_are_found_by_searching_as_by_sorting(data, seed):
    draw = random.Random(f"{data} {seed}")
    table = pl.concat([dataset(data)] * 3).sample(fraction=1.0, shuffle=True, seed=seed)
    for _ in range(20):
        by = [
            SortKey(Column(name), draw.random() < 0.5, draw.random() < 0.5)
            for name in draw.sample(FLAT, draw.randint(1, 3))
        ]
        bounds = bounds_of([key_sample(table, by, 10)], by, draw.randint(2, 9), splits_ties=True)
        places = key_sample(table, by, 10**9).select(bounds.columns)
        found = [way(places, by, bounds).to_list() for way in (_by_searching, _by_sorting)]
        assert found[0] == found[1]


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_a_sort_stays_below_what_all_rows_say(counted, partitions):
    """Polars drops a sort below a cross join that keeps no order, which puts the sum beside every row."""
    frame = FRAME.sort("b", "a", descending=True).with_columns(n=sk.col("a").sum()).slice(-4, 2)
    assert_frame_equal(counted(frame, partitions=partitions)[0], reference(frame))
    numbered = frame.with_row_index()
    assert_frame_equal(counted(numbered, partitions=partitions)[0], reference(numbered))


def test_a_limit_of_a_sort_sends_no_more_rows_than_it_keeps(steps, counted):
    frame = FRAME.sort("b").slice(3, 4)
    assert steps(frame)["RangeExchange"] == 0
    rows, cluster = counted(frame, partitions=10)
    assert_frame_equal(rows, reference(frame))
    assert cluster.tasks == 11


def test_a_limit_stops_early(counted):
    rows, cluster = counted(FRAME.filter(sk.col("a") >= 100).head(5), partitions=100)
    assert rows["a"].to_list() == [100, 101, 102, 103, 104]
    assert cluster.tasks < 20


def test_a_tail_stops_early(counted):
    rows, cluster = counted(FRAME.filter(sk.col("a") < 900).tail(5), partitions=100)
    assert rows["a"].to_list() == [895, 896, 897, 898, 899]
    assert cluster.tasks < 20


SLICES = [(0, 3), (0, 450), (300, 200), (900, None), (5_000, 1), (-5, None), (-250, 100), (-2_000, 1_500), (-2_000, 500), (0, 0), (3, 0)]  # fmt: skip


@pytest.mark.parametrize(("offset", "length"), SLICES)
@pytest.mark.parametrize("few", [1, 100_000])
def test_slices_are_those_of_one_machine(counted, monkeypatch, offset, length, few):
    monkeypatch.setattr(limits, "FEW", few)
    frame = FRAME.filter(sk.col("b") != 3).slice(offset, length)
    assert_frame_equal(counted(frame, partitions=7)[0], reference(frame))


@pytest.mark.parametrize(("offset", "length"), [(0, 1_000_000), (10, None), (-1_000_000, None), (-1_000_000, 10)])  # fmt: skip
def test_a_limit_of_many_rows_gathers_nothing(steps, offset, length):
    assert steps(FRAME.slice(offset, length))["Gather"] == 0


def test_a_limit_of_files_counts_the_rows_of_all(tmp_path, counted):
    for name in "abc":
        FRAME.head(4).collect().write_parquet(tmp_path / f"{name}.parquet")
    frame = sk.scan_parquet(tmp_path / "*.parquet").select("a").head(6)
    assert counted(frame, partitions=3)[0]["a"].to_list() == [0, 1, 2, 3, 0, 1]


def test_numbers_go_on_after_parts_that_ran_before(counted):
    frame = FRAME.with_row_index().group_by("b").agg(sk.col("index").sum()).sort("b")
    assert_frame_equal(counted(frame, partitions=10)[0], reference(frame))
