"""Every plan node that pandas runs gives the reference's answer, its options crossed with awkward data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest

import scalekit as sk
from scalekit import col
from scalekit.backends.pandas import lowering, native_nodes
from scalekit.errors import ComputeError, ShapeError
from scalekit.frame.frame import Frame
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource
from scalekit.testing.compare import assert_conforms
from scalekit.testing.data import DATASETS, dataset
from scalekit.tree import walk

KEYS = ("k", "i", "u8", "f", "f32", "b", "s", "d", "t", "tz", "dur", "tm", "dec", "c", "e", "bin")
JOINS = ("inner", "left", "right", "full", "semi", "anti")

Build = Callable[[Frame], Frame]


def _frame(data: str) -> Frame:
    return Frame(Scan(MemorySource(dataset(data))))


def _asked(*builds: Build) -> None:
    """Each is native, and right on every data set."""
    for build in builds:
        plan = build(_frame("ordinary"))._plan
        reasons = [r for step in lowering.lower(plan).steps for _, r in step.reasons if r]
        assert reasons == []
        for data in DATASETS:
            assert_conforms(build(_frame(data)), "pandas")


@pytest.mark.parametrize("key", KEYS)
def test_sort(key):
    for descending, nulls_last in product((False, True), repeat=2):
        _asked(
            lambda f, d=descending, n=nulls_last: f.sort(
                key, "o", descending=[d, not d], nulls_last=[n, d]
            )
        )


@pytest.mark.parametrize("key", KEYS)
def test_groups(key):
    _asked(
        lambda f: f.group_by(key, "b" if key != "b" else "k", maintain_order=True).agg(
            sk.len(), total=col("i").sum()
        ),
        lambda f: f.select("o", key).unique(key, keep="first", maintain_order=True),
        lambda f: f.select("o", key).unique(key, keep="last", maintain_order=True),
        lambda f: f.select("o", key).unique(key, keep="none"),
        lambda f: f.select(key).unique(),
    )


@pytest.mark.parametrize(
    ("key", "nulls_equal"),
    [*((key, False) for key in ("i", "f", "c", "d", "dec")), ("k", True), ("f32", True)],
)
def test_join(key, nulls_equal):
    for how in JOINS:
        order = None if how in ("semi", "anti") else "left_right"
        _asked(
            lambda f, h=how, m=order: f.select(key, "o").join(
                f.filter(col("o") % 2 == 0).select(key, "o", r="li"),
                on=key,
                how=h,
                nulls_equal=nulls_equal,
                maintain_order=m,
            )
        )


@pytest.mark.parametrize("how", JOINS)
def test_join_by_two_keys_of_other_names_and_widths(how):
    for order in ("none", "left", "right_left"):
        _asked(
            lambda f, m=order: f.select("k", "i", "o").join(
                f.select("s", kk="k", n="i8"),
                left_on=["k", "i"],
                right_on=["kk", "n"],
                how=how,
                maintain_order=m,
            )
        )


@pytest.mark.parametrize("how", ["inner", "left", "full"])
@pytest.mark.parametrize("coalesce", [False, True])
def test_join_keeps_or_folds_the_right_key(how, coalesce):
    _asked(
        lambda f: f.select("k", "o").join(f.select("k", "s"), on="k", how=how, coalesce=coalesce)
    )


@pytest.mark.parametrize("rule", ["1:1", "1:m", "m:1"])
def test_join_validates(rule):
    _asked(
        lambda f: f.select("k", "o").join(f.select("k", "s"), on="k", validate=rule),
        lambda f: f.select("k", "o").join(f.select("o", "s"), on="o", validate=rule),
    )


def test_cross_join():
    _asked(
        lambda f: f.select("o", "k").join(
            f.select("o", "s"), how="cross", maintain_order="left_right"
        )
    )


@pytest.mark.parametrize("strategy", ["backward", "forward", "nearest"])
@pytest.mark.parametrize("exact", [True, False])
def test_join_to_the_nearest(strategy, exact):
    for key, by, tolerance in (
        *(
            ("i", None, None),
            ("i", "k", None),
            ("i", "k", 1),
            ("i8", None, 3),
            ("o", "k", None),
            ("d", None, None),
        ),
        *(("t", None, timedelta(days=40)), ("tz", "k", None), ("dur", None, timedelta(days=1))),
    ):
        _asked(
            lambda f, a=key, b=by, c=tolerance: f.select(a, "k", "s").join_asof(
                f.filter(col("o") % 2 == 0).select(a, "k", r="b"),
                on=a,
                by=b,
                tolerance=c,
                strategy=strategy,
                allow_exact_matches=exact,
            )
        )


def test_slices():
    for offset, length in ((0, 3), (2, 2), (-3, 2), (-100, 98), (3, None), (-2, None), (0, 0)):
        _asked(lambda f, a=offset, b=length: f.slice(a, b))


def test_shapes():
    _asked(
        lambda f: sk.concat([f, f.filter(col("i") > 1)]),
        lambda f: sk.concat([f.select("i", "s"), f.select("i", "d")], how="diagonal"),
        lambda f: sk.concat([f.select("i", "s"), f.select("o", "d")], how="horizontal"),
        lambda f: f.unpivot(["i", "o"], index=["k", "li"], variable_name="v", value_name="w"),
        lambda f: f.with_row_index("n", 3),
        lambda f: f.rename({"i": "ii"}).drop("o"),
        lambda f: f.filter(col("f") >= col("f").mean()).select(col("f") - col("f").min()),
    )
    for column, empty, nulls in product(("li", "lf", "ls"), (False, True), (False, True)):
        _asked(
            lambda f, c=column, e=empty, n=nulls: f.select("o", "s", c).explode(
                c, empty_as_null=e, keep_nulls=n
            ),
        )


def test_lists_of_other_lengths_are_refused():
    frame = sk.from_dict({"a": [[1, 2]], "b": [[1]]})
    with pytest.raises(ShapeError, match="differ in length"):
        frame.explode("a", "b").collect(backend="pandas")


def test_tables_of_other_heights_are_refused():
    with pytest.raises(ShapeError, match="different heights"):
        sk.concat(
            [sk.from_dict({"a": [1]}), sk.from_dict({"b": [1, 2]})], how="horizontal"
        ).collect(backend="pandas")


def test_a_value_without_a_replacement_is_named():
    frame = sk.from_dict({"x": ["a", "b"]}).select(col("x").replace_strict({"a": "z"}))
    with pytest.raises(ComputeError, match="'b' has no replacement"):
        frame.collect(backend="pandas")


def test_text_that_is_no_number_is_named():
    for text in (" 1", "1_0", "0x10", "", "1.0"):
        frame = sk.from_dict({"x": ["7", "+5", text]}).select(col("x").cast(sk.Int64))
        with pytest.raises(ComputeError, match=f"'{text}' is not a whole number"):
            frame.collect(backend="pandas")
    good = sk.from_dict({"x": ["7", "+5", "-007", None]}).select(col("x").cast(sk.Int64))
    assert good.collect(backend="pandas")["x"].to_list() == [7, 5, -7, None]


def test_every_native_node_is_asked():
    frame = _frame("ordinary").select("o", "k", "i", "li")
    joined = (
        frame.join(frame.select("o"), on="o")
        .join_asof(frame.select("o"), on="o")
        .explode("li")
        .unique("o")
    )
    indexed = frame.with_columns(n=1).with_row_index().filter(col("i") > 1).sort("o").head(2)
    both = sk.concat([joined.select("o", "k"), indexed.select("o", "k")])
    grouped = both.group_by("k").agg(sk.len()).unpivot("len")
    beside = sk.concat([indexed.select("o"), indexed.select("k")], how="horizontal")
    asked = {type(plan).__name__ for frame in (grouped, beside) for plan in walk(frame._plan)}
    assert asked - {"Scan"} == native_nodes()
