"""Files and row groups that a filter excludes are left out before tasks are made, and never a row too many."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit.backends.serial import SerialCluster
from scalekit.backends.tasks.parts import Splits
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.scan import scan
from scalekit.backends.watch import UNWATCHED
from scalekit.config import resolve
from scalekit.kernels.conditions import conditions_of
from scalekit.physical.lower import lower
from scalekit.physical.nodes import ScanPartitions
from scalekit.physical.show import show_physical
from scalekit.tree import walk

DAY = dt.date(2024, 1, 1)
NOON = dt.datetime(2024, 1, 1, 12)


def table() -> pl.DataFrame:
    """A hundred rows in order, with nulls and NaN here and there."""
    rows = range(100)
    return pl.DataFrame(
        {
            "i": rows,
            "u": pl.Series(rows, dtype=pl.UInt8),
            "f": [float("nan") if n % 20 == 3 else n / 2 for n in rows],
            "e": pl.Series([n / 10 for n in rows], dtype=pl.Float32),
            "s": [f"{n:03}é" for n in rows],
            "d": [DAY + dt.timedelta(days=n) for n in rows],
            "t": [NOON + dt.timedelta(hours=n) for n in rows],
            "n": [None if n < 30 or n % 7 == 0 else n for n in rows],
            "l": [[n, None] for n in rows],
        }
    )


@pytest.fixture
def frame(tmp_path) -> Any:
    rows = table()
    rows[:40].write_parquet(tmp_path / "0.parquet", row_group_size=10)
    rows[40:].write_parquet(tmp_path / "1.parquet", row_group_size=10)
    return sk.scan_parquet(f"{tmp_path}/*.parquet")


def splits_read(frame: Any) -> list[Any]:
    """What tasks would read."""
    program = lower(frame._plan)
    (node,) = (node for node in walk(program) if isinstance(node, ScanPartitions))
    pending = scan(node, Run(SerialCluster(), resolve(partitions=2), UNWATCHED))
    contents = [content for content in pending.feeds[0].contents if isinstance(content, Splits)]
    return [split for content in contents for split in content.splits]


def read_by(frame: Any) -> list[tuple[int, int]]:
    """The rows that tasks would read, as they are numbered in all files."""
    found: list[tuple[int, int]] = []
    for split in splits_read(frame):
        start = split.piece.before + split.offset
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], start + split.rows)
        else:
            found.append((start, start + split.rows))
    return found


col = sk.col
SKIPPING = [
    (col("i") < 20, [(0, 20)]),
    (col("i") <= 20, [(0, 30)]),
    (col("i") > 89, [(90, 100)]),
    (col("i") >= 89, [(80, 100)]),
    (sk.lit(95) < col("i"), [(90, 100)]),
    (col("i") == 45, [(40, 50)]),
    (col("i").is_in([3, 77]), [(0, 10), (70, 80)]),
    (col("i").is_between(18, 20, closed="none"), [(10, 20)]),
    ((col("i") > 35) & (col("u") < 42), [(30, 50)]),
    ((col("i") > 35) & (col("s").str.len_chars() > 9), [(30, 100)]),
    (col("u") > 200, []),
    (col("f") < 5.0, [(0, 10)]),
    (col("s") >= "095", [(90, 100)]),
    (col("d") < DAY, []),
    (col("d") == dt.date(2024, 2, 1), [(30, 40)]),
    (col("t") < dt.datetime(2024, 1, 1, 22), [(0, 10)]),
    (col("n").is_not_null(), [(30, 100)]),
    (col("n") > 0, [(30, 100)]),
    (col("i").is_null(), []),
    ((col("i") < 5) & (col("i") > 90), []),
]
KEEPING = [
    col("f") > 1000.0,  # NaN is greater than every number
    col("f") >= 1000.0,
    col("e") < 0.05,
    col("i") < 5.5,
    col("i") != 5,
    (col("i") < 5) | (col("i") > 90),
    ~(col("i") < 5),
    col("i") + 1 < 5,
    col("u") < 300,
    col("s").str.starts_with("00"),
    col("t") < dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    col("l").is_null(),
]


@pytest.mark.parametrize(("predicate", "expected"), SKIPPING, ids=lambda v: repr(v)[:60])
def test_row_groups_that_are_excluded_are_not_read(frame, predicate, expected):
    query = frame.filter(predicate)
    assert read_by(query) == expected
    expected_rows = query.collect(backend="polars")
    assert query.collect(backend="serial", partitions=3).equals(expected_rows, null_equal=True)


@pytest.mark.parametrize("predicate", KEEPING, ids=lambda v: repr(v)[:60])
def test_where_bounds_do_not_decide_everything_is_read(frame, predicate):
    try:
        query = frame.filter(predicate)
    except sk.exceptions.ScalekitError:
        return  # not a question that can be asked
    assert read_by(query) == [(0, 100)]
    assert query.collect(backend="serial", partitions=3).equals(query.collect(backend="polars"))


@pytest.mark.parametrize("seed", range(40))
def test_random_filters_give_the_rows_that_polars_gives(frame, seed):
    chance = random.Random(seed)
    values: dict[str, Any] = {
        "i": lambda n: n, "u": lambda n: n % 256, "f": lambda n: n / 2, "s": lambda n: f"{n:03}é",
        "d": lambda n: DAY + dt.timedelta(days=n), "t": lambda n: NOON + dt.timedelta(hours=n),
        "n": lambda n: n,
    }  # fmt: skip

    def comparison() -> Any:
        name = chance.choice(list(values))
        value = values[name](chance.randrange(0, 110))
        one = col(name)
        kinds = [one < value, one <= value, one > value, one >= value, one == value]
        kinds += [one.is_in([value, values[name](chance.randrange(100))]), one.is_null()]
        return chance.choice(kinds)

    predicate = comparison()
    for _ in range(chance.randrange(3)):
        other = comparison()
        predicate = predicate & other if chance.random() < 0.7 else predicate | other
    query = frame.filter(predicate).select("i", "n", "f")
    found = query.collect(backend="serial", partitions=chance.choice([2, 7]))
    assert found.equals(query.collect(backend="polars"))


def test_folders_that_are_excluded_are_not_read(tmp_path):
    rows = pl.DataFrame(
        {"y": [2020 + n // 20 for n in range(60)], "k": [None, "a", "b"] * 20, "i": range(60)}
    )
    sk.from_polars(rows).write_parquet(tmp_path / "t", partition_by=["y", "k"], backend="polars")
    frame = sk.scan_parquet(tmp_path / "t")
    for predicate, files in [
        (col("y") == 2021, 3),
        (col("k") == "a", 3),
        (col("k").is_null(), 3),
        ((col("y") < 2022) & (col("k") > "a"), 2),
        (col("y") > 2030, 0),
        (col("y") + 1 > 2030, 9),
    ]:
        query = frame.filter(predicate).sort("i")
        assert len({split.piece.file.uri for split in splits_read(query)}) == files
        assert query.collect(backend="serial", partitions=3).equals(query.collect(backend="polars"))


def test_rows_keep_their_numbers(tmp_path, frame):
    numbered = sk.scan_parquet(f"{tmp_path}/*.parquet", row_index_name="row")
    query = numbered.filter((col("i") >= 55) & (col("i") < 61)).select("row", "i")
    assert query.collect(backend="serial", partitions=3)["row"].to_list() == list(range(55, 61))


def test_a_limit_of_the_scan_counts_rows_before_the_filter(tmp_path, frame):
    limited = sk.scan_parquet(f"{tmp_path}/*.parquet", n_rows=45).filter(col("i") >= 35)
    assert read_by(limited) == [(30, 45)]
    assert limited.collect(backend="serial", partitions=3)["i"].to_list() == list(range(35, 45))
    head = frame.head(45).filter(col("i") >= 35)
    assert head.collect(backend="serial", partitions=3)["i"].to_list() == list(range(35, 45))


def test_each_filter_of_a_frame_skips_for_itself(frame):
    low, high = frame.filter(col("i") < 12), frame.filter(col("i") > 92)
    both = sk.concat([low, high, frame])
    assert both.collect(backend="serial", partitions=3).equals(both.collect(backend="polars"))


def test_one_task_is_not_looked_at(frame, monkeypatch):
    monkeypatch.setattr("scalekit.sources.parquet.read_bounds", None)
    assert frame.filter(col("i") < 3).collect(backend="serial").height == 3


def test_the_program_says_so(frame):
    shown = show_physical(lower(frame.filter(col("i") < 3)._plan))
    assert "that may hold (col('i') < 3)" in shown


def test_what_a_predicate_asks():
    schema = pl.Schema({"i": pl.Int64(), "s": pl.String()})
    bound = sk.from_polars(pl.DataFrame(schema=schema)).filter(
        (col("i") > 3) & ((col("s") == "x") | (col("i") < 9)) & col("s").is_in(["a", None])
    )
    found = conditions_of(bound._plan.predicate, schema)
    assert [(one.column, one.operator, one.values) for one in found] == [
        ("i", ">", (3,)),
        ("s", "in", ("a",)),
    ]
