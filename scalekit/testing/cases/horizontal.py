"""Functions across the columns of a row, ranges and constants."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from scalekit.expr.builders import col, lit, when
from scalekit.expr.folding import fold, reduce
from scalekit.expr.horizontal import (
    all_horizontal,
    any_horizontal,
    arctan2,
    cum_sum_horizontal,
    max_horizontal,
    mean_horizontal,
    min_horizontal,
    sum_horizontal,
)
from scalekit.expr.joining import coalesce, concat_list, concat_str, format, struct
from scalekit.expr.ranges import (
    business_day_count,
    date_range,
    datetime_range,
    duration,
    int_range,
)
from scalekit.expr.ranges import date as date_of
from scalekit.expr.ranges import datetime as datetime_of
from scalekit.expr.selectors_by_type import integer, numeric
from scalekit.expr.shortcuts import len as rows
from scalekit.testing.case import Case

_DAYS = (date(2024, 1, 1), date(2024, 1, 5))
_TIMES = (datetime(2024, 1, 1), datetime(2024, 1, 2))


def _maximum(a: pl.Series, b: pl.Series) -> pl.Series:
    return a.zip_with(a > b, b)


CASES = (
    Case("all_horizontal", lambda f: f.select(a=all_horizontal("b", col("b").shift(1)), b=all_horizontal(col("i") > 1, col("f") > 1, col("b")))),
    Case("any_horizontal", lambda f: f.select(a=any_horizontal("b", col("b").shift(1)), b=any_horizontal(col("i") > 1, col("f") > 1, col("b")))),
    Case("max_horizontal", lambda f: f.select(a=max_horizontal("i", "f"), b=max_horizontal("i8", "u8", 2), c=max_horizontal("d", col("d").shift(1)), d=max_horizontal(numeric() - integer()))),
    Case("min_horizontal", lambda f: f.select(a=min_horizontal("i", "f"), b=min_horizontal("i8", "u8", 2), c=min_horizontal("d", col("d").shift(1)))),
    Case("sum_horizontal", lambda f: f.select(a=sum_horizontal("i8", "i32"), b=sum_horizontal("u8", "u8", 1), c=sum_horizontal("f", "f32"), d=sum_horizontal("b", "b"), e=sum_horizontal("i8", "f", ignore_nulls=False), g=sum_horizontal("u8", "i8", "b"))),
    Case("mean_horizontal", lambda f: f.select(a=mean_horizontal("i8", "i32"), b=mean_horizontal("u8", "f"), c=mean_horizontal("i", "f32", ignore_nulls=False), d=mean_horizontal("b", "b"))),
    Case("cum_sum_horizontal", lambda f: f.select(cum_sum_horizontal("i8", "i32", "u8"), a=cum_sum_horizontal("f", "i"))),
    Case("arctan2", lambda f: f.select(arctan2("f", "i8"))),
    Case("coalesce", lambda f: f.select(a=coalesce("i", "f"), b=coalesce("s", lit("x")), c=coalesce(col("d"), col("d").shift(1)), d=coalesce(["i", "i8"]))),
    Case("concat_str", lambda f: f.select(a=concat_str("s", "k", separator="-"), b=concat_str("s", "i", "b", "d", ignore_nulls=True), c=concat_str(["k", lit("x")]))),
    Case("concat_list", lambda f: f.select(a=concat_list("i", "i8"), b=concat_list("li", "i"), c=concat_list("s"))),
    Case("struct", lambda f: f.select(a=struct("i", "s"), b=struct(x=col("f") + 1, y="k"), c=struct("i8", schema={"i8": pl.Int64, "z": pl.String}))),
    Case("format", lambda f: f.select(a=format("{}:{}", "s", "i"), b=format("{{{}}}", col("k")), c=format("x")).with_columns(z=lit(1))),
    Case("fold", lambda f: f.select(a=fold(lit(0), lambda acc, x: acc + x, ["i8", "f"]), b=fold(lit(1), lambda acc, x: acc * x, integer()), c=reduce(lambda a, b: a + b, ["i", "f"]))),
    Case("fold_all", lambda f: f.select(a=reduce(_maximum, ["i", "i"], return_dtype=pl.Int64))),
    Case("fold_to_one", lambda f: f.select(a=reduce(lambda a, b: a.len() + b.len(), ["i", "s"], returns_scalar=True, return_dtype=pl.Int64))),
    Case("int_range", lambda f: f.select("o", a=int_range(rows()), b=int_range(1, rows() + 1, dtype=pl.Int8), c=int_range(0, -rows(), -1))),
    Case("date_range", lambda f: f.select(a=date_range(*_DAYS), b=date_range(*_DAYS).shift(1))),
    Case("date_range", lambda f: f.select(date_range(*_DAYS, interval="2d", closed="left")), "options"),
    Case("datetime_range", lambda f: f.select(datetime_range(*_TIMES, interval="6h"))),
    Case("datetime_range", lambda f: f.select(datetime_range(*_TIMES, interval="12h", closed="none", time_zone="Europe/Vienna", time_unit="ms")), "zone"),
    Case("date", lambda f: f.select(date_of(2024, "u8", 1), a=date_of(col("d").dt.year(), 1, 1)), "some invalid"),
    Case("date", lambda f: f.select(date_of(2024, col("u8") % 12 + 1, 1))),
    Case("datetime", lambda f: f.select(a=datetime_of(2024, 1, col("o") + 1, 5, 6, 7, 8), b=datetime_of(2024, 7, 1, "o", time_unit="ms", time_zone="Europe/Vienna"))),
    Case("duration", lambda f: f.select(duration(days="o", hours=1), a=duration(weeks="i8", minutes="u8"), b=duration(nanoseconds="u8"), c=duration(seconds=1.5, time_unit="ms"))),
    Case("business_day_count", lambda f: f.select(a=business_day_count("d", lit(date(2024, 6, 1))), b=business_day_count("d", lit(date(2024, 12, 31)), holidays=[date(2024, 7, 5)]), c=business_day_count("d", "d", week_mask=[True] * 7))),
    Case("Frame.select", lambda f: f.select(a=when(col("i") > 1).then("i8").when(col("b")).then(0).otherwise("f"), b=when("b").then(lit("y")), c=when(k="a", i=3).then(1).otherwise(2)), "when"),
)  # fmt: skip
"""Cases of functions of several columns."""
