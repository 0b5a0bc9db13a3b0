"""Where data tools differ by default, the contract's answer, written out (CONTRACT.md; TRUST.md, section 5).

Each test names one hazard and runs on every backend. Unlike the conformance cases, the answers are not
computed: they stand here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import ComputeError, InvalidOperationError, SchemaError
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
    with pytest.raises(ComputeError, match=r"conversion from .* failed"):
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
