"""Plans for each optimizer rule: what the golden files show, and what is run before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import scalekit as sk
from scalekit import Frame, col

LEFT = sk.from_dict(
    {
        "k": ["a", "b", None, "a", "c"],
        "x": [1, 2, 3, None, -5],
        "z": [1.5, float("nan"), None, 2.0, 0.0],
    }
)
RIGHT = sk.from_dict({"k": ["a", "b", "b", None], "x": [10, 20, 30, 40], "y": [1, 2, None, 4]})

Case = Callable[[], Frame]


def _joined(how: str) -> Frame:
    return LEFT.join(RIGHT, on="k", how=how)


CASES: Mapping[str, Mapping[str, Case]] = {
    "fold_constants": {
        "arithmetic of literals": lambda: LEFT.filter(col("z") > sk.lit(0.5) + sk.lit(0.5)),
        "whole numbers are computed before": lambda: LEFT.filter(
            col("x") < sk.lit(2**31 - 1) + sk.lit(1)
        ),
        "texts": lambda: LEFT.filter(col("k") < sk.lit("a") + sk.lit("b")),
        "a true condition": lambda: LEFT.filter((col("x") > 1) & (sk.lit(value=True))),
        "true on the left": lambda: LEFT.filter(sk.lit(value=True) & (col("x") > 1)),
        "a true operand keeps its name": lambda: LEFT.select(sk.lit(value=True) & (col("x") > 1)),
        "a true operand keeps its type": lambda: LEFT.select(
            "k", n=sk.lit(value=True) & sk.lit(None)
        ),
        "true alone": lambda: LEFT.filter(sk.lit(value=True)),
        "division by zero stays": lambda: LEFT.filter(col("x") > sk.lit(1) // sk.lit(0)),
        "types stay": lambda: LEFT.select(n=sk.lit(1) + sk.lit(2.5), k="k"),
    },
    "merge_projections": {
        "select of select": lambda: LEFT.select(a="x", b="z").select(col("a") + 1, "b"),
        "select of computed select stays": lambda: LEFT.select(a=col("x") * 2).select(
            col("a") + col("a")
        ),
        "filters": lambda: LEFT.filter(col("x") > 0).filter(col("z") > 1),
        "a filter on other rows stays": lambda: LEFT.filter(col("x") > 0).filter(
            col("x") > col("x").mean()
        ),
        "a filter that can fail stays behind its guard": lambda: LEFT.filter(
            col("k") == "a"
        ).filter(col("x").cast(sk.UInt8) > 0),
        "columns that change places": lambda: (
            LEFT.select("k", x="z", z="x").select(x="z", z="x").select(col("x") + col("z"), "z")
        ),
        "a column and its change": lambda: LEFT.with_columns(x=col("x") + 1).with_columns(y="x"),
        "a name taken twice stays": lambda: LEFT.with_columns(a="x").with_columns(a="z"),
        "a window over a computed column stays": lambda: LEFT.select(a="x", k="k").select(
            col("a").sum().over("k")
        ),
        "independent columns": lambda: LEFT.with_columns(a=col("x") + 1).with_columns(
            b=col("z") + 1
        ),
        "dependent columns stay": lambda: LEFT.with_columns(a=col("x") + 1).with_columns(
            b=col("a") + 1
        ),
        "literals alone stay": lambda: LEFT.select(a="x").select(sk.lit(1)),
    },
    "pushdown_filters": {
        "past a sort": lambda: LEFT.sort("x").filter(col("x") > 0),
        "past a rename": lambda: LEFT.select(a="x", b="k").filter(col("a") > 0),
        "past columns that change places": lambda: (
            LEFT.select(x="z", z="x")
            .filter(col("x") > 0)
            .with_columns(x="z", z="x")
            .filter(col("x") > 1)
        ),
        "past columns that take each other's names": lambda: LEFT.with_columns(x="z", z="x").filter(
            col("x") > 0, col("z") > 0
        ),
        "not past a sort by other rows": lambda: LEFT.sort(
            (col("x") - col("x").mean()).abs()
        ).filter(col("x") != -5),
        "not past keys that look at other rows": lambda: (
            LEFT.group_by("k", place=col("x").rank()).agg(n=sk.len()).filter(col("k") == "a")
        ),
        "not past a renamed key": lambda: (
            LEFT.group_by(x=col("k")).agg(k=col("z").max()).filter(col("x") == "a", col("k") > 0)
        ),
        "not past a sample": lambda: LEFT.sample(3, seed=1).filter(col("x") > 0),
        "not past a row index": lambda: LEFT.with_row_index().filter(col("x") > 1),
        "not past explode": lambda: (
            LEFT.with_columns(l=sk.lit([1, 2])).explode("l").filter(col("l") > 1, col("x") > 1)
        ),
        "not past unpivot": lambda: LEFT.unpivot(["x", "z"], index="k").filter(col("value") > 1),
        "not past a user's function": lambda: LEFT.map_batches(lambda t: t.head(2)).filter(
            col("x") > 1
        ),
        "not past SQL": lambda: LEFT.sql("SELECT k, x FROM self LIMIT 2").filter(col("x") > 1),
        "not a user's condition": lambda: LEFT.sort("x").filter(
            col("x").map_elements(lambda v: v > 1, return_dtype=sk.Boolean)
        ),
        "not past a horizontal union": lambda: sk.concat(
            [LEFT.select("x"), LEFT.select("k")], how="horizontal"
        ).filter(col("x") > 1),
        "not past unique rows of a subset that it does not read": lambda: (
            LEFT.sort("x")
            .unique("k", keep="last", maintain_order=True)
            .filter(col("k") == "a", col("x") > 0)
        ),
        "past unique keys none of which is twice": lambda: LEFT.unique("k", keep="none").filter(
            col("k") != "c"
        ),
        "not into the left of a right join": lambda: _joined("right").filter(col("z") > 0),
        "not the key of a right join": lambda: _joined("right").filter(col("k") == "b"),
        "not the key of a full join": lambda: LEFT.join(
            RIGHT, on="k", how="full", coalesce=True
        ).filter(col("k") == "b"),
        "the keys of a join that keeps both": lambda: LEFT.join(
            RIGHT, on="k", how="left", coalesce=False
        ).filter(col("k") == "b", col("k_right") == "b"),
        "a right column whose name the suffix makes": lambda: (
            LEFT.rename({"z": "x_left"})
            .join(RIGHT, on="k", suffix="_left_")
            .filter(col("x_left") > 0, col("x_left_") > 5)
        ),
        "a right column that has a suffix of its own": lambda: LEFT.join(
            RIGHT.select(col("y").alias("k_right"), "k"), on="k", how="right"
        ).filter(col("k_right") > 1),
        "sides of a shared table apart": lambda: LEFT.join(LEFT, on="k").filter(
            col("x") > 1, col("x_right") < 2
        ),
        "not past what it reads": lambda: LEFT.with_columns(a=col("x") + 1).filter(
            col("a") > 0, col("z") > 1
        ),
        "past an aggregate's keys": lambda: (
            LEFT.group_by("k").agg(n=sk.len()).filter(col("k") == "a", col("n") > 1)
        ),
        "into both sides of an inner join": lambda: _joined("inner").filter(
            col("z") > 0, col("y") > 0, col("x_right") > 5, col("x") < col("y")
        ),
        "into the left of a left join": lambda: _joined("left").filter(col("z") > 0, col("y") > 0),
        "not into a full join": lambda: _joined("full").filter(col("z") > 0),
        "into the left of a semi join": lambda: _joined("semi").filter(col("x") > 0),
        "into the left of an anti join": lambda: _joined("anti").filter(col("x") > 0),
        "into the right of a right join": lambda: _joined("right").filter(
            col("y") > 1, col("z") > 0
        ),
        "into a cross join": lambda: LEFT.join(RIGHT, how="cross").filter(
            col("z") > 0, col("y") > 1
        ),
        "not where uniqueness is checked": lambda: (
            LEFT.filter(col("k") == "b").join(RIGHT, on="k", validate="1:m").filter(col("y") > 1)
        ),
        "into a union": lambda: sk.concat([LEFT, LEFT.filter(col("x") > 1)]).filter(col("x") > 0),
        "past unique rows": lambda: LEFT.unique().filter(col("x") > 0),
        "not past unique keys": lambda: LEFT.unique("k", keep="first").filter(col("x") > 1),
        "a condition on other rows stays": lambda: LEFT.sort("x").filter(
            (col("x") > col("x").min()) & (col("z") > 0)
        ),
        "a strict cast stays above its guard": lambda: (
            LEFT.filter(col("k") == "a").sort("x").filter(col("x").cast(sk.UInt8) > 0)
        ),
        "not past a limit": lambda: LEFT.head(2).filter(col("x") > 1),
        "not past a running total": lambda: LEFT.with_columns(s=col("x").shift()).filter(
            col("x") > 1
        ),
    },
    "drop_sorts": {
        "below an aggregate": lambda: LEFT.sort("x").group_by("k").agg(col("x").sum()),
        "not below first": lambda: LEFT.sort("x").group_by("k").agg(col("x").first()),
        "not below a list": lambda: LEFT.sort("x").group_by("k").agg(col("x")),
        "not below maintain_order": lambda: (
            LEFT.sort("x").group_by("k", maintain_order=True).agg(col("x").sum())
        ),
        "below a join": lambda: LEFT.sort("x").join(RIGHT.sort("y"), on="k"),
        "not below another sort": lambda: LEFT.sort("x").sort("k"),
        "below unique": lambda: LEFT.sort("x").unique(),
        "not below unique that keeps the first": lambda: LEFT.sort("x").unique("k", keep="first"),
        "past a filter": lambda: LEFT.sort("x").filter(col("x") > 0).group_by("k").agg(sk.len()),
        "not past a window": lambda: (
            LEFT.sort("x").with_columns(s=col("z").shift()).group_by("k").agg(col("s").sum())
        ),
        "not below keys that look at other rows": lambda: (
            LEFT.sort("x").group_by(col("x").cum_count()).agg(sk.len())
        ),
        "not below an asof join": lambda: (
            LEFT.drop_nulls("x").sort("x").join_asof(RIGHT.sort("x"), on="x")
        ),
        "not below a sample": lambda: LEFT.sort("x").sample(2).group_by("k").agg(sk.len()),
        "not below unique that drops duplicates in order": lambda: LEFT.sort("x").unique(
            "k", keep="none", maintain_order=True
        ),
        "not below an aggregate that finds a place": lambda: (
            LEFT.sort("x").group_by("k").agg(col("z").arg_max())
        ),
        "below an aggregate of a choice": lambda: (
            LEFT.sort("x")
            .group_by("k")
            .agg(sk.when(col("x").sum() > 1).then(1).otherwise(0).alias("n"))
        ),
        "not below a join that keeps order": lambda: LEFT.sort("x").join(
            RIGHT.sort("y"), on="k", maintain_order="left"
        ),
        "not past a limit": lambda: LEFT.sort("x").head(2).group_by("k").agg(sk.len()),
    },
    "pushdown_limits": {
        "past a projection": lambda: LEFT.select(a=col("x") + 1).head(2),
        "not past an aggregate": lambda: LEFT.select(col("x").sum()).head(1),
        "not past a window": lambda: LEFT.with_columns(s=col("x").sum().over("k")).head(2),
        "limit of limit": lambda: LEFT.head(4).head(2),
        "into a union": lambda: sk.concat([LEFT, LEFT.select("k", "x", "z")]).head(3),
        "not past a filter": lambda: LEFT.filter(col("x") > 1).head(1),
        "not from an offset": lambda: LEFT.slice(1, 2),
        "into the scan": lambda: LEFT.head(2),
        "of nothing": lambda: LEFT.select("x").head(0),
        "past a choice": lambda: LEFT.select(sk.when(col("x") > 1).then(1).otherwise(2)).head(3),
        "not past literals alone": lambda: LEFT.select(sk.lit(1)).head(3),
        "not past a sort": lambda: LEFT.sort("x", descending=True).head(2),
        "not past unique rows": lambda: LEFT.select("k").unique(maintain_order=True).head(2),
        "not past a row index": lambda: LEFT.with_row_index().head(2),
        "not past explode": lambda: LEFT.with_columns(l=sk.lit([1, 2])).explode("l").head(3),
        "not past a join": lambda: LEFT.join(RIGHT, on="k", how="left", maintain_order="left").head(
            2
        ),
        "not past a sample": lambda: LEFT.sample(3, seed=1).head(2),
        "not past a map": lambda: LEFT.map_batches(lambda t: t.reverse()).head(2),
        "a tail above": lambda: LEFT.head(4).tail(2),
        "a limit that two steps share": lambda: sk.concat([LEFT.head(2), LEFT]).head(6),
    },
    "pushdown_columns": {
        "to the scan": lambda: LEFT.select("x"),
        "an unused column": lambda: LEFT.with_columns(a=col("x") + 1, b=col("z") + 1).select("b"),
        "through a join": lambda: _joined("inner").select("z", "y"),
        "a suffixed column": lambda: _joined("inner").select("x_right"),
        "an unused aggregate": lambda: (
            LEFT.group_by("k").agg(col("x").sum(), n=sk.len()).select("k", "n")
        ),
        "counting rows": lambda: LEFT.select(sk.len()),
        "a literal keeps its rows": lambda: LEFT.select("x", one=sk.lit(1)).select("one"),
        "an aggregate keeps its rows": lambda: LEFT.select("x", top=col("x").max()).select("top"),
        "a window keeps its rows": lambda: LEFT.select(
            total=col("x").sum().over(sk.lit(1)), top=col("x").max()
        ).select("top"),
        "a range keeps its rows": lambda: LEFT.select(
            i=sk.int_range(sk.len()), top=col("x").max()
        ).select("top"),
        "an exploded constant keeps its rows": lambda: LEFT.select(
            i=sk.lit([1, 2, 3]).explode(), one=sk.lit(1)
        ).select("one"),
        "rows of another number": lambda: LEFT.select(col("k").unique(), top=col("x").max()).select(
            "top"
        ),
        "an aggregate alone gives one row": lambda: LEFT.select(
            top=col("x").max(), low=col("x").min()
        ).select(col("low") + 1),
        "columns that change places": lambda: LEFT.select(x="z", z="x").select("x"),
        "a replaced column keeps its place": lambda: LEFT.with_columns(k=col("x") + 1),
        "a replaced column that a function sees in its place": lambda: LEFT.with_columns(
            x=col("z") + 1
        ).map_batches(lambda t: t),
        "through a union": lambda: sk.concat([LEFT, LEFT.filter(col("z") > 0)]).select("x"),
        "counting the rows of a union": lambda: sk.concat([LEFT, LEFT.filter(col("x") > 1)]).select(
            sk.len()
        ),
        "a diagonal union keeps all": lambda: sk.concat(
            [LEFT.select("x", "k"), LEFT.select("k", "z")], how="diagonal"
        ).select("z"),
        "all columns of unique": lambda: LEFT.unique().select("x"),
        "a row index": lambda: LEFT.with_row_index().select("index"),
        "an exploded column": lambda: LEFT.with_columns(l=sk.lit([1, 2])).explode("l").select("l"),
        "a semi join": lambda: _joined("semi").select("x"),
        "a full join": lambda: _joined("full").select("z", "y"),
        "a suffixed column of a left join": lambda: (
            LEFT.rename({"z": "y"}).join(RIGHT, on="k", how="left").select("y_right")
        ),
        "a right join without its left keys": lambda: LEFT.join(
            RIGHT, left_on="x", right_on="y", how="right"
        ).select("z", "y", "x"),
        "a cross join of nothing": lambda: LEFT.join(RIGHT, how="cross").select(sk.len()),
        "an asof join": lambda: LEFT.join_asof(RIGHT.rename({"y": "z"}), on="x", by="k").select(
            "z_right"
        ),
        "unpivot": lambda: LEFT.unpivot(["x", "z"], index="k").select("value"),
        "pivot": lambda: LEFT.pivot("k", ["a", "b"], index="z", values="x").select("a"),
        "SQL": lambda: LEFT.sql("SELECT * FROM self").select("x"),
        "a user's function": lambda: LEFT.map_batches(lambda t: t).select("x"),
        "a horizontal union": lambda: sk.concat(
            [LEFT.select("x", "z"), LEFT.select("k")], how="horizontal"
        ).select("k"),
        "a sort key": lambda: LEFT.sort("z").select("k"),
        "a sample": lambda: LEFT.sample(fraction=0.5, seed=3).select("k"),
        "a shared scan": lambda: LEFT.join(LEFT.select("k", w="z"), on="k").select("x", "w"),
    },
    "share_subplans": {
        "a self join": lambda: (
            LEFT.filter(col("x") > 0).join(LEFT.filter(col("x") > 0), on="k").select("k", "x")
        ),
    },
    "pin_order": {
        "groups": lambda: LEFT.group_by("k").agg(sk.len()),
        "a join": lambda: _joined("inner"),
        "unique rows": lambda: LEFT.unique("k"),
    },
    "check_sums": {
        "a sum": lambda: LEFT.select(col("x").sum(), col("z").sum()),
        "groups": lambda: LEFT.group_by("k").agg(total=col("x").sum() + 1),
        "a window": lambda: LEFT.with_columns(total=col("x").sum().over("k")),
        "a filter": lambda: LEFT.filter(col("x") < col("x").sum()),
        "a running total": lambda: LEFT.select(col("x").cum_sum()),
    },
    "narrow_moves": {
        "a column that only a filter reads": lambda: (
            LEFT.filter(col("z") > 0).join(RIGHT.filter(col("y") > 0), on="k").select("x")
        ),
        "names that get a suffix": lambda: (
            LEFT.filter(col("z") > 0).join(RIGHT, on="k").select("x_right")
        ),
        "a table that meets itself": lambda: LEFT.join(
            LEFT.filter(col("z") > 0), on="k", how="semi"
        ).select("x"),
        "a sort of fewer columns": lambda: LEFT.filter(col("z") > 0).sort("x").select("k", "x"),
        "branches of a union": lambda: sk.concat(
            [LEFT.join(RIGHT, on="k").select("k", "x"), LEFT.select("k", "x")]
        ).select("x"),
        "nothing to drop": lambda: LEFT.join(RIGHT, on="k"),
    },
}
