"""Habits of pandas, Spark and older Polars: what is written from memory is refused with what to write instead."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import scalekit as sk
from scalekit import col
from scalekit.exceptions import ColumnNotFoundError, InvalidOperationError, PlanError, SchemaError
from scalekit.expr.other_names import EXPR, TEXT, TIME
from scalekit.frame.other_names import FRAME, GROUPS, MODULE

# Of any type: what a type checker would say of these habits is in test_editor.py.
F: Any = sk.from_dict({"x": [1, 2, 3], "g": ["a", "b", "c"]})
GROUPED: Any = F.group_by("g")
X: Any = col("x")

REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], tuple[str, ...]]] = {
    "method of pandas": (lambda: F.fillna(0), AttributeError, ("a frame has no 'fillna'", "fill_null(value)")),
    "method of Spark": (lambda: F.withColumn("y", X), AttributeError, ("with_columns(name=expression)",)),
    "misspelt method": (lambda: F.filtr, AttributeError, ("did you mean 'filter'",)),
    "misspelt beyond recognition": (lambda: F.qqqq, AttributeError, ("a frame has no 'qqqq'",)),
    "column as attribute": (lambda: F.x, AttributeError, ("'x' is a column", "sk.col('x')")),
    "column by index": (lambda: F["x"], TypeError, ("select(columns)", "collect()")),
    "assignment": (lambda: F.__setitem__("y", 1), TypeError, ("with_columns()", "'y'")),
    "deletion": (lambda: F.__delitem__("x"), AttributeError, ("__delitem__",)),
    "rows of a frame": (lambda: list(F), TypeError, ("not iterable",)),
    "column in frame": (lambda: "x" in F, TypeError, ("not iterable",)),
    "truth of a frame": (lambda: bool(F), TypeError, (".head(1).collect().is_empty()",)),
    "expression of pandas": (lambda: X.isin([1]), AttributeError, ("an expression has no 'isin'", "is_in(values)")),
    "misspelt expression": (lambda: X.is_nul, AttributeError, ("did you mean 'is_null'",)),
    "text of pandas": (lambda: X.str.lower, AttributeError, (".str has no 'lower'", "to_lowercase()")),
    "misspelt text": (lambda: X.str.containz("a"), AttributeError, ("did you mean 'contains'",)),
    "time of pandas": (lambda: X.dt.dayofweek, AttributeError, (".dt has no 'dayofweek'", "Monday is 1")),
    "map of pandas": (lambda: X.map(len), TypeError, ("map_elements(function)",)),
    "groups of pandas": (lambda: GROUPED.sum, AttributeError, ("group_by() has no 'sum'", "agg(sk.all().sum())")),
    "column of groups": (lambda: GROUPED["x"], TypeError, ("agg(sk.col(name).sum())",)),
    "iterated groups": (lambda: list(GROUPED), TypeError, ("not iterable",)),
    "groups with flags": (lambda: F.group_by("g", as_index=False), InvalidOperationError, ("as_index=False", "sort()")),
    "aggregates in a mapping": (lambda: GROUPED.agg({"x": "sum"}), PlanError, ("mapping", "x=...", "sk.lit({...})")),
    "nothing in a mapping": (lambda: GROUPED.agg({}), PlanError, ("name=expression",)),
    "module of pandas": (lambda: sk.read_csv("x.csv"), AttributeError, ("no 'read_csv'", "sk.scan_csv(path)")),
    "module without": (lambda: sk.nothing_like_it, AttributeError, ("no attribute 'nothing_like_it'",)),
    "arguments that are too many": (lambda: F.head(1, 2), TypeError, ("Frame.head()",)),
    "text for a column": (lambda: F.with_columns(y="hello"), ColumnNotFoundError, ("'hello'", "sk.lit('hello')")),
    "a mask": (lambda: F.filter([True, False, True]), InvalidOperationError, ("filter()", "how='horizontal'")),
    "a mask of NumPy": (lambda: F.filter(np.array([True] * 3)), InvalidOperationError, ("another order",)),
    "a mask of Polars": (lambda: F.remove(pl.Series([True] * 3)), InvalidOperationError, ("remove()", "sk.concat")),
    "values for a column": (
        lambda: F.with_columns(y=np.array([1, 2, 3])), InvalidOperationError, ("other lengths", "sk.from_dict", "join"),
    ),
    "expressions in a list": (lambda: X.is_in([X]), PlanError, ("sk.concat_list()",)),
    "expressions of Polars": (lambda: F.filter(pl.col("x") > 1), PlanError, ("polars Expr", "scalekit's own col")),
    "a frame as a value": (lambda: X.is_in(F), PlanError, ("scalekit Frame", "join", "collect()")),
    "a frame of pandas as a value": (lambda: X.is_in(pd.DataFrame({"x": [1]})), PlanError, ("pandas DataFrame", "join")),
    "a function as a value": (lambda: F.with_columns(y=len), PlanError, ("map_elements", "map_batches")),
    "an object as a value": (lambda: sk.lit(object()), PlanError, ("type object", "number, text, date")),
    "a matrix as a value": (lambda: sk.lit(np.eye(2)), PlanError, ("numpy ndarray",)),
    "complex numbers as a value": (lambda: sk.lit(np.array([1j])), PlanError, ("numpy ndarray",)),
    "slice by a name": (lambda: F.slice("x"), InvalidOperationError, ("slice()", "'x'")),
    "index without a name": (lambda: F.with_row_index(1), InvalidOperationError, ("name", "1")),
    "index from below": (lambda: F.with_row_index("i", -1), InvalidOperationError, ("with_row_index()", "0 or more")),
    "span as a number": (
        lambda: F.group_by_dynamic("x", every=5), InvalidOperationError, ("every=", '"5i"', "got 5"),
    ),
    "period as a number": (lambda: F.rolling("x", period=3), InvalidOperationError, ("period=",)),
    "merge of other columns": (
        lambda: F.merge_sorted(F.rename({"x": "y"}), key="g"), SchemaError, ("merge_sorted()", "missing ['x']", "extra ['y']"),
    ),
    "merge of other types": (lambda: F.merge_sorted(F.cast({"x": sk.Float64}), key="g"), SchemaError, ("cast them",)),
    "concat of other columns": (lambda: sk.concat([F, F.select("g", "x")]), SchemaError, ("another order", "diagonal")),
    "concat of other types": (lambda: sk.concat([F, F.cast({"x": sk.Float64})]), SchemaError, ("vertical_relaxed",)),
    "frame that SQL does not know": (lambda: sk.sql("select * from u", t=F), PlanError, ("'u'", "are called 't'")),
    "frame of pandas for Polars": (
        lambda: sk.from_polars(pd.DataFrame({"x": [1]})), InvalidOperationError, ("not a pandas DataFrame",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("habit", REFUSED)
def test_a_habit_is_refused_with_the_way_out(habit: str) -> None:
    written, kind, words = REFUSED[habit]
    with pytest.raises(kind) as raised:
        written()
    for word in words:
        assert word in str(raised.value)


TABLES: tuple[tuple[Mapping[str, str], object], ...] = (
    (EXPR, X), (TEXT, X.str), (TIME, X.dt), (FRAME, F), (GROUPS, GROUPED), (MODULE, sk),
)  # fmt: skip

SPOKEN_OF = (
    X, X.str, X.dt, X.list, X.name, F, GROUPED, sk, sk.selectors, sk.when(X > 1), pl, pl.DataFrame, pl.Series,
)  # fmt: skip


@pytest.mark.parametrize(("table", "owner"), TABLES)
def test_no_name_in_the_tables_exists(table: Mapping[str, str], owner: object) -> None:
    assert [name for name in table if hasattr(owner, name)] == []


@pytest.mark.parametrize("table", [table for table, _ in TABLES])
def test_what_the_tables_say_instead_exists(table: Mapping[str, str]) -> None:
    for name, instead in table.items():
        for qualified in re.findall(r"\bsk\.(?:selectors\.)?\w+|\bpolars\.\w+", instead):
            found: Any = {"sk": sk, "polars": pl}
            for part in qualified.split("."):
                found = found[part] if isinstance(found, dict) else getattr(found, part, None)
            assert found is not None, (name, qualified)
        for method in re.findall(r"(\w+)\(", instead):
            assert any(hasattr(o, method) for o in SPOKEN_OF), (name, method)


def test_a_zero_dimensional_condition_is_no_mask() -> None:
    assert F.filter(np.True_).collect().height == 3
    assert F.filter(True, False).collect().height == 0
    assert F.filter([X > 1, col("g") == "b"]).collect().rows() == [(2, "b")]


@pytest.mark.parametrize("backend", ["polars", "pandas"])
@pytest.mark.parametrize(
    "values",
    [
        ["a", "b"], ("a", "b"), {"a", "b"}, {"a": 1, "b": 2}.keys(), {1: "a", 2: "b"}.values(), np.array(["a", "b"]),
        np.array(["a", "b"], dtype=object), pd.Series(["a", "b"]), pd.Series(["a", "b"], dtype="category"),
        pd.Index(["a", "b"]), pd.array(["a", "b"]), pa.array(["a", "b"]), pa.chunked_array([["a"], ["b"]]),
        pl.Series(["a", "b"]),
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_many_kinds_of_lists_are_constants(values: Any, backend: str) -> None:
    found = F.filter(col("g").is_in(values)).collect(backend=backend)
    assert found["g"].to_list() == ["a", "b"]


@pytest.mark.parametrize("absent", [None, pd.NA, pd.NaT])
def test_absence_in_pandas_is_null(absent: Any) -> None:
    assert F.head(1).select(y=sk.lit(absent)).collect()["y"].to_list() == [None]


def test_lists_of_columns_may_stand_beside_columns() -> None:
    frame = F.with_columns(z=1)
    assert frame.select(["x", X.alias("y")], "g", ("z",)).columns == ["x", "y", "g", "z"]
    assert frame.sort(["g"], "x", descending=True).collect()["x"].to_list() == [3, 2, 1]
    assert frame.select("x", [1, 2]).schema["literal"] == pl.List(pl.Int64)  # as in Polars


@pytest.mark.parametrize("pattern", ["*", "^x|g$"])
def test_patterns_stand_for_columns_wherever_names_do(pattern: str) -> None:
    assert F.select(pattern).columns == ["x", "g"]
    assert F.select(s=sk.struct(pattern)).schema["s"].fields == [
        pl.Field("x", pl.Int64),
        pl.Field("g", pl.String),
    ]
    assert F.group_by(pattern).agg(n=sk.len()).columns == ["x", "g", "n"]


def test_columns_whose_names_look_like_patterns_are_only_themselves() -> None:
    frame = sk.from_dict({"*": [1, None], "^a$": [1, 2], "b": ["x", "y"]})
    assert frame.drop_nulls().collect().rows() == [(1, 1, "x")]
    assert frame.rename({"*": "s"}).columns == ["s", "^a$", "b"]
    assert frame.fill_null(0).collect(backend="pandas")["*"].to_list() == [1, 0]


def test_abs_of_an_expression() -> None:
    assert F.select(abs(X - 3)).collect()["x"].to_list() == [2, 1, 0]


PROTOCOLS = (
    "_repr_html_", "_repr_png_", "_ipython_display_", "_ipython_canary_method_should_not_exist_", "__array_interface__",
    "__arrow_array__", "__dataframe__", "__len__", "__index__", "__float__", "__deepcopy__", "__getstate_managed__",
    "_node_", "__narwhals_series__", "shape", "dtype",
)  # fmt: skip


@pytest.mark.parametrize("asked", [X, X.str, X.dt, X.map, GROUPED], ids=lambda o: type(o).__name__)
def test_protocols_are_asked_for_and_not_found(asked: object) -> None:
    assert [name for name in PROTOCOLS if hasattr(asked, name)] == []
    assert getattr(asked, "_nothing", 5) == 5


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))]
)
def test_copies_and_pickles(again: Callable[[Any], Any]) -> None:
    assert again(F).collect().equals(F.collect())
    assert repr(again(X + 1)) == repr(X + 1)
    assert F.select(again(X.str)._wrap(X._node)).columns == ["x"]
    assert again(sk.Frame.head) is sk.Frame.head


@pytest.mark.parametrize("kind", [sk.Frame, sk.Expr])
def test_an_object_that_is_not_made_yet_has_nothing(kind: Any) -> None:
    blank = kind.__new__(kind)
    assert not hasattr(blank, "_node")
    assert not hasattr(blank, "anything")
