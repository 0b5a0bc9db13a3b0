"""Expressions that need other rows: only small tables meet in one task, and the answer is that of one machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.config import config
from scalekit.expr.expr import Expr
from scalekit.frame.frame import Frame
from scalekit.optimize import optimize
from scalekit.physical.lower import lower
from scalekit.physical.nodes import (
    Broadcast,
    Gather,
    HashExchange,
    JoinPartitions,
    MapPartitions,
    Physical,
    RangeExchange,
)
from scalekit.physical.show import show_physical
from scalekit.plan.nodes import Aggregate, Plan, Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.compare import assert_conforms
from scalekit.testing.data import many_rows
from scalekit.tree import walk

COLUMNS = ("o", "k", "b", "i", "i8", "u8", "f", "f32", "s", "t")
ROWS = Frame(Scan(MemorySource(many_rows(24).select(COLUMNS))))
x, K = col("i8"), "k"

Build = Callable[[Frame], Frame]


def physical(frame: Frame) -> list[Physical]:
    """The nodes of a frame's physical plan."""
    return list(walk(lower(optimize(frame._plan))))


def of(kind: type[Physical], nodes: list[Physical]) -> list[Physical]:
    return [node for node in nodes if isinstance(node, kind)]


def brings_rows_together(nodes: list[Physical]) -> bool:
    """Whether a table meets in one task that is more than a few rows of each part."""
    return any(not _is_few(node.input) for node in nodes if isinstance(node, Gather))


def _is_few(node: Physical) -> bool:
    return isinstance(node, MapPartitions) and _has_few_rows(node.fragment)


def _has_few_rows(fragment: Plan) -> bool:
    return isinstance(fragment, Aggregate) and not fragment.keys


def answers_alike(build: Build) -> None:
    """Assert the reference's answer in one part, in some and in more than there are rows."""
    for partitions, broadcast in ((1, 0), (3, 2**30), (7, 0), (29, 2**30)):
        with config(partitions=partitions, broadcast_bytes=broadcast):
            assert_conforms(build(ROWS), "serial")


MIXED: dict[str, Build] = {
    "away from the mean": lambda f: f.with_columns(a=col("f32") - x.mean()),
    "filter": lambda f: f.filter(x > x.mean()),
    "beside a column": lambda f: f.select("o", a=x.sum(), b=x.max()),
    "aggregate of it": lambda f: f.select(a=(x - x.mean()).abs().mean().round(9)),
    "twice": lambda f: f.select("o", a=x - (x - x.min()).max(), b=x.sum() + x.len()),
    "filtered by it": lambda f: f.select(a=x.filter(x > x.mean()).sum()),
    "choice": lambda f: f.with_columns(a=sk.when(x.mean() > 0).then(x).otherwise(-x)),
    "rows": lambda f: f.with_columns(n=sk.len(), share=x / sk.len()),
    "first": lambda f: f.select("o", a=x - x.first()),
}


@pytest.mark.parametrize("name", MIXED)
def test_aggregates_of_all_rows_are_sent_to_the_rows(name: str) -> None:
    nodes = physical(MIXED[name](ROWS))
    assert not brings_rows_together(nodes)
    assert of(Gather, nodes)
    assert not of(HashExchange, nodes)


@pytest.mark.parametrize("name", MIXED)
def test_mixed_levels_answer_alike(name: str) -> None:
    answers_alike(MIXED[name])


ONE_ROW: dict[str, Build] = {
    "select": lambda f: f.select(x.sum(), m=x.mean(), d=col("f32").std()),
    "length": lambda f: f.select(sk.len()),
    "of the frame": lambda f: f.select("i8", "f32").sum(),
    "moments": lambda f: f.select(a=x.skew().round(9), b=x.kurtosis(bias=False).round(9)),
}


@pytest.mark.parametrize("name", ONE_ROW)
def test_aggregates_alone_are_partial_and_final(name: str) -> None:
    nodes = physical(ONE_ROW[name](ROWS))
    assert not brings_rows_together(nodes)
    assert not of(Broadcast, nodes)
    answers_alike(ONE_ROW[name])


def test_what_does_not_split_gathers_its_own_column_beside_the_rest() -> None:
    frame = ROWS.select(a=x.median(), b=col("i").sum(), c=col("s").n_unique() / sk.len())
    nodes = physical(frame)
    wide = [n for n in of(Gather, nodes) if not _is_few(n.input)]  # type: ignore[attr-defined]
    (gathered,) = wide
    assert "col('i8')" in show_physical(gathered.input)  # type: ignore[attr-defined]
    assert "col('i')" not in show_physical(gathered.input)  # type: ignore[attr-defined]
    assert len(of(HashExchange, nodes)) == 1
    answers_alike(
        lambda f: f.select(a=x.median(), b=col("i").sum(), c=col("s").n_unique() / sk.len())
    )


COUNTED: dict[str, Build] = {
    "all": lambda f: f.select(x.n_unique()),
    "beside": lambda f: f.select(a=x.n_unique(), b=col("f32").mean(), c=sk.len()),
    "approximate": lambda f: f.select(x.approx_n_unique()),
    "by key": lambda f: f.group_by("k").agg(a=x.n_unique(), b=col("f32").mean().round(6)),
    "in order": lambda f: f.group_by("k", maintain_order=True).agg(a=x.n_unique(), b=sk.len()),
    "floats": lambda f: f.group_by("k").agg(a=col("f").n_unique(), b=col("f").is_null().sum()),
    "made of it": lambda f: f.group_by("k").agg(a=(x + 1).n_unique() / x.len()),
}


@pytest.mark.parametrize("name", COUNTED)
def test_distinct_values_meet_by_value_or_by_group(name: str) -> None:
    nodes = physical(COUNTED[name](ROWS))
    assert not brings_rows_together(nodes)
    keys = [len(node.keys) for node in nodes if isinstance(node, HashExchange)]
    assert keys == [1]  # by the value without keys, else by the key: nothing moves twice
    answers_alike(COUNTED[name])


def test_several_distinct_counts_by_key_meet_by_key() -> None:
    frame = ROWS.group_by("k").agg(a=x.n_unique(), b=col("s").n_unique())
    assert len(of(HashExchange, physical(frame))) == 1
    answers_alike(lambda f: f.group_by("k").agg(a=x.n_unique(), b=col("s").n_unique()))


def test_a_series_in_a_membership_is_one_for_all_rows() -> None:
    def build(f: Frame) -> Frame:
        return f.filter(x.is_in(pl.Series([1, 2, 5], dtype=pl.Int8)))

    assert not of(Gather, physical(build(ROWS)))
    answers_alike(build)


def test_a_list_of_all_values_does_not_stand_in_every_row() -> None:
    frame = ROWS.filter(x.is_in(col("u8").cast(sk.Int8, strict=False).implode()))
    assert not of(Broadcast, physical(frame))
    with config(partitions=3):
        assert_conforms(frame, "serial")


OVER: dict[str, Build] = {
    "sum": lambda f: f.with_columns(a=x.sum().over(K)),
    "away from the mean": lambda f: f.with_columns(a=x - x.mean().over(K)),
    "filter": lambda f: f.filter(x == x.max().over(K)),
    "keys that are computed": lambda f: f.select("o", a=x.sum().over(col("o") % 3, "k")),
    "two keys": lambda f: f.select("o", a=x.sum().over("k"), b=x.sum().over("b")),
    "nulls and NaN": lambda f: f.select("o", a=sk.len().over("f"), b=x.sum().over("i", "f32")),
    "replaced": lambda f: f.with_columns(i8=x.sum().over(K)),
}


@pytest.mark.parametrize("name", OVER)
def test_aggregates_of_groups_are_looked_up(name: str) -> None:
    nodes = physical(OVER[name](ROWS))
    assert not of(Gather, nodes)
    assert of(JoinPartitions, nodes)
    answers_alike(OVER[name])


def test_rows_stay_where_they_are_with_few_groups() -> None:
    (joined,) = of(JoinPartitions, physical(ROWS.with_columns(a=x.sum().over(K))))
    assert isinstance(joined, JoinPartitions)
    assert joined.may_broadcast == (False, True)
    assert joined.in_order[0]


EXCHANGED: dict[str, Build] = {
    "rank": lambda f: f.with_columns(a=x.rank("ordinal").over(K)),
    "shift": lambda f: f.with_columns(a=x.shift().over(K), b=x.cum_sum().over(K)),
    "ordered": lambda f: f.select("o", a=x.shift().over(K, order_by=-col("o"))),
    "median": lambda f: f.select("o", a=x - x.median().over(K), b=x.sum().over(K)),
    "first": lambda f: f.select("o", a=x.first().over(K), b=x.last().over(K)),
    "lists": lambda f: f.select("o", a=x.over(K, mapping_strategy="join")),
    "two keys": lambda f: f.select("o", a=x.shift().over("k"), b=x.shift(2).over("b")),
    "within each other": lambda f: f.with_columns(a=(x - x.sum().over(K)).sum().over("b")),
    "rolling": lambda f: f.select("o", a=col("u8").rolling_max(2).over("k", order_by="o")),
    "without an order": lambda f: f.unique("o").select("o", a=x.shift().over("k", order_by="o")),
}


@pytest.mark.parametrize("name", EXCHANGED)
def test_rows_of_a_group_meet(name: str) -> None:
    nodes = physical(EXCHANGED[name](ROWS))
    assert not brings_rows_together(nodes)
    assert len(of(RangeExchange, nodes)) == (0 if name == "without an order" else 1)
    answers_alike(EXCHANGED[name])


def test_the_same_keys_are_exchanged_once() -> None:
    frame = ROWS.select(
        "o", a=x.shift().over(K), b=x.rank().over(K), c=x.cum_max().over(K, order_by="o")
    )
    assert len(of(HashExchange, physical(frame))) == 1


ALONG: dict[str, Build] = {
    "shift": lambda f: f.select("o", a=x.shift(), b=x.shift(-3), c=x.shift(2, fill_value=0)),
    "diff": lambda f: f.select(a=x.diff(), b=col("t").diff(2)),
    "running": lambda f: f.select(a=x.cum_sum(), b=x.cum_max(), c=x.cum_min(), d=x.cum_count()),
    "backwards": lambda f: f.select(a=x.cum_sum(reverse=True), b=x.cum_count(reverse=True)),
    "products": lambda f: f.select(a=(x % 2 + 1).cum_prod()),
    "fill": lambda f: f.select(a=col("i").forward_fill(), b=col("s").backward_fill()),
    "fill some": lambda f: f.select(a=col("i").forward_fill(1), b=col("s").backward_fill(2)),
    "strategies": lambda f: f.select(a=col("i").fill_null(strategy="forward")),
    "rolling": lambda f: f.select(a=col("u8").rolling_sum(4), b=x.rolling_max(3, center=True)),
    "mixed": lambda f: f.with_columns(a=x.cum_sum() / x.sum(), b=x - x.shift().fill_null(0)),
    "nested": lambda f: f.select("o", a=(x - x.shift()).cum_sum(), b=x.cum_sum().max()),
    "filter": lambda f: f.filter(x > x.shift()),
    "wider than parts": lambda f: f.select(a=x.shift(30), b=col("u8").rolling_max(25)),
}


@pytest.mark.parametrize("name", ALONG)
def test_parts_see_their_neighbours(name: str) -> None:
    nodes = physical(ALONG[name](ROWS))
    assert not brings_rows_together(nodes)
    assert not of(HashExchange, nodes)
    assert not of(RangeExchange, nodes)
    assert of(Broadcast, nodes)
    answers_alike(ALONG[name])


KINDS: dict[str, Expr] = {
    "is_unique": x.is_unique(),
    "is_duplicated": col("s").is_duplicated(),
    "is_first_distinct": col("f").is_first_distinct(),
    "is_last_distinct": x.is_last_distinct(),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_is_alike_meets_by_value(name: str) -> None:
    def build(f: Frame) -> Frame:
        return f.select("o", a=KINDS[name])

    assert not of(Gather, physical(build(ROWS)))
    answers_alike(build)


APART: dict[str, Build] = {
    "ewm_mean": lambda f: f.with_columns(a=x.ewm_mean(alpha=0.3)),
    "interpolate": lambda f: f.select("o", a=col("f32").interpolate()),
    "reverse": lambda f: f.select("o", a=x.reverse()),
    "sort": lambda f: f.with_columns(a=x.sort()),
    "rle_id": lambda f: f.filter(x.rle_id() % 2 == 0),
}


@pytest.mark.parametrize("name", APART)
def test_functions_of_whole_columns_are_given_these_alone(name: str) -> None:
    nodes = physical(APART[name](ROWS))
    (gathered,) = of(Gather, nodes)
    assert isinstance(gathered, Gather)
    text = show_physical(gathered.input).splitlines()[1]
    assert text.count("col(") == 2  # the column and the rows' places
    assert of(JoinPartitions, nodes)
    answers_alike(APART[name])


WHOLE: dict[str, Build] = {
    "unique": lambda f: f.select(x.unique(), "k"),
    "head": lambda f: f.select(x.head(3), col("o").tail(3)),
    "one filtered": lambda f: f.select(x.filter(x > 0) - x.mean()),
    "explode": lambda f: f.select(x.over(K, mapping_strategy="explode")),
    "user function": lambda f: f.select(x.map_batches(lambda s: s + 1, return_dtype=sk.Int8)),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_changes_the_number_of_rows_is_right(name: str) -> None:
    for partitions in (1, 3, 7):
        with config(partitions=partitions):
            assert_conforms(WHOLE[name](ROWS), "serial")


RESIZED: dict[str, Build] = {
    "unique": lambda f: f.select(x.unique()),
    "in order": lambda f: f.select(a=col("f").unique(maintain_order=True)),
    "sort": lambda f: f.select((x + col("o")).sort(descending=True)),
    "head": lambda f: f.select(x.head(5), col("o").head(5)),
    "tail": lambda f: f.select(col("o").tail(5)),
    "drop_nulls": lambda f: f.select(x.drop_nulls()),
    "filter": lambda f: f.select(x.filter(x > 1).abs()),
    "explode": lambda f: f.select(col("s").str.split("a").explode()),
}


@pytest.mark.parametrize("name", RESIZED)
def test_columns_of_another_length_are_steps_of_the_plan(name: str) -> None:
    gathers = of(Gather, physical(RESIZED[name](ROWS)))
    assert all("LIMIT" in show_physical(node) for node in gathers)
    answers_alike(RESIZED[name])


def test_a_function_of_single_values_runs_where_the_row_is() -> None:
    def build(f: Frame) -> Frame:
        return f.select("o", a=x.map_elements(lambda value: value + 1, return_dtype=sk.Int64))

    assert not of(Gather, physical(build(ROWS)))
    answers_alike(build)


o = col("o")
PAIRED: dict[str, Build] = {
    "dot": lambda f: f.select(o.filter(o < 9).dot(x.filter(o >= 15))),
    "difference": lambda f: f.select((o.filter(o < 9) - x.filter(o >= 15)).sum()),
    "one value": lambda f: f.select((o - o.filter(o == 4)).sum()),
    "in groups": lambda f: f.group_by(o % 2).agg(a=(o.filter(o < 14) - x.filter(o >= 10)).sum()),
    "rows": lambda f: f.select(o.filter(o < 9) - x.filter(o >= 15)),
    "by": lambda f: f.select(o.filter(o < 9).max_by(x.filter(o >= 15).fill_null(0))),
}


@pytest.mark.parametrize("name", PAIRED)
def test_columns_that_were_filtered_apart_are_paired_over_all_rows(name: str) -> None:
    answers_alike(PAIRED[name])


SMALL: dict[str, Build] = {
    "levels": lambda f: f.filter(x > x.mean()).with_columns(a=x - x.max().over(K)),
    "windows": lambda f: f.select(a=x.rank().over(K), b=x.cum_sum(), c=x.shift()),
    "ranks": lambda f: f.select(a=x.rank("min")),
    "aggregates": lambda f: f.select(
        a=x.median(), b=x.n_unique(), c=x.sum(), d=col("s").n_unique()
    ),
    "whole columns": lambda f: f.with_columns(a=x.ewm_mean(alpha=0.5)).select(col("a").sum()),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_table_takes_one_task(name: str, counted: Callable[..., Any]) -> None:
    answer, cluster = counted(SMALL[name](ROWS))
    assert answer.height > 0
    assert cluster.tasks == 1
    with config(partitions=1):
        assert_conforms(SMALL[name](ROWS), "serial")


def test_a_users_function_is_called_once_for_two_readers(
    counted: Callable[..., Any], tmp_path: Path
) -> None:
    log = tmp_path / "calls"

    def noted(values: pl.Series) -> pl.Series:
        with log.open("a") as lines:
            lines.write(f"{len(values)}\n")
        return values

    made = ROWS.with_columns(a=x.map_batches(noted, return_dtype=sk.Int8))
    counted(made.select(a=col("a").median(), b=col("o").n_unique(), c=col("a").sum()))
    assert log.read_text() == "24\n"
