"""Every function says what its answer depends on, by a rule of its own or by its kind."""

from __future__ import annotations

import polars as pl
import pytest

from scalekit.expr.expr import Expr  # the table is filled by what it is made of
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.labels import OWN_ROW, RULES, Label, labels_of
from scalekit.expr.node import Call, Column

assert Expr


def test_every_aggregate_and_window_function_has_a_rule() -> None:
    """A new one is put into ``expr.labels.RULES``: is it exact, does it add floats, does it approximate?"""
    wanted = {name for name, spec in FUNCTIONS.items() if spec.kind not in OWN_ROW}
    assert wanted - set(RULES) == set(), "functions without a rule"
    assert set(RULES) - wanted == set(), "rules of functions that do not exist"


def test_a_name_that_says_approximate_is_labelled_so() -> None:
    said = {name for name in FUNCTIONS if "approx" in name}
    assert said <= {name for name, rule in RULES.items() if rule.approximate}


FLOAT, INT, NARROW, TEXT = pl.Float64(), pl.Int64(), pl.Int32(), pl.String()


@pytest.mark.parametrize(
    ("function", "dtype", "labels"),
    [
        ("sum", FLOAT, {Label.FLOATS}),
        ("sum", pl.Float32(), {Label.FLOATS}),
        ("sum", INT, set()),
        ("sum", pl.Decimal(10, 2), set()),
        ("sum", pl.Duration("us"), set()),
        ("cum_sum", FLOAT, {Label.FLOATS}),
        ("cum_sum", INT, set()),
        ("mean", FLOAT, {Label.FLOATS}),
        ("mean", NARROW, set()),
        ("mean", pl.Boolean(), set()),
        ("mean", INT, {Label.FLOATS}),  # a sum beyond 2**53 has no Float64 of its own
        ("std", NARROW, {Label.FLOATS}),
        ("rolling_var", INT, {Label.FLOATS}),
        ("min", FLOAT, set()),
        ("median", FLOAT, set()),
        ("n_unique", TEXT, set()),
        ("approx_n_unique", TEXT, {Label.APPROXIMATE}),
        ("any_value", TEXT, {Label.ORDER}),
        ("map_all", FLOAT, {Label.ORDER}),
        ("sqrt", FLOAT, set()),
        ("list.sum", pl.List(FLOAT), set()),
        ("product", pl.List(FLOAT), {Label.FLOATS}),
    ],
)
def test_labels_go_by_types(function: str, dtype: pl.DataType, labels: set[Label]) -> None:
    call = Call(function, (Column("x"),))
    assert set(labels_of(call, (dtype,), ordered=False)) == labels
    assert set(labels_of(call, (dtype,), ordered=True)) == labels - {Label.ORDER}
