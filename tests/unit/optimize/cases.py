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
        "arithmetic of literals": lambda: LEFT.filter(col("x") > sk.lit(1) + sk.lit(1)),
        "a true condition": lambda: LEFT.filter((col("x") > 1) & (sk.lit(value=True))),
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
    },
}
"""Rule to named cases."""
