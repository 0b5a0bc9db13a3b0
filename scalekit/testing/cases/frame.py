"""Methods of a frame."""

from __future__ import annotations

from operator import methodcaller
from typing import Any

import polars as pl

from scalekit.expr.builders import col, lit
from scalekit.expr.shortcuts import len as rows
from scalekit.frame.frame import Frame
from scalekit.io.combine import concat
from scalekit.testing.case import Case

_PLAIN = ("o", "k", "i", "f", "s", "b", "d")


def _right(frame: Frame) -> Frame:
    """A second table: some keys of the first one twice, some missing, columns of the same names."""
    half = frame.filter(col("o") % 2 == 0).select("k", "i", "i32", "f", w=col("o") * 10)
    return concat([half, half.filter(col("i") > 0)])


def _join(how: str, on: str = "k", **options: Any) -> Case:
    return Case(
        "Frame.join",
        lambda f: f.select(_PLAIN).join(_right(f), on=on, how=how, **options),
        f"{how} {on}",
    )


def _sorted_by(column: str) -> Case:
    return Case("Frame.sort", lambda f: f.select("o", column).sort(column), column)


def _grouped_by(column: str) -> Case:
    return Case("Frame.group_by", lambda f: f.group_by(column).agg(rows()), column)


def _summary(name: str) -> Case:
    return Case(f"Frame.{name}", methodcaller(name))


_JOINS = (
    *(_join(how) for how in ("inner", "left", "right", "full", "semi", "anti")),
    *(_join(how, "f") for how in ("inner", "left", "full", "semi", "anti")),
    _join("full", coalesce=True),
    _join("inner", nulls_equal=True),
    _join("left", maintain_order="left"),
    _join("inner", maintain_order="left_right"),
    Case(
        "Frame.join", lambda f: f.select("o", "k").join(_right(f).select("w"), how="cross"), "cross"
    ),
    Case(
        "Frame.join",
        lambda f: f.select("o", "i8").join(
            f.select("i32", "u8"), left_on="i8", right_on="i32", how="left"
        ),
        "integers of two widths",
    ),
    Case(
        "Frame.join",
        lambda f: f.select("o", "k", "b").join(_right(f), on=["k"], suffix="_2"),
        "suffix",
    ),
    Case(
        "Frame.join",
        lambda f: f.select("o", "i").join(
            f.select("i", "s"), left_on=col("i") + 1, right_on=col("i")
        ),
        "expressions",
    ),
    Case(
        "Frame.join",
        lambda f: f.select("o", "s").join(f.select("o", "d"), on="o", validate="1:1"),
        "1:1",
    ),
    Case(
        "Frame.join",
        lambda f: f.select("k", "s").join(f.select("k", "d"), on="k", validate="m:1"),
        "m:1",
    ),
)

_ASOF = (
    Case("Frame.join_asof", lambda f: f.select("i", "s").join_asof(_right(f).drop("k"), on="i")),
    Case(
        "Frame.join_asof",
        lambda f: f.select("i", "k", "s").join_asof(_right(f), on="i", by="k", strategy="forward"),
        "by, forward",
    ),
    Case(
        "Frame.join_asof",
        lambda f: f.select("o").join_asof(
            f.select("o", "s").gather_every(3), on="o", strategy="nearest"
        ),
        "nearest",
    ),
    Case(
        "Frame.join_asof",
        lambda f: f.select("t").join_asof(f.select("t", "s").head(3), on="t", tolerance="40d"),
        "tolerance",
    ),
    Case(
        "Frame.join_asof",
        lambda f: f.select("i").join_asof(f.select("i", "s"), on="i", allow_exact_matches=False),
        "no exact matches",
    ),
)

_SHAPES = (
    Case("Frame.explode", lambda f: f.select("o", "li").explode("li")),
    Case(
        "Frame.explode",
        lambda f: f.select("o", "ls").explode("ls", empty_as_null=True),
        "empty as null",
    ),
    Case(
        "Frame.explode", lambda f: f.select("o", "lf").explode("lf", keep_nulls=False), "drop nulls"
    ),
    Case("Frame.unpivot", lambda f: f.select("o", "i", "i32", "i8").unpivot(index="o")),
    Case(
        "Frame.unpivot",
        lambda f: f.unpivot(["i", "f"], index="k", variable_name="n", value_name="v"),
        "names",
    ),
    Case(
        "Frame.pivot",
        lambda f: f.pivot("k", ["a", "b", "c"], index="i8", values="i", aggregate_function="sum"),
    ),
    Case(
        "Frame.pivot",
        lambda f: f.pivot("b", ["a"], index="i8", values="i", aggregate_function="sum"),
        "on values of another type",
    ),
    Case(
        "Frame.pivot",
        lambda f: f.pivot("k", ["a", "b"], index="o", values=["f", "i"], aggregate_function="max"),
        "two values",
    ),
    Case("Frame.unnest", lambda f: f.select("o", "st").unnest("st")),
    Case("Frame.unnest", lambda f: f.select("o", "st").unnest("st", separator="."), "separator"),
    Case("Frame.map_batches", lambda f: f.select("o", "s").map_batches(pl.DataFrame.reverse)),
    Case(
        "Frame.map_batches",
        lambda f: f.select("i").map_batches(
            lambda t: t.select(n=pl.col("i") * 2), schema={"n": pl.Int64}, whole=False
        ),
        "schema",
    ),
    Case("Frame.sql", lambda f: f.sql("SELECT k, COUNT(i) AS n FROM self GROUP BY k")),
)

_COLUMNS = (
    Case("Frame.select", lambda f: f.select("i", "s", "o")),
    Case(
        "Frame.select",
        lambda f: f.select(col("i").sum(), col("o"), one=lit(1)),
        "aggregates beside columns",
    ),
    Case("Frame.select", lambda f: f.select(lit(1), lit("a").alias("s")), "literals alone"),
    Case("Frame.select_seq", lambda f: f.select_seq("i", n=col("o") + 1)),
    Case("Frame.with_columns", lambda f: f.with_columns(i=col("i32") + 1, n=col("o") * 2)),
    Case("Frame.with_columns", lambda f: f.with_columns(top=col("o").max(), one=lit(1)), "scalars"),
    Case("Frame.with_columns_seq", lambda f: f.with_columns_seq(n=col("o") * 2)),
    Case("Frame.drop", lambda f: f.drop("i", "s")),
    Case("Frame.rename", lambda f: f.select("i", "s").rename({"i": "j"})),
    Case("Frame.rename", lambda f: f.select("i", "s").rename(str.upper), "function"),
    Case("Frame.cast", lambda f: f.select("i8", "u8", "b").cast(pl.Int64)),
    Case(
        "Frame.cast",
        lambda f: f.select("o", "i8", "d").cast({"i8": pl.String, "d": pl.Datetime("us")}),
        "some",
    ),
    Case("Frame.fill_null", lambda f: f.select(_PLAIN).fill_null(0)),
    Case("Frame.fill_null", lambda f: f.select("k", "s", "i").fill_null("none"), "text"),
    Case("Frame.fill_null", lambda f: f.select(_PLAIN).fill_null(strategy="forward"), "forward"),
    Case("Frame.fill_null", lambda f: f.select("i", "f").fill_null(strategy="mean"), "mean"),
    Case("Frame.fill_nan", lambda f: f.select("o", "f", "f32").fill_nan(0.0)),
    Case("Frame.fill_nan", lambda f: f.select("o", "f").fill_nan(None), "null"),
    Case("Frame.interpolate", lambda f: f.select("o", "i", "f").interpolate()),
    Case("Frame.shift", lambda f: f.select(_PLAIN).shift()),
    Case("Frame.shift", lambda f: f.select("o", "i").shift(-2, fill_value=0), "back"),
    Case("Frame.pipe", lambda f: f.pipe(lambda g: g.select("o"))),
)

_ROWS = (
    Case("Frame.filter", lambda f: f.filter(col("i") > 1)),
    Case("Frame.filter", lambda f: f.filter(col("b"), col("f") > 0), "two conditions"),
    Case("Frame.filter", lambda f: f.filter(k="a"), "constraint"),
    Case("Frame.filter", lambda f: f.filter(col("i") > col("i").mean()), "other rows"),
    Case("Frame.remove", lambda f: f.remove(col("i") > 1)),
    Case("Frame.sort", lambda f: f.sort("f", "s")),
    Case(
        "Frame.sort",
        lambda f: f.sort("k", "i", descending=[True, False], nulls_last=[True, False]),
        "flags",
    ),
    Case("Frame.sort", lambda f: f.select("k", "o").sort("k"), "stable"),
    Case("Frame.sort", lambda f: f.select("o", "f").sort(-col("f")), "expression"),
    *map(_sorted_by, ("c", "e", "d", "tz", "dec", "bin")),
    Case("Frame.head", lambda f: f.head(2)),
    Case("Frame.head", lambda f: f.head(0), "none"),
    Case("Frame.limit", lambda f: f.limit(3)),
    Case("Frame.tail", lambda f: f.tail(2)),
    Case("Frame.slice", lambda f: f.slice(1, 3)),
    Case("Frame.slice", lambda f: f.slice(-3, 2), "from the end"),
    Case("Frame.slice", lambda f: f.slice(2), "to the end"),
    Case("Frame.first", lambda f: f.first()),
    Case("Frame.last", lambda f: f.last()),
    Case("Frame.reverse", lambda f: f.reverse()),
    Case("Frame.gather_every", lambda f: f.gather_every(2)),
    Case("Frame.gather_every", lambda f: f.gather_every(3, offset=1), "offset"),
    Case("Frame.top_k", lambda f: f.select("o", "i").top_k(3, by=["i", "o"])),
    Case("Frame.bottom_k", lambda f: f.select("o", "f").bottom_k(3, by=["f", "o"])),
    Case("Frame.unique", lambda f: f.select("k", "b").unique()),
    Case("Frame.unique", lambda f: f.select("k").unique("k"), "subset"),
    Case(
        "Frame.unique",
        lambda f: f.select("k", "o").unique("k", keep="first", maintain_order=True),
        "first",
    ),
    Case(
        "Frame.unique",
        lambda f: f.select("k", "o").unique("k", keep="last", maintain_order=True),
        "last",
    ),
    Case("Frame.unique", lambda f: f.select("k", "o").unique("k", keep="none"), "none"),
    Case("Frame.unique", lambda f: f.select("f").unique(), "floats"),
    Case("Frame.with_row_index", lambda f: f.with_row_index()),
    Case("Frame.with_row_index", lambda f: f.select("k").with_row_index("n", offset=10), "offset"),
    Case("Frame.drop_nulls", lambda f: f.drop_nulls()),
    Case("Frame.drop_nulls", lambda f: f.drop_nulls(["k", "f"]), "subset"),
    Case("Frame.drop_nans", lambda f: f.drop_nans()),
    Case("Frame.sample", lambda f: f.sample(3, seed=7)),
    Case("Frame.sample", lambda f: f.sample(fraction=0.5, seed=7), "fraction"),
    Case("Frame.set_sorted", lambda f: f.set_sorted("o")),
)

_GROUPS = (
    Case("Frame.group_by", lambda f: f.group_by("k").agg(n=rows(), top=col("i").max())),
    Case("Frame.group_by", lambda f: f.group_by("k", "b").agg(col("f").sum()), "two keys"),
    Case("Frame.group_by", lambda f: f.group_by("f").agg(n=rows()), "floats as keys"),
    Case(
        "Frame.group_by", lambda f: f.group_by("k", maintain_order=True).agg(rows()), "keeps order"
    ),
    Case(
        "Frame.group_by",
        lambda f: f.group_by(half=col("o") // 2).agg(col("i").min()),
        "computed key",
    ),
    Case("Frame.group_by", lambda f: f.group_by("k").agg(col("o")), "lists"),
    Case(
        "Frame.group_by",
        lambda f: f.group_by("k").agg(spread=col("f").max() - col("f").min()),
        "arithmetic",
    ),
    *map(_grouped_by, ("c", "e", "d", "tz", "dec", "b")),
    Case("GroupBy.agg", lambda f: f.group_by("k").agg(), "keys alone"),
    Case(
        "Frame.group_by_dynamic",
        lambda f: (
            f.drop_nulls("t")
            .sort("t")
            .group_by_dynamic("t", every="2mo")
            .agg(col("i").sum(), n=rows())
        ),
    ),
    Case(
        "Frame.group_by_dynamic",
        lambda f: f.group_by_dynamic(
            "o", every="2i", period="3i", closed="both", include_boundaries=True
        ).agg(col("o").max().alias("top")),
        "integers",
    ),
    Case("Frame.rolling", lambda f: f.rolling("o", period="3i").agg(n=rows(), s=col("i32").sum())),
    Case(
        "Frame.rolling",
        lambda f: (
            f.drop_nulls("t").sort("t").rolling("t", period="70d", closed="both").agg(n=rows())
        ),
        "time",
    ),
)

_SUMMARIES = (
    *map(
        _summary,
        (
            "sum",
            "mean",
            "median",
            "min",
            "max",
            "std",
            "var",
            "count",
            "null_count",
            "n_unique",
        ),
    ),
    Case("Frame.quantile", lambda f: f.quantile(0.3)),
    Case("Frame.approx_n_unique", lambda f: f.select("o", "k").approx_n_unique()),
)

_SEVERAL = (
    Case("concat", lambda f: concat([f, f])),
    Case(
        "concat",
        lambda f: concat([f.select("i", "s"), f.select("s", "d")], how="diagonal"),
        "diagonal",
    ),
    Case(
        "concat",
        lambda f: concat([f.select("i"), f.select(i="f")], how="vertical_relaxed"),
        "relaxed",
    ),
    Case(
        "concat", lambda f: concat([f.select("i"), f.select("s")], how="horizontal"), "horizontal"
    ),
    Case(
        "Frame.join_where", lambda f: f.select("o", "i").join_where(_right(f), col("i") < col("w"))
    ),
    Case(
        "Frame.merge_sorted",
        lambda f: f.select("o", "s").merge_sorted(f.select("o", "s").gather_every(2), key="o"),
    ),
    Case(
        "Frame.update",
        lambda f: f.select("o", "i", "s").update(f.select("o", i=col("i") * 2).head(3), on="o"),
    ),
    Case(
        "Frame.update",
        lambda f: f.select("i", "s").update(f.select(i=col("o")).head(3)),
        "by place",
    ),
    Case(
        "Frame.update",
        lambda f: f.select("o", "s").update(
            f.select(o=col("o") + 3, s=lit("new")), on="o", how="full"
        ),
        "full",
    ),
    Case(
        "Frame.update",
        lambda f: f.select("o", "i").update(
            f.select("o", i=lit(None, pl.Int64)), on="o", include_nulls=True
        ),
        "nulls",
    ),
)

CASES = (*_COLUMNS, *_ROWS, *_GROUPS, *_JOINS, *_ASOF, *_SHAPES, *_SUMMARIES, *_SEVERAL)
