"""Look-ups, bins and the user's own functions."""

from __future__ import annotations

from typing import Any

import polars as pl

from scalekit.expr.builders import col, dtype_of, lit
from scalekit.expr.sql import sql_expr
from scalekit.testing.case import Case


def _doubled(values: pl.Series) -> pl.Series:
    return values * 2


def _spread(values: pl.Series) -> Any:
    return None if values.len() == values.null_count() else values.max() - values.min()  # type: ignore[operator]


def _shouted(text: str) -> str:
    return f"{text}!"


CASES = (
    Case("cast_like", lambda f: f.select(a=col("i8").cast(dtype_of("f")), b=col("s").cast(dtype_of(col("i") + 1), strict=False), c=lit(1, dtype_of("u8")))),
    Case("cast_wrapping", lambda f: f.select(a=col("i").cast(pl.Int8, wrap_numerical=True), b=col("i8").cast(pl.UInt8, wrap_numerical=True))),
    Case("sql.to_float", lambda f: f.select(a=sql_expr("SIN(i8)"), b=sql_expr("POW(u8, 2)"), c=sql_expr("SUM(i32) / COUNT(*)"))),
    Case("replace", lambda f: f.select(a=col("i").replace({1: 10, 2: 20}), b=col("s").replace("apple", "pear"), c=col("f").replace([float("nan"), 0.5], [1.0, 2.0]))),
    Case("replace", lambda f: f.select(a=col("i").replace({None: 7}), b=col("k").replace(["a", "b"], "z"), c=col("d").replace({}), d=col("b").replace({True: False}), e=col("i8").replace(3, 4))),
    Case("replace_strict", lambda f: f.select(a=col("k").replace_strict({"a": 1, "b": 2}, default=0), b=col("i").replace_strict([1, 2], ["x", "y"], default=None), c=col("i").replace_strict({1: 5}, default=col("i8"), return_dtype=pl.Float64))),
    Case("replace_strict", lambda f: f.select(col("k").replace_strict({"a": 1, "b": 2, "c": 3})), "complete or not"),
    Case("cut", lambda f: f.select(a=col("f").cut([0.0, 2.0]), b=col("i").cut([1, 3], labels=["lo", "mid", "hi"]), c=col("f").cut([1.0], left_closed=True), d=col("i").cut([2], include_breaks=True))),
    Case("qcut", lambda f: f.select(a=col("i8").qcut([0.25, 0.75], labels=["lo", "mid", "hi"], allow_duplicates=True), b=col("u8").qcut(2, allow_duplicates=True, left_closed=True))),
    Case("qcut", lambda f: f.select("o", col("i8").qcut(2, labels=["lo", "hi"], allow_duplicates=True).over("k")), "over"),
    Case("map_each", lambda f: f.select(a=col("i8").map_batches(_doubled, pl.Int8, is_elementwise=True), b=col("s").map_elements(_shouted, pl.String), c=col("i").map_elements(str, pl.String, skip_nulls=False))),
    Case("map_all", lambda f: f.select(a=col("i").map_batches(lambda s: s.reverse(), pl.Int64), b=col("f").map_batches(lambda s: s.to_numpy() if s.len() == 0 else s, pl.Float64))),
    Case("map_to_one", lambda f: f.select(col("i32").map_batches(_spread, pl.Int32, returns_scalar=True))),
    Case("map_to_one", lambda f: f.group_by("k", maintain_order=True).agg(col("i32").map_batches(_spread, pl.Int32, returns_scalar=True)), "groups"),
    Case("map_each", lambda f: f.filter(col("i8").map_batches(lambda s: s > 1, pl.Boolean, is_elementwise=True)).select("o", x=lit(1)), "filter"),
)  # fmt: skip
"""Cases of functions that put a value in the place of another."""
