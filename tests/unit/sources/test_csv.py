from __future__ import annotations

import datetime as dt
import gzip
import math
from pathlib import Path

import polars as pl
import pytest

from scalekit.errors import (
    ColumnNotFoundError,
    CorruptFileError,
    InvalidOperationError,
    SchemaError,
    SchemaMismatchError,
    SourceError,
)
from scalekit.sources import csv as csv_module
from scalekit.sources.csv import csv_source


@pytest.fixture
def read(put, check):
    """Write texts as files and read them as one checked source."""

    def read(*texts: str | bytes, **options) -> pl.DataFrame:
        paths = [put(f"{n}.csv", text) for n, text in enumerate(texts)]
        return check(csv_source(paths if len(paths) > 1 else paths[0], **options))

    return read


class TestNulls:
    def test_only_an_empty_field_without_quotes_is_null(self, read):
        assert read('a,b\n"",1\n,2\nx,3\n').rows() == [("", 1), (None, 2), ("x", 3)]

    def test_words_are_no_nulls(self, read):
        assert read("a,b\nNA,1\nnull,2\nNone,3\n")["a"].to_list() == ["NA", "null", "None"]

    @pytest.mark.parametrize(
        ("null_values", "expected"),
        [
            ("NA", [(None, "1"), ("2", "-")]),
            (["NA", "-"], [(None, 1), (2, None)]),
            ({"a": "NA"}, [(None, "1"), (2, "-")]),
        ],
    )
    def test_more_of_them(self, read, null_values, expected):
        rows = read("a,b\nNA,1\n2,-\n", null_values=null_values).rows()
        assert [tuple(map(str, row)) for row in rows] == [tuple(map(str, row)) for row in expected]

    def test_a_quoted_empty_number_is_no_null(self, read):
        with pytest.raises(SchemaMismatchError, match="'b' holds 1 values that are no Int64"):
            read('a,b\n1,""\n', schema={"a": pl.Int64, "b": pl.Int64})
        rows = read('a,b\n1,""\n', schema={"a": pl.Int64, "b": pl.Int64}, null_values="").rows()
        assert rows == [(1, None)]


class TestTypes:
    @pytest.mark.parametrize(
        ("values", "dtype"),
        [
            (["1", "-2", "0"], pl.Int64()),
            (["1", "", "3"], pl.Int64()),
            (["007", "008"], pl.String()),
            (["1", "02139"], pl.String()),
            (["-01", "2"], pl.String()),
            (["00.5", "1.5"], pl.String()),
            (["1.5", "2"], pl.Float64()),
            (["1e5", "-1.5E-3", ".5", "3."], pl.Float64()),
            (["NaN", "1.5", "inf", "-inf"], pl.Float64()),
            (["true", "False", "TRUE"], pl.Boolean()),
            (["true", "1"], pl.String()),
            (["9223372036854775807", "-9223372036854775808"], pl.Int64()),
            (["9223372036854775808"], pl.String()),
            (["1", "9" * 40], pl.String()),
            (["9" * 25, "1.5"], pl.Float64()),
            (["+491234", "+495678"], pl.String()),
            ([" 1", "2"], pl.String()),
            (["1_000", "2"], pl.String()),
            (["0x10"], pl.String()),
            (["", ""], pl.String()),
            (["2024-01-01"], pl.String()),
        ],
    )
    def test_come_from_all_values(self, read, values, dtype):
        result = read("x,y\n" + "".join(f"{value},1\n" for value in values))
        assert result.schema["x"] == dtype

    @pytest.mark.parametrize(("late", "dtype"), [("1.5", pl.Float64()), ("x", pl.String())])
    def test_and_never_from_the_first_alone(self, read, late, dtype):
        assert read("a,b\n" + "1,1\n" * 3000 + f"{late},1\n").schema["a"] == dtype

    def test_text_keeps_every_character(self, read):
        assert read("a,b\n007,1\n008,2\n")["a"].to_list() == ["007", "008"]
        assert read(f"a,b\n{'9' * 40},1\n")["a"].to_list() == ["9" * 40]

    def test_dates_on_request_and_iso_only(self, read):
        text = "d,t,z,u\n2024-01-02,2024-01-02T10:00:00,2024-01-02 10:00:00.5+02:00,02/01/2024\n"
        result = read(text, try_parse_dates=True)
        assert result.row(0) == (
            dt.date(2024, 1, 2),
            dt.datetime(2024, 1, 2, 10),
            dt.datetime(2024, 1, 2, 8, 0, 0, 500_000, tzinfo=dt.UTC),
            "02/01/2024",
        )
        assert set(read(text).dtypes) == {pl.String}

    def test_decimal_comma(self, read):
        assert read("a;b\n1,5;2\n", separator=";")["a"].to_list() == ["1,5"]
        assert read("a;b\n1,5;2\n", separator=";", decimal_comma=True)["a"].to_list() == [1.5]

    def test_a_schema_decides(self, read):
        result = read(
            "a,b,c\n007,2,x\n", schema={"a": pl.String, "b": pl.Float32, "c": pl.Categorical}
        )
        assert result.row(0) == ("007", 2.0, "x")
        assert read("a,b\n1,2\n", schema_overrides={"b": pl.String}).row(0) == (1, "2")

    @pytest.mark.parametrize(
        ("value", "dtype"),
        [
            ("x", pl.Int64),
            ("1.5", pl.Int64),
            ("300", pl.Int8),
            ("-1", pl.UInt8),
            ("1,5", pl.Float64),
            ("01/02/2024", pl.Date),
            ("2024-02-30", pl.Date),
            ("2024-01-01T00:00:00Z", pl.Datetime),
            ("2024-01-01T00:00:00", pl.Datetime("us", "Europe/Berlin")),
            ("2024-01-01T00:00:00.1234567", pl.Datetime("us")),
            ("1", pl.Boolean),
            ("z", pl.Enum(["x", "y"])),
        ],
    )
    def test_a_value_that_a_declared_type_cannot_hold_is_refused_at_once(self, read, value, dtype):
        with pytest.raises(SchemaMismatchError) as caught:
            read(f'a;b\n1;"{value}"\n', separator=";", schema_overrides={"b": dtype})
        assert "'b'" in str(caught.value)
        assert repr(value) in str(caught.value)

    @pytest.mark.parametrize(
        ("value", "dtype"),
        [
            ("2024-01-01", pl.Date),
            ("2024-01-01", pl.Datetime),
            ("2024-01-01 10:00", pl.Datetime("ms")),
            ("2024-01-01T00:00:00+01:00", pl.Datetime("us", "UTC")),
            ("1.25", pl.Decimal(10, 2)),
            ("10:00:00", pl.Time),
            ("x", pl.Enum(["x"])),
            ("127", pl.Int8),
        ],
    )
    def test_what_it_can_hold_is_read(self, read, value, dtype):
        assert read(f"a,b\n1,{value}\n", schema_overrides={"b": dtype})["b"].null_count() == 0

    def test_types_that_no_text_has(self, read):
        with pytest.raises(SchemaError, match="List"):
            read("a\n1\n", schema={"a": pl.List(pl.Int64)})
        with pytest.raises(SchemaError, match="not valid"):
            read("a\n1\n", schema={"a": "integer"})

    def test_names_that_do_not_go_together(self, read):
        with pytest.raises(SchemaMismatchError, match="schema lacks 'b'"):
            read("a,b\n1,2\n", schema={"a": pl.Int64})
        with pytest.raises(SchemaMismatchError, match="schema also has 'c'"):
            read("a\n1\n", schema={"a": pl.Int64, "c": pl.Int64})
        with pytest.raises(ColumnNotFoundError, match="'z'"):
            read("a\n1\n", schema_overrides={"z": pl.Int64})


class TestLines:
    def test_blank_lines_are_skipped_and_rows_of_nulls_are_not(self, read):
        result = read("\n\na,b\n\n1,2\n\n,\n3,4\n\n\n", row_index_name="i")
        assert result.rows() == [(0, 1, 2), (1, None, None), (2, 3, 4)]

    def test_blank_lines_in_one_column(self, read):
        assert read('a\nx\n\n""\ny\n')["a"].to_list() == ["x", "", "y"]

    def test_a_blank_line_within_quotes_is_text(self, read):
        assert read('a,b\n1,"x\n\n,y"\n\n3,4\n').rows() == [(1, "x\n\n,y"), (3, "4")]

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("last", [True, False])
    def test_line_ends(self, read, end, last):
        text = end.join(["a,b", "1,x", "", "2,y"]) + (end if last else "")
        assert read(text).rows() == [(1, "x"), (2, "y")]

    @pytest.mark.parametrize(
        "text", ["a,b\r1,2\r3,4\r", '"a",b\r1,2\r', "a\r1\r2\r", "a,b\n1,2\r3,4\n"]
    )
    def test_lone_carriage_returns_are_refused(self, read, text):
        with pytest.raises(CorruptFileError, match=r"0.csv"):
            read(text)

    def test_a_carriage_return_within_quotes_is_text(self, read):
        assert read('a,b\n1,"x\ry"\n').rows() == [(1, "x\ry")]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("a,b,c\n1,2,3\n1,2\n", "record 3 .* 2 fields instead of 3.*ragged='null'"),
            ("a,b\n1,2\n1,2,3\n", "record 3 .* 3 fields instead of 2.*truncate_ragged_lines"),
            ('a,b\n"x\ny",2\n\n1\n', "record 4 .* 1 fields"),
            ('a,b\n1,2\n"x\ny",2,3\n', "record 3 .* 3 fields"),
            ("a,b\n1,2\n   \n", "record 3"),
        ],
    )
    def test_ragged_rows_are_refused_with_their_number(self, read, text, says):
        with pytest.raises(CorruptFileError, match=says):
            read(text)

    def test_ragged_rows_on_request(self, read):
        text = "a,b\n1,2\n1,2,3\n4\n"
        both = read(text, truncate_ragged_lines=True, ragged="null")
        assert both.rows() == [(1, 2), (1, 2), (4, None)]
        with pytest.raises(CorruptFileError, match="record 4"):
            read(text, truncate_ragged_lines=True)
        with pytest.raises(CorruptFileError, match="record 3"):
            read(text, ragged="null")

    def test_quotes(self, read):
        assert read('a,b\n"x,""y""",2\n')["a"].to_list() == ['x,"y"']
        with pytest.raises(CorruptFileError, match="never closed"):
            read('a,b\n1,"x\n2,y\n')
        with pytest.raises(CorruptFileError, match="quote_char=None"):
            read('a,b\n1,"x"z\n')
        with pytest.raises(CorruptFileError):
            read('a,b\n5" pipe,3\n6" pipe,7\n')
        assert read('a,b\n5" pipe,3\n', quote_char=None)["a"].to_list() == ['5" pipe']

    def test_names_in_quotes(self, read):
        assert read('"a,x","b ""q""","c\nd"\n1,2,3\n').columns == ["a,x", 'b "q"', "c\nd"]

    def test_comments_and_lines_above_the_header(self, read):
        text = "# it's \"odd\na,b\n1,2\n# x\n\n3,4\n"
        assert read(text, comment_prefix="#").rows() == [(1, 2), (3, 4)]
        assert read('junk "\nmore,of,it\na,b\n1,2\n', skip_rows=2).rows() == [(1, 2)]

    def test_without_a_header(self, read):
        assert read("1,x\n2,y\n", has_header=False).columns == ["column_0", "column_1"]
        named = read("\n1,x\n2,y\n", has_header=False, schema={"n": pl.Int8, "s": pl.String})
        assert named.rows() == [(1, "x"), (2, "y")]
        with pytest.raises(SchemaMismatchError, match="1 columns, the file 2"):
            read("1,x\n", has_header=False, schema={"n": pl.Int8})

    def test_a_header_alone(self, read):
        assert read("a,b").schema == {"a": pl.String(), "b": pl.String()}

    def test_an_index_without_a_name(self, read):
        assert read(",a\n0,1\n").rows() == [(0, 1)]

    def test_compressed_by_content(self, read, put):
        assert read(gzip.compress(b"a,b\n1,2\n")).rows() == [(1, 2)]
        with pytest.raises(CorruptFileError, match=r"0.csv"):
            read(gzip.compress(b"a,b\n1,2\n" * 1000)[:-20])

    def test_encodings(self, read):
        assert read("\ufeffa,b\n1,2\n").columns == ["a", "b"]
        with pytest.raises(CorruptFileError, match="UTF-16"):
            read("a,b\n1,2\n".encode("utf-16"))
        with pytest.raises(CorruptFileError, match="UTF-8"):
            read("a,b\n1,é\n".encode("latin-1"))
        assert read(b"a,b\n1,\xe9\n", encoding="utf8-lossy")["b"].to_list() == ["�"]

    def test_a_likely_wrong_separator_is_said(self, put):
        path = put("x.csv", "a;b\n1;2\n")
        for _ in range(2):
            with pytest.warns(UserWarning, match="did you mean separator=';'"):
                assert csv_source(path).schema.names() == ["a;b"]


class TestSeveralFiles:
    def test_columns_in_any_order_and_widened(self, read):
        result = read("a,b\n1,2\n", "b,a\n1.5,\n\n", "a,b\n,\n", row_index_name="i")
        assert result.rows() == [(0, 1, 2.0), (1, None, 1.5), (2, None, None)]

    def test_types_that_differ_name_the_files(self, read):
        with pytest.raises(
            SchemaMismatchError, match=r"'a' holds int .*0\.csv.*text .*1\.csv|text .*int"
        ):
            read("a\n1\n", "a\nx\n")
        assert read("a\n1\n", "a\nx\n", schema_overrides={"a": pl.String}).height == 2

    def test_codes_with_and_without_leading_zeros_are_text_everywhere(self, read):
        assert read("zip\n02139\n", "zip\n94103\n")["zip"].to_list() == ["02139", "94103"]

    def test_missing_and_extra_columns(self, read):
        with pytest.raises(SchemaMismatchError, match=r"1\.csv' lacks the column 'b'"):
            read("a,b\n1,2\n", "a\n3\n")
        inserted = read("a,b\n1,2\n", "a,c\n3,4\n", missing_columns="insert")
        assert inserted.rows() == [(1, 2, None), (3, None, 4)]
        assert read("a\n1\n", "a,c\n2,3\n", extra_columns="ignore").rows() == [(1,), (2,)]

    def test_limit_and_paths(self, read):
        result = read("a\n1\n2\n", "a\n3\n4\n", n_rows=3, include_file_paths="p")
        assert result["a"].to_list() == [1, 2, 3]
        assert [Path(p).name for p in result["p"]] == ["0.csv", "0.csv", "1.csv"]


def test_a_file_is_looked_at_once(put, monkeypatch):
    path = put("x.csv", "a\n1\n")
    first = csv_source(path)
    monkeypatch.setattr(csv_module, "check_lines", lambda *_, **__: pytest.fail("read again"))
    assert csv_source(path) == first


def test_a_replaced_file_is_looked_at_again(put):
    source = csv_source(put("x.csv", "a\n1\n"))
    put("x.csv", "a\n2\n\n3\n")
    assert source.read().collect()["a"].to_list() == [2, 3]
    put("x.csv", "a\nx\n")
    with pytest.raises(SchemaMismatchError, match="other columns now"):
        source.read()


def test_statistics(put):
    statistics = csv_source(put("x.csv", "a,s\n" + f"1,{'x' * 100}\n" * 1000)).statistics()
    assert statistics.rows == 1000
    assert dict(statistics.column_bytes)["a"] == 8125
    assert 100_000 < dict(statistics.column_bytes)["s"] < 120_000


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"separator": "§"}, "one byte"),
        ({"separator": ""}, "one byte"),
        ({"separator": '"'}, "cannot separate"),
        ({"separator": "\n"}, "cannot separate"),
        ({"quote_char": "''"}, "one byte"),
        ({"encoding": "latin-1"}, "known: utf8"),
        ({"ragged": "skip"}, "known: raise"),
        ({"decimal_comma": True}, "';'"),
        ({"skip_rows": -1}, "0 or more"),
    ],
)
def test_options_without_meaning(put, options, says):
    with pytest.raises(InvalidOperationError, match=says):
        csv_source(put("x.csv", "a\n1\n"), **options)


def test_a_round_trip_of_extremes(tmp_path, check):
    frame = pl.DataFrame(
        {
            "f": [1e308, -0.0, 5e-324, math.inf],
            "i": [2**63 - 1, -(2**63), 0, None],
            "s": ["", 'a"b', "x,y\nz", None],
        }
    )
    frame.write_csv(tmp_path / "x.csv")
    assert check(csv_source(tmp_path / "x.csv")).equals(frame)


def test_a_zip_archive_is_named(put):
    with pytest.raises(CorruptFileError, match="zip archive"):
        csv_source(put("x.csv", b"PK\x03\x04rest"))


def test_folders(put, tmp_path, check):
    put("t/a.csv", "a\n1\n")
    put("t/b.csv.gz", gzip.compress(b"a\n2\n"))
    assert check(csv_source(tmp_path / "t"))["a"].to_list() == [1, 2]
    put("t/readme.md", "x")
    with pytest.raises(SourceError, match="readme"):
        csv_source(tmp_path / "t")
