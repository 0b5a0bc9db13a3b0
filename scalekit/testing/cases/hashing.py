"""The hash of rows."""

from __future__ import annotations

from scalekit.expr.builders import col
from scalekit.kernels.hash_function import row_hash, row_share
from scalekit.testing.case import Case
from scalekit.testing.data import SCHEMA

CASES = (
    Case("row_hash", lambda f: f.select("o", row_hash(*SCHEMA)), "every type"),
    Case(
        "row_hash", lambda f: f.select("o", row_hash("s", col("i") + 1, seed="s")), "of expressions"
    ),
    Case("row_hash", lambda f: f.filter(row_hash("k") % 2 == 0).select("o"), "in a filter"),
    Case("row_share", lambda f: f.select("o", row_share("o", "k"))),
    Case(
        "row_share",
        lambda f: f.filter(row_share("o", purpose="split") < 0.5).select("o"),
        "in a filter",
    ),
    Case(
        "row_share",
        lambda f: f.select("o", share=row_share("o").max().over("k")).sort("o"),
        "within groups",
    ),
)
