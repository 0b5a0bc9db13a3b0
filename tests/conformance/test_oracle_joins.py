"""Joins against nested loops in plain Python, on every backend."""

from __future__ import annotations

from itertools import product
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col

from .oracle import NAN, Row, asof, cell, equal, join  # noqa: TID252 - the oracle belongs to this folder

BACKENDS = ("polars", "pandas")


def table(rows: list[Row], **types: Any) -> sk.Frame:
    return sk.from_polars(pl.DataFrame(rows, schema={n: types.get(n, pl.Int64) for n in rows[0]}))


def answer(frame: sk.Frame, backend: str, *, ordered: bool = False) -> list[tuple[Any, ...]]:
    found = [tuple(map(cell, row)) for row in frame.collect(backend=backend).rows()]
    return found if ordered else sorted(found, key=repr)


def cells(rows: list[Row], names: list[str]) -> list[tuple[Any, ...]]:
    return sorted((tuple(cell(row[n]) for n in names) for row in rows), key=repr)


KEYS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "integers": (pl.Int64, [1, 2, 2, None, None, 5, -7], [2, 2, None, 1, 9, 1, None]),
    "floats": (
        pl.Float64,
        [1.5, NAN, NAN, None, -0.0, 2.5, float("inf")],
        [NAN, 0.0, None, 1.5, 1.5, NAN, None],
    ),
    "texts": (
        pl.String,
        ["a", "", None, "é", "a", "A", " a"],
        ["a", "", "e\u0301", None, "é", "a", ""],
    ),
    "nothing but null": (pl.Int64, [None] * 3, [None] * 2),
    "one row each": (pl.Float64, [NAN], [NAN]),
}


def _sides(name: str) -> tuple[list[Row], list[Row], Any]:
    dtype, lefts, rights = KEYS[name]
    left = [{"k": k, "i": i, "v": 10 * i} for i, k in enumerate(lefts)]
    right = [{"k": k, "j": j, "v": 100 * j} for j, k in enumerate(rights)]
    return left, right, dtype


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
@pytest.mark.parametrize("keys", KEYS)
def test_join(keys: str, how: str, nulls: bool, backend: str) -> None:
    left, right, dtype = _sides(keys)
    frame = table(left, k=dtype).join(
        table(right, k=dtype),
        on="k",
        how=how,
        nulls_equal=nulls,
        coalesce=True if how == "full" else None,
    )
    wanted = join(
        left, [{"k": b["k"], "j": b["j"], "v": b["v"]} for b in right], ["k"], how, nulls=nulls
    )
    renamed = [{("j" if n == "j_right" else n): v for n, v in row.items()} for row in wanted]
    assert answer(frame, backend) == cells(renamed, frame.columns)
    assert frame.columns == {
        "semi": ["k", "i", "v"],
        "anti": ["k", "i", "v"],
        "right": ["i", "v", "k", "j", "v_right"],
    }.get(how, ["k", "i", "v", "j", "v_right"])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("how", ["inner", "left", "full", "semi", "anti"])
def test_join_by_two_keys(how: str, backend: str) -> None:
    left = [
        {"a": a, "b": b, "i": i} for i, (a, b) in enumerate(product([1, None], [NAN, 0.5, None]))
    ]
    right = [
        {"a": a, "b": b, "j": j} for j, (a, b) in enumerate(product([None, 1, 2], [NAN, None]))
    ]
    frames = table(left, b=pl.Float64), table(right, b=pl.Float64)
    frame = frames[0].join(
        frames[1], on=["a", "b"], how=how, coalesce=True if how == "full" else None
    )
    wanted = join(left, right, ["a", "b"], how)
    renamed = [{("j" if n == "j_right" else n): v for n, v in row.items()} for row in wanted]
    assert answer(frame, backend) == cells(renamed, frame.columns)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("one", "two"),
    [
        (pl.Int8, pl.Int64),
        (pl.UInt8, pl.Int16),
        (pl.Int64, pl.UInt64),
        (pl.UInt64, pl.Int8),
        (pl.Float32, pl.Float64),
    ],
    ids=str,
)
def test_join_of_widths(one: Any, two: Any, backend: str) -> None:
    lefts, rights = [1, 100, None], [100, 2, 1, None]
    left = table([{"k": k, "i": i} for i, k in enumerate(lefts)], k=one)
    right = table([{"k": k, "j": j} for j, k in enumerate(rights)], k=two)
    frame = left.join(right, on="k", how="left").select("i", "j")
    assert answer(frame, backend) == cells(
        [{"i": 0, "j": 2}, {"i": 1, "j": 0}, {"i": 2, "j": None}], ["i", "j"]
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_join_of_large_integers_is_exact(backend: str) -> None:
    left = table([{"k": 2**53, "i": 0}, {"k": 2**53 + 1, "i": 1}, {"k": -1, "i": 2}])
    right = table([{"k": 2**53 + 1, "j": 0}, {"k": 2**64 - 1, "j": 1}], k=pl.UInt64)
    frame = left.join(right, on="k").select("i", "j")
    assert answer(frame, backend) == cells([{"i": 1, "j": 0}], ["i", "j"])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("how", "coalesce", "columns"),
    [
        ("inner", None, ["a", "x", "y"]),
        ("inner", False, ["a", "x", "b", "y"]),
        ("left", None, ["a", "x", "y"]),
        ("left", False, ["a", "x", "b", "y"]),
        ("right", None, ["x", "b", "y"]),
        ("right", False, ["a", "x", "b", "y"]),
        ("full", None, ["a", "x", "b", "y"]),
        ("full", True, ["a", "x", "y"]),
    ],
)
def test_join_of_other_names(
    how: str, coalesce: bool | None, columns: list[str], backend: str
) -> None:
    left, right = [{"a": 1, "x": 1}, {"a": 2, "x": 2}], [{"b": 2, "y": 3}, {"b": 3, "y": 4}]
    frame = table(left).join(table(right), left_on="a", right_on="b", how=how, coalesce=coalesce)
    pairs = join(
        [{"k": r["a"], **r} for r in left], [{"k": r["b"], **r} for r in right], ["k"], how
    )
    flat = [{n.removesuffix("_right"): v for n, v in row.items()} for row in pairs]
    if coalesce is not False and how == "full" and coalesce:
        flat = [row | {"a": row["k"]} for row in flat]
    assert frame.columns == columns
    assert answer(frame, backend) == cells(flat, columns)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("validate", "fails"), [("m:m", 0), ("1:m", 1), ("m:1", 1), ("1:1", 1)])
def test_join_counts_keys(validate: str, fails: bool, backend: str) -> None:
    twice = table([{"k": 1, "i": 0}, {"k": 1, "i": 1}])
    frame = twice.join(twice.rename({"i": "j"}), on="k", validate=validate)
    if fails:
        with pytest.raises(sk.exceptions.ComputeError, match=validate):
            frame.collect(backend=backend)
    else:
        assert frame.collect(backend=backend).height == 4


@pytest.mark.parametrize("backend", BACKENDS)
def test_join_keeps_the_order_it_is_asked_for(backend: str) -> None:
    left = table([{"k": k, "i": i} for i, k in enumerate([3, 1, 2, 1])])
    right = table([{"k": k, "j": j} for j, k in enumerate([1, 2, 1, 9])])
    by_left = left.join(right, on="k", how="left", maintain_order="left").select("i", "j")
    assert by_left.collect(backend=backend).rows() == [
        (0, None),
        (1, 0),
        (1, 2),
        (2, 1),
        (3, 0),
        (3, 2),
    ]
    by_right = left.join(right, on="k", how="right", maintain_order="right").select("i", "j")
    assert by_right.collect(backend=backend).rows() == [
        (1, 0),
        (3, 0),
        (2, 1),
        (1, 2),
        (3, 2),
        (None, 3),
    ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_cross_join_and_conditions(backend: str) -> None:
    left, right = table([{"a": 1}, {"a": 5}, {"a": None}]), table([{"b": 2}, {"b": None}, {"b": 3}])
    assert left.join(right, how="cross").collect(backend=backend).height == 9
    frame = left.join_where(right, col("a") < col("b"))
    assert answer(frame, backend) == cells([{"a": 1, "b": 2}, {"a": 1, "b": 3}], ["a", "b"])


ASOF_LEFT = [{"t": t, "g": g, "i": i} for i, (t, g) in enumerate(
    [(5, "a"), (1, "a"), (None, "a"), (10, "b"), (3, None), (7, "b"), (5, "c"), (0, "a")]
)]  # fmt: skip
ASOF_RIGHT = [{"t": t, "g": g, "v": v} for v, (t, g) in enumerate(
    [(3, "a"), (5, "a"), (8, "b"), (None, "a"), (2, "b"), (5, "b"), (3, None), (12, "b"), (6, "a")]
)]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("tolerance", [None, 1, 2])
@pytest.mark.parametrize("by", [None, "g"])
@pytest.mark.parametrize("strategy", ["backward", "forward", "nearest"])
def test_asof(
    strategy: str, by: str | None, tolerance: int | None, exact: bool, backend: str
) -> None:
    frame = table(ASOF_LEFT, g=pl.String).join_asof(
        table(ASOF_RIGHT, g=pl.String).select("t", "v", *([by] if by else [])),
        on="t", by=by, strategy=strategy, tolerance=tolerance, allow_exact_matches=exact,
    )  # fmt: skip
    found = frame.collect(backend=backend)
    assert found["i"].to_list() == [row["i"] for row in ASOF_LEFT]
    possible = asof(ASOF_LEFT, ASOF_RIGHT, "t", strategy, by=by, tolerance=tolerance, exact=exact)
    for value, allowed in zip(found["v"].to_list(), possible, strict=True):
        assert value in allowed


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("strategy", ["backward", "forward", "nearest"])
def test_asof_of_floats(strategy: str, backend: str) -> None:
    left = [{"t": t, "i": i} for i, t in enumerate([0.5, NAN, None, 2.5, -1.0])]
    right = [{"t": t, "v": v} for v, t in enumerate([1.0, None, NAN, 0.0, 3.0])]
    frame = table(left, t=pl.Float64).join_asof(
        table(right, t=pl.Float64), on="t", strategy=strategy
    )
    found = frame.collect(backend=backend)["v"].to_list()
    plain = [r for r in right if r["t"] is None or (equal(r["t"], r["t"]) and r["t"] == r["t"])]
    possible = asof([r for r in left if r["t"] == r["t"]], plain, "t", strategy)
    numbers = [v for v, r in zip(found, left, strict=True) if r["t"] == r["t"]]
    for value, allowed in zip(numbers, possible, strict=True):
        assert value in allowed
    assert found[1] == 2  # NaN is nearest to NaN


@pytest.mark.parametrize("backend", BACKENDS)
def test_update_by_key(backend: str) -> None:
    old = table(
        [{"k": 1, "v": 1, "w": 1}, {"k": 2, "v": None, "w": 2}, {"k": None, "v": 3, "w": 3}]
    )
    new = table([{"k": 2, "v": 20}, {"k": 1, "v": None}, {"k": None, "v": 30}, {"k": 4, "v": 40}])
    assert old.update(new, on="k").collect(backend=backend).rows() == [
        (1, 1, 1),
        (2, 20, 2),
        (None, 3, 3),
    ]
    with_nulls = old.update(new, on="k", include_nulls=True)
    assert with_nulls.collect(backend=backend).rows() == [(1, None, 1), (2, 20, 2), (None, 3, 3)]
    inner = old.update(new, on="k", how="inner").sort("k")
    assert inner.collect(backend=backend).rows() == [(1, 1, 1), (2, 20, 2)]
    full = old.update(new, on="k", how="full")
    assert answer(full, backend) == sorted(
        (
            tuple(map(cell, r))
            for r in [(1, 1, 1), (2, 20, 2), (None, 3, 3), (None, 30, None), (4, 40, None)]
        ),
        key=repr,
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_update_by_place(backend: str) -> None:
    old, new = table([{"v": 1}, {"v": 2}, {"v": 3}]), table([{"v": None}, {"v": 20}])
    assert old.update(new).collect(backend=backend)["v"].to_list() == [1, 20, 3]
    assert old.update(new, include_nulls=True).collect(backend=backend)["v"].to_list() == [
        None,
        20,
        3,
    ]
    longer = table([{"v": 9}] * 4)
    assert old.update(longer, how="full").collect(backend=backend)["v"].to_list() == [9] * 4
    assert old.update(new, how="inner").collect(backend=backend)["v"].to_list() == [1, 20]


@pytest.mark.parametrize("backend", BACKENDS)
def test_update_repeats_rows_that_match_twice(backend: str) -> None:
    old, new = table([{"k": 1, "v": 1}]), table([{"k": 1, "v": 2}, {"k": 1, "v": 3}])
    assert old.update(new, on="k").collect(backend=backend).rows() == [(1, 2), (1, 3)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_merge_sorted(backend: str) -> None:
    one, two = [{"k": 1, "v": "a"}, {"k": 3, "v": "b"}], [{"k": 1, "v": "c"}, {"k": 2, "v": "d"}]
    frame = table(one, v=pl.String).merge_sorted(table(two, v=pl.String), "k")
    assert frame.collect(backend=backend).rows() == [(1, "a"), (1, "c"), (2, "d"), (3, "b")]
