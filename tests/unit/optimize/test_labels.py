"""Steps say what their answer depends on, and ``strict=True`` refuses what would depend on it."""

from __future__ import annotations

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import ComputeError, InvalidOperationError
from scalekit.optimize.labels import findings
from scalekit.tree import walk

FRAME = sk.from_dict({"k": ["a", "b", "a"], "n": [1, 2, 3], "x": [0.5, 1.5, 2.5]})
GROUPS = FRAME.group_by("k").agg(col("n").sum())

EXACT = {
    "integers": FRAME.group_by("k").agg(col("n").sum(), m=col("x").max(), c=sk.len()),
    "a join": FRAME.join(FRAME, on="k"),
    "the first rows of a source": FRAME.head(2),
    "the first rows of a sort": GROUPS.sort("k").head(1),
    "the first of a sorted frame": GROUPS.sort("n").select(col("k").first()),
    "first of sorted values": GROUPS.select(col("k").sort_by("n").first()),
    "along an order that is given": GROUPS.with_columns(s=col("n").shift().over("k", order_by="n")),
    "all columns distinct": FRAME.join(FRAME, on="k").unique(),
    "the first of equal rows of a source": FRAME.unique("k", keep="first"),
    "a row's own list": FRAME.with_columns(
        l=sk.concat_list("x", "x").list.eval(sk.element().sum())
    ),
    "a function of parts": GROUPS.map_batches(lambda t: t, whole=False),
    "an aggregate of no group": FRAME.select(col("n").sum()).head(1),
    "SQL of integers": FRAME.select("k", "n").sql("select k, sum(n) as n from self group by k"),
}

DEPENDS = {
    "float sum": (FRAME.group_by("k").agg(col("x").sum()), "float-order-sensitive", "col('x').sum()"),
    "float mean": (FRAME.select(col("x").mean()), "float-order-sensitive", "deterministic=True"),
    "float window": (FRAME.select(col("x").cum_sum()), "float-order-sensitive", "cum_sum"),
    "within an expression": (FRAME.select(col("x") - col("x").mean()), "float-order-sensitive", "mean"),
    "a sum that is compared": (GROUPS.filter(col("n") > 1).join(FRAME.group_by("k").agg(col("x").sum()).filter(col("x") > 1), on="k"), "float-order-sensitive", "sum"),
    "pivot": (FRAME.pivot("k", ["a", "b"], index="n", values="x", aggregate_function="mean"), "float-order-sensitive", "mean"),
    "SQL": (FRAME.sql("select avg(x) as a from self"), "float-order-sensitive", "the query"),
    "SQL's limit": (FRAME.sql("select x from self limit 1"), "order-dependent", "which rows the query takes"),
    "the first groups": (GROUPS.head(1), "order-dependent", "which rows these are is order-dependent; its input has no order"),
    "some joined rows": (FRAME.join(FRAME, on="k").head(1), "order-dependent", "sort(...) before it"),
    "any of equal rows": (FRAME.unique("k"), "order-dependent", "keep='first'"),
    "any value": (GROUPS.select(col("k").any_value()), "order-dependent", "any_value"),
    "a function of all groups": (GROUPS.map_batches(lambda t: t), "order-dependent", "a function of all rows"),
    "a sample": (FRAME.sample(2), "approximate", "a sample is approximate"),
    "approximate": (FRAME.select(col("k").approx_n_unique()), "approximate", "n_unique"),
}  # fmt: skip


@pytest.mark.parametrize("frame", EXACT.values(), ids=EXACT)
def test_exact_steps_run_strictly(frame: sk.Frame) -> None:
    assert not [one for step in walk(frame._plan) for one in findings(step)]
    assert "  [" not in frame.explain()
    assert frame.collect(strict=True, backend="polars").width


@pytest.mark.parametrize(("frame", "label", "says"), DEPENDS.values(), ids=DEPENDS)
def test_others_are_labelled_and_refused(frame: sk.Frame, label: str, says: str) -> None:
    assert f"[{label}]" in frame.explain()
    assert f"[{label}]" in frame.explain("logical")
    with pytest.raises(InvalidOperationError, match="strict=True refuses") as raised:
        frame.collect(strict=True)
    assert says in str(raised.value)
    assert label in str(raised.value)


def test_one_order_of_additions_and_of_rows_is_enough() -> None:
    for name, (frame, label, _) in DEPENDS.items():
        if label != "approximate" and "SQL" not in name:
            assert frame.collect(strict=True, deterministic=True).width
    with pytest.raises(InvalidOperationError, match="approximate"):
        FRAME.sample(1).collect(strict=True, deterministic=True)


def test_what_nobody_reads_is_not_refused() -> None:
    sums = FRAME.group_by("k").agg(col("x").sum(), col("n").sum())
    assert sums.select("k", "n").collect(strict=True).height == 2
    with pytest.raises(InvalidOperationError):
        sums.select("k", "x").collect(strict=True)


def test_all_labels_are_shown_to_who_asks() -> None:
    shown = FRAME.group_by("k").agg(col("x").sum()).head(1).explain(all_labels=True)
    first, second, third, *_ = shown.splitlines()
    assert first == "LIMIT first 1  [order-dependent]"
    assert second.endswith("col('x').sum()  [float-order-sensitive]")
    assert third.endswith("[exact]")


def test_sums_that_leave_int64_still_raise() -> None:
    large = sk.from_dict({"n": [2**63 - 1, 1]}).select(col("n").sum())
    assert large.collect().item() == -(2**63)
    with pytest.raises(ComputeError):
        large.collect(strict=True)
    assert large.verify(["polars", "serial"], (1, 2))
    with pytest.raises(ComputeError):
        large.verify(["polars", "serial"], (1, 2), strict=True)


def test_verify_refuses_strictly_too() -> None:
    with pytest.raises(InvalidOperationError, match="strict=True refuses"):
        FRAME.select(col("x").sum()).verify(strict=True)


def test_a_setting_shows_in_the_frame() -> None:
    with sk.config(strict=True):
        assert "cannot run: strict=True refuses" in repr(FRAME.select(col("x").sum()))
    assert isinstance(FRAME.select(col("x").sum()).collect(), pl.DataFrame)


def test_a_sample_is_no_reason_to_refuse() -> None:
    rows = sk.from_polars(pl.DataFrame({"k": range(150_000), "n": range(150_000)}))
    counted = rows.join(rows, on="k").select(col("n").sum())
    assert counted.collect(strict=True, sample=0.1).item() < counted.collect(strict=True).item()
    with pytest.raises(InvalidOperationError, match="a sample is approximate"):
        rows.sample(3).collect(strict=True, sample=0.5)
