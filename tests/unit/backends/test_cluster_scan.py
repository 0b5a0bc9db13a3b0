"""Files in parts: tasks of about equal size that read their own rows and know nothing of other files."""

from __future__ import annotations

import os
import pickle
import random
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.backends.serial import SerialCluster
from scalekit.backends.tasks.parts import Splits
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.scan import divide, scan
from scalekit.backends.watch import UNWATCHED
from scalekit.config import resolve
from scalekit.errors import ScalekitError, SourceError
from scalekit.physical.nodes import ScanPartitions
from scalekit.sources.base import Share
from scalekit.sources.parquet import parquet_source

MB = 1024**2


class Counted:
    """A source of which a split is a name and a range of rows."""

    def cut(self, split: tuple[int, int, int], start: int, stop: int) -> tuple[int, int, int]:
        return (split[0], split[1] + start, split[1] + stop)


def run_with(**settings: Any) -> Any:
    return Run(SerialCluster(), resolve(**settings), UNWATCHED)


def share(number: int, size: int, rows: int = 1000, *, can_cut: bool = True) -> Share:
    return Share((number, 0, rows), size, rows, can_cut)


def test_a_share_is_cut_where_tasks_would_be_uneven():
    groups = divide(Counted(), [share(n, 20 * MB) for n in range(3)], run_with())  # type: ignore[arg-type]
    assert [group.splits for group in groups] == [
        ((0, 0, 1000), (1, 0, 500)),
        ((1, 500, 1000), (2, 0, 1000)),
    ]


def test_tasks_meet_at_a_border_that_is_near():
    shares = [share(0, 31 * MB), share(1, 29 * MB)]
    groups = divide(Counted(), shares, run_with())  # type: ignore[arg-type]
    assert [group.splits for group in groups] == [((0, 0, 1000),), ((1, 0, 1000),)]


def test_thousands_of_small_files_are_few_tasks():
    shares = [share(n, MB // 10) for n in range(10_000)]
    groups = divide(Counted(), shares, run_with())  # type: ignore[arg-type]
    assert len(groups) == 8
    assert max(group.bytes for group in groups) < 128 * MB
    assert sum(len(group.splits) for group in groups) <= 10_000 + 7


def test_what_is_small_is_one_task():
    assert len(divide(Counted(), [share(0, MB), share(1, MB)], run_with())) == 1  # type: ignore[arg-type]
    assert len(divide(Counted(), [], run_with())) == 1  # type: ignore[arg-type]


def test_splits_of_unknown_size_are_a_task_each():
    shares = [Share(n, 0) for n in range(5)]
    assert [g.splits for g in divide(Counted(), shares, run_with())] == [(n,) for n in range(5)]  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(300))
def test_every_row_is_in_one_task_and_in_order(seed):
    chance = random.Random(seed)
    shares = []
    for number in range(chance.randrange(8)):
        rows = chance.choice([0, 1, 2, 5, 100])
        size = chance.choice([0, rows, rows * 100])
        shares.append(share(number, size, rows, can_cut=chance.random() < 0.7))
    parts = chance.choice([1, 2, 3, 7, 129])
    groups = divide(Counted(), shares, run_with(partitions=parts))  # type: ignore[arg-type]
    assert len(groups) == parts
    seen = [
        (number, row)
        for group in groups
        for number, start, stop in group.splits
        for row in range(start, stop)
    ]
    assert seen == [(n, row) for n, one in enumerate(shares) for row in range(one.rows or 0)]


@pytest.fixture
def files(tmp_path):
    """Files of different sizes, with row groups of ten rows."""
    rows = pl.DataFrame({"i": range(500), "s": [str(n % 7) for n in range(500)]})
    for number, (start, stop) in enumerate([(0, 7), (7, 300), (300, 301), (301, 500)]):
        rows[start:stop].write_parquet(tmp_path / f"{number}.parquet", row_group_size=10)
    return tmp_path, rows


@pytest.mark.parametrize("partitions", [1, 2, 3, 7, 129, None])
def test_rows_of_files_come_in_order(files, partitions):
    folder, rows = files
    frame = sk.scan_parquet(f"{folder}/*.parquet", row_index_name="n")
    found = frame.filter(sk.col("i") % 3 == 0).collect(backend="serial", partitions=partitions)
    expected = rows.select(n=pl.col("i"), i=pl.col("i"), s=pl.col("s"))
    assert found.equals(expected.filter(pl.col("i") % 3 == 0))


@pytest.mark.parametrize("kind", ["csv", "ndjson", "ipc"])
@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_other_files_in_parts(tmp_path, kind, partitions):
    rows = pl.DataFrame({"i": range(100), "s": ["a,\n" + str(n) for n in range(100)]})
    for number in range(4):
        getattr(rows[number * 25 : number * 25 + 25], f"write_{kind}")(
            f"{tmp_path}/{number}.{kind}"
        )
    frame = getattr(sk, f"scan_{kind}")(f"{tmp_path}/*.{kind}")
    assert frame.collect(backend="serial", partitions=partitions).equals(rows)


def pending_of(source: Any, **settings: Any) -> Any:
    return scan(ScanPartitions(source, None, None), run_with(**settings))


def test_a_task_is_sent_its_own_files_only(tmp_path):
    for number in range(60):
        pl.DataFrame({"i": [number]}).write_parquet(tmp_path / f"{number:03}.parquet")
    source = parquet_source(f"{tmp_path}/*.parquet")
    (feed,) = pending_of(source, partitions=20).feeds
    assert len(pickle.dumps(feed.slot)) < 3000
    contents = [content for content in feed.contents if isinstance(content, Splits)]
    assert [len(content.splits) for content in contents] == [3] * 20
    assert max(len(pickle.dumps(content.splits)) for content in contents) < 1500


def test_a_task_looks_at_its_own_files_only(files, monkeypatch):
    folder, rows = files
    (feed,) = pending_of(parquet_source(f"{folder}/*.parquet"), partitions=4).feeds
    looked: list[str] = []
    stat = os.stat
    monkeypatch.setattr(
        "scalekit.sources.pieces.os",
        SimpleNamespace(stat=lambda path: looked.append(os.path.basename(path)) or stat(path)),
    )
    part = feed.slot.source.read(feed.at(1).splits).collect()
    assert looked == ["1.parquet"]
    assert part.equals(rows[127:247])


def test_bytes_are_those_of_the_columns_that_are_read(tmp_path):
    rows = pl.DataFrame({"i": range(1000), "s": ["x" * 1000] * 1000})
    rows.write_parquet(tmp_path / "a.parquet")
    source = parquet_source(tmp_path / "a.parquet")
    narrow, wide = source.shares(["i"])[0].bytes, source.shares(["i", "s"])[0].bytes
    assert 8000 <= narrow < 10_000 < wide


def test_a_file_that_is_replaced_while_a_query_runs_is_named(files):
    folder, _ = files
    (feed,) = pending_of(parquet_source(f"{folder}/*.parquet"), partitions=4).feeds
    pl.DataFrame({"i": [1], "s": ["b"]}).write_parquet(folder / "1.parquet")
    with pytest.raises(SourceError, match=r"1\.parquet.*rows 120 to 240.*replaced while the query"):
        feed.slot.source.read(feed.at(1).splits)


def test_a_file_that_was_replaced_before_is_read_as_it_is(files):
    folder, rows = files
    frame = sk.scan_parquet(f"{folder}/*.parquet")
    rows[:2].write_parquet(folder / "1.parquet")
    found = frame.collect(backend="serial", partitions=3)
    assert found.equals(pl.concat([rows[:7], rows[:2], rows[300:]]))


def test_an_error_names_the_file_and_the_rows(files):
    folder, _ = files
    frame = sk.scan_parquet(f"{folder}/*.parquet").with_columns(sk.col("s").str.to_date())
    with pytest.raises(ScalekitError, match=r"0\.parquet.*rows 0 to 7"):
        frame.collect(backend="serial", partitions=4)


def test_a_database_is_read_by_its_ranges(tmp_path):
    import sqlite3

    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("create table t (k integer, v text)")
        connection.executemany("insert into t values (?, ?)", [(n, str(n)) for n in range(50)])
    connection.close()
    frame = sk.scan_database(
        "select * from t", f"sqlite:///{tmp_path}/a.db", partition_on="k", partition_num=5
    )
    from scalekit.plan.nodes import Scan

    plan = frame._plan
    assert isinstance(plan, Scan)
    assert pending_of(plan.source).count == 5
    assert pending_of(plan.source, partitions=3).count == 3
    found = frame.collect(backend="serial", partitions=3)
    assert sorted(found["k"].to_list()) == list(range(50))
