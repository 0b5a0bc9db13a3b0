"""Distinct rows, unions, numbers, samples and reshaping over partitions."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import scalekit as sk
from scalekit.kernels.compare import assert_equal
from scalekit.optimize import optimize
from scalekit.physical import limits
from scalekit.physical.lower import lower
from scalekit.physical.nodes import Concat
from scalekit.plan.nodes import Aggregate
from scalekit.testing.compare import reference
from scalekit.tree import walk

ROWS = 200
FRAME = sk.from_dict(
    {
        "o": list(range(ROWS)),
        "k": [(7 * i) % 11 if i % 13 else None for i in range(ROWS)],
        "f": [(-0.0, 0.0, float("nan"), 1.5, None)[i % 5] for i in range(ROWS)],
        "li": [[i] * (i % 3) for i in range(ROWS)],
        "on": [("x", "y", None)[i % 3] for i in range(ROWS)],
        "v": [i % 17 for i in range(ROWS)],
    }
)


@pytest.fixture(params=[2, 7])
def conforms(request, counted):
    """Assert that a frame in parts gives the rows that it gives as one."""

    def check(frame, *, ordered=True):
        rows, _ = counted(frame, partitions=request.param)
        assert_equal(rows, reference(frame), ordered=ordered)

    return check


@pytest.mark.parametrize("keep", ["any", "first", "last", "none"])
@pytest.mark.parametrize("subset", ["k", ["k", "f"], "f"])
def test_distinct_rows_in_order(conforms, steps, keep, subset):
    frame = FRAME.drop("li").unique(subset, keep=keep, maintain_order=True)
    conforms(frame)
    assert steps(frame)["Gather"] == 0


@pytest.mark.parametrize("keep", ["first", "last", "none"])
def test_distinct_rows_in_any_order(conforms, steps, keep):
    frame = FRAME.drop("li").unique("k", keep=keep)
    conforms(frame, ordered=False)
    assert steps(frame)["Gather"] == 0


def test_parts_drop_their_own_repetitions(counted):
    frame = FRAME.select("k").unique()
    many, few = (
        counted(f, partitions=4)[1].bytes for f in (FRAME.select("k").unique(keep="none"), frame)
    )
    assert few < many


@pytest.mark.parametrize("how", ["vertical", "vertical_relaxed", "diagonal", "diagonal_relaxed"])
def test_unions_keep_the_order_of_tables_and_rows(conforms, steps, how):
    other = FRAME.filter(sk.col("o") < 30).with_columns(o=sk.col("o") + 1_000)
    if how.startswith("diagonal"):
        other = other.drop("v").with_columns(new=sk.lit(1))
    if how.endswith("relaxed"):
        other = other.with_columns(o=sk.col("o").cast(pl.Float64))
    frame = sk.concat([FRAME, other], how=how)
    conforms(frame)
    assert steps(frame.filter(sk.col("o") > 3))["Gather"] == 0


def test_what_follows_a_union_runs_in_its_tables(counted):
    frame = sk.concat([FRAME, FRAME.filter(sk.col("v") > 3)]).filter(sk.col("o") > 9)
    grouped = frame.group_by("k").agg(sk.col("v").sum()).sort("k")
    (union,) = (node for node in walk(lower(optimize(grouped._plan))) if isinstance(node, Concat))
    assert all(isinstance(table.fragment, Aggregate) for table in union.inputs)
    assert_frame_equal(counted(grouped, partitions=3)[0], reference(grouped))


def test_places_in_a_union_are_those_of_the_whole(conforms):
    conforms(sk.concat([FRAME, FRAME]).group_by("k", maintain_order=True).agg(sk.col("o").first()))
    conforms(sk.concat([FRAME, FRAME]).with_row_index())


def test_rows_are_numbered_over_all_parts(conforms, steps):
    frame = FRAME.filter(sk.col("v") > 4).with_row_index("n", offset=5)
    conforms(frame)
    assert steps(frame)["Gather"] == 0


def test_rows_of_files_that_say_how_many_they_are_run_once(tmp_path, counted):
    for name in "abc":
        FRAME.select("o", "v").collect().write_parquet(tmp_path / f"{name}.parquet")
    files = sk.scan_parquet(tmp_path / "*.parquet")
    numbered = files.with_row_index("n").filter(sk.col("v") == 3)
    rows, cluster = counted(numbered, partitions=4)
    assert cluster.tasks == 4
    assert_frame_equal(rows, reference(numbered))
    filtered = files.filter(sk.col("v") == 3).with_row_index("n")
    assert_frame_equal(counted(filtered, partitions=4)[0], reference(filtered))


def test_numbers_of_a_table_that_is_joined_are_its_own(conforms):
    numbered = FRAME.select("o", "k").with_row_index("n")
    few = FRAME.filter(sk.col("o") < 50).select("o", "v").with_row_index("m")
    conforms(numbered.join(few, on="o", how="left"), ordered=False)
    conforms(few.join(numbered, on="o"), ordered=False)


@pytest.mark.parametrize(
    "how", [{"n": 7}, {"n": 500}, {"n": 0}, {"fraction": 0.3}, {"fraction": 1.0}]
)
def test_samples_are_the_same_rows(conforms, how):
    conforms(FRAME.sample(**how, seed=3))


def test_samples_of_a_share_or_of_many_rows_gather_nothing(steps, monkeypatch, conforms):
    assert steps(FRAME.sample(fraction=0.5))["Gather"] == 0
    monkeypatch.setattr(limits, "FEW", 10)
    assert steps(FRAME.sample(50))["Gather"] == 0
    conforms(FRAME.sample(50))


def test_lists_and_columns_become_rows_where_they_are(conforms, steps):
    exploded = FRAME.explode("li")
    conforms(exploded)
    turned = FRAME.unpivot(["o", "v"], index="k")
    conforms(turned, ordered=False)
    assert steps(exploded)["Gather"] == steps(turned)["Gather"] == 0


def test_batches_are_parts_unless_a_function_wants_them_all(conforms, steps):
    def doubled(table):
        return table.with_columns(pl.col("v") * 2)

    conforms(FRAME.map_batches(doubled, whole=False))
    assert steps(FRAME.map_batches(doubled, whole=False))["Gather"] == 0
    assert steps(FRAME.map_batches(doubled))["Gather"] == 1


@pytest.mark.parametrize("how", ["min", "max", "sum", "mean", "len", "first", "last", "median"])
@pytest.mark.parametrize("ordered", [False, True])
def test_pivots(conforms, steps, how, ordered):
    frame = FRAME.pivot(
        "on", ["x", "y", None, "z"], index=["k"], values=["v", "f"], aggregate_function=how, maintain_order=ordered
    )  # fmt: skip
    conforms(frame, ordered=ordered)
    assert steps(frame)["Gather"] == 0


def test_a_pivot_that_splits_sends_a_row_for_each_index_and_part(steps, counted):
    frame = FRAME.pivot("on", ["x", "y"], index="k", values="v", aggregate_function="sum")
    assert counted(frame, partitions=2)[1].rows < ROWS
    assert steps(frame)["MapPartitions"] == 2


def test_a_pivot_of_everything_is_one_row(conforms):
    conforms(
        FRAME.select("on", "v").pivot(
            "on", ["x", "y"], values="v", index=[], aggregate_function="sum"
        )
    )


@pytest.mark.parametrize("how", [sk.element().max(), sk.element().len(), "item", None])
def test_pivots_by_expressions_and_of_single_values(conforms, how):
    rows = FRAME.filter(sk.col("on").is_not_null()).unique(
        ["k", "on"], keep="first", maintain_order=True
    )
    conforms(
        rows.pivot(
            "on", ["x", "y"], index="k", values="v", aggregate_function=how, maintain_order=True
        )
    )


def test_a_pivot_on_two_columns(conforms):
    on = pl.DataFrame({"on": ["x", "y"], "f": [1.5, 0.0]})
    conforms(
        FRAME.pivot(["on", "f"], on, index="k", values="v", aggregate_function="sum"), ordered=False
    )
