from __future__ import annotations

import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import DuplicateError, InvalidOperationError
from scalekit.frame.frame import Frame
from scalekit.kernels.bind import output_name
from scalekit.plan.nodes import Scan, Select, WithColumns
from scalekit.sources.memory import MemorySource
from scalekit.testing.cases import CASES
from scalekit.testing.data import dataset

FRAME = Frame(Scan(MemorySource(dataset("ordinary"))))


def test_the_name_that_binding_finds_is_the_name_that_polars_gives():
    checked = 0
    for case in CASES:
        frame = case.build(FRAME)
        plan = frame._plan
        if isinstance(plan, Select):
            assert [output_name(e) for e in plan.exprs] == frame.columns, str(case)
            checked += 1
        elif isinstance(plan, WithColumns):
            assert {output_name(e) for e in plan.exprs} <= set(frame.columns), str(case)
    assert checked > 400


# From Polars 2.1: suffixes and their like change the output's name, keep() restores the root's.
@pytest.mark.parametrize(
    ("expr", "name"),
    [
        (col("i").alias("b").name.suffix("_x"), "b_x"),
        (col("i").name.suffix("_x").alias("q"), "q"),
        ((col("f") + col("i")).name.suffix("_x"), "f_x"),
        (col("i").name.suffix("_x") + 1, "i_x"),
        (1 + col("i").name.suffix("_x"), "literal"),
        (col("i").name.suffix("_x").name.suffix("_y"), "i_x_y"),
        (sk.lit(1).name.suffix("_y"), "literal_y"),
        ((sk.lit(1) + col("i")).name.suffix("_y"), "literal_y"),
        (col("i").alias("b").name.keep(), "i"),
        ((sk.lit(1) + col("i")).alias("b").name.keep(), "i"),
        ((col("f") + col("i")).alias("z").name.keep(), "f"),
        ((col("i").alias("c") * 2).name.keep(), "i"),
        (col("i").alias("b").name.map(str.upper), "B"),
        (col("i").alias("bb").name.to_uppercase(), "BB"),
        (sk.when(col("i") > 1).then(col("f")).otherwise(1).name.suffix("_w"), "f_w"),
        (sk.len().name.suffix("_w"), "len_w"),
        (col("i").sum().over("k").name.suffix("_w"), "i_w"),
        (sk.lit(1).alias("q").name.suffix("_w"), "q_w"),
        (sk.struct("i", "f").name.suffix("_x"), "i_x"),
        ((col("i").alias("c") + 1).name.suffix("_x"), "c_x"),
        (col("i").alias("c").alias("d").name.prefix("p_"), "p_d"),
        (col("i").sum().alias("z").name.prefix("p_"), "p_z"),
    ],
    ids=str,
)
def test_a_changed_name_is_that_of_polars(expr, name):
    assert FRAME.select(expr).columns == [name]


def test_keep_needs_a_column():
    with pytest.raises(InvalidOperationError, match="needs an input column"):
        FRAME.select(sk.lit(1).alias("b").name.keep())


def test_a_name_that_occurs_twice_is_refused():
    with pytest.raises(DuplicateError, match="'i_x'"):
        FRAME.select(col("i").alias("i_x"), col("i").name.suffix("_x"))


def test_names_of_structs_fields_are_those_of_columns():
    made = FRAME.select(x=sk.struct(col("i").name.suffix("_1"), col("f") + 1, a="s"))
    assert [f.name for f in made.schema["x"].fields] == ["i_1", "f", "a"]
