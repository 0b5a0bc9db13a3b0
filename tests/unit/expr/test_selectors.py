from __future__ import annotations

import pickle

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit import selectors as cs
from scalekit.errors import ColumnNotFoundError, InvalidOperationError, PlanError
from scalekit.frame.frame import Frame
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import MemorySource

FRAME = Frame(
    Scan(
        MemorySource(
            pl.DataFrame({"i": [1, 2], "f": [0.5, 1.5], "s": ["a", "b"], "b": [True, False]})
        )
    )
)


def columns(*chosen: sk.Expr) -> list[str]:
    return FRAME.select(*chosen).columns


def test_the_module_is_importable_under_its_name():
    import scalekit.selectors

    assert scalekit.selectors is cs
    assert sk.selectors is cs


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (cs.numeric() | cs.string(), ["i", "f", "s"]),
        (cs.numeric() & cs.float(), ["f"]),
        (cs.numeric() - cs.float(), ["i"]),
        (cs.numeric() ^ cs.by_name("i", "s"), ["f", "s"]),
        (~cs.numeric(), ["s", "b"]),
        (cs.all().exclude("i", cs.float()), ["s", "b"]),
        (cs.exclude("^[if]$"), ["s", "b"]),
        (cs.by_name("s", "i"), ["s", "i"]),
        (cs.by_name("s", "nope", require_all=False), ["s"]),
        (cs.by_index(-1, 0), ["b", "i"]),
        (cs.by_dtype(int, pl.String), ["i", "s"]),
        (sk.nth(1, 2), ["f", "s"]),
        (sk.exclude(pl.Int64), ["f", "s", "b"]),
        (sk.all().exclude(["i", "f"]), ["s", "b"]),
        (sk.col("^[fs]$"), ["f", "s"]),
        (sk.col(pl.Float64, pl.Int64), ["i", "f"]),
        (sk.first(), ["i"]),
        (sk.last(), ["b"]),
    ],
    ids=str,
)
def test_columns_of_a_selection(chosen, names):
    assert columns(chosen) == names


def test_operators_with_other_expressions_work_on_values():
    values = FRAME.select(cs.boolean() & col("b"), cs.numeric() - 1).collect()
    assert values.to_dict(as_series=False) == {"b": [True, False], "i": [0, 1], "f": [-0.5, 0.5]}
    assert FRAME.select(~cs.boolean().as_expr()).collect()["b"].to_list() == [False, True]


def test_one_expression_may_use_a_selection_twice():
    assert FRAME.select(cs.numeric() + cs.numeric()).collect().row(0) == (2, 1.0)
    assert FRAME.select(col("i", "f") * col("i", "f")).collect().row(1) == (4, 2.25)


def test_selections_of_different_widths_do_not_go_together():
    with pytest.raises(InvalidOperationError, match="different numbers of columns"):
        FRAME.select(cs.numeric() + cs.all().as_expr())


def test_a_name_that_does_not_exist_is_named():
    with pytest.raises(ColumnNotFoundError, match="'nope'"):
        FRAME.select(cs.by_name("nope"))


def test_a_selection_among_operands_stays_one():
    assert FRAME.select(x=sk.sum_horizontal(cs.numeric())).collect()["x"].to_list() == [1.5, 3.5]
    ordered = FRAME.select(sk.all().sort_by(cs.string(), descending=True)).collect()
    assert ordered["i"].to_list() == [2, 1]
    assert ordered.columns == ["i", "f", "s", "b"]


def test_a_selector_can_be_pickled():
    copy = pickle.loads(pickle.dumps(cs.numeric() * 2))
    assert FRAME.select(copy).collect().row(0) == (2, 1.0)


def test_expanding_tells_the_names():
    assert cs.expand_selector(FRAME, cs.numeric()) == ("i", "f")
    with pytest.raises(PlanError, match="takes a selector"):
        cs.expand_selector(FRAME, col("i"))
