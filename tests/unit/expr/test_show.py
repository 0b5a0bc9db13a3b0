"""Expressions are shown as a user would have typed them: methods behind a dot, functions with their arguments."""

from __future__ import annotations

import pytest

import scalekit as sk
from scalekit import col


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (col("a").sum(), "col('a').sum()"),
        (col("a").shift(2), "col('a').shift(n=2)"),
        (col("a").str.contains("x"), "col('a').str.contains('x')"),
        (col("a") + 1 > col("b"), "((col('a') + 1) > col('b'))"),
        (sk.date("y", "m", "d"), "date(col('y'), col('m'), col('d'))"),
        (sk.duration(minutes="m", hours=1), "duration(hours=1, minutes=col('m'))"),
        (sk.concat_str("a", "b", separator="-"), "concat_str(col('a'), col('b'), separator='-')"),
        (sk.max_horizontal("a", "b").alias("c"), "max_horizontal(col('a'), col('b')).alias('c')"),
        (sk.duration(days=1).over("g"), "duration(days=1).over(col('g'))"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_expressions(expr, text):
    assert repr(expr) == text
