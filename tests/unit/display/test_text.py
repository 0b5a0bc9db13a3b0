"""Sizes, counts, durations, types and values in words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from scalekit.display.text import (
    amount,
    duration_text,
    shortened,
    shortened_inside,
    type_text,
    value_text,
)
from scalekit.sources.sizes import size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1024**2 * 3 // 2, "1.5 MiB"),
        (1024**6, "1024.0 PiB"),
    ],
)
def test_sizes(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 rows"), (1, "1 row"), (1234567, "1,234,567 rows")]
)
def test_amounts(number, text):
    assert amount(number, "row") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.99, "1 min 0 s"),
        (60, "1 min 0 s"),
        (3599.6, "1 h 0 min"),
        (125, "2 min 5 s"),
    ],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (7, "7"), (10**20, "1" + "0" * 20),
        (0.0, "0.0"), (-0.0, "-0.0"), (1.0, "1.0"), (41.1304722, "41.130472"), (-1.5, "-1.5"), (1e-7, "1e-07"),
        (1e300, "1e+300"), (float("inf"), "inf"), (float("-inf"), "-inf"), (float("nan"), "NaN"),
        (Decimal("1.20"), "1.20"), (dt.date(2020, 1, 2), "2020-01-02"), (dt.timedelta(hours=1), "1:00:00"),
        ("a\r\nb\nc", "a↵b↵c"), ([1.25, [None]], "[1.25, [null]]"), ({"a": {"b": True}}, "{a: {b: true}}"),
        (pl.Series([1, None]), "[1, null]"),
    ],
    ids=str,
)  # fmt: skip
def test_values(value, text):
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        (pl.Int64(), "Int64"),
        (pl.Datetime("ms"), "Datetime[ms]"),
        (pl.Datetime("us", "Europe/Berlin"), "Datetime[us, Europe/Berlin]"),
        (pl.Duration("ns"), "Duration[ns]"),
        (pl.Decimal(10, 2), "Decimal[10, 2]"),
        (pl.List(pl.List(pl.Date())), "List[List[Date]]"),
        (pl.Array(pl.Int8(), 3), "Array[Int8, 3]"),
        (pl.Struct({"a": pl.Int8(), "b": pl.String()}), "Struct[a, b]"),
        (
            pl.Struct({f"f{i}": pl.Int8() for i in range(1000)}),
            "Struct[f0, f1, f2, f3, f4, f5, f6, f7, ... 992 more]",
        ),
        (pl.Enum(["a", "b"]), "Enum[a, b]"),
        (pl.Categorical(), "Categorical"),
    ],
    ids=str,
)
def test_types(dtype, text):
    assert type_text(dtype) == text


def test_what_is_short_enough_is_whole():
    assert shortened("abc", 3) == shortened_inside("abc", 3) == "abc"


@pytest.mark.parametrize("longest", [4, 7, 16])
def test_what_is_too_long_is_as_long_as_allowed(longest):
    text = "abcdefghijklmnopqrstuvwxyz"
    assert len(shortened(text, longest)) == len(shortened_inside(text, longest)) == longest
    assert shortened(text, longest).startswith("abc")
    assert shortened_inside(text, longest).endswith("yz")
