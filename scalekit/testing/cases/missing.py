"""Null and NaN."""

from __future__ import annotations

from scalekit.expr.builders import col
from scalekit.testing.case import Case

_ALL = (
    "i",
    "i8",
    "f",
    "f32",
    "b",
    "s",
    "d",
    "t",
    "tz",
    "dur",
    "tm",
    "dec",
    "c",
    "e",
    "bin",
    "li",
    "st",
)
_NUMBERS = ("i", "i32", "i8", "u8", "f", "f32")


def _filled(function: str, strategy: str) -> Case:
    return Case(function, lambda f: f.select(col(*_NUMBERS).fill_null(strategy=strategy)), strategy)


CASES = (
    Case("is_null", lambda f: f.select(col(*_ALL).is_null())),
    Case("is_not_null", lambda f: f.select(col(*_ALL).is_not_null())),
    Case("is_nan", lambda f: f.select(col(*_NUMBERS).is_nan())),
    Case("is_not_nan", lambda f: f.select(col(*_NUMBERS).is_not_nan())),
    Case("is_finite", lambda f: f.select(col(*_NUMBERS).is_finite())),
    Case("is_infinite", lambda f: f.select(col(*_NUMBERS).is_infinite())),
    Case("fill_nan", lambda f: f.select(a=col("f").fill_nan(0.0), b=col("f32").fill_nan(None), c=col("f").fill_nan(col("i")), d=col("i").fill_nan(1))),
    Case("fill_null", lambda f: f.select(a=col("i").fill_null(0), b=col("s").fill_null("x"), c=col("f").fill_null(col("i")), d=col("i8").fill_null(1.5), e=col("b").fill_null(value=True))),
    Case("fill_null", lambda f: f.select(a=col("i").fill_null(col("i").max()), b=col("d").fill_null(col("d").min())), "aggregates"),
    *(_filled("fill_null_by", s) for s in ("forward", "backward", "min", "max", "mean")),
    Case("fill_null_by", lambda f: f.select(a=col("s").fill_null(strategy="forward", limit=1), b=col("i").fill_null(strategy="backward", limit=1)), "limit"),
    Case("fill_null_by", lambda f: f.select(col("i", "f").fill_null(strategy="mean").over("k")), "groups"),
    *(_filled("fill_null_constant", s) for s in ("zero", "one")),
    Case("forward_fill", lambda f: f.select(col(*_ALL).forward_fill())),
    Case("forward_fill", lambda f: f.select(a=col("i").forward_fill(1), b=col("s").forward_fill().over("k", order_by=-col("o"))), "over"),
    Case("backward_fill", lambda f: f.select(col(*_ALL).backward_fill())),
    Case("backward_fill", lambda f: f.select(a=col("i").backward_fill(1), b=col("s").backward_fill().over("k", order_by="o")), "over"),
    Case("interpolate", lambda f: f.select(col(*_NUMBERS, "d", "t").interpolate())),
    Case("interpolate", lambda f: f.select(col("i", "f").interpolate("nearest")), "nearest"),
)  # fmt: skip
"""Cases of tests for null and NaN, and of what fills them."""
