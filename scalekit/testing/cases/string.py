"""Functions of text."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.testing.case import Case


def _text(function: str, build: Callable[[Expr], Expr], note: str = "") -> Case:
    """A case that applies a function to the column of texts."""
    return Case(f"str.{function}", lambda f: f.select("o", build(col("s"))), note)


def _parsed(function: str, text: Expr, build: Callable[[Expr], Expr], note: str = "") -> Case:
    """A case that parses what another function wrote."""
    return Case(f"str.{function}", lambda f: f.select("o", x=build(text)), note)


_DAY = col("d").dt.to_string("%Y-%m-%d")
_GERMAN = col("d").dt.to_string("%d.%m.%Y")
_MOMENT = col("t").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")

CASES = (
    _text("len_chars", lambda s: s.str.len_chars()),
    _text("len_bytes", lambda s: s.str.len_bytes()),
    _text("starts_with", lambda s: s.str.starts_with("a")),
    _text("starts_with", lambda s: s.str.starts_with(col("k")), "column"),
    _text("ends_with", lambda s: s.str.ends_with(lit("e"))),
    _text("contains", lambda s: s.str.contains("^[a-c].*e$")),
    _text("contains", lambda s: s.str.contains(".", literal=True), "literal"),
    _text("contains", lambda s: s.str.contains(r"\p{Lu}|\d"), "unicode"),
    _text("contains", lambda s: s.str.contains("(?=a)", strict=False), "invalid"),
    Case("str.contains", lambda f: f.filter(col("s").str.contains("a")).select("o"), "filter"),
    _text("contains_any", lambda s: s.str.contains_any(["pp", "-"])),
    _text(
        "contains_any", lambda s: s.str.contains_any(["PP"], ascii_case_insensitive=True), "case"
    ),
    _text("contains_any", lambda s: s.str.contains_any([]), "none"),
    _text("find", lambda s: s.str.find("[ae]")),
    _text("find", lambda s: s.str.find("é", literal=True), "bytes"),
    _text("count_matches", lambda s: s.str.count_matches("[a-z]")),
    _text("count_matches", lambda s: s.str.count_matches(".", literal=True), "literal"),
    _text("extract", lambda s: s.str.extract("([a-z]+)")),
    _text("extract", lambda s: s.str.extract("([A-Z])([a-z])", 2), "second"),
    _text("extract", lambda s: s.str.extract("[0-9]+", 0), "whole"),
    _text("extract_all", lambda s: s.str.extract_all("[a-z]")),
    _text("extract_groups", lambda s: s.str.extract_groups("(?<first>[a-z])([a-z])")),
    _text("replace", lambda s: s.str.replace("([a-z])p", "<$1>")),
    _text("replace", lambda s: s.str.replace("-", "+", literal=True, n=2), "n"),
    _text("replace", lambda s: s.str.replace("a", col("k")), "column"),
    _text("replace_all", lambda s: s.str.replace_all("[aeiou]", "")),
    _text("replace_all", lambda s: s.str.replace_all("$1", "($)", literal=True), "literal"),
    _text("replace_many", lambda s: s.str.replace_many({"a": "b", "b": "a"})),
    _text("replace_many", lambda s: s.str.replace_many(["ap", "a"], "_", leftmost=True), "one"),
    _text("slice", lambda s: s.str.slice(1, 3)),
    _text("slice", lambda s: s.str.slice(-2), "end"),
    _text("slice", lambda s: s.str.slice(0, col("u8")), "column"),
    _text("head", lambda s: s.str.head(2)),
    _text("head", lambda s: s.str.head(-2), "negative"),
    _text("head", lambda s: s.str.head("i"), "column"),
    _text("tail", lambda s: s.str.tail(2)),
    _text("tail", lambda s: s.str.tail(-1), "negative"),
    _text("strip_chars", lambda s: s.str.strip_chars()),
    _text("strip_chars", lambda s: s.str.strip_chars("abc "), "set"),
    _text("strip_chars", lambda s: s.str.strip_chars(col("k")), "column"),
    _text("strip_chars_start", lambda s: s.str.strip_chars_start("0a")),
    _text("strip_chars_end", lambda s: s.str.strip_chars_end()),
    _text("strip_prefix", lambda s: s.str.strip_prefix("ap")),
    _text("strip_suffix", lambda s: s.str.strip_suffix("e")),
    _text("pad_start", lambda s: s.str.pad_start(6, "*")),
    _text("pad_end", lambda s: s.str.pad_end("u8", "é"), "column"),
    _text("zfill", lambda s: s.str.zfill(8)),
    _text("to_lowercase", lambda s: s.str.to_lowercase()),
    _text("to_uppercase", lambda s: s.str.to_uppercase()),
    _text("to_titlecase", lambda s: s.str.to_titlecase()),
    _text("reverse", lambda s: s.str.reverse()),
    _text("normalize", lambda s: s.str.normalize("NFKC")),
    _text("normalize", lambda s: s.str.normalize("NFD").str.len_bytes(), "NFD"),
    _text("split", lambda s: s.str.split("-")),
    _text("split", lambda s: s.str.split("[ -]", literal=False, inclusive=True), "regex"),
    _text("split", lambda s: s.str.split(""), "characters"),
    _text("split_exact", lambda s: s.str.split_exact("-", 1)),
    _text("splitn", lambda s: s.str.splitn("-", 2)),
    Case("str.join", lambda f: f.sort("o").select(col("s").str.join(","))),
    Case(
        "str.join",
        lambda f: f.group_by("k").agg(
            col("s").sort_by("o").str.join("-", ignore_nulls=False),
            i=col("i").sort_by("o").str.concat("+"),
        ),
        "groups",
    ),
    _parsed("to_date", _DAY, lambda s: s.str.to_date(strict=False)),
    _parsed("to_date", _GERMAN, lambda s: s.str.to_date("%d.%m.%Y", strict=False), "format"),
    _parsed("to_date", "x" + _DAY, lambda s: s.str.to_date(exact=False), "inexact"),
    _parsed("to_date", _GERMAN, lambda s: s.str.to_date(), "not ISO"),
    _parsed("to_datetime", _MOMENT, lambda s: s.str.to_datetime()),
    _parsed("to_datetime", _DAY, lambda s: s.str.to_datetime(time_unit="ms"), "dates"),
    _parsed(
        "to_datetime", _MOMENT + "+0130", lambda s: s.str.to_datetime(time_zone="UTC"), "offset"
    ),
    _parsed("to_datetime", _MOMENT, lambda s: s.str.to_datetime(time_zone="Asia/Kolkata"), "zone"),
    _parsed(
        "to_datetime",
        col("tz").dt.to_string("%d.%m.%Y %H:%M:%S %z"),
        lambda s: s.str.strptime(pl.Datetime, "%d.%m.%Y %H:%M:%S %z"),
        "format",
    ),
    _parsed("to_time", col("tm").dt.to_string("%H:%M:%S%.f"), lambda s: s.str.to_time()),
    _parsed(
        "to_time", col("tm").dt.to_string("%I.%M %p"), lambda s: s.str.to_time("%I.%M %p"), "format"
    ),
    _text("to_integer", lambda s: s.str.to_integer(strict=False)),
    _text("to_integer", lambda s: s.str.to_integer(base=16, dtype=pl.UInt8, strict=False), "hex"),
    _text("to_integer", lambda s: s.str.to_integer(), "strict"),
    _parsed("to_decimal", col("dec").cast(pl.String), lambda s: s.str.to_decimal(scale=2)),
    _parsed(
        "json_decode",
        '{"a": [' + col("i").cast(pl.String) + '], "b": null}',
        lambda s: s.str.json_decode(pl.Struct({"a": pl.List(pl.Int64), "b": pl.String})),
    ),
    _parsed(
        "json_path_match",
        '{"a": [' + col("i").cast(pl.String) + "]}",
        lambda s: s.str.json_path_match("$.a[0]"),
    ),
    _text("encode", lambda s: s.str.encode("hex")),
    _text("encode", lambda s: s.str.encode("base64"), "base64"),
    _parsed("decode", col("s").str.encode("base64"), lambda s: s.str.decode("base64")),
    _text("decode", lambda s: s.str.decode("hex", strict=False), "invalid"),
)
