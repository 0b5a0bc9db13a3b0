"""What has to be the same of an answer: which floats, and which order."""

from __future__ import annotations

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.proof.inexact import inexact_columns
from scalekit.proof.terms import leaves_ties_open, terms_of, without_ties

FRAME = sk.from_dict({"k": ["a", "b"], "n": [1, 2], "x": [0.5, 1.5], "l": [[1.0], [2.0]]})
SUMS = FRAME.group_by("k").agg(s=col("x").sum(), m=col("x").max(), n=col("n").sum())


@pytest.mark.parametrize(
    ("frame", "inexact"),
    [
        (FRAME, ""),
        (FRAME.select("k", y=(col("x") * 2 + col("n")) / 3), ""),
        (FRAME.select(y=col("x").sqrt(), z=col("x").log()), "z"),
        (FRAME.select(y=col("n").sum(), z=col("n").cast(sk.Int32).mean()), ""),
        (FRAME.select(y=col("n").mean(), z=col("x").sum() > 1), "y"),
        (SUMS, "s"),
        (SUMS.select("k", t=col("s") + 1, u="m"), "t"),
        (SUMS.rename({"s": "t"}).drop("m"), "t"),
        (SUMS.with_columns(s=col("m")), ""),
        (SUMS.filter(col("s") > 0).sort("s").head(1), "s"),
        (FRAME.join(SUMS, on="k", suffix="_of_all"), "s"),
        (FRAME.rename({"x": "s"}).join(SUMS, on="k"), "s s_right"),
        (sk.concat([FRAME.select("x"), FRAME.select(x=col("x").sum())]), "x"),
        (FRAME.select("k", l=col("l") * 1.0), ""),
        (FRAME.select(l=col("x").exp().implode(), t=sk.struct(a=col("x").exp(), b="k")), "l t"),
        (SUMS.unpivot(["s", "m"], index="k"), "value"),
        (FRAME.map_batches(lambda t: t), "l x"),
        (FRAME.select("n", "x").sql("select sum(x) as a, max(n) as b from self"), "a"),
        (FRAME.pivot("k", ["a", "b"], index="n", values="x", aggregate_function="sum"), "a b"),
        (FRAME.with_columns(c=col("x").cum_sum(), d=col("x").shift(), r=col("x").rolling_mean(2)), "c r"),
    ],
)  # fmt: skip
def test_floats_that_may_differ(frame: sk.Frame, inexact: str) -> None:
    assert sorted(inexact_columns(frame._plan)) == inexact.split()


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (FRAME.sort("n"), "in their order"),
        (FRAME.filter(col("n") > 1), "in their order"),
        (FRAME.select(col("n").sum()), "in their order"),
        (SUMS, "in any order"),
        (SUMS.sort("n", "k"), "sorted by n, k"),
        (SUMS.sort("n").select("n", "m"), "sorted by n"),
        (SUMS.sort("n").select("m"), "in any order"),
        (SUMS.sort("n").with_columns(n=-col("n")), "in any order"),
        (SUMS.sort("n", col("m") + 1).head(1), "sorted by n"),
        (FRAME.with_columns(e=col("x").exp()).sort("e"), "sorted by e"),
    ],
)
def test_what_order_is_fixed(frame: sk.Frame, said: str) -> None:
    assert str(terms_of(frame._plan)) == said


def test_ties_are_open_where_rows_are_taken_by_their_place() -> None:
    assert leaves_ties_open(SUMS.sort("n").head(1)._plan)
    assert leaves_ties_open(SUMS.sort("n").select(col("m").first())._plan)
    assert not leaves_ties_open(SUMS.sort("n")._plan)
    assert not leaves_ties_open(FRAME.sort("n").head(1)._plan)
    decided = without_ties(SUMS.sort("n").head(1)._plan)
    assert [key.arg.name for key in decided.input.by] == ["n", "k", "m", "s"]


def test_a_tie_that_is_taken_the_other_way_is_no_difference() -> None:
    table = pl.DataFrame({"k": range(40), "t": [i % 2 for i in range(40)]})
    frame = sk.from_polars(table).group_by("k").agg(col("t").max()).sort("t").head(7)
    found = frame.verify(["polars", "serial"], (2, 3, 7), seconds=2)
    assert found
    if found.found.ties:
        assert "which of the rows that tie" in repr(found)
