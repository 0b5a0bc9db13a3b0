"""What no function is: columns, literals, names, casts, conditions, windows, and the deprecated names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl

from scalekit.expr.builders import col, dtype_of, lit, when
from scalekit.expr.folding import reduce
from scalekit.expr.shortcuts import exclude, nth
from scalekit.expr.shortcuts import len as rows
from scalekit.expr.sql import sql_expr
from scalekit.testing.case import Case

_NUMBERS = ("i", "i32", "i8", "u8", "f", "f32", "b", "dec")
_NUMERIC = (pl.Int8, pl.UInt8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.Boolean)
_VALUES = {
    "int": 3, "float": 2.5, "bool": True, "text": "é", "bytes": b"\x00a", "null": None, "date": date(2024, 2, 29),
    "datetime": datetime(2024, 2, 29, 12, 30), "duration": timedelta(days=1, seconds=2), "decimal": Decimal("1.50"),
    "list": [1, 2, None],
}  # fmt: skip


def _cast(to: pl.DataType | type[pl.DataType]) -> Case:
    name = str(to if isinstance(to, pl.DataType) else to())
    return Case(
        "cast", lambda f: f.select(col(*_NUMBERS).cast(to, strict=False)), f"numbers to {name}"
    )


_CASTS = (
    *(_cast(to) for to in _NUMERIC),
    Case("cast", lambda f: f.select(col("i", "i8", "u8", "f", "dec").cast(pl.Decimal(38, 2), strict=False)), "numbers to Decimal"),
    Case("cast", lambda f: f.select("o", col("f", "f32", "dec", "t", "tz", "tm").cast(pl.String)), "more text"),
    Case("cast", lambda f: f.select("o", col("i", "i8", "u8", "b", "d", "e", "c").cast(pl.String)), "text"),
    Case("cast", lambda f: f.select(a=col("s").cast(pl.Int64, strict=False), b=col("s").cast(pl.Float64, strict=False)), "text to numbers"),
    Case("cast", lambda f: f.select(col("s").cast(pl.Int64)), "strict"),
    Case("cast", lambda f: f.select(col("i").cast(pl.Int8), col("f").cast(pl.Float32)), "strict numbers"),
    Case("cast", lambda f: f.select(a=col("d").cast(pl.Datetime("ms")), b=col("t").cast(pl.Date), c=col("t").cast(pl.Time), d=col("t").cast(pl.Datetime("ns"), strict=False)), "times"),
    Case("cast", lambda f: f.select(a=col("dur").cast(pl.Int64), b=col("d").cast(pl.Int32), c=col("i8").cast(pl.Duration("ms"))), "times and numbers"),
    Case("cast", lambda f: f.select(a=col("k").cast(pl.Categorical), b=col("c").cast(pl.Enum(["blue", "green", "red"]), strict=False)), "categories"),
    Case("cast", lambda f: f.select(col("li").cast(pl.List(pl.Float64)), col("st").cast(pl.Struct({"x": pl.String, "y": pl.String}))), "nested"),
)  # fmt: skip

_NAMES = (
    Case("alias", lambda f: f.select(col("i").alias("x"), (col("i") + col("f")).alias("naïve name"), y=col("s").alias("z"))),
    Case("col", lambda f: f.select(col("f", "o"), col("^i.*$"), col(pl.String, pl.Date), x=col(["s"]))),
    Case("nth", lambda f: f.select(nth(2), nth(-1, 0).is_null())),
    Case("exclude", lambda f: f.select(exclude("o", "^i.*$", pl.List(pl.Int64)))),
    Case("lit", lambda f: f.select("o", **{name: lit(value) for name, value in _VALUES.items()}), "beside rows"),
    Case("lit", lambda f: f.select(lit(1), lit(2.5).alias("x"), lit("a").alias("y")), "alone"),
    Case("lit", lambda f: f.select("o", x=lit(1, dtype=pl.Int8), y=lit(None, dtype=pl.Date)), "typed"),
    Case("lit", lambda f: f.filter(lit(value=True)).select("o", x=col("i") + lit(1)), "in a filter"),
    Case("dtype_of", lambda f: f.select(x=lit(1).cast(dtype_of("f32")), y=col("i8").cast(dtype_of(col("i") / 2)))),
    Case("pipe", lambda f: f.select(col("i").pipe(lambda x, n: x.fill_null(0) + n, 2), col("s").pipe(lambda x: x.str.len_chars()))),
)  # fmt: skip

_CONDITIONS = (
    Case("when", lambda f: f.select(x=when(col("i") > 1).then(col("s")).otherwise(col("k")))),
    Case("when", lambda f: f.select(x=when(col("i") > 1, col("b")).then(1), y=when(k="a").then(lit("is a"))), "several conditions"),
    Case("when", lambda f: f.group_by("k").agg(x=when(col("b")).then("i").otherwise(0).sum(), n=when(rows() > 1).then(rows()).otherwise(None)), "groups"),
    Case("then", lambda f: f.select(x=when("b").then("i8").when(col("f") > 1).then("f32").otherwise("i")), "common type"),
    Case("then", lambda f: f.select(when("b").then(col("i") * 2), y=when("b").then(None)), "name and null"),
    Case("otherwise", lambda f: f.select(x=when(col("f").is_nan()).then(lit(0.0)).otherwise("f"), y=when(col("s") == "007").then(lit("agent")).otherwise(lit(None)))),
    Case("otherwise", lambda f: f.select(x=when("b").then(when(col("i") > 1).then(1).otherwise(2)).otherwise(3)), "nested"),
)  # fmt: skip

_WINDOWS = (
    Case("over", lambda f: f.select("o", a=col("i").sum().over("k"), b=col("f").max().over("k", "b"), c=rows().over("k"))),
    Case("over", lambda f: f.select("o", a=col("i") - col("i").mean().over("k"), b=col("i") / col("i").sum().over(col("i") % 2)), "in arithmetic"),
    Case("over", lambda f: f.select("o", a=col("i").first().over("k", order_by="o"), b=col("i").last().over("k", order_by="f", descending=True, nulls_last=True)), "order"),
    Case("over", lambda f: f.select("o", a=col("i").cum_sum().over("k", order_by=["b", "o"]), b=col("i").shift(1).over(None, order_by="o")), "several keys of order"),
    Case("over", lambda f: f.sort("o").select(col("i").sort().over("k", mapping_strategy="join")), "join"),
    Case("over", lambda f: f.sort("o").select("o", r=col("i").rank("dense").over("k", order_by="o")), "rank"),
    Case("over", lambda f: f.with_columns(n=col("s").n_unique().over("k", "c")).filter(col("n") > 1).select("o", "n"), "then filter"),
)  # fmt: skip

_FUNCTIONS = (
    Case("map_batches", lambda f: f.select("o", x=col("i").map_batches(lambda s: s * 2, pl.Int64, is_elementwise=True))),
    Case("map_elements", lambda f: f.select("o", x=col("s").map_elements(len, pl.Int64))),
    Case("map_elements", lambda f: f.select("o", x=col("i8").map_elements(str, pl.String, skip_nulls=False)), "nulls too"),
    Case("reduce", lambda f: f.select(x=reduce(lambda a, b: a + b.fill_null(1), ["i8", "i32", col("i")]))),
    Case("sql_expr", lambda f: f.select("o", sql_expr("i * 2 + 1 AS x"), sql_expr("CASE WHEN b THEN 'yes' ELSE s END AS y"))),
    Case("dt.strftime", lambda f: f.select(col("t").dt.strftime("%Y/%m/%d %H"), col("d").dt.strftime("%j"))),
    Case("str.strptime", lambda f: f.select("o", x=col("d").cast(pl.String).str.strptime(pl.Date, "%Y-%m-%d"))),
    Case("str.concat", lambda f: f.sort("o").select(x=col("s").str.concat("|"))),
)  # fmt: skip

CASES = (*_NAMES, *_CASTS, *_CONDITIONS, *_WINDOWS, *_FUNCTIONS)
"""Cases of expressions that are no call of a function."""
