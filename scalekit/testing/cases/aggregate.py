"""Aggregates: over the whole table and by groups."""

from __future__ import annotations

from scalekit.expr.builders import col
from scalekit.testing.case import Case

_NUMBERS = ("i32", "i8", "u8", "f", "f32", "dec", "dur")

CASES = (
    Case("sum", lambda f: f.select(col(*_NUMBERS, "b").sum())),
    Case("sum", lambda f: f.group_by("k").agg(col(*_NUMBERS, "b").sum()), "groups"),
    Case("mean", lambda f: f.select(col(*_NUMBERS, "b").mean())),
    Case("mean", lambda f: f.group_by("k").agg(col(*_NUMBERS, "b").mean()), "groups"),
)
