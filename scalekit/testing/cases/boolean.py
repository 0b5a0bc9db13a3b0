"""Boolean logic and membership."""

from __future__ import annotations

from datetime import date

from scalekit.expr.builders import col, lit
from scalekit.testing.case import Case


def _between(closed: str) -> Case:
    bounds = {
        "a": col("i").is_between(1, 3, closed),
        "b": col("f").is_between("i", lit(3.0), closed),
    }
    return Case("is_between", lambda f: f.select(**bounds), closed)


CASES = (
    Case("and_", lambda f: f.select(a=col("b") & True, b=col("b") & False, c=col("b") & col("b").shift(1), d=col("b") & None)),
    Case("and_", lambda f: f.select(a=col("i") & 3, b=True & col("b")), "bits"),
    Case("or_", lambda f: f.select(a=col("b") | True, b=col("b") | False, c=col("b") | col("b").shift(1), d=col("b") | None)),
    Case("or_", lambda f: f.select(a=col("i") | 3, b=False | col("b")), "bits"),
    Case("xor", lambda f: f.select(a=col("b") ^ True, b=col("b") ^ col("b").shift(1), c=col("i") ^ 3, d=True ^ col("b"))),
    Case("not_", lambda f: f.select(a=~col("b"), b=col("b").not_(), c=~col("i"), d=~(col("i") > 1))),
    Case("is_in", lambda f: f.select(a=col("i").is_in([1, 2]), b=col("s").is_in(["apple", None]), c=col("f").is_in([float("nan"), 0.5]), d=col("i").is_in([]))),
    Case("is_in", lambda f: f.select(a=col("i").is_in([1, None], nulls_equal=True), b=~col("k").is_in({"a", "b"}), c=col("i").is_in("li")), "nulls"),
    Case("is_in", lambda f: f.select(a=col("d").is_in([date(2024, 1, 1)]), b=col("c").is_in(["red"]), c=col("e").is_in(["low", "mid"])), "types"),
    Case("is_in", lambda f: f.filter(~col("i").is_in([1, 2])).select("o"), "filter"),
    *map(_between, ("both", "left", "right", "none")),
    Case("is_between", lambda f: f.select(a=col("s").is_between(lit("a"), lit("c")), b=col("d").is_between(date(2024, 1, 1), date(2024, 6, 1))), "types"),
    Case("is_close", lambda f: f.select(a=col("f").is_close(0.5), b=col("f").is_close("f32", rel_tol=0.1), c=col("i").is_close(2, abs_tol=1), d=col("f").is_close("f", nans_equal=True))),
    Case("eq_missing", lambda f: f.select(a=col("i").eq_missing(1), b=col("s").eq_missing(None), c=col("f").eq_missing(col("f32")))),
    Case("ne_missing", lambda f: f.select(a=col("i").ne_missing(1), b=col("s").ne_missing(None), c=col("f").ne_missing(col("f32")))),
)  # fmt: skip
"""Cases of operators on Booleans, and of tests that give one."""
