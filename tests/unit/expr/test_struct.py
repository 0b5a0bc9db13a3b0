"""Functions of structs, maps and categoricals."""

from __future__ import annotations

import polars as pl
import pytest

import scalekit as sk
from scalekit import col, field
from scalekit.errors import (
    ColumnNotFoundError,
    DuplicateError,
    InvalidOperationError,
    PlanError,
    SchemaError,
)

S = col("s")


@pytest.fixture
def frame() -> sk.Frame:
    return sk.from_dict(
        {"s": [{"x": 1, "y": "a"}, None], "n": [10, 20], "t": [{"p": 1, "q": 2}, {"p": 3, "q": 4}]}
    )


def rows(frame: sk.Frame, *exprs: sk.Expr) -> list[tuple[object, ...]]:
    return frame.select(*exprs).collect().rows()


def test_fields_come_as_they_are_named(frame):
    assert frame.select(S.struct.field("y", "x")).columns == ["y", "x"]
    assert frame.select(S.struct.field(["y"])).columns == ["y"]
    assert frame.select(S.struct.field("*")).columns == ["x", "y"]
    assert frame.select(col("t").struct.field("^[q-z]$")).columns == ["q"]
    assert frame.select(S.struct.field("x").alias("z")).columns == ["z"]
    assert rows(frame, S.struct.unnest()) == [(1, "a"), (None, None)]


def test_what_is_done_to_several_fields_is_done_to_each(frame):
    doubled = (col("t").struct.unnest() * 2).name.suffix("_2")
    assert frame.select(doubled).columns == ["p_2", "q_2"]
    assert rows(frame, col("t").struct.unnest() + col("t").struct.field("q", "p")) == [
        (3, 3),
        (7, 7),
    ]
    summed = frame.group_by("n").agg(col("t").struct.unnest().sum()).sort("n")
    assert summed.collect().rows() == [(10, 1, 2), (20, 3, 4)]


def test_structs_of_different_widths_do_not_meet(frame):
    with pytest.raises(InvalidOperationError, match=r"different widths apart: \[1, 2\]"):
        frame.select(col("t").struct.unnest() + S.struct.field(["x", "x"]))


def test_fields_of_fields():
    frame = sk.from_dict({"s": [{"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}}]})
    assert rows(frame, S.struct.field("b").struct.field("y", "x")) == [(4, 3)]
    both = S.struct.field("a", "b").struct.field("x")
    with pytest.raises(DuplicateError):
        frame.select(both)


@pytest.mark.parametrize(
    "expr",
    [
        S.struct.field("z"),
        S.struct.field("x", "z"),
        S.struct.with_fields(field("z")),
        S.struct.with_fields(new=field("x") + field("z")),
    ],
)
def test_a_field_that_does_not_exist_is_named_with_those_that_do(frame, expr):
    with pytest.raises(ColumnNotFoundError, match=r"field 'z' not found.*available: 'x', 'y'"):
        frame.select(expr)


def test_structs_only(frame):
    for expr in (
        col("n").struct.field("x"),
        col("n").struct.unnest(),
        col("n").struct.json_encode(),
        col("n").struct.rename_fields(["a"]),
        col("n").struct.with_fields(a=1),
    ):
        with pytest.raises(SchemaError, match="needs a Struct, got Int64"):
            frame.select(expr)


def test_new_names_are_as_many_as_fields(frame):
    with pytest.raises(SchemaError, match="got 1 names for 2 fields; the fields are 'x', 'y'"):
        frame.select(S.struct.rename_fields(["a"]))
    with pytest.raises(DuplicateError, match="'a'"):
        S.struct.rename_fields(["a", "a"])
    with pytest.raises(InvalidOperationError, match="list of str"):
        S.struct.rename_fields("ab")
    with pytest.raises(InvalidOperationError, match="takes names of fields"):
        S.struct.field(1)
    with pytest.raises(InvalidOperationError, match="no field of"):
        frame.select(S.struct.field("^nothing$"))


def test_with_fields_sees_fields_and_columns(frame):
    added = S.struct.with_fields(field("x") + col("n"), z="n")
    assert rows(frame, added) == [({"x": 11, "y": "a", "z": 10},), (None,)]
    assert rows(frame.head(1), S.struct.with_fields()) == [({"x": 1, "y": "a"},)]


def test_with_fields_takes_all_columns_of_a_selection(frame):
    added = S.struct.with_fields(sk.col("^[n]$"), sk.lit(1).alias("one"))
    assert rows(frame.head(1), added) == [({"x": 1, "y": "a", "n": 10, "one": 1},)]
    two = sk.from_dict({"s": [{"x": 1}], "a": [2], "b": [3]})
    assert rows(two, S.struct.with_fields(sk.col("a", "b"))) == [({"x": 1, "a": 2, "b": 3},)]


def test_a_field_is_of_the_innermost_struct():
    frame = sk.from_dict({"s": [{"x": 1, "in": {"x": 10}}]})
    inner = field("in").struct.with_fields(field("x") + 1)
    assert rows(frame, S.struct.with_fields(inner, field("x") + 100)) == [
        ({"x": 101, "in": {"x": 11}},)
    ]


def test_fields_keep_the_contract():
    table = pl.DataFrame({"s": [{"x": 127}, {"x": 1}]}).cast(pl.Struct({"x": pl.Int8}))
    frame = sk.from_polars(table).select(S.struct.with_fields(total=field("x").sum()))
    assert frame.schema["s"] == pl.Struct({"x": pl.Int8, "total": pl.Int64})
    assert frame.collect()["s"].struct.field("total").to_list() == [128, 128]
    with pytest.raises(SchemaError, match="needs text"):
        sk.from_polars(table).select(S.struct.with_fields(field("x").str.len_chars()))


def test_a_field_stands_in_with_fields_only(frame):
    with pytest.raises(PlanError):
        frame.select(field("x"))


def test_maps():
    pairs = [[{"key": "a", "value": 1}, {"key": "b", "value": 2}], [], None]
    frame = sk.from_dict({"m": pairs}).select(col("m").list.to_map())
    m = col("m").map
    assert rows(frame, m.get("b")) == [(2,), (None,), (None,)]
    assert frame.select(m.len()).schema["m"] == pl.Int64
    with pytest.raises(SchemaError, match="needs a Map"):
        frame.select(m.keys().map.get("a"))
    with pytest.raises(InvalidOperationError, match="key"):
        frame.select(m.get(1))


def test_categories():
    frame = sk.from_dict({"c": ["b", "a", None]})
    with pytest.raises(SchemaError, match="needs a Categorical or Enum, got String"):
        frame.select(col("c").cat.get_categories())
    with pytest.raises(SchemaError, match="needs a Categorical or Enum"):
        frame.select(col("c").cat.len_chars())
    with pytest.raises(InvalidOperationError, match="prefix must be text"):
        col("c").cat.starts_with(1)
    enum = frame.cast(sk.Enum(["b", "a", "z"]))
    assert rows(enum, col("c").cat.get_categories()) == [("b",), ("a",), ("z",)]
    assert rows(enum.head(0), col("c").cat.get_categories()) == [("b",), ("a",), ("z",)]
    assert rows(frame.cast(sk.Categorical), col("c").cat.get_categories()) == [("a",), ("b",)]
