"""Changes to the output's name."""

from __future__ import annotations

from scalekit.expr.builders import col, lit
from scalekit.testing.case import Case

CASES = (
    Case("name.keep", lambda f: f.select((col("i") + 1).alias("x").name.keep())),
    Case("name.map", lambda f: f.select(col("i", "f").name.map(lambda n: n * 2))),
    Case("name.prefix", lambda f: f.select(col("i").alias("x").name.prefix("p_"), col("f").sum().name.prefix("sum_"))),
    Case("name.suffix", lambda f: f.select(col("i").name.suffix("_1") + 1, (lit(1) + col("i")).name.suffix("_2"), col("i").name.suffix("_3").name.suffix("_4"))),
    Case("name.suffix", lambda f: f.group_by("k").agg(col("i", "f").sum().name.suffix("_sum")), "groups"),
    Case("name.replace", lambda f: f.select(col("i32", "i8").name.replace(r"i(\d)", "n$1"))),
    Case("name.to_lowercase", lambda f: f.select(col("i").alias("ABC").name.to_lowercase())),
    Case("name.to_uppercase", lambda f: f.select(col("i32").name.to_uppercase())),
)  # fmt: skip
"""Cases of ``.name``."""
