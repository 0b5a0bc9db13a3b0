"""What queries mean, against plain Python and literal answers, on every backend: order, choice, shape and samples of rows.

The other suites compare backends with Polars through the same kernels; a mistake in a kernel shows here.
"""

from __future__ import annotations

import statistics
from collections import Counter
from itertools import product
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.exceptions import (
    ColumnNotFoundError,
    DuplicateError,
    ScalekitError,
    SchemaError,
)

from .oracle import (  # noqa: TID252 - the oracle belongs to this folder
    FRAME,
    NAN,
    ROWS,
    bag,
    cell,
    cells,
    groups,
    known,
    ordered,
    quantile,
    rows,
)

pytestmark = pytest.mark.parametrize("backend", ["polars", "pandas"])


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("by", ["g", "f", "x"])
def test_sort(by: str, down: bool, last: bool, backend: str) -> None:
    frame = FRAME.sort(by, descending=down, nulls_last=last)
    wanted = ordered(ROWS, [by], descending=[down], nulls_last=[last])
    assert rows(frame, backend) == cells([tuple(r.values()) for r in wanted])


@pytest.mark.parametrize(
    ("down", "last"), list(product([(0, 0), (0, 1), (1, 0), (1, 1)], repeat=2))
)
def test_sort_by_two_keys(down: tuple[int, int], last: tuple[int, int], backend: str) -> None:
    flags = {"descending": list(map(bool, down)), "nulls_last": list(map(bool, last))}
    frame = FRAME.sort("g", "f", **flags)  # type: ignore[arg-type]
    wanted = ordered(ROWS, ["g", "f"], **flags)
    assert rows(frame, backend) == cells([tuple(r.values()) for r in wanted])


@pytest.mark.parametrize("reverse", [False, True])
def test_top_k(reverse: bool, backend: str) -> None:
    frame = FRAME.top_k(4, by=["x", "o"], reverse=[reverse, False])
    wanted = ordered(ROWS, ["x", "o"], descending=[not reverse, True], nulls_last=[True, True])[:4]
    assert rows(frame, backend) == cells([tuple(r.values()) for r in wanted])


@pytest.mark.parametrize("keep", ["first", "last", "none", "any"])
@pytest.mark.parametrize("by", ["g", "f"])
def test_unique(by: str, keep: str, backend: str) -> None:
    found = rows(FRAME.unique(by, keep=keep, maintain_order=True).select("o"), backend)
    members = [[m["o"] for m in group] for _, group in groups(ROWS, [by])]
    if keep == "any":
        assert len(found) == len(members)
        assert all(sum((cell(o),) in found for o in group) == 1 for group in members)
        return
    chosen = {
        "first": [g[0] for g in members],
        "last": [g[-1] for g in members],
        "none": [g[0] for g in members if len(g) == 1],
    }[keep]
    assert found == cells([(o,) for o in sorted(chosen)])


def test_unique_of_all_columns(backend: str) -> None:
    frame = sk.from_dict({"a": [1, 1, None, None, 2], "f": [NAN, NAN, None, None, 0.0]})
    assert bag(rows(frame.unique(), backend)) == bag(cells([(1, NAN), (None, None), (2, 0.0)]))
    assert rows(frame.unique(keep="none"), backend) == cells([(2, 0.0)])


@pytest.mark.parametrize("length", [None, 0, 1, 3, 99])
@pytest.mark.parametrize("offset", [0, 1, 7, 8, 20, -1, -3, -8, -20])
def test_slice(offset: int, length: int | None, backend: str) -> None:
    frame = FRAME.slice(offset, length).select("o")
    start = offset if offset >= 0 else len(ROWS) + offset
    stop = len(ROWS) if length is None else start + length
    wanted = [r["o"] for i, r in enumerate(ROWS) if start <= i < stop]
    assert frame.collect(backend=backend)["o"].to_list() == wanted


def test_places(backend: str) -> None:
    def places(frame: sk.Frame) -> list[int]:
        return frame.collect(backend=backend)["o"].to_list()

    assert places(FRAME.head(3)) == [0, 1, 2]
    assert places(FRAME.tail(3)) == [5, 6, 7]
    assert places(FRAME.reverse().head(2)) == [7, 6]
    assert places(FRAME.gather_every(3, 1)) == [1, 4, 7]
    assert places(FRAME.filter(col("x") > 0).head(2).tail(1)) == [2]
    indexed = FRAME.filter(col("x") > 0).with_row_index("n", 10).select("n", "o")
    assert rows(indexed, backend) == cells([(10, 0), (11, 2), (12, 3), (13, 6)])


def test_filters(backend: str) -> None:
    def places(*conditions: Any, **equal: Any) -> list[int]:
        return FRAME.filter(*conditions, **equal).collect(backend=backend)["o"].to_list()

    assert places(col("g") != "a") == [2, 5, 7]
    assert places(~(col("g") == "a")) == [2, 5, 7]
    assert places(col("g").ne_missing("a")) == [1, 2, 4, 5, 7]
    assert places((col("g") == "a") | (col("x") > 0)) == [0, 2, 3, 6]
    assert places(col("f") > 1) == [0, 4, 5, 7]  # NaN is greater than every number
    assert places(col("f") == NAN) == [0, 4]
    assert places(col("f") == 0.0) == [1, 2]
    assert places(col("x").is_in([3, None])) == [0, 3]
    assert places(~col("x").is_in([3, None])) == [2, 4, 6, 7]
    assert places(col("x").is_between(0, 3)) == [0, 2, 3, 7]
    assert places(g="a", x=3) == [0, 3]
    assert places(sk.lit(None)) == []
    assert places(sk.lit(value=True)) == list(range(8))
    removed = FRAME.remove(col("g") == "a").collect(backend=backend)["o"].to_list()
    assert removed == [1, 2, 4, 5, 7]
    assert FRAME.drop_nulls("x").drop_nans("f").collect(backend=backend)["o"].to_list() == [
        2,
        3,
        6,
        7,
    ]


LONG = sk.from_dict(
    {"k": ["a", "a", "b", "b", None], "on": ["x", "y", "x", "z", "x"], "v": [1, 2, 3, 4, 5]}
)


def test_pivot(backend: str) -> None:
    wide = LONG.pivot("on", ["x", "y"], index="k", values="v", maintain_order=True)
    assert wide.columns == ["k", "x", "y"]
    assert rows(wide, backend) == cells([("a", 1, 2), ("b", 3, None), (None, 5, None)])
    twice = sk.concat([LONG, LONG])
    for how, one in {"sum": 2, "min": 1, "len": 2, "mean": 1.0}.items():
        found = twice.pivot("on", ["x"], index="k", values="v", aggregate_function=how).sort("k")
        first = {"sum": 10, "min": 5, "len": 2, "mean": 5.0}[how]
        second = {"sum": 6, "min": 3, "len": 2, "mean": 3.0}[how]
        assert rows(found, backend) == cells([(None, first), ("a", one), ("b", second)])
    with pytest.raises(ScalekitError):
        twice.pivot("on", ["x"], index="k", values="v").collect(backend=backend)
    two = LONG.with_columns(w=-col("v")).pivot("on", ["x"], index="k", values=["v", "w"]).sort("k")
    assert two.columns == ["k", "v_x", "w_x"]
    assert rows(two, backend) == cells([(None, 5, -5), ("a", 1, -1), ("b", 3, -3)])


def test_unpivot(backend: str) -> None:
    wide = sk.from_dict({"k": ["a", "b"], "x": [1, None], "y": [2.5, 3.5]})
    wanted = [("a", "x", 1.0), ("b", "x", None), ("a", "y", 2.5), ("b", "y", 3.5)]
    found = wide.unpivot(index="k", variable_name="n", value_name="z")
    assert found.schema == {"k": pl.String, "n": pl.String, "z": pl.Float64}
    assert bag(rows(found, backend)) == bag(cells(wanted))
    only = wide.unpivot("y", index="k")
    assert bag(rows(only, backend)) == bag(cells([("a", "y", 2.5), ("b", "y", 3.5)]))
    bare = wide.unpivot(["x"])
    assert bare.columns == ["variable", "value"]
    assert bag(rows(bare, backend)) == bag(cells([("x", 1), ("x", None)]))


def test_pivot_undoes_unpivot(backend: str) -> None:
    wide = sk.from_dict({"k": [1, 2, 3], "x": [1, None, 3], "y": [4, 5, None]})
    again = (
        wide.unpivot(index="k").pivot("variable", ["x", "y"], index="k", values="value").sort("k")
    )
    assert rows(again, backend) == rows(wide, backend)


def test_explode(backend: str) -> None:
    frame = sk.from_dict(
        {"i": [0, 1, 2, 3], "a": [[1, 2], [], None, [None]], "b": [["x", "y"], [], None, ["z"]]}
    )
    plain = frame.explode("a").select("i", "a")
    assert rows(plain, backend) == cells([(0, 1), (0, 2), (2, None), (3, None)])
    both = frame.explode("a", "b")
    assert rows(both, backend) == cells([(0, 1, "x"), (0, 2, "y"), (2, None, None), (3, None, "z")])
    kept = frame.explode("a", empty_as_null=True).select("i", "a")
    assert rows(kept, backend) == cells([(0, 1), (0, 2), (1, None), (2, None), (3, None)])
    dropped = frame.explode("a", keep_nulls=False).select("i", "a")
    assert rows(dropped, backend) == cells([(0, 1), (0, 2), (3, None)])
    uneven = sk.from_dict({"a": [[1, 2]], "b": [[1]]})
    with pytest.raises(ScalekitError):
        uneven.explode("a", "b").collect(backend=backend)


def test_implode_and_explode(backend: str) -> None:
    frame = FRAME.group_by("g", maintain_order=True).agg(col("o"))
    wanted = [(k[0], [m["o"] for m in members]) for k, members in groups(ROWS, ["g"])]
    assert rows(frame, backend) == cells(wanted)
    assert rows(frame.explode("o"), backend) == cells([(k, o) for k, os in wanted for o in os])


def test_concat(backend: str) -> None:
    one, two = sk.from_dict({"a": [1, 2], "b": ["x", None]}), sk.from_dict({"a": [3], "b": ["y"]})
    assert rows(sk.concat([one, two]), backend) == cells([(1, "x"), (2, None), (3, "y")])
    floats = two.cast({"a": sk.Float64})
    relaxed = sk.concat([one, floats], how="vertical_relaxed")
    assert relaxed.schema["a"] == pl.Float64
    assert rows(relaxed, backend) == cells([(1.0, "x"), (2.0, None), (3.0, "y")])
    diagonal = sk.concat([one, two.rename({"b": "c"})], how="diagonal")
    assert rows(diagonal, backend) == cells([(1, "x", None), (2, None, None), (3, None, "y")])
    wide = sk.concat([one, sk.from_dict({"c": [True, False]})], how="horizontal")
    assert rows(wide, backend) == cells([(1, "x", True), (2, None, False)])
    with pytest.raises(SchemaError, match="Float64"):
        sk.concat([one, floats])
    with pytest.raises(DuplicateError, match="'a'"):
        sk.concat([one, two], how="horizontal")


def test_concat_side_by_side_needs_one_length(backend: str) -> None:
    one, two = sk.from_dict({"a": [1, 2]}), sk.from_dict({"b": [1]})
    with pytest.raises(ScalekitError, match=r"length|height"):
        sk.concat([one, two], how="horizontal").collect(backend=backend)


def test_columns(backend: str) -> None:
    frame = sk.from_dict({"a": [1], "b": [2], "c": [3]})
    swapped = frame.select(a=col("b"), b=col("a"))
    assert rows(swapped, backend) == cells([(2, 1)])
    assert rows(frame.with_columns(a="b", b="a"), backend) == cells([(2, 1, 3)])
    assert rows(frame.rename({"a": "b", "b": "a"}), backend) == cells([(1, 2, 3)])
    assert frame.rename({"a": "b", "b": "a"}).columns == ["b", "a", "c"]
    replaced = frame.with_columns(a=col("b") * 10)
    assert (replaced.columns, rows(replaced, backend)) == (["a", "b", "c"], cells([(20, 2, 3)]))
    for wrong in (
        lambda: frame.select("a", b=col("a"), c=col("b"), a=1),
        lambda: frame.with_columns(col("a"), col("b").alias("a")),
        lambda: frame.rename({"a": "b"}),
    ):
        with pytest.raises(DuplicateError):
            wrong()
    with pytest.raises(ColumnNotFoundError, match="did you mean 'a'"):
        frame.select("A")


def test_constants_keep_the_rows(backend: str) -> None:
    assert FRAME.select(sk.lit(1)).collect(backend=backend).height == 1
    assert FRAME.select("o", one=sk.lit(1)).select("one").collect(backend=backend).height == 8
    assert FRAME.with_columns(one=sk.lit(1)).select("one").collect(backend=backend).height == 8
    assert FRAME.select("o", top=col("x").max()).select("top").collect(backend=backend).height == 8
    chosen = FRAME.select(sk.when(sk.lit(value=True)).then(sk.lit(1)).otherwise(sk.lit(2)))
    raw = pl.DataFrame({"x": [1, 2]}).select(pl.when(True).then(pl.lit(1)).otherwise(pl.lit(2)))
    assert chosen.collect(backend=backend).height == raw.height == 1


MANY = sk.from_dict({"i": list(range(1000))})


def test_samples_nest(backend: str) -> None:
    def sample(**how: Any) -> set[int]:
        found = MANY.sample(**how).collect(backend=backend)["i"]
        assert found.is_sorted()
        assert found.is_unique().all()
        return set(found)

    assert [len(sample(n=n)) for n in (0, 1, 10, 999, 1000, 5000)] == [0, 1, 10, 999, 1000, 1000]
    assert sample(n=10) < sample(n=50) < sample(n=400) < set(range(1000))
    assert sample(fraction=0.01) < sample(fraction=0.3) < sample(fraction=0.9)
    assert (sample(fraction=0.0), sample(fraction=1.0)) == (set(), set(range(1000)))
    assert abs(len(sample(fraction=0.3)) - 300) < 60
    some = sample(fraction=0.3)
    assert sample(n=len(some)) == some
    assert sample(n=100, seed=1) != sample(n=100, seed=2)
    assert sample(n=100, seed=1) == sample(n=100, seed=1)
    assert len(sample(n=100, seed=1) & sample(n=100, seed=2)) < 40
    odd = MANY.filter(col("i") % 2 == 1).sample(n=20).collect(backend=backend)["i"]
    assert (odd % 2 == 1).all()


def test_describe(backend: str) -> None:
    values = [4, 1, None, 3, 2]
    frame = sk.from_dict(
        {"x": values, "s": ["b", None, "a", "c", "b"], "b": [True, None, False, True, True]}
    )
    found = frame.describe((0.5, 0.9), interpolation="linear", backend=backend)
    v = known(values)
    assert found["statistic"].to_list() == [
        "count",
        "null_count",
        "mean",
        "std",
        "min",
        "50%",
        "90%",
        "max",
    ]
    assert found["x"].to_list() == pytest.approx(
        [
            4,
            1,
            statistics.fmean(v),
            statistics.stdev(v),
            1,
            *(quantile(v, q, "linear") for q in (0.5, 0.9)),
            4,
        ]
    )
    assert found["s"].to_list() == ["4", "1", None, None, "a", None, None, "c"]
    assert found["b"].to_list()[:3] == [4, 1, 0.75]


def test_counts_of_values(backend: str) -> None:
    values = ["b", "a", None, "b", None, "b"]
    frame = sk.from_dict({"s": values}).group_by("s").agg(n=sk.len()).sort("n", "s")
    wanted = sorted(
        Counter(values).items(), key=lambda pair: (pair[1], pair[0] is not None, pair[0] or "")
    )
    assert rows(frame, backend) == cells(wanted)
