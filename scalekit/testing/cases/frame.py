"""Methods of a frame."""

from __future__ import annotations

from scalekit.expr.builders import col
from scalekit.testing.case import Case

CASES = (
    Case("Frame.select", lambda f: f.select("i", "s", "o")),
    Case("Frame.filter", lambda f: f.filter(col("i") > 1)),
    Case("Frame.sort", lambda f: f.sort("f", "s")),
)
