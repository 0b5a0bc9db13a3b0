"""Casts that do not exist, and functions that stand for several, before any row is there."""

from __future__ import annotations

import polars as pl
import pytest

import scalekit as sk
from scalekit import col, element
from scalekit.errors import InvalidOperationError
from scalekit.kernels.casts import check_cast

EXIST = (
    (pl.Int64(), pl.Boolean()),
    (pl.Int64(), pl.Date()),
    (pl.Boolean(), pl.String()),
    (pl.String(), pl.Int8()),
    (pl.String(), pl.Enum(["a"])),
    (pl.String(), pl.Binary()),
    (pl.Categorical(), pl.String()),
    (pl.Enum(["a"]), pl.Categorical()),
    (pl.Enum([]), pl.Int64()),
    (pl.Date(), pl.Datetime("ms")),
    (pl.Datetime("us", "UTC"), pl.Datetime("us", "Asia/Kolkata")),
    (pl.List(pl.Int64()), pl.List(pl.String())),
    (pl.List(pl.Null()), pl.List(pl.Date())),
    (pl.Array(pl.Int64(), 2), pl.List(pl.Int8())),
    (pl.Struct({"a": pl.Int64()}), pl.Struct({"a": pl.Float64()})),
    (pl.Null(), pl.Date()),
    (pl.Decimal(10, 2), pl.Int64()),
)

DO_NOT = (
    (pl.String(), pl.Date(), r"\.str\.to_date\(\)"),
    (pl.String(), pl.Datetime("us"), r"\.str\.to_datetime\(\)"),
    (pl.String(), pl.Time(), r"\.str\.to_time\(\)"),
    (pl.String(), pl.Boolean(), "compare it"),
    (pl.Categorical(), pl.UInt32(), "never visible"),
    (pl.Enum(["a"]), pl.UInt8(), "never visible"),
    (pl.Int64(), pl.Categorical(), "cast it to String first"),
    (pl.Duration("us"), pl.String(), r"\.dt\.to_string\(\)"),
    (pl.List(pl.String()), pl.List(pl.Date()), r"\.list\.eval\("),
    (pl.Struct({"a": pl.String()}), pl.Struct({"a": pl.Date()}), "cannot cast"),
    (pl.Date(), pl.Boolean(), "cannot cast"),
)


@pytest.mark.parametrize(("source", "target"), EXIST, ids=str)
def test_casts_that_exist(source, target):
    check_cast(source, target, "x")


@pytest.mark.parametrize(("source", "target", "way_out"), DO_NOT, ids=str)
def test_casts_that_do_not_exist_say_what_does_it(source, target, way_out):
    with pytest.raises(InvalidOperationError, match=way_out):
        check_cast(source, target, "x")


def test_a_cast_is_refused_wherever_it_stands():
    frame = sk.from_polars(pl.DataFrame(schema={"s": pl.String, "l": pl.List(pl.String)}))
    wrong = col("s").cast(sk.Date)
    for build in (
        lambda: frame.select(wrong.dt.year() + 1),
        lambda: frame.filter(wrong.is_null()),
        lambda: frame.group_by("l").agg(wrong.max()),
        lambda: frame.sort(wrong),
        lambda: frame.select(sk.when(wrong.is_null()).then(1)),
        lambda: frame.select(wrong.over("l")),
        lambda: frame.select(col("l").list.eval(element().cast(sk.Date))),
        lambda: frame.cast({"s": sk.Date}),
    ):
        with pytest.raises(InvalidOperationError, match="from String to Date"):
            build()
