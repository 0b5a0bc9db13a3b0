"""Functions of lists: what is checked at the call, types, and expressions on elements."""

from __future__ import annotations

import pickle

import polars as pl
import pytest

import scalekit as sk
from scalekit import col, element
from scalekit.errors import (
    ComputeError,
    DuplicateError,
    InvalidOperationError,
    PlanError,
    SchemaError,
)

X = col("x")


def one(values: list[object] | None, expr: sk.Expr, dtype: object = None) -> object:
    table = pl.DataFrame({"x": pl.Series([values], dtype=dtype)})
    return sk.from_polars(table).select(expr).collect()["x"].to_list()[0]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: X.list.diff(null_behavior="keep"), "'ignore', 'drop'"),
        (lambda: X.list.to_struct("a"), "names of the fields"),
        (lambda: X.list.to_struct([]), "names of the fields"),
        (lambda: X.list.to_struct([1]), "names of the fields"),
        (lambda: X.list.eval("x"), r"list.eval\(\) takes an expression of sk.element\(\), got str"),
        (
            lambda: X.list.eval(element() + col("y")),
            r"sees the elements of the list only, not col\('y'\)",
        ),
        (lambda: X.list.filter(sk.all() > 1), "sees the elements"),
        (lambda: X.list.concat(pl.Series([[1]])), "not a Series"),
    ],
)
def test_arguments_are_checked_at_the_call(build, message):
    with pytest.raises(InvalidOperationError, match=message):
        build()


def test_duplicate_fields_are_refused():
    with pytest.raises(DuplicateError, match="'a'"):
        X.list.to_struct(["a", "b", "a"])


@pytest.mark.parametrize(
    ("values", "build", "message"),
    [
        (["a"], X.list.sum, "numbers, Booleans or Durations"),
        (["a"], X.list.mean, "numbers, Booleans, dates or times"),
        (["a"], X.list.std, "a list of numbers"),
        ([True], X.list.median, "numbers, dates or times"),
        ([1], X.list.all, "a list of Booleans"),
        ([1], X.list.any, "a list of Booleans"),
        ([1], lambda: X.list.join("-"), "a list of texts"),
        (["a"], lambda: X.list.join(1), "needs text"),
        ([1], lambda: X.list.get("a"), "column 'a' not found"),
        ([1], lambda: X.list.get(1.0), "needs an integer"),
        ([1], lambda: X.list.gather(0), "needs a list of integers"),
        ([1], lambda: X.list.contains("a"), "puts Int64 and String together"),
        ([1], lambda: X.list.count_matches("a"), "puts Int64 and String together"),
        ([1], lambda: X.list.set_union(sk.lit(1)), "needs a List"),
        ([1], lambda: X.list.set_union(["a"]), "puts Int64 and String together"),
        ([1], lambda: X.list.concat(["a", 1]), "mixes types"),
    ],
)
def test_types_are_checked_by_the_frames_method(values, build, message):
    frame = sk.from_dict({"x": [values]})
    with pytest.raises(PlanError, match=message):
        frame.select(build())


def test_every_function_of_lists_refuses_other_columns():
    frame = sk.from_dict({"x": [1]})
    names = ("len", "n_unique", "sum", "min", "sort", "reverse", "first", "explode", "arg_max")
    for name in names:
        with pytest.raises(SchemaError, match="List"):
            frame.select(getattr(X.list, name)())
    for expr in (X.list.eval(element()), X.list.agg(element().sum()), X.list.filter(element() > 1)):
        with pytest.raises(SchemaError, match="needs a List"):
            frame.select(expr)


def test_positions_that_do_not_exist_raise_unless_asked_for_null():
    with pytest.raises(ComputeError, match="out of bounds"):
        one([1], X.list.get(1))
    with pytest.raises(ComputeError, match="out of bounds"):
        one([1], X.list.gather([1]))
    assert one([1], X.list.get(1, null_on_oob=True)) is None
    assert one([1, 2], X.list.gather([-1, 5], null_on_oob=True)) == [2, None]


def test_concat_takes_columns_lists_of_columns_and_values():
    frame = sk.from_dict({"x": [[1], None], "y": [[2], [3]]})

    def concat(other: object) -> list[object]:
        return frame.select(X.list.concat(other)).collect()["x"].to_list()

    assert concat("y") == concat(["y"]) == concat(col("y")) == [[1, 2], None]
    assert concat(["y", col("x")]) == [[1, 2, 1], None]
    assert concat([7, 8]) == [[1, 7, 8], None]


def test_set_operations_of_a_table_without_rows():
    frame = sk.from_dict({"x": [[1]]}).head(0)
    for name in ("set_union", "set_intersection", "set_difference"):
        assert frame.select(getattr(X.list, name)([1])).collect().height == 0


def test_set_operations_keep_the_type_of_the_elements():
    narrow = pl.List(pl.Int8)
    assert one([1, 2], X.list.set_union({3}), narrow) == [1, 2, 3]
    frame = sk.from_polars(pl.DataFrame({"x": pl.Series([[1]], dtype=narrow)}))
    assert frame.select(X.list.set_union([3])).schema["x"] == narrow
    for values in ([300], [1.5]):
        with pytest.raises(SchemaError, match="does not fit Int8"):
            frame.select(X.list.set_union(values))


def test_booleans_are_counted_by_sum():
    frame = sk.from_dict({"x": [[True, True, None]]}).select(X.list.sum())
    assert frame.schema["x"] == pl.Int64
    assert frame.collect().item() == 2


def test_elements_keep_the_contract():
    assert one([127, 1], X.list.eval(element().sum()), pl.List(pl.Int8)) == [128]
    assert one([127, 1], X.list.agg(element().sum() + 1), pl.List(pl.Int8)) == 129
    counted = X.list.eval(element().n_unique())
    assert sk.from_dict({"x": [[1]]}).select(counted).schema["x"] == pl.List(pl.Int64)
    with pytest.raises(SchemaError, match=r"str.to_uppercase\(\) needs text"):
        one([1], X.list.eval(element().str.to_uppercase()))


def test_lists_within_lists():
    nested = X.list.eval(element().list.eval(element() + 1))
    assert one([[1, 2], []], nested) == [[2, 3], []]
    sums = X.list.eval(element().list.sum())
    assert one([[127, 1]], sums, pl.List(pl.List(pl.Int8))) == [128]


def test_expressions_on_elements_are_values():
    expr = X.list.eval(element().sum() * 2)
    assert pickle.loads(pickle.dumps(expr._node)) == expr._node
    assert repr(expr) == "col('x').list.eval(expr=(element().sum() * 2))"


def test_an_aggregate_of_elements_is_none_of_rows():
    frame = sk.from_dict({"x": [[1, 2], [3]], "g": ["a", "b"]})
    summed = frame.unique().with_columns(first=X.list.agg(element().first())).sort("g")
    assert summed.collect()["first"].to_list() == [1, 3]
