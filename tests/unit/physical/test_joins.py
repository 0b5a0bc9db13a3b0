"""Joins over partitions: which side moves, what runs as one task, and keys of which one holds most rows."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.serial import SerialCluster
from scalekit.backends.tasks.cluster import Ref, Resources, Submitted
from scalekit.backends.tasks.driver import collect
from scalekit.backends.tasks.run import Run
from scalekit.backends.tasks.side import Side
from scalekit.backends.watch import UNWATCHED
from scalekit.config import Config, config
from scalekit.expr.node import Cast, Column
from scalekit.frame.frame import Frame
from scalekit.kernels.compare import assert_equal
from scalekit.kernels.outputs import ByHash
from scalekit.kernels.task import Facts, Stage
from scalekit.optimize import optimize
from scalekit.physical.lower import lower
from scalekit.physical.nodes import (
    AlignedPartitions,
    Gather,
    JoinPartitions,
    Physical,
    RangeExchange,
)
from scalekit.plan.nodes import Aggregate, Join, Plan
from scalekit.plan.order import has_total_order
from scalekit.testing.compare import reference
from scalekit.tree import walk

HOWS = ("inner", "left", "right", "full", "semi", "anti")

BIG = sk.from_dict({"k": [n % 50 for n in range(2_000)], "v": list(range(2_000))})
SMALL = sk.from_dict({"k": list(range(40, 60)), "w": [n * 10 for n in range(20)]})


class RecordingCluster(SerialCluster):
    """Runs tasks in this process, and remembers which stage each one was of and how many tables it read."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Stage, Facts, int]] = []

    def submit(self, packed: Ref, facts: Facts, tables: Sequence[Ref], outputs: int) -> Submitted:
        self.tasks.append((pickle.loads(packed), facts, len(tables)))
        return super().submit(packed, facts, tables, outputs)

    def outputs(self) -> Counter[str]:
        """How many tasks left their rows in which way."""
        return Counter(type(stage.output).__name__ for stage, _, _ in self.tasks)


def ran(frame: Frame, **settings: object) -> RecordingCluster:
    """Run a frame in parts, and check its answer."""
    cluster = RecordingCluster()
    rows = collect(lower(optimize(frame._plan)), cluster, Config(**settings), UNWATCHED)  # type: ignore[arg-type]
    ordered = has_total_order(frame._plan)
    assert_equal(rows, reference(frame), ordered=ordered)
    return cluster


def found(plan: Physical, kind: type[Physical]) -> list[Physical]:
    return [node for node in walk(plan) if isinstance(node, kind)]


def join_of(frame: Frame) -> JoinPartitions:
    (node,) = found(lower(frame._plan), JoinPartitions)
    assert isinstance(node, JoinPartitions)
    return node


def holds(plan: Plan, kind: type[Plan]) -> int:
    return sum(isinstance(node, kind) for node in walk(plan))


# What is planned


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("order", [None, "left", "right"])
def test_no_join_gathers(how, order):
    plan = lower(BIG.join(SMALL, on="k", how=how, maintain_order=order)._plan)
    assert found(plan, Gather) == []
    assert len(found(plan, JoinPartitions)) == 1
    assert len(found(plan, RangeExchange)) == (0 if order is None else 1)


@pytest.mark.parametrize(
    ("how", "validate", "left", "right"),
    [
        ("inner", "m:m", True, True),
        ("left", "m:m", False, True),
        ("right", "m:m", True, False),
        ("full", "m:m", False, False),
        ("semi", "m:m", False, True),
        ("anti", "m:m", False, True),
        ("cross", "m:m", True, True),
        ("inner", "1:1", False, False),
        ("inner", "m:1", False, True),
        ("inner", "1:m", True, False),
        ("left", "m:1", False, True),
        ("left", "1:m", False, False),
    ],
)
def test_sides_that_may_go_to_every_task(how, validate, left, right):
    keys = {} if how == "cross" else {"on": "k"}
    other = SMALL.rename({"k": "j"}) if how == "cross" else SMALL
    joined = BIG.join(other, how=how, validate=validate, **keys)
    assert join_of(joined).may_broadcast == (left, right)


@pytest.mark.parametrize(
    ("left", "right", "common"),
    [
        (sk.Int32, sk.Int64, sk.Int64),
        (sk.UInt64, sk.Int8, sk.Int128),
        (sk.Float32, sk.Float64, sk.Float64),
    ],
)
def test_keys_are_hashed_in_the_type_in_which_they_are_compared(left, right, common):
    joined = BIG.with_columns(col("k").cast(left)).join(
        SMALL.with_columns(col("k").cast(right)), on="k"
    )
    node = join_of(joined)
    for key, own in (
        *zip(node.left_on, [left], strict=True),
        *zip(node.right_on, [right], strict=True),
    ):
        assert key == (Column("k") if own == common else Cast(Column("k"), common()))
    ran(joined, partitions=3, broadcast_bytes=0)


@pytest.mark.parametrize(
    ("how", "nulls"),
    [
        ("inner", ("drop", "drop")),
        ("left", ("stay", "drop")),
        ("right", ("drop", "stay")),
        ("full", ("stay", "stay")),
        ("semi", ("drop", "drop")),
        ("anti", ("stay", "drop")),
    ],
)
def test_null_keys_need_not_meet(how, nulls):
    assert join_of(BIG.join(SMALL, on="k", how=how)).nulls == nulls
    assert join_of(BIG.join(SMALL, on="k", how=how, nulls_equal=True)).nulls == ("meet", "meet")


# What runs


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("partitions", [2, 7])
def test_both_sides_are_exchanged(how, partitions):
    cluster = ran(BIG.join(SMALL, on="k", how=how), partitions=partitions, broadcast_bytes=0)
    assert cluster.outputs() == {"ByHash": 2 * partitions, "Whole": partitions}


@pytest.mark.parametrize(
    ("how", "side"), [("inner", 1), ("left", 1), ("semi", 1), ("anti", 1), ("right", 0)]
)
def test_a_small_side_goes_to_every_task(how, side):
    frames = (BIG, SMALL) if side == 1 else (SMALL, BIG)
    cluster = ran(frames[0].join(frames[1], on="k", how=how), partitions=5)
    assert cluster.outputs() == {"Whole": 5}


def test_a_small_side_of_a_full_join_is_exchanged():
    assert ran(BIG.join(SMALL, on="k", how="full"), partitions=5).outputs()["ByHash"] == 10


@pytest.mark.parametrize("how", ["inner", "left", "semi", "anti"])
def test_an_order_needs_no_exchange_where_its_side_stays(how):
    joined = BIG.join(SMALL, on="k", how=how, maintain_order="left")
    places_of_the_right = 5 if how in ("inner", "left") else 0
    assert ran(joined, partitions=5).outputs() == {"Whole": 5 + places_of_the_right}
    assert ran(joined, partitions=5, broadcast_bytes=0).outputs()["ByRange"] == 5


def test_an_order_of_the_side_that_goes_to_every_task_needs_one():
    joined = BIG.join(SMALL, on="k", maintain_order="right")
    assert ran(joined, partitions=5).outputs()["ByRange"] == 5


def test_a_key_of_nulls_is_spread():
    frame = BIG.with_columns(k=col("k").replace_strict({1: 1}, default=None))
    cluster = RecordingCluster()
    plan = lower(optimize(frame.join(SMALL, on="k", how="left")._plan))
    collect(plan, cluster, Config(partitions=4, broadcast_bytes=0), UNWATCHED)
    splits = [s for s, _, _ in cluster.tasks if isinstance(s.output, ByHash)]
    assert {s.output.nulls for s in splits if isinstance(s.output, ByHash)} == {"stay", "drop"}


@pytest.fixture
def star(tmp_path):
    """A table of many row groups in a file, and two small ones."""
    facts = pl.DataFrame(
        {
            "a": [n % 7 for n in range(3_000)],
            "b": [n % 11 for n in range(3_000)],
            "x": [float(n % 13) for n in range(3_000)],
        }
    )
    facts.write_parquet(tmp_path / "facts.parquet", row_group_size=500)
    a = sk.from_dict({"a": list(range(5)), "name": list("vwxyz")})
    b = sk.from_dict({"b": list(range(9)), "group": [n % 3 for n in range(9)]})
    return sk.scan_parquet(tmp_path / "facts.parquet"), a, b


def test_a_chain_of_joins_is_one_task_for_each_split(star):
    facts, a, b = star
    frame = (
        facts.filter(col("x") > 2)
        .join(a, on="a")
        .join(b, on="b", how="left")
        .group_by("name", "group")
        .agg(col("x").sum(), n=sk.len())
    )
    cluster = ran(frame, partitions=6, broadcast_bytes=2**20)
    fused = [stage for stage, _, _ in cluster.tasks if holds(stage.fragment, Join)]
    assert len(fused) == 6
    assert {stage.fragment for stage in fused} == {fused[0].fragment}
    assert holds(fused[0].fragment, Join) == 2
    assert holds(fused[0].fragment, Aggregate) == 1
    assert fused[0].name.startswith("Parquet")


def test_a_table_of_many_pieces_is_put_together_once(star):
    facts, _, _ = star
    few = facts.filter(col("x") == 5).select("b", y=col("x") + col("a"))
    cluster = ran(facts.join(few, on="b"), partitions=12, broadcast_bytes=2**20)
    assert sum(not holds(s.fragment, Join) for s, _, _ in cluster.tasks) == 12 + 1
    assert {tables for s, _, tables in cluster.tasks if holds(s.fragment, Join)} == {1}


# Nearest joins


def events(count: int, step: int, seed: int) -> Frame:
    """Rows in no order of their key, with ties, nulls and gaps."""
    keys = [(n * seed) % (count * step) // 3 * 2 for n in range(count)]
    held = [None if n % 17 == 0 else key for n, key in enumerate(keys)]
    return sk.from_dict({"t": held, "g": [n % 5 for n in range(count)], "n": list(range(count))})


@pytest.mark.parametrize("strategy", ["backward", "forward", "nearest"])
@pytest.mark.parametrize("exact", [True, False])
def test_large_tables_are_exchanged_by_ranges(strategy, exact):
    left, right = events(300, 7, 101), events(60, 31, 37).drop("g")
    near = left.join_asof(right, on="t", strategy=strategy, allow_exact_matches=exact)
    assert found(lower(near._plan), Gather) == []
    for partitions in (2, 5, 31):
        cluster = ran(near, partitions=partitions, broadcast_bytes=0)
        assert cluster.outputs()["ByRange"] >= 2 * partitions
        assert cluster.outputs()["ByHash"] == 0


def test_what_is_nearest_may_be_many_ranges_away():
    left = sk.from_dict({"t": list(range(1_000))})
    right = sk.from_dict({"t": [-5, 2_000], "y": ["low", "high"]})
    for strategy in ("backward", "forward", "nearest"):
        ran(left.join_asof(right, on="t", strategy=strategy), partitions=9, broadcast_bytes=0)


def test_a_small_right_table_goes_to_every_task():
    near = events(300, 7, 101).join_asof(events(60, 31, 37).drop("g"), on="t")
    places = 5  # of the left rows, which keep their order
    assert ran(near, partitions=5).outputs() == {"Whole": 5 + places}


def test_groups_of_a_nearest_join_meet():
    near = events(300, 7, 101).join_asof(events(90, 31, 37), on="t", by="g")
    cluster = ran(near, partitions=5, broadcast_bytes=0)
    assert cluster.outputs()["ByHash"] == 10


# Side by side


def test_columns_of_one_table_stay_where_they_are():
    side_by_side = sk.concat([BIG.select("k"), BIG.select(w=col("v") + 1)], how="horizontal")
    assert found(lower(side_by_side._plan), AlignedPartitions) == []
    assert ran(side_by_side, partitions=4).outputs() == {"Whole": 4}


@pytest.mark.parametrize("partitions", [2, 5, 129])
def test_parts_of_other_rows_are_cut_where_those_of_the_largest_end(partitions):
    few = BIG.filter(col("v") % 3 == 0).select(a="v")
    last = BIG.filter(col("v") > 1_332).select(b="v")
    frame = sk.concat([few, last], how="horizontal")
    assert found(lower(frame._plan), Gather) == []
    cluster = ran(frame, partitions=partitions)
    assert cluster.outputs()["ByRows"] > 0


def test_tables_of_other_lengths_are_refused_as_on_one_machine():
    frame = sk.concat([BIG.select("k"), SMALL.select("w")], how="horizontal")
    with pytest.raises(sk.errors.ExecutionError, match="different heights"):
        ran(frame, partitions=3)
    with pytest.raises(sk.errors.ExecutionError, match="different heights"):
        reference(frame)


# True sizes


@pytest.fixture
def many_parts(monkeypatch):
    """Tables of this size are read in several parts too."""
    monkeypatch.setattr("scalekit.backends.tasks.scan.SMALL", 0)


def skewed(rows: int) -> Frame:
    """A key that nine of ten rows have."""
    return sk.from_dict(
        {"k": [n if n % 10 == 0 else -1 for n in range(rows)], "v": list(range(rows))}
    )


@pytest.mark.usefixtures("many_parts")
@pytest.mark.parametrize("how", ["inner", "left", "right", "semi", "anti", "full"])
def test_a_key_of_most_rows_is_worked_on_by_several_tasks(how):
    large = skewed(20_000)
    other = sk.from_dict({"k": list(range(-1, 4_000)), "w": list(range(4_001))})
    joined = (other, large) if how == "right" else (large, other)
    frame = joined[0].join(joined[1], on="k", how=how)
    cluster = ran(frame, partition_bytes=2**14, broadcast_bytes=0)
    joins = [(s, f) for s, f, _ in cluster.tasks if holds(s.fragment, Join)]
    splits = {s.output.buckets for s, _, _ in cluster.tasks if isinstance(s.output, ByHash)}
    (buckets,) = splits
    if how == "full":  # a chunk cannot know whether other chunks match a row
        assert len(joins) <= buckets
    else:
        assert len(joins) > buckets


@pytest.mark.usefixtures("many_parts")
def test_chunks_keep_what_is_checked():
    large = skewed(20_000)
    other = sk.from_dict({"k": list(range(-1, 4_000)), "w": list(range(4_001))})
    frame = large.join(other, on="k", validate="m:1")
    ran(frame, partition_bytes=2**14, broadcast_bytes=0)
    with pytest.raises(sk.errors.ExecutionError):
        ran(large.join(other, on="k", validate="1:1"), partition_bytes=2**14, broadcast_bytes=0)


@pytest.mark.usefixtures("many_parts")
def test_a_side_that_turns_out_to_be_large_is_not_run_twice(star):
    facts, _, _ = star
    other = sk.from_dict({"a": list(range(4_000)), "y": list(range(4_000))})
    both = facts.with_columns(z=col("x") * 2).filter(col("z") >= 0).join(other, on="a", how="semi")
    cluster = ran(other.join(both, on="a"), partition_bytes=2**13, broadcast_bytes=2**10)
    reads = Counter(f.feeds for s, f, _ in cluster.tasks if s.name.startswith("Parquet"))
    assert set(reads.values()) == {1}


# Rows that lie together already


THIRD = sk.from_dict({"j": list(range(45, 70)), "z": [n * 3 for n in range(25)]})


def exchanged(frame: Frame, partitions: int = 4) -> int:
    """How many tables are exchanged."""
    cluster = ran(frame, partitions=partitions, broadcast_bytes=0)
    return cluster.outputs()["ByHash"] // partitions


@pytest.mark.parametrize(
    ("frame", "tables"),
    [
        (BIG.join(SMALL, on="k").join(THIRD, left_on="k", right_on="j", how="left"), 3),
        (BIG.join(SMALL, on="k").join(THIRD, left_on="w", right_on="j", how="left"), 4),
        (BIG.join(SMALL, on="k", how="left").join(THIRD, left_on="k", right_on="j"), 3),
        (BIG.join(SMALL, on="k").group_by("k").agg(col("v").sum()), 2),
        (BIG.join(SMALL, on="k").group_by("w", "k").agg(sk.len()), 2),
        (BIG.join(SMALL, on="k").group_by("w").agg(sk.len()), 3),
        (BIG.join(SMALL, on="k").select(q="k", x=col("v") % 3).group_by("q").agg(col("x").max()), 2),
        (BIG.join(SMALL, on="k").with_columns(k=col("k") % 3).group_by("k").agg(sk.len()), 3),
        (BIG.join(SMALL, on="k", how="right").group_by("k").agg(sk.len()), 3),
        (BIG.join(SMALL, on="k", how="full").group_by("k").agg(sk.len()), 3),
        (BIG.join(THIRD, left_on=col("k") + 1, right_on="j").group_by("j").agg(sk.len()), 2),
        (BIG.group_by("k").agg(col("v").sum()).join(SMALL, on="k"), 2),
        (BIG.group_by("k").agg(col("v").sum()).join(SMALL.group_by("k").agg(sk.len()), on="k"), 2),
    ],
)  # fmt: skip
def test_what_lies_together_is_not_exchanged_again(frame, tables):
    assert exchanged(frame) == tables


def test_null_keys_that_stayed_where_they_were_meet_for_groups():
    frame = BIG.with_columns(k=col("k").replace_strict({1: 1, 41: 41}, default=None))
    assert exchanged(frame.join(SMALL, on="k", how="left").group_by("k").agg(sk.len())) == 3
    assert exchanged(frame.join(SMALL, on="k", how="inner").group_by("k").agg(sk.len())) == 2


def test_a_common_table_of_two_readers_lies_together_for_both():
    joined = BIG.join(SMALL, on="k")
    most = joined.group_by("k").agg(col("v").max())
    frame = joined.join(most, on="k", suffix="_most")
    assert exchanged(frame) == 2


def test_parts_that_were_put_together_lie_together():
    large = sk.from_dict({"k": [n % 999 for n in range(9_000)], "v": list(range(9_000))})
    frame = large.join(large.filter(col("v") < 2_000), on="k").group_by("k").agg(sk.len())
    cluster = RecordingCluster()
    plan = lower(optimize(frame.join(SMALL, on="k", how="left")._plan))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scalekit.backends.tasks.scan.SMALL", 0)
        config = Config(partition_bytes=2**13, broadcast_bytes=0)
        rows = collect(plan, cluster, config, UNWATCHED)
    assert_equal(rows, reference(frame.join(SMALL, on="k", how="left")), ordered=False)
    splits = [s.output.buckets for s, _, _ in cluster.tasks if isinstance(s.output, ByHash)]
    assert len(set(splits)) == 1


# What matches nothing


@pytest.mark.parametrize("how", ["left", "semi", "anti", "right"])
@pytest.mark.parametrize("nulls_equal", [False, True])
def test_rows_that_match_nothing_do_not_move(how, nulls_equal):
    few = sk.from_dict({"k": [3, None, 7, 7, 1_000], "w": [1.0, 2.0, 3.0, 4.0, 5.0]})
    large = BIG.with_columns(k=sk.when(col("v") % 9 != 0).then(col("k")))
    frames = (large, few) if how == "right" else (few, large)
    frame = frames[0].join(frames[1], on="k", how=how, nulls_equal=nulls_equal)
    cluster = ran(frame, partitions=5)
    assert cluster.outputs()["ByHash"] == 0
    moved = [f for s, f, _ in cluster.tasks if holds(s.fragment, Join) and s.fragment.how == "semi"]
    assert len(moved) >= 5


def test_keys_that_are_checked_all_move():
    few = sk.from_dict({"k": [3, 7], "w": [1.0, 2.0]})
    frame = few.join(BIG.filter(col("v") < 50), on="k", how="left", validate="m:1")
    ran(frame, partitions=5)
    twice = few.join(BIG.filter(col("v") < 60), on="k", how="left", validate="m:1")
    with pytest.raises(sk.errors.ExecutionError):
        reference(twice)
    with pytest.raises(sk.errors.ExecutionError):
        ran(twice, partitions=5)


def test_nan_keys_match_where_sides_are_reduced():
    nan = float("nan")
    few = sk.from_dict({"f": [nan, -0.0, None]})
    large = sk.from_dict({"f": [nan, 0.0, 1.0, None] * 200, "v": list(range(800))})
    for how in ("left", "semi", "anti"):
        ran(few.join(large, on="f", how=how), partitions=4)


def test_all_pairs_of_two_large_tables_are_made_part_by_part():
    class Cramped(RecordingCluster):
        resources = Resources(slots=2, memory=8)

    frame = BIG.filter(col("v") < 40).join(THIRD, how="cross", maintain_order="left")
    cluster = Cramped()
    rows = collect(
        lower(optimize(frame._plan)), cluster, Config(partitions=3, broadcast_bytes=0), UNWATCHED
    )
    assert_equal(rows, reference(frame), ordered=True)
    assert sum(holds(s.fragment, Join) for s, _, _ in cluster.tasks) == 9


@pytest.mark.parametrize("kept", [3, 20_000])
def test_a_table_is_looked_at_before_a_large_one_goes_to_all_of_its_tasks(
    kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    look = Side.look

    def counted(side: Side, count: int, run: Run) -> None:
        look(side, count, run)
        looks.append(side.bytes)

    monkeypatch.setattr(Side, "look", counted)
    monkeypatch.setattr("scalekit.backends.tasks.scan.SMALL", 0)
    rows = pl.DataFrame({"k": range(20_000), "v": range(20_000)})
    rows.write_parquet(tmp_path / "large.parquet", row_group_size=500)
    rows.head(300).write_parquet(tmp_path / "small.parquet", row_group_size=500)
    large = sk.scan_parquet(tmp_path / "large.parquet").filter(col("v") * 1 < kept)
    joined = large.join(sk.scan_parquet(tmp_path / "small.parquet"), on="k").sort("k")
    with config(partition_bytes=10_000, broadcast_bytes=1_000):
        found = joined.collect(backend="serial")
    assert found.equals(joined.collect(backend="polars"))
    assert len(looks) == 1


@pytest.mark.parametrize("broadcast_bytes", [0, 2**30])
@pytest.mark.parametrize("partitions", [2, 3, 4, 7])
def test_tables_that_a_task_numbers_beside_each_other_have_numbers_of_their_own(
    partitions: int, broadcast_bytes: int
) -> None:
    frame = sk.from_polars(pl.DataFrame({"i": [3, 1, 3, 1, 3, 1, 3], "o": range(7)}))
    with sk.config(backend="serial", partitions=partitions, broadcast_bytes=broadcast_bytes):
        updated = frame.select("i").update(frame.select(i="o").head(3)).collect()
        last = frame.select("i").update(frame.select(i="o").tail(3)).collect()
        numbered = frame.with_row_index("n").tail(5)
        both = numbered.join(frame.head(4).with_row_index("n"), on="n", how="left").sort("n")
        found = both.collect()
    assert updated["i"].to_list() == [0, 1, 2, 1, 3, 1, 3]
    assert last["i"].to_list() == [4, 5, 6, 1, 3, 1, 3]
    assert found["n"].to_list() == [2, 3, 4, 5, 6]
    assert found["o_right"].to_list() == [2, 3, None, None, None]


@pytest.mark.parametrize("partitions", [1, 3, 7])
@pytest.mark.parametrize("rows", [3, 2000])
def test_a_full_update_by_place_where_the_right_is_longer(partitions: int, rows: int) -> None:
    frame = sk.from_polars(pl.DataFrame({"a": range(5)}))
    longer = sk.from_polars(pl.DataFrame({"a": range(100, 100 + rows)}))
    updated = frame.update(longer, how="full")
    with sk.config(partitions=partitions, broadcast_bytes=0):
        found = updated.collect(backend="serial")
    assert_equal(found, reference(updated), ordered=False)
