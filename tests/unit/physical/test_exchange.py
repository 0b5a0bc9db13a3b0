"""Exchanges: rounds, objects, sizes of parts, and rows that stay in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import scalekit as sk
from scalekit.backends.serial import SerialCluster
from scalekit.backends.tasks import exchange
from scalekit.backends.tasks.cluster import Cluster, Ref, Resources, Submitted
from scalekit.backends.tasks.parts import Part, stored
from scalekit.backends.tasks.run import Run
from scalekit.backends.watch import UNWATCHED
from scalekit.config import Config
from scalekit.expr.node import Column, SortKey
from scalekit.kernels.split import hash_buckets
from scalekit.kernels.tables import from_table, to_table
from scalekit.kernels.task import Facts, Report
from scalekit.plan.nodes import Input
from scalekit.testing.compare import reference

KEYS = (Column("k"),)
ROWS = pl.DataFrame({"k": [i * 7 % 31 for i in range(400)], "o": range(400)})
INPUT = Input(0, tuple(ROWS.schema.items()))


class IdleCluster(Cluster):
    """Runs nothing: every task gives tables of one row at once."""

    resources = Resources(slots=2, memory=1024**3)

    def __init__(self) -> None:
        self.objects = 0

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        self.objects += outputs
        ones = (1,) * outputs
        return Submitted(ones, Report(ones, ones, 0.0, 0.0, ""))

    def fetch(self, refs: Sequence[Ref]) -> list[Any]:
        return list(refs)

    def any_done(self, reports: Sequence[Ref]) -> Sequence[int]:
        return range(len(reports))


def _run(cluster: Cluster, **settings: Any) -> Run:
    return Run(cluster, Config(**settings), UNWATCHED)


def _parts(count: int) -> list[Part]:
    """:data:`ROWS` in ``count`` parts."""
    size = -(-ROWS.height // count)
    tables = [to_table(ROWS.slice(number * size, size)) for number in range(count)]
    return [Part((table,), table.num_rows, table.nbytes) for table in tables]


def _frames(pending: Any) -> list[pl.DataFrame]:
    """The rows of each part, one after the other."""
    empty = ROWS.clear()
    return [pl.concat([empty, *map(from_table, part.tables)]) for part in pending.parts]


@pytest.mark.parametrize("tables", [70, 4, 2])
@pytest.mark.parametrize(("maps", "parts"), [(129, 129), (40, 7), (3, 50), (50, 3), (17, 64)])
def test_rounds_give_the_parts_of_one(monkeypatch, maps, parts, tables):
    monkeypatch.setattr(exchange, "TABLES", tables)
    monkeypatch.setattr(exchange, "ONE_ROUND", 10**9)
    table = stored(_parts(maps), INPUT)
    one = exchange.split_by_hash(table, (), KEYS, parts, _run(SerialCluster()))
    monkeypatch.setattr(exchange, "ONE_ROUND", 0)
    two = exchange.split_by_hash(
        stored(_parts(maps), INPUT), (), KEYS, parts, _run(SerialCluster())
    )
    assert len(one.parts) == len(two.parts) == parts
    for a, b in zip(_frames(one), _frames(two), strict=True):
        assert_frame_equal(a, b)


@pytest.mark.parametrize(
    ("parts", "rounds"), [(50, 1), (101, 2), (10_000, 2), (11_025, 2), (12_000, 3), (10**6, 4)]
)
def test_rounds_are_as_many_as_keep_tables_few(parts, rounds):
    assert exchange._rounds(parts, parts) == rounds


def test_as_many_rounds_as_are_needed_for_few_tables(monkeypatch):
    monkeypatch.setattr(exchange, "ONE_ROUND", 0)
    monkeypatch.setattr(exchange, "TABLES", 3)
    cluster = IdleCluster()
    table = stored([Part((None,), 1, 1)] * 81, INPUT)
    exchange.split_by_hash(table, (), KEYS, 81, _run(cluster))
    assert exchange._rounds(81, 81) == 4
    assert cluster.objects == 4 * 81 * 3


@pytest.mark.parametrize("tables", [70, 2])
def test_rounds_of_ranges_give_the_parts_of_one(monkeypatch, tables):
    monkeypatch.setattr(exchange, "TABLES", tables)
    by = (SortKey(Column("k"), descending=True),)
    found = []
    for objects in (10**9, 0):
        monkeypatch.setattr(exchange, "ONE_ROUND", objects)
        run = _run(SerialCluster(), partitions=20)
        found.append(exchange.sort_exchange(stored(_parts(40), INPUT), by, run, splits_ties=True))
    for a, b in zip(*map(_frames, found), strict=True):
        assert_frame_equal(a, b)


@pytest.mark.parametrize("count", [128, 512, 2_048])
def test_objects_grow_no_faster_than_n_times_its_root(count):
    cluster = IdleCluster()
    table = stored([Part((None,), 1, 1)] * count, INPUT)
    exchange.split_by_hash(table, (), KEYS, count, _run(cluster))
    assert cluster.objects <= 2.3 * count**1.5


def test_an_exchange_of_129_by_129_parts(counted):
    frame = sk.from_polars(ROWS).group_by("k").agg(sk.col("o")).sort("k")
    rows, cluster = counted(frame, partitions=129)
    assert_frame_equal(rows, reference(frame))
    # 129 parts into 12 coarse tables each, 12 groups of them into 129; then the sort of 31 groups.
    assert cluster.objects < 129 * 129


def test_a_sort_of_129_by_129_parts(counted):
    frame = sk.from_polars(ROWS).sort("k")
    assert_frame_equal(counted(frame, partitions=129)[0], reference(frame))


@pytest.mark.parametrize("column", ["plain", "listed", "nested"])
def test_categories_go_where_their_text_says(column):
    """Codes of categories differ between processes: here between categories of other names."""
    found = []
    for place, words in enumerate((["a", "b", "c"], ["c", "b", "a"])):
        kind = pl.Categorical(pl.Categories(f"other {place}"))
        plain = pl.Series("plain", words, dtype=kind)
        table = pl.DataFrame({"plain": plain}).select(
            "plain",
            listed=pl.concat_list("plain"),
            nested=pl.concat_list(pl.struct("plain")),
        )
        buckets = hash_buckets(table, (Column(column),), 1_000).to_list()
        found.append(dict(zip(words, buckets, strict=True)))
    assert found[0] == found[1]


def test_small_parts_are_put_together():
    run = _run(SerialCluster(), partition_bytes=1_000)
    whole = stored(_parts(100), INPUT)
    (together,) = exchange.coalesced([whole], run)
    assert together.count == exchange.parts_for(whole.bytes, run) < 100
    assert_frame_equal(pl.concat(_frames(together)), ROWS)
    few = _run(SerialCluster(), partition_bytes=10**9)
    assert exchange.coalesced([whole], few)[0].count == 1


def test_many_small_tables_one_after_the_other_are_one_part(counted):
    tables = [sk.from_polars(ROWS.slice(start, 10)) for start in range(0, 400, 10)]
    rows, cluster = counted(sk.concat(tables).filter(sk.col("k") > 3).with_row_index())
    assert rows["o"].to_list() == [o for k, o in ROWS.rows() if k > 3]
    # One for each table; their rows are few, so they are numbered here.
    assert cluster.tasks == 40


def test_two_tables_are_put_together_alike():
    run = _run(SerialCluster(), partition_bytes=1_000)
    tables = [exchange.split_by_hash(stored(_parts(5), INPUT), (), KEYS, 64, run) for _ in range(2)]
    left, right = exchange.coalesced(tables, run)
    assert 1 < left.count == right.count < 64
    for a, b in zip(_frames(left), _frames(right), strict=True):
        assert_frame_equal(a, b)


def test_only_the_first_tasks_run_before_the_parts_are_known(counted):
    """What fits one task is not split: each part runs once, and one task has them all."""
    frame = sk.from_polars(ROWS).group_by("k").agg(sk.col("o").sum()).sort("k")
    rows, cluster = counted(frame, partition_bytes=10**9)
    assert_frame_equal(rows, reference(frame))
    assert cluster.objects == cluster.tasks
