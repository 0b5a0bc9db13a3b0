"""Functions of text: what is checked at the call, and what no conformance case looks at."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import ComputeError, InvalidOperationError, PlanError, SchemaError

S = col("s").str


def one(text: str | None, expr: sk.Expr) -> object:
    return sk.from_dict({"s": [text]}).cast(pl.String).select(expr).collect().item()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: S.extract("(a)(b)", 3), "has no group 3: it has 2"),
        (lambda: S.extract("(a)", -1), "has no group -1"),
        (lambda: S.extract_groups("a"), "has no group"),
        (lambda: S.extract_groups(col("p")), "takes its pattern as str"),
        (lambda: S.replace(col("p"), "b"), "one value for all rows"),
        (lambda: S.replace_all(col("p"), "b"), "one value for all rows"),
        (lambda: S.replace("a", col("p"), n=2), "one match only"),
        (lambda: S.contains_any(col("p")), "must be a list of texts"),
        (lambda: S.contains_any("p"), "must be a list of texts"),
        (lambda: S.replace_many(["a", "b"], ["x", "y", "z"]), "2 texts and 3 replacements"),
        (lambda: S.replace_many(["a", "b"]), "needs replace_with="),
        (lambda: S.replace_many({"a": "b"}, ["c"]), "not both"),
        (lambda: S.pad_start(3, "ab"), "must be one character"),
        (lambda: S.pad_end(3, ""), "must be one character"),
        (lambda: S.normalize("NFX"), "'NFC', 'NFKC', 'NFD', 'NFKD'"),
        (lambda: S.split_exact("a", -1), "n must be at least 0"),
        (lambda: S.splitn("a", 0), "n must be at least 1"),
        (lambda: S.encode("hexx"), "'hex', 'base64'"),
        (lambda: S.decode("utf8"), "'hex', 'base64'"),
        (lambda: S.json_path_match("a b"), "is no JSONPath"),
        (lambda: S.to_date("%Q"), "has a directive that does not exist"),
        (lambda: S.to_time(5), "format must be text"),
        (lambda: S.to_datetime("%Q"), "has a directive that does not exist"),
        (lambda: S.to_datetime(time_unit="s"), "unknown time_unit 's'"),
        (lambda: S.to_datetime(ambiguous="first"), "unknown ambiguous 'first'"),
        (lambda: S.to_datetime(time_zone="Mars/Base"), "unknown time zone"),
        (lambda: S.to_integer(base=1), "base must lie between 2 and 36"),
        (lambda: S.to_decimal(scale=-1), "scale must be at least 0"),
    ],
)
def test_arguments_are_checked_at_the_call(build, message):
    with pytest.raises(InvalidOperationError, match=message):
        build()


def test_types_that_a_parser_does_not_give_are_refused_at_the_call():
    with pytest.raises(SchemaError, match="not Int64"):
        S.strptime(sk.Int64)
    with pytest.raises(SchemaError, match="not Float64"):
        S.to_integer(dtype=sk.Float64)
    with pytest.raises(SchemaError, match="is no type"):
        S.json_decode("int")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'dtype'"):
        S.json_decode()


def test_a_pattern_may_be_a_column_that_is_checked_when_it_is_run():
    frame = sk.from_dict({"s": ["ab", "ab"], "p": ["^a", "^b"]})
    assert frame.select(S.contains(col("p"))).collect()["s"].to_list() == [True, False]
    bad = sk.from_dict({"s": ["ab"], "p": ["(?=a)"]})
    with pytest.raises(ComputeError, match="look-around"):
        bad.select(S.contains(col("p"))).collect()


def test_an_invalid_pattern_gives_null_where_that_is_asked_for():
    assert one("a", S.contains("[", strict=False)) is None


def test_strptime_is_the_parser_of_its_type():
    assert one("2024-05-01", S.strptime(sk.Date)) == date(2024, 5, 1)
    assert one("9:30", S.strptime(sk.Time, "%H:%M")).minute == 30
    zoned = S.strptime(sk.Datetime("ms", "Asia/Kolkata"))
    frame = sk.from_dict({"s": ["2024-05-01T09:30"]}).select(zoned)
    assert frame.schema["s"] == pl.Datetime("ms", "Asia/Kolkata")
    assert frame.collect().schema == frame.schema


def test_an_offset_in_the_format_gives_utc():
    parsed = S.to_datetime("%Y-%m-%d %H:%M %z")
    frame = sk.from_dict({"s": ["2024-05-01 09:30 +0200"]}).select(parsed)
    assert frame.schema["s"] == pl.Datetime("us", "UTC")
    assert frame.collect().item().hour == 7


def test_inexact_parsing_finds_the_first_iso_form():
    assert one("on 2024-05-01, or 2024-06-01", S.to_date(exact=False)) == date(2024, 5, 1)
    found = one("at 2024-05-01 09:30!", S.to_datetime(exact=False))
    assert found == datetime(2024, 5, 1, 9, 30)


def test_what_a_strict_parser_refuses_is_named():
    frame = sk.from_dict({"s": ["2024-05-01", "1.5.2024", None]})
    with pytest.raises(ComputeError, match=r'\["not ISO 8601: 1\.5\.2024"\]'):
        frame.select(S.to_date()).collect()


def test_replacements():
    assert one("a.b", S.replace_many(["a", "b"], "x")) == "x.x"
    assert one("ABC", S.replace_many(["b"], ["_"], ascii_case_insensitive=True)) == "A_C"
    assert one("a", S.replace_many({})) == "a"
    assert one("aaa", S.replace("a", "b", n=2)) == "bba"


def test_join_needs_an_order():
    frame = sk.from_dict({"g": ["a"], "s": ["x"]})
    unordered = frame.unique()
    with pytest.raises(PlanError, match="sort first"):
        unordered.select(S.join())
    assert unordered.select(col("s").sort_by("s").str.join()).collect().item() == "x"


def test_join_writes_other_types_as_text():
    frame = sk.from_dict({"s": [1, None, 3]})
    assert frame.select(S.join("-")).collect().item() == "1-3"
    assert frame.select(S.join("-", ignore_nulls=False)).collect().item() is None


def test_expressions_show_what_was_written():
    assert repr(S.to_datetime()) == "col('s').str.to_datetime()"
    assert repr(S.contains("a", literal=True)) == "col('s').str.contains('a', literal=True)"
    assert repr(S.slice(1, 2)) == "col('s').str.slice(1, length=2)"
