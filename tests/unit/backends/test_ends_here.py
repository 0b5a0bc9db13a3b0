"""Small tables: the last task that runs in this process, and those that every task computes for itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.serial import SerialCluster
from scalekit.backends.tasks import join, parts, workers
from scalekit.backends.tasks.cluster import Ref, Submitted
from scalekit.backends.tasks.driver import collect, evaluate
from scalekit.backends.tasks.parts import Pending, is_quick
from scalekit.backends.tasks.profile import profile
from scalekit.backends.tasks.results import whole
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.workers import ROOMY, environment
from scalekit.backends.watch import UNWATCHED
from scalekit.config import Config
from scalekit.errors import ComputeError
from scalekit.frame.frame import Frame
from scalekit.kernels.compare import assert_equal
from scalekit.kernels.task import Facts
from scalekit.optimize import optimize
from scalekit.physical.lower import lower
from scalekit.testing.compare import reference


class NearCluster(SerialCluster):
    """Counts tasks, and has all tables here, or none of them."""

    def __init__(self, *, is_here: bool = True) -> None:
        self.has_all = is_here
        self.tasks: list[tuple[Facts, int]] = []
        self.asked: list[int] = []

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        self.tasks.append((facts, outputs))
        return super().submit(packed, facts, tables, outputs)

    def is_here(self, refs: Sequence[Ref]) -> bool:
        self.asked.append(len(refs))
        return self.has_all


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Frame:
    """A table of four tasks."""
    monkeypatch.setattr("scalekit.backends.tasks.scan.SMALL", 2_000)
    held = pl.DataFrame({"k": [n % 5 for n in range(2_000)], "v": range(2_000)})
    held.write_parquet(tmp_path / "rows.parquet", row_group_size=100)
    return sk.scan_parquet(tmp_path / "rows.parquet")


BYTES = {"partition_bytes": 10_000}


def ran(frame: Frame, cluster: NearCluster, **settings: int) -> list[str]:
    """Collect a frame, compare it, and name its stages."""
    run = Run(cluster, Config(**{**BYTES, **settings}), UNWATCHED)  # type: ignore[arg-type]
    found = whole(evaluate(lower(optimize(frame._plan)), run), run)
    assert_equal(found, reference(frame), ordered=False)
    assert [stage.done for stage in run.history] == [stage.tasks for stage in run.history]
    return [stage.name for stage in run.history]


def groups(rows: Frame) -> Frame:
    return rows.group_by("k").agg(col("v").sum(), n=sk.len())


@pytest.fixture
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring no table here for its size alone."""
    monkeypatch.setattr("scalekit.backends.tasks.run.BROUGHT", -1)


class TestTheLastTask:
    def test_it_runs_in_this_process_where_what_it_reads_is_small(self, rows, monkeypatch):
        small, large = NearCluster(is_here=False), NearCluster(is_here=False)
        stages = ran(groups(rows), small)
        monkeypatch.setattr("scalekit.backends.tasks.run.BROUGHT", 10)
        assert ran(groups(rows), large) == stages
        assert len(small.tasks) == len(large.tasks) - 1

    def test_it_runs_in_this_process_where_its_tables_are_here(self, rows, nothing_is_small):
        far, near = NearCluster(is_here=False), NearCluster()
        stages = ran(groups(rows), far)
        assert ran(groups(rows), near) == stages
        assert len(near.tasks) == len(far.tasks) - 1

    def test_it_is_in_the_order_that_was_asked_for(self, rows):
        frame = rows.sort("v", descending=True).head(7)
        near = NearCluster()
        found = collect(lower(optimize(frame._plan)), near, Config(**BYTES), UNWATCHED)
        assert found["v"].to_list() == list(range(1_999, 1_992, -1))

    def test_a_table_without_rows(self, rows):
        frame = groups(rows.filter(col("v") < 0)).sort("k")
        ran(frame, NearCluster())

    def test_what_has_not_begun_runs_on_the_cluster(self):
        cluster = NearCluster()
        assert len(ran(groups(sk.from_dict({"k": [1, 2, 1], "v": [3, 4, 5]})), cluster)) == 1
        assert len(cluster.tasks) == 1
        assert not cluster.asked

    def test_several_tasks_run_on_the_cluster(self, rows):
        cluster = NearCluster()
        ran(rows.filter(col("v") > 7), cluster)
        assert len(cluster.tasks) == 4
        assert not cluster.asked

    def test_parts_that_are_asked_for_are_made_there(self, rows):
        cluster = NearCluster()
        assert len(ran(rows.select(col("v").sum()), cluster, partitions=3)) == 2
        assert len(cluster.tasks) == 3 + 1
        assert not cluster.asked

    def test_functions_of_the_user_are_called_there(self, rows, nothing_is_small):
        far, near = NearCluster(is_here=False), NearCluster()
        frame = groups(rows).map_batches(
            lambda table: table.with_columns(pl.col("v") + 1),
            schema={"k": pl.Int64, "v": pl.Int64, "n": groups(rows).schema["n"]},
        )
        ran(frame, far)
        ran(frame, near)
        assert len(near.tasks) == len(far.tasks)

    def test_an_error_of_it_names_its_operator(self, rows):
        frame = groups(rows).with_columns(col("v").cast(pl.Int8)).filter(col("v") > 0)
        with pytest.raises(ComputeError, match=r"\(in .*cast\(Int8\).*in part 0 of stage "):
            collect(lower(optimize(frame._plan)), NearCluster(), Config(**BYTES), UNWATCHED)

    def test_a_profile_has_it_as_a_stage(self, rows, nothing_is_small):
        found = []
        for is_here in (False, True):
            run = Run(NearCluster(is_here=is_here), Config(**BYTES), UNWATCHED)
            table, stages = profile(lower(optimize(groups(rows)._plan)), run)
            assert_equal(table, reference(groups(rows)), ordered=False)
            found.append(stages["node"].to_list())
        assert found[0] == found[1]


class TestTablesThatEachTaskComputes:
    FEW = sk.from_dict({"k": [1, 3, 3, 9], "w": [10, 30, 31, 90]})

    def test_a_small_table_is_no_stage_of_its_own(self, rows):
        few = self.FEW.filter(col("w") > 10)
        (stage,) = ran(rows.join(few, on="k"), NearCluster())
        assert "filter" in stage
        assert len(ran(rows.join(few, on="k"), NearCluster(), partition_bytes=2_000)) == 2

    def test_a_table_with_numbers_is(self, rows):
        few = self.FEW.with_row_index("r").filter(col("w") > 10)
        assert len(ran(rows.join(few, on="k"), NearCluster())) == 2

    def test_nothing_is_sent_to_all_where_that_is_forbidden(self, rows):
        few = self.FEW.filter(col("w") > 10)
        cluster = NearCluster()
        ran(rows.join(few, on="k"), cluster, broadcast_bytes=0)
        assert max(outputs for _, outputs in cluster.tasks) > 1

    @pytest.mark.parametrize(
        ("frame", "is_so"),
        [
            (FEW.filter(col("w") > 10), True),
            (FEW.map_batches(lambda t: t, schema={"k": pl.Int64, "w": pl.Int64}), False),
            (FEW.with_columns(col("w").map_elements(lambda w: w, return_dtype=pl.Int64)), False),
            (FEW.join(FEW.select(u="w"), how="cross"), False),
        ],
        ids=["filter", "a function of frames", "a function of values", "all pairs"],
    )
    def test_what_is_quick(self, frame, is_so, monkeypatch):
        run = Run(SerialCluster(), Config(), UNWATCHED)
        table = evaluate(lower(optimize(frame._plan)), run)
        assert is_quick(table) is is_so
        monkeypatch.setattr(parts, "SMALL", table.bytes - 1)
        assert not is_quick(table)
        monkeypatch.setattr(parts, "SMALL", table.bytes)
        monkeypatch.setattr(parts, "_FEW_NODES", 1)
        assert not is_quick(table)

    def test_several_parts_are_not(self, rows):
        run = Run(SerialCluster(), Config(**BYTES), UNWATCHED)  # type: ignore[arg-type]
        assert not is_quick(evaluate(lower(rows._plan), run))

    def test_two_readers_of_a_small_table_make_it_twice(self, rows):
        few = self.FEW.group_by("k").agg(col("w").max())
        frame = rows.join(few, on="k").join(few.select("k", u="w"), on="k")
        assert len(ran(frame, NearCluster())) == 1


@pytest.mark.parametrize(("broadcast_bytes", "tasks"), [(0, 2), (2**20, 1)])
def test_a_side_that_is_exchanged_is_split_by_several_unless_it_is_little(
    broadcast_bytes: int, tasks: int, rows: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    split: list[int] = []
    real = join.split_by_hash

    def noted(pending: Pending, *given: Any, **more: Any) -> Pending:
        split.append(pending.count)
        return real(pending, *given, **more)

    monkeypatch.setattr(join, "split_by_hash", noted)
    monkeypatch.setattr("scalekit.backends.tasks.scan.SMALL", 0)
    few = sk.from_dict(
        {"k": [1, 3, 3, 9], "w": [10, 30, 31, 90]}
    )  # two parts, which one task reads
    frame = rows.join(few, on="k", how="full")
    ran(frame, NearCluster(), broadcast_bytes=broadcast_bytes)
    assert split == [4, tasks]


class TestWorkers:
    def test_each_has_one_thread_and_no_cluster_of_its_own(self, monkeypatch):
        monkeypatch.delenv(workers._ALLOCATOR, raising=False)
        few = environment(ROOMY - 1)
        assert few == {"POLARS_MAX_THREADS": "1", "SCALEKIT_BACKEND": "polars"}

    @pytest.mark.parametrize("told", [None, workers._OF_POLARS])
    def test_freed_memory_is_kept_where_there_is_room(self, told, monkeypatch):
        monkeypatch.delenv(workers._ALLOCATOR, raising=False)
        if told is not None:
            monkeypatch.setenv(workers._ALLOCATOR, told)
        assert environment(ROOMY)[workers._ALLOCATOR].startswith("dirty_decay_ms:5000")
        assert workers._ALLOCATOR not in environment(ROOMY - 1)

    def test_what_the_user_says_of_it_stays(self, monkeypatch):
        monkeypatch.setenv(workers._ALLOCATOR, "background_thread:true")
        assert workers._ALLOCATOR not in environment(2 * ROOMY)
