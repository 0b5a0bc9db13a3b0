"""Where data tools differ by default, the contract's answer, written out (CONTRACT.md; TRUST.md, section 5).

Each test names one hazard and runs on every backend. Unlike the conformance cases, the answers are not
computed: they stand here.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import (
    ComputeError,
    InvalidOperationError,
    PlanError,
    SchemaError,
    ShapeError,
)
from scalekit.expr.expr import Expr


@pytest.fixture(params=["polars", "pandas"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def answer(backend: str) -> Callable[..., list[Any]]:
    """Compute an expression of the column ``x`` that holds these values."""

    def compute(values: list[Any], expr: Expr, dtype: Any = None) -> list[Any]:
        table = pl.DataFrame({"x": pl.Series(values, dtype=dtype, strict=False)})
        return sk.from_polars(table).select(y=expr).collect(backend=backend)["y"].to_list()

    return compute


X = col("x")

# Strings


def test_case_mapping_is_unicodes_whatever_the_locale(answer):
    words = ["straße", "ﬁ", "ΑΣ", "İ", None]
    assert answer(words, X.str.to_uppercase()) == ["STRASSE", "FI", "ΑΣ", "İ", None]
    assert answer(words, X.str.to_lowercase()) == ["straße", "ﬁ", "ας", "i̇", None]
    assert answer(["foo1bar baz-qux"], X.str.to_titlecase()) == ["Foo1Bar Baz-Qux"]


def test_len_chars_counts_characters_and_len_bytes_bytes(answer):
    words = ["é", "e\u0301", "日本", "", None]
    assert answer(words, X.str.len_chars()) == [1, 2, 2, 0, None]
    assert answer(words, X.str.len_bytes()) == [2, 3, 6, 0, None]


def test_lengths_and_counts_of_text_are_int64():
    frame = sk.from_dict({"x": ["a"], "l": [["a"]]})
    counts = frame.select(
        a=X.str.len_chars(),
        b=X.str.len_bytes(),
        c=X.str.count_matches("a"),
        d=X.str.find("a"),
        e=col("l").list.len(),
        f=col("l").list.n_unique(),
        g=col("l").list.count_matches("a"),
        h=col("l").list.arg_max(),
    )
    assert set(counts.schema.values()) == {pl.Int64()}


def test_a_length_less_a_number_does_not_underflow(answer):
    assert answer(["abc"], X.str.len_chars() - 5) == [-2]


def test_contains_of_null_is_null(answer):
    assert answer(["a", None], X.str.contains("a")) == [True, None]
    assert answer(["a", None], ~X.str.contains("a")) == [False, None]


def test_dollar_matches_only_at_the_very_end(answer):
    assert answer(["a", "a\n"], X.str.contains("a$")) == [True, False]


def test_digits_of_a_pattern_are_unicodes(answer):
    assert answer(["٣", "3", "x"], X.str.contains(r"^\d$")) == [True, True, False]


@pytest.mark.parametrize("pattern", [r"a(?=b)", r"(?<!a)b", r"(a)\1", r"(?>a)", r"a\Z", "[a"])
def test_a_pattern_outside_rusts_dialect_is_refused_while_building(pattern):
    for method in ("contains", "find", "count_matches", "extract", "extract_all", "extract_groups"):
        with pytest.raises(InvalidOperationError, match="Rust's dialect"):
            getattr(X.str, method)(pattern)
    for method in ("replace", "replace_all"):
        with pytest.raises(InvalidOperationError, match="Rust's dialect"):
            getattr(X.str, method)(pattern, "")
    with pytest.raises(InvalidOperationError, match="Rust's dialect"):
        X.str.split(pattern, literal=False)


def test_the_refusal_of_a_pattern_says_what_to_do():
    with pytest.raises(InvalidOperationError, match=r"look-around.*\.str\.extract\(\)"):
        X.str.contains("a(?=b)")
    with pytest.raises(InvalidOperationError, match=r"backreferences.*extract_groups"):
        X.str.contains(sk.lit(r"(a)\1"))


def test_a_plain_text_is_no_pattern(answer):
    assert answer(["a(?=b)", "ab"], X.str.contains("(?=", literal=True)) == [True, False]


def test_replace_is_of_the_first_match_and_dollar_names_a_group(answer):
    assert answer(["aaa"], X.str.replace("a", "b")) == ["baa"]
    assert answer(["aaa"], X.str.replace_all("a", "b")) == ["bbb"]
    assert answer(["2024-05"], X.str.replace(r"(\d+)-(\d+)", "$2/$1")) == ["05/2024"]
    assert answer(["a"], X.str.replace("a", r"\1$$")) == [r"\1$"]


def test_text_joined_with_null_is_null(answer):
    assert answer(["a", None], X + "b") == ["ab", None]


def test_text_is_ordered_by_code_points(backend):
    words = ["b", "a", "B", "é", "e\u0301", "Z", "日", None]
    rows = sk.from_dict({"x": words}).sort("x").collect(backend=backend)["x"].to_list()
    assert rows == [None, "B", "Z", "a", "b", "e\u0301", "é", "日"]


# Dates and times


@pytest.mark.parametrize(
    "text",
    [
        "01/02/2024",
        "2024/01/02",
        "02.01.2024",
        "20240102",
        "2024-1-2",
        " 2024-01-02",
        "2024-01-02 ",
        "2024-W01-2",
        "24-01-02",
        "+2024-01-02",
        "2024-01-32",
        "2023-02-29",
        "",
        "2024-01-02T00:00",
    ],
)
def test_a_date_that_is_not_iso_is_never_guessed(answer, text):
    assert answer([text], X.str.to_date(strict=False)) == [None]
    with pytest.raises(ComputeError, match="conversion from `str` to `date` failed"):
        answer(["2024-01-02", text], X.str.to_date())


@pytest.mark.parametrize("first", ["13/01/2024", "01/13/2024", "2024-01-13"])
def test_no_row_decides_how_another_is_parsed(answer, first):
    assert answer([first, "01/02/2024"], X.str.to_date(strict=False))[1] is None
    assert answer([first, "01/02/2024"], X.str.to_date("%d/%m/%Y", strict=False))[1] == date(
        2024, 2, 1
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01", datetime(2024, 5, 1)),
        ("2024-05-01T09:30", datetime(2024, 5, 1, 9, 30)),
        ("2024-05-01 09:30", datetime(2024, 5, 1, 9, 30)),
        ("2024-05-01T09:30:15", datetime(2024, 5, 1, 9, 30, 15)),
        ("2024-05-01 09:30:15.5", datetime(2024, 5, 1, 9, 30, 15, 500_000)),
        ("2024-05-01T09:30:15.123456789", datetime(2024, 5, 1, 9, 30, 15, 123_456)),
    ],
)
def test_iso_datetimes_are_parsed_without_a_format(answer, text, expected):
    assert answer([text, None], X.str.to_datetime()) == [expected, None]


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01T9:30",
        "2024-05-01T09:30:60",
        "2024-05-01T24:00",
        "2024-05-01T09:30:15,5",
        "09:30",
        "2024-05-01T09:30Z",
        "2024-05-01T09:30+02:00",
        "2024-05-01  09:30",
        "01/05/2024 09:30",
    ],
)
def test_a_datetime_that_is_not_iso_is_never_guessed(answer, text):
    assert answer([text], X.str.to_datetime(strict=False)) == [None]
    with pytest.raises(ComputeError, match="conversion from `str` to `datetime"):
        answer([text], X.str.to_datetime())


def test_iso_offsets_are_converted_and_clocks_localized(answer):
    texts = ["2024-05-01T09:30Z", "2024-05-01 09:30:15+0130", "2024-05-01T09:30", "2024-12-01"]
    parsed = answer(texts, X.str.to_datetime(time_zone="Europe/Vienna").dt.to_string("%F %T %:z"))
    assert parsed == [
        "2024-05-01 11:30:00 +02:00",
        "2024-05-01 10:00:15 +02:00",
        "2024-05-01 09:30:00 +02:00",
        "2024-12-01 00:00:00 +01:00",
    ]


def test_iso_times_are_parsed_without_a_format(answer):
    texts = ["09:30", "09:30:15.25", "9:30", "24:00", "09:30:60", "09:30 am"]
    parsed = [time(9, 30), time(9, 30, 15, 250_000), None, None, None, None]
    assert answer(texts, X.str.to_time(strict=False)) == parsed


def test_parsed_datetimes_are_in_microseconds_whatever_the_format():
    frame = sk.from_dict({"x": ["2024-05-01 00:00:00.123"]})
    parsed = frame.select(
        a=X.str.to_datetime(),
        b=X.str.to_datetime("%Y-%m-%d %H:%M:%S%.3f"),
        c=X.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ms"),
    )
    assert [d.time_unit for d in parsed.schema.values()] == ["us", "us", "ms"]


def test_weekday_of_monday_is_one_and_of_sunday_seven(answer):
    assert answer([date(2024, 1, 1), date(2024, 1, 7)], X.dt.weekday()) == [1, 7]


def test_a_day_is_wall_time_and_24_hours_are_exact(answer):
    local = X.dt.replace_time_zone("Europe/Vienna")
    noon = [datetime(2024, 3, 30, 12)]
    shown = "%F %H:%M %z"
    assert answer(noon, local.dt.offset_by("1d").dt.to_string(shown)) == ["2024-03-31 12:00 +0200"]
    assert answer(noon, local.dt.offset_by("24h").dt.to_string(shown)) == ["2024-03-31 13:00 +0200"]
    exact = local + timedelta(days=1)
    assert answer(noon, exact.dt.to_string(shown)) == ["2024-03-31 13:00 +0200"]


GAP, FOLD = datetime(2024, 3, 31, 2, 30), datetime(2024, 10, 27, 2, 30)


@pytest.mark.parametrize("moment", [GAP, FOLD], ids=["gap", "fold"])
def test_gaps_and_folds_of_summer_time_raise(answer, moment):
    local = X.dt.replace_time_zone("Europe/Vienna")
    parsed = X.str.to_datetime(time_zone="Europe/Vienna")
    with pytest.raises(ComputeError, match="2024-"):
        answer([moment], local)
    with pytest.raises(ComputeError, match="2024-"):
        answer([moment.isoformat()], parsed)
    with pytest.raises(ComputeError, match="2024-"):
        answer([moment - timedelta(days=1)], local.dt.offset_by("1d"))
    with pytest.raises(ComputeError, match="2024-"):
        answer([moment - timedelta(days=1)], local.dt.offset_by(sk.lit("1d")))


def test_gaps_and_folds_do_what_the_options_say(answer):
    def hours(moment: datetime, **options: Any) -> list[Any]:
        local = X.dt.replace_time_zone("Europe/Vienna", **options)
        return answer([moment], local.dt.to_string("%H:%M %z"))

    assert hours(GAP, non_existent="null") == [None]
    assert hours(FOLD, ambiguous="earliest") == ["02:30 +0200"]
    assert hours(FOLD, ambiguous="latest") == ["02:30 +0100"]
    assert hours(FOLD, ambiguous="null") == [None]


def test_durations_are_exact(answer):
    assert answer([datetime(2024, 1, 1)], X - datetime(2023, 1, 1)) == [timedelta(days=365)]
    assert answer([timedelta(hours=-36)], X.dt.total_days()) == [-1]


def test_units_and_zones_are_kept():
    frame = sk.from_dict({"x": [datetime(2024, 1, 1)]}).select(
        X.cast(pl.Datetime("ms")).dt.replace_time_zone("Asia/Kolkata")
    )
    later = frame.select(a=X.dt.offset_by("1mo"), b=X.dt.truncate("1d"), c=X + timedelta(days=1))
    assert set(later.schema.values()) == {pl.Datetime("ms", "Asia/Kolkata")}


def test_an_unknown_zone_is_refused_with_the_nearest():
    for build in (X.dt.convert_time_zone, X.dt.replace_time_zone):
        with pytest.raises(InvalidOperationError, match="did you mean 'Europe/Vienna'"):
            build("Europe/Wien")
    with pytest.raises(InvalidOperationError, match="did you mean 'Europe/Vienna'"):
        X.str.to_datetime(time_zone="Europe/Viena")
    with pytest.raises(InvalidOperationError, match="did you mean 'Europe/Vienna'"):
        X.cast(pl.Datetime("us", "Europe/Viena"))


def test_steps_are_checked_at_the_call():
    for build in (X.dt.truncate, X.dt.round, X.dt.offset_by):
        with pytest.raises(InvalidOperationError, match="is no duration"):
            build("1.5h")
    for build in (X.dt.truncate, X.dt.round):
        with pytest.raises(InvalidOperationError, match="longer than nothing"):
            build("0d")


# Casts

REFUSED = object()

CASTS = (
    ("1", "text", pl.Int64, 1),
    ("+1", "text", pl.Int64, 1),
    ("-1", "text", pl.Int64, -1),
    ("007", "text", pl.Int64, 7),
    ("9223372036854775807", "text", pl.Int64, 2**63 - 1),
    ("9223372036854775808", "text", pl.Int64, REFUSED),
    (" 1", "text", pl.Int64, REFUSED),
    ("1 ", "text", pl.Int64, REFUSED),
    ("1\n", "text", pl.Int64, REFUSED),
    ("1_000", "text", pl.Int64, REFUSED),
    ("1,000", "text", pl.Int64, REFUSED),
    ("0x10", "text", pl.Int64, REFUSED),
    ("1.0", "text", pl.Int64, REFUSED),
    ("1e3", "text", pl.Int64, REFUSED),
    ("", "text", pl.Int64, REFUSED),
    ("٣", "text", pl.Int64, REFUSED),
    ("300", "text", pl.UInt8, REFUSED),
    ("-1", "text", pl.UInt8, REFUSED),
    ("1.5", "text", pl.Float64, 1.5),
    ("1e3", "text", pl.Float64, 1000.0),
    ("inf", "text", pl.Float64, math.inf),
    (" 1.5", "text", pl.Float64, REFUSED),
    ("1_0.5", "text", pl.Float64, REFUSED),
    ("0x1p3", "text", pl.Float64, REFUSED),
    ("1.25", "text", pl.Decimal(10, 1), Decimal("1.2")),
    (" 1", "text", pl.Decimal(10, 1), REFUSED),
    (1.9, "float", pl.Int64, 1),
    (-1.9, "float", pl.Int64, -1),
    (-0.5, "float", pl.UInt8, 0),
    (127.9, "float", pl.Int8, 127),
    (300.0, "float", pl.Int8, REFUSED),
    (1e20, "float", pl.Int64, REFUSED),
    (math.nan, "float", pl.Int64, REFUSED),
    (math.inf, "float", pl.Int64, REFUSED),
    (1e-7, "float", pl.String, "1e-7"),
    (1.0, "float", pl.String, "1.0"),
    (1e16, "float", pl.String, "1e+16"),
    (0.1 + 0.2, "float", pl.String, "0.30000000000000004"),
    (math.nan, "float", pl.String, "NaN"),
    (-math.inf, "float", pl.String, "-inf"),
    (True, "bool", pl.String, "true"),
    (False, "bool", pl.String, "false"),
    (True, "bool", pl.Int64, 1),
    (300, "int", pl.Int8, REFUSED),
    (-1, "int", pl.UInt64, REFUSED),
    (5, "int", pl.Boolean, True),
    (5, "int", pl.String, "5"),
    (Decimal("-1.90"), "decimal", pl.Int64, -1),
    (Decimal("1.50"), "decimal", pl.String, "1.50"),
    (Decimal("0.25"), "decimal", pl.Decimal(10, 1), Decimal("0.2")),
    (date(2024, 2, 29), "date", pl.String, "2024-02-29"),
    (datetime(2024, 2, 29, 1, 2, 3), "datetime", pl.String, "2024-02-29 01:02:03.000000"),
    (datetime(2024, 2, 29, 23), "datetime", pl.Date, date(2024, 2, 29)),
    (time(1, 2, 3), "time", pl.String, "01:02:03"),
    ("a", "text", pl.Enum(["a", "b"]), "a"),
    ("z", "text", pl.Enum(["a", "b"]), REFUSED),
    (None, "text", pl.Int64, None),
)  # fmt: skip

TYPES = {
    "text": pl.String, "float": pl.Float64, "bool": pl.Boolean, "int": pl.Int64, "date": pl.Date,
    "decimal": pl.Decimal(10, 2), "datetime": pl.Datetime("us"), "time": pl.Time,
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "given", "wanted", "expected"), CASTS, ids=[f"{c[0]!r}-{c[2]}" for c in CASTS]
)
def test_casts(answer, value, given, wanted, expected):
    if expected is not REFUSED:
        for strict in (True, False):
            got = answer([value, None], X.cast(wanted, strict=strict), TYPES[given])
            assert got == [expected, None]
            assert type(got[0]) is type(expected)
        return
    assert answer([value, None], X.cast(wanted, strict=False), TYPES[given]) == [None, None]
    with pytest.raises(ComputeError, match=r"conversion from|truncated converting|not in range"):
        answer([value, None], X.cast(wanted), TYPES[given])


@pytest.mark.parametrize("dtype", [pl.Date, pl.Datetime, pl.Time, pl.Boolean], ids=str)
def test_text_becomes_no_date_or_boolean_by_a_cast(dtype):
    frame = sk.from_dict({"x": [None]}).cast(pl.String)
    for method in (lambda: frame.select(X.cast(dtype)), lambda: frame.cast(dtype)):
        with pytest.raises(InvalidOperationError, match=r"cannot cast .* from String to"):
            method()


def test_strict_parsing_of_numbers_takes_what_casts_take(answer):
    texts = ["1", " 1", "1_0", "0x10", "+1", None, "1.0"]
    numbers = [1, None, None, None, 1, None, None]
    assert answer(texts, X.str.to_integer(strict=False)) == numbers
    decimals = [Decimal("1.0"), None, None, None, Decimal("1.0"), None, Decimal("1.0")]
    assert answer(texts, X.str.to_decimal(scale=1)) == decimals


# Categoricals and enums


def test_categoricals_compare_and_sort_as_their_texts(backend):
    frame = sk.from_dict({"x": ["b", "c", "a", None]}).cast(sk.Categorical)
    assert frame.sort("x").collect(backend=backend)["x"].to_list() == [None, "a", "b", "c"]
    assert frame.filter(X > "a").sort("x").collect(backend=backend)["x"].to_list() == ["b", "c"]


def test_enums_sort_as_declared(backend):
    frame = sk.from_dict({"x": ["low", "high", "mid"]}).cast(sk.Enum(["low", "mid", "high"]))
    assert frame.sort("x").collect(backend=backend)["x"].to_list() == ["low", "mid", "high"]


def test_a_categoricals_code_is_never_visible():
    frame = sk.from_dict({"x": ["b", "a"]}).cast(sk.Categorical)
    assert not hasattr(X.cat, "physical")
    for dtype in (pl.UInt32, pl.Int64):
        with pytest.raises(InvalidOperationError, match="never visible"):
            frame.select(X.cast(dtype))


def test_categories_do_not_depend_on_the_order_of_rows(answer):
    wanted = X.cat.get_categories()
    for words in (["b", "a", None, "b"], ["a", "b", "b", None]):
        assert answer(words, wanted, pl.Categorical) == ["a", "b"]
    assert answer(["low"], wanted, pl.Enum(["low", "high"])) == ["low", "high"]


# Membership, structs, lists


def test_is_in_with_nulls(answer):
    assert answer([1, 2, None], X.is_in([1, None])) == [True, False, None]
    assert answer([1, 2, None], ~X.is_in([1])) == [False, True, None]
    assert answer([1, 2, None], X.is_in([1, None], nulls_equal=True)) == [True, False, True]
    assert answer(["a", None], X.is_in([])) == [False, None]


def test_a_list_of_narrow_integers_is_summed_in_64_bits(answer):
    top = 2**31 - 1
    assert answer([[top, top, 1], [None], None], X.list.sum(), pl.List(pl.Int32)) == [
        2**32 - 1,
        0,
        None,
    ]
    assert answer([[127, 1]], X.list.eval(sk.element().sum()), pl.List(pl.Int8)) == [[128]]


def test_fields_come_in_the_order_asked_for(backend):
    frame = sk.from_dict({"x": [{"a": 1, "b": 2}]})
    assert frame.select(X.struct.field("b", "a")).collect(backend=backend).rows() == [(2, 1)]


def test_a_list_is_not_turned_into_text_or_nulls_beside_another():
    frame = sk.from_dict({"x": [[1]], "y": [["a"]]})
    for build in (X.list.concat, X.list.set_union, X.list.set_difference):
        with pytest.raises(SchemaError, match="Int64 and String"):
            frame.select(build("y"))
    with pytest.raises(SchemaError, match="does not fit Int8"):
        frame.select(X.cast(pl.List(pl.Int8)).list.set_union([300]))


def test_a_function_on_a_column_of_the_wrong_type_raises_in_the_method_that_was_called():
    frame = sk.from_dict({"i": [1], "s": ["a"], "d": [date(2024, 1, 1)]})
    for wrong in (
        col("i").str.contains("a"),
        col("s").str.contains(1),
        col("s").str.starts_with(sk.lit(1)),
        col("s").dt.year(),
        col("d").dt.hour(),
        col("d").str.to_date(),
        col("s").list.len(),
        col("i").struct.field("a"),
        col("s").cat.len_chars(),
        col("i").map.get("a"),
        (col("i").str.len_chars() + 1).over("s"),
    ):
        for method in (frame.select, frame.with_columns, frame.group_by("i").agg):
            with pytest.raises(SchemaError, match="needs"):
                method(wrong.alias("new"))


# Numbers


NAN, INF = math.nan, math.inf


def same(left: list[Any], right: list[Any]) -> bool:
    """Equal with types told apart, and NaN equal to NaN."""
    return list(map(repr, left)) == list(map(repr, right))


def test_division_is_true_division(answer):
    assert same(answer([7, -7, 1], X / 2), [3.5, -3.5, 0.5])
    assert same(answer([1, -1, 0], X / 0), [INF, -INF, NAN])
    assert same(answer([1.0, -1.0, 0.0, None], X / 0), [INF, -INF, NAN, None])


def test_floor_division_goes_toward_minus_infinity(answer):
    assert same(answer([7, -7, 6, -6], X // 2), [3, -4, 3, -3])
    assert same(answer([7, -7], X // -2), [-4, 3])
    assert same(answer([7.5, -7.5], X // 2), [3.0, -4.0])


def test_modulo_takes_the_divisors_sign(answer):
    assert same(answer([7, -7, 6, -6], X % 4), [3, 1, 2, 2])
    assert same(answer([7, -7], X % -4), [-1, -3])
    assert same(answer([7.5, -7.5], X % 2), [1.5, 0.5])


def test_integers_divided_by_zero_give_null_and_floats_inf_or_nan(answer):
    assert same(answer([7, 0, None], X // 0), [None, None, None])
    assert same(answer([7, 0, None], X % 0), [None, None, None])
    assert same(answer([7.0, -7.0, 0.0], X // 0), [INF, -INF, NAN])
    assert same(answer([7.0, 0.0], X % 0), [NAN, NAN])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (pl.Float32, pl.Float32, pl.Float32),
        (pl.Float32, pl.Float64, pl.Float64),
        (pl.Int8, pl.Float32, pl.Float64),
        (pl.Float32, pl.Int16, pl.Float64),
        (pl.Boolean, pl.Float32, pl.Float64),
        (pl.Int8, pl.Int8, pl.Float64),
        (pl.UInt64, pl.Int32, pl.Float64),
    ],
)
def test_division_gives_float64_unless_both_are_float32(backend, left, right, expected):
    table = pl.DataFrame({"x": [1], "y": [2]}).cast({"x": left, "y": right})
    result = sk.from_polars(table).select(q=X / col("y")).collect(backend=backend)
    assert result.schema == {"q": expected}
    assert result["q"].to_list() == [0.5]


def test_a_plain_number_takes_the_type_of_a_float32(backend):
    table = pl.DataFrame({"x": [1.0]}, schema={"x": pl.Float32})
    result = sk.from_polars(table).select(a=X / 2, b=1 / X).collect(backend=backend)
    assert result.schema == {"a": pl.Float32, "b": pl.Float32}


def test_rounding_is_half_to_even_by_default(answer):
    halves = [0.5, 1.5, 2.5, -0.5, -1.5, None]
    assert same(answer(halves, X.round()), [0.0, 2.0, 2.0, -0.0, -2.0, None])
    away = [1.0, 2.0, 3.0, -1.0, -2.0, None]
    assert same(answer(halves, X.round(mode="half_away_from_zero")), away)
    assert same(answer([0.125, 0.375], X.round(2)), [0.12, 0.38])


def test_powers_of_integers_are_integers_and_wrap(answer):
    assert same(answer([2, -3], X**2), [4, 9])
    assert same(answer([4, 9], X**0.5), [2.0, 3.0])
    assert same(answer([100], X**2, pl.Int8), [16])


def test_a_negative_power_of_an_integer_raises(answer):
    with pytest.raises(ComputeError):
        answer([-1], sk.lit(2) ** X)


def test_integer_arithmetic_wraps_and_keeps_its_type(answer):
    assert same(answer([127], X + 1, pl.Int8), [-128])
    assert same(answer([2**63 - 1], X + 1), [-(2**63)])


def test_integers_beyond_2_to_the_53_stay_exact(answer):
    assert same(answer([2**53 + 1, None], X), [2**53 + 1, None])
    assert same(answer([2**53 + 1, None], X + 0), [2**53 + 1, None])


# Null and NaN


def test_null_compared_with_anything_is_null(answer):
    assert same(answer([1, 2, None], X != 1), [False, True, None])
    assert same(answer([1, 2, None], ~(X == 1)), [False, True, None])
    assert same(answer([1, None], X.eq_missing(None)), [False, True])
    assert same(answer([1, None], X.ne_missing(None)), [True, False])


def test_a_filter_by_not_equal_drops_nulls(backend):
    frame = sk.from_dict({"g": ["a", "b", None]})
    assert frame.filter(col("g") != "a").collect(backend=backend).rows() == [("b",)]
    assert frame.filter(~col("g").is_in(["a"])).collect(backend=backend).rows() == [("b",)]


def test_nan_equals_nan_and_is_greater_than_every_number(answer):
    values = [1.0, NAN, INF, None]
    assert same(answer(values, X == NAN), [False, True, False, None])
    assert same(answer(values, X > 1e308), [False, True, True, None])
    assert same(answer(values, X > INF), [False, True, False, None])


def test_boolean_logic_is_kleenes(answer):
    values = [True, False, None]
    assert same(answer(values, X & None), [None, False, None])
    assert same(answer(values, X | None), [True, None, None])
    assert same(answer(values, X & True), [True, False, None])
    assert same(answer(values, X | True), [True, True, True])
    assert same(answer(values, X ^ True), [False, True, None])
    assert same(answer(values, ~X), [False, True, None])


def test_is_in_with_null_is_null_and_null_in_the_list_does_not_match(answer):
    assert same(answer([1, 2, None], X.is_in([1, None])), [True, False, None])
    assert same(answer([1, None], X.is_in([1, None], nulls_equal=True)), [True, True])
    assert same(answer([1, None], X.is_in({3, None})), [False, None])


def test_bounds_of_between_are_inclusive_by_default(answer):
    assert same(answer([1, 2, 3, 4, None], X.is_between(2, 3)), [False, True, True, False, None])
    assert same(answer([2, 3], X.is_between(2, 3, closed="left")), [True, False])


def test_is_nan_of_null_is_null_and_null_is_not_nan(answer):
    assert same(answer([1.0, NAN, None], X.is_nan()), [False, True, None])
    assert same(answer([1.0, NAN, None], X.is_null()), [False, False, True])
    assert same(answer([1.0, NAN, None], X.fill_null(0.0)), [1.0, NAN, 0.0])
    assert same(answer([1.0, NAN, None], X.fill_nan(0.0)), [1.0, 0.0, None])


# Aggregates


def test_sum_and_mean_skip_nulls_and_propagate_nan(answer):
    assert same(answer([1.0, None, 3.0], X.sum()), [4.0])
    assert same(answer([1.0, NAN, None, 3.0], X.sum()), [NAN])
    assert same(answer([1.0, NAN, None, 3.0], X.mean()), [NAN])


def test_aggregates_of_nothing(answer):
    nothing = [None, None]
    for values in (nothing, []):
        assert same(answer(values, X.sum(), pl.Int64), [0])
        assert same(answer(values, X.product(), pl.Int64), [1])
        for empty in (X.mean(), X.min(), X.max(), X.std(), X.median(), X.first(), X.last()):
            assert same(answer(values, empty, pl.Float64), [None])
        assert same(answer(values, X.any(), pl.Boolean), [False])
        assert same(answer(values, X.all(), pl.Boolean), [True])
        assert same(answer(values, X.count(), pl.Float64), [0])


def test_min_and_max_ignore_nan_unless_there_is_nothing_else(answer):
    assert same(answer([1.0, NAN, 3.0], X.max()), [3.0])
    assert same(answer([1.0, NAN, 3.0], X.min()), [1.0])
    assert same(answer([NAN, None], X.max()), [NAN])
    assert same(answer([1.0, NAN], X.nan_max()), [NAN])
    assert same(answer([1.0, NAN], X.nan_min()), [NAN])


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32])
def test_integers_are_added_in_64_bits(backend, dtype):
    most = pl.select(pl.lit(None, dtype=dtype).upper_bound()).item()
    wide = pl.Int64() if dtype.is_signed_integer() else pl.UInt64()
    frame = sk.from_polars(pl.DataFrame({"x": [most, most, 1]}, schema={"x": dtype}))
    sums = frame.select(
        s=X.sum(),
        c=X.cum_sum().last(),
        r=X.rolling_sum(3).last(),
        h=sk.sum_horizontal("x", X, X).max(),
    ).collect(backend=backend)
    assert sums.rows() == [(2 * most + 1, 2 * most + 1, 2 * most + 1, 3 * most)]
    assert set(sums.schema.values()) == {wide}


def test_a_mean_across_columns_does_not_wrap(backend):
    frame = sk.from_polars(pl.DataFrame({"x": [2**31 - 1]}, schema={"x": pl.Int32}))
    mean = frame.select(m=sk.mean_horizontal("x", X + 0)).collect(backend=backend)
    assert mean.item() == 2**31 - 1


def test_an_int64_sum_wraps_unless_it_is_strict(answer):
    values = [2**63 - 1, 1]
    assert same(answer(values, X.sum()), [-(2**63)])
    with pytest.raises(ComputeError):
        answer(values, X.sum(strict=True))
    assert same(answer([2**63 - 1, 1, -1], X.sum(strict=True)), [2**63 - 1])
    assert same(answer([2**63 - 1, None], X.sum(strict=True)), [2**63 - 1])


def test_counts_ranks_and_places_are_int64_so_that_subtracting_does_not_underflow(backend):
    frame = sk.from_dict({"x": [2.0, None, 1.0]})
    counts = frame.select(
        a=sk.len() - 5, b=X.count(), c=X.len(), d=X.null_count(), e=X.n_unique(), f=X.arg_max()
    ).collect(backend=backend)
    assert counts.rows() == [(-2, 2, 3, 1, 3, 0)]
    assert set(counts.schema.values()) == {pl.Int64()}
    places = frame.select(a=X.rank("min"), b=X.rle_id(), c=X.cum_count(), d=X.is_null().cum_sum())
    assert places.collect(backend=backend).rows() == [
        (2, 0, 1, 0), (None, 1, 1, 1), (1, 2, 2, 1)
    ]  # fmt: skip
    assert set(places.schema.values()) == {pl.Int64()}


def test_the_sum_of_booleans_is_a_count(backend):
    frame = sk.from_dict({"x": [True, None, True]})
    counted = frame.select(a=X.sum() - 5, b=sk.sum_horizontal("x", "x").max() - 5)
    assert counted.collect(backend=backend).rows() == [(-3, -3)]


def test_n_unique_counts_null_as_a_value(answer):
    assert same(answer([1, 1, None], X.n_unique()), [2])
    assert same(answer([NAN, NAN, None], X.n_unique()), [2])


def test_first_and_last_do_not_skip_nulls(answer):
    assert same(answer([None, 2, None], X.first()), [None])
    assert same(answer([None, 2, None], X.first(ignore_nulls=True)), [2])
    assert same(answer([None, 2, None], X.last()), [None])
    assert same(answer([None, 2, None], X.last(ignore_nulls=True)), [2])


def test_any_and_all_ignore_nulls_or_follow_kleene(answer):
    assert same(answer([False, None], X.any()), [False])
    assert same(answer([False, None], X.any(ignore_nulls=False)), [None])
    assert same(answer([True, None], X.any(ignore_nulls=False)), [True])
    assert same(answer([True, None], X.all()), [True])
    assert same(answer([True, None], X.all(ignore_nulls=False)), [None])


def test_std_and_var_divide_by_n_less_one_and_need_two_values(answer):
    assert same(answer([1.0, 2.0, 3.0], X.var()), [1.0])
    assert same(answer([1.0], X.var()), [None])
    assert same(answer([1.0], X.var(ddof=0)), [0.0])
    assert same(answer([1.0, None], X.std()), [None])


def test_a_variance_of_large_numbers_does_not_cancel(answer):
    values = [1e9 + i / 7 for i in range(7)]
    assert answer(values, X.var())[0] == pytest.approx(14 / 147, rel=1e-6)


def test_a_quantile_is_exact_and_nearest_and_a_median_between(answer):
    assert same(answer([1, 2, 3, 4], X.quantile(0.5)), [3.0])
    assert same(answer([1, 2, 3, 4], X.quantile(0.5, "linear")), [2.5])
    assert same(answer([1, 2, 3, 4, None], X.median()), [2.5])


def test_an_entropy_has_one_meaning_for_one_value_and_none(answer):
    assert same(answer([3.0], X.entropy(normalize=False)), [-3.295836866004329])
    assert same(answer([3.0], X.entropy()), [0.0])
    assert same(answer([], X.entropy(), pl.Float64), [0.0])


def test_bits_of_nothing_are_null_in_groups_too(backend):
    frame = sk.from_dict({"g": ["a"], "x": [None]}).cast({"x": pl.Boolean})
    grouped = frame.group_by("g").agg(X.bitwise_and(), y=X.bitwise_or())
    assert grouped.collect(backend=backend).rows() == [("a", None, None)]


def test_arg_min_and_arg_max_give_the_first_of_equal_values(answer):
    assert same(answer([1, 3, 1, 3], X.arg_min()), [0])
    assert same(answer([1, 3, 1, 3], X.arg_max()), [1])
    assert same(answer([None], X.arg_max(), pl.Int64), [None])


# Order


def unordered() -> sk.Frame:
    return sk.from_dict({"g": ["a", "b"], "x": [1, 2]}).group_by("g").agg(X.sum())


@pytest.mark.parametrize(
    "expr",
    [
        X.shift(), X.diff(), X.pct_change(), X.cum_sum(), X.cum_prod(), X.cum_min(), X.cum_max(),
        X.cum_count(), X.rank("ordinal"), X.rank("random", seed=1), X.first(), X.last(), X.head(1), X.tail(1),
        X.slice(0, 1), X.gather([0]), X.get(0), X.reverse(), X.rolling_sum(2), X.rolling_quantile(0.5),
        X.ewm_mean(alpha=0.5), X.forward_fill(), X.backward_fill(), X.interpolate(), X.rle_id(),
        X.is_first_distinct(), X.is_last_distinct(), X.implode(), X.unique(maintain_order=True),
        X.mode(maintain_order=True), X.unique_counts(), X.arg_max(), X.sample(1, seed=1), X.gather_every(2),
        X.fill_null(strategy="forward"), X.map_batches(lambda s: s, sk.Int64), sk.int_range(sk.len()),
    ],
    ids=str,
)  # fmt: skip
def test_what_depends_on_order_is_refused_on_a_frame_without_one(expr):
    with pytest.raises(PlanError, match="depends on the order of rows"):
        unordered().select(expr)


@pytest.mark.parametrize(
    "expr",
    [
        X.sum(), X.rank(), X.rank("min"), X.unique(), X.mode(), X.value_counts(), X.is_unique(),
        X.implode(maintain_order=False), X.sort().first(), X.sort_by("g").first(), X.top_k(1).last(),
        X.cum_sum().over("g", order_by="x"), X.first().over("g", order_by="x"), X.any_value(),
        X.fill_null(strategy="mean"), X.rolling_mean_by("x", "2i"), X.max_by("g"),
        X.map_batches(lambda s: s, sk.Int64, is_elementwise=True),
        X.map_batches(lambda s: 1, sk.Int64, returns_scalar=True),
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_depend_on_order_is_allowed_on_any_frame(expr):
    assert unordered().select(expr).collect().height > 0


# The user's own functions


def refuse(values: Any) -> Any:
    raise ValueError("not today")


class Unpicklable(Exception):
    def __init__(self, first: int, second: int) -> None:
        super().__init__(first, second)
        self.held = lambda: None


def refuse_unpicklably(values: Any) -> Any:
    raise Unpicklable(1, 2)


def test_a_function_that_raises_is_named_in_a_compute_error(answer):
    expr = X.map_batches(refuse, sk.Int64, is_elementwise=True)
    with pytest.raises(ComputeError, match=r"'refuse' in map_batches\(\) raised ValueError") as e:
        answer([1], expr)
    assert "not today" in str(e.value)
    assert "python_udf" not in str(e.value)
    with pytest.raises(ComputeError, match=r"'refuse' in map_elements\(\) raised ValueError"):
        answer([1], X.map_elements(refuse, sk.Int64))


def test_an_exception_that_cannot_be_pickled_becomes_one_that_can(answer):
    with pytest.raises(ComputeError, match="Unpicklable") as caught:
        answer([1], X.map_batches(refuse_unpicklably, sk.Int64, is_elementwise=True))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_function_of_another_type_than_promised_is_named(answer):
    as_text = X.map_batches(lambda s: s.cast(pl.String), sk.Int64, is_elementwise=True)
    with pytest.raises(ComputeError, match=r"<lambda>.*gave String where return_dtype=Int64"):
        answer([1], as_text)
    with pytest.raises(ComputeError, match="raised TypeError"):
        answer([1], X.map_elements(str, sk.Int64))


def test_a_function_of_another_length_than_promised_is_named(answer):
    halved = X.map_batches(lambda s: s.head(1), sk.Int64, is_elementwise=True)
    with pytest.raises(ShapeError, match=r"<lambda>.*gave 1 rows for \d: a function"):
        answer([1, 2, 3], halved)


def test_a_function_without_a_type_is_refused_while_building():
    with pytest.raises(PlanError, match=r"map_batches.* needs return_dtype="):
        X.map_batches(refuse)
    with pytest.raises(PlanError, match=r"map_elements.* needs return_dtype="):
        X.map_elements(refuse)


def test_no_function_runs_before_the_query_does():
    frame = sk.from_dict({"x": [1]})
    built = frame.with_columns(y=X.map_batches(refuse, sk.Int64)).select(col("y") + 1)
    assert built.schema == {"y": pl.Int64}


# Samples


def test_a_sample_is_the_same_rows_for_each_column_and_every_backend(backend):
    frame = sk.from_dict({"x": list(range(10)), "y": list(range(10))})
    sampled = frame.select(sk.all().sample(3, seed=1)).collect(backend=backend)
    assert sampled.rows() == [(2, 2), (3, 3), (9, 9)]


def test_a_larger_sample_holds_the_smaller_one(answer):
    values = list(range(20))
    samples = [set(answer(values, X.sample(n, seed=5))) for n in range(1, 20)]
    assert all(a < b for a, b in pairwise(samples))


def test_a_sample_without_a_seed_is_drawn_once(answer):
    expr = X.sample(5, shuffle=True)
    assert answer(list(range(50)), expr) == answer(list(range(50)), expr)


@pytest.mark.parametrize("backend", ["polars", "pandas"])
@pytest.mark.parametrize(
    ("expr", "dtype", "expected"),
    [
        (-3 * col("u8"), sk.Int16, [-3, -6]),
        (1000 * col("i8"), sk.Int16, [1000, 2000]),
        (1000 // col("i8"), sk.Int16, [1000, 500]),
        (-3 % col("u8"), sk.Int16, [0, 1]),
        (3 * col("u8"), sk.UInt8, [3, 6]),
        (2**40 * col("i8"), sk.Int64, [2**40, 2**41]),
    ],
    ids=str,
)
def test_a_constant_on_the_left_has_its_type(
    expr: sk.Expr, dtype: pl.DataType, expected: list[int], backend: str
) -> None:
    frame = sk.from_dict({"u8": [1, 2], "i8": [1, 2]}, schema={"u8": sk.UInt8, "i8": sk.Int8})
    answer = frame.select(x=expr)
    assert answer.schema["x"] == dtype
    assert answer.collect(backend=backend)["x"].to_list() == expected
