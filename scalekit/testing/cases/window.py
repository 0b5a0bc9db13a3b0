"""Functions of a row's neighbours, along the frame's order and along another within groups."""

from __future__ import annotations

from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as rows
from scalekit.testing.case import Case

_NUMBERS = ("i", "i32", "i8", "u8", "f", "f32")
_ALL = (*_NUMBERS, "b", "s", "d", "t", "tz", "dur", "tm", "dec", "c", "e", "bin", "li", "st")


def _both(name: str, *columns: str, note: str = "", **options: object) -> tuple[Case, ...]:
    """A function along the frame, and within groups along another order."""

    def one(column: str) -> Expr:
        made: Expr = getattr(col(column), name)(**options)
        return made

    def within_groups(column: str) -> Expr:
        return one(column).over("k", order_by="o", descending=True)

    return (
        Case(name, lambda f: f.select([one(c) for c in columns]), note),
        Case(name, lambda f: f.select("o", *map(within_groups, columns)), f"over {note}".strip()),
    )  # fmt: skip


CASES = (
    *_both("shift", *_ALL),
    *_both("shift", "i", "s", n=-2, note="back"),
    Case("shift", lambda f: f.select(a=col("i").shift(1, fill_value=0), b=col("s").shift(2, fill_value=lit("x")), c=col("i").shift(col("i8").len() - 5))),
    *_both("diff", *_NUMBERS, "d", "t", "dur", "tm", "dec"),
    *_both("diff", "i", "f", n=2, note="2"),
    Case("diff", lambda f: f.select(col("i", "f").diff(null_behavior="drop")), "drop"),
    *_both("pct_change", "i8", "f", "f32"),
    *_both("pct_change", "f", n=2, note="2"),
    *_both("cum_sum", *_NUMBERS, "b", "dur", "dec"),
    *_both("cum_sum", *_NUMBERS, "b", reverse=True, note="reverse"),
    *_both("cum_prod", "i8", "u8", "f", "i32"),
    *_both("cum_min", *_NUMBERS, "d", "t", "s"),
    *_both("cum_max", *_NUMBERS, "d", "t", "s"),
    *_both("cum_max", "i", "f", reverse=True, note="reverse"),
    *_both("cum_count", *_ALL),
    *_both("cum_count", "i", "s", reverse=True, note="reverse"),
    *(
        case
        for method in ("average", "min", "max", "dense", "ordinal", "random")
        for case in _both("rank", "i", "f", "s", "d", "c", "e", method=method, seed=7, note=method)
    ),
    *_both("rank", "i", "f", "s", method="min", descending=True, note="descending"),
    *_both("rle_id", *_NUMBERS, "s", "b", "d"),
    *_both("is_unique", *_NUMBERS, "s", "b", "d", "c"),
    *_both("is_duplicated", *_NUMBERS, "s", "b", "d", "c"),
    *_both("is_first_distinct", *_NUMBERS, "s", "b", "d", "c"),
    *_both("is_last_distinct", *_NUMBERS, "s", "b", "d", "c"),
    Case("hash", lambda f: f.select(a=col("i").hash().is_first_distinct(), b=col("s").hash(3).is_first_distinct())),
    *_both("ewm_mean", "i", "f", "f32", alpha=0.3),
    *_both("ewm_mean", "f", com=2.0, adjust=False, ignore_nulls=True, min_samples=2, note="options"),
    *_both("ewm_std", "i8", "f32", span=3.0),
    Case("over", lambda f: f.with_columns(a=col("i8") - col("i8").mean().over("k"), b=col("u8").sum().over("k", "b")), "away from the mean"),
    Case("over", lambda f: f.select("o", a=col("i8").shift().over("k"), b=col("i8").cum_sum().over("b"), c=col("s").first().over("k", "b")), "other keys"),
    Case("over", lambda f: f.filter(col("i8") == col("i8").max().over("k")), "filter"),
    Case("over", lambda f: f.select("o", a=(col("i8") - col("i8").shift()).cum_sum().over(order_by=-col("o"))), "all rows in an order"),
    Case("mean", lambda f: f.filter(col("i8") > col("i8").mean()).select("o", "i8"), "filter"),
    Case("mean", lambda f: f.select(a=(col("i8") - col("i8").mean()).abs().sum().round(6), n=rows()), "within an aggregate"),
    Case("sum", lambda f: f.select("o", a=col("i8").filter(col("i8") > col("i8").mean()).sum()), "of what an aggregate filters"),
    Case("n_unique", lambda f: f.group_by("k").agg(a=col("i8").n_unique(), b=col("u8").mean(), c=rows()), "beside others"),
    Case("n_unique", lambda f: f.select(a=col("s").n_unique(), b=col("f").n_unique() / rows(), c=col("i8").median(), d=col("u8").sum()), "each in its way"),
    Case("shift", lambda f: f.filter(col("i8") > col("i8").shift()), "filter"),
    Case("cum_sum", lambda f: f.select(a=col("i8").cum_sum() / col("i8").sum(), b=col("i8").cum_sum().max()), "mixed"),
    *_both("ewm_var", "i8", "f32", half_life=2.0, bias=True),
)  # fmt: skip
"""Cases of shifts, running totals, ranks and runs."""
