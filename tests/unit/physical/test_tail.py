"""What is left of a query, if little, is one task's: unless parts are told apart, or read by several."""

from __future__ import annotations

import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.serial import SerialCluster
from scalekit.backends.tasks.parts import Part, Pending, fused, stored
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.tail import as_one_task
from scalekit.backends.watch import UNWATCHED
from scalekit.config import Config
from scalekit.kernels.tables import to_table
from scalekit.physical.lowering import leaf
from scalekit.plan.nodes import Filter, Numbered
from scalekit.testing.compare import assert_equal

ROWS = sk.from_dict({"k": list(range(40))})


def run(**settings: int) -> Run:
    return Run(SerialCluster(), Config(**settings), UNWATCHED)


def pieces(count: int) -> Pending:
    frame = ROWS.collect()
    size = frame.height // count
    tables = [to_table(frame.slice(n * size, size)) for n in range(count)]
    return stored([Part((t,), t.num_rows, t.nbytes) for t in tables], ROWS._plan)


def test_small_parts_are_one_task_and_keep_their_order():
    even = Filter(leaf(ROWS._plan), (col("k") % 2 == 0)._node)
    table = fused([pieces(8)], even)
    one = as_one_task(table, run())
    assert (table.count, one.count) == (8, 1)
    (part,) = run().parts(one, [0])
    assert part.rows == 20


@pytest.mark.parametrize("settings", [{"partitions": 8}, {"partition_bytes": 100}])
def test_parts_stay_where_that_was_asked_for_or_they_are_large(settings):
    assert as_one_task(pieces(8), run(**settings)).count == 8


def test_parts_whose_numbers_are_seen_stay():
    numbered = fused([pieces(8)], Numbered(leaf(ROWS._plan), "n", "place"))
    assert as_one_task(numbered, run()).count == 8


def test_parts_that_several_tasks_read_stay():
    table = pieces(2)
    twice = stored([*table.parts, *table.parts], ROWS._plan)
    assert as_one_task(twice, run()).count == 4


def test_a_query_whose_rest_is_small_ends_in_one_task(tmp_path, monkeypatch):
    monkeypatch.setattr("scalekit.backends.tasks.scan.SMALL", 0)
    large = sk.from_dict({"k": [n % 100 for n in range(20_000)], "v": list(range(20_000))})
    large.write_parquet(tmp_path / "large.parquet")
    scanned = sk.scan_parquet(tmp_path / "large.parquet")
    few = scanned.filter(col("k") == 3)
    frame = few.join(few.group_by("k").agg(most=col("v").max()), on="k").filter(
        col("v") > col("most") - 200
    )
    with sk.config(partition_bytes=2**14, broadcast_bytes=2**12):
        assert_equal(
            frame.collect(backend="serial"), frame.collect(backend="polars"), ordered=False
        )
