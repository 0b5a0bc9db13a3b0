from __future__ import annotations

import datetime as dt
import gzip

import polars as pl
import pytest

from scalekit.errors import (
    ColumnNotFoundError,
    CorruptFileError,
    EmptyInputError,
    SchemaMismatchError,
)
from scalekit.sources import json_lines
from scalekit.sources.ndjson import ndjson_source


@pytest.fixture
def read(put, check):
    def read(*texts: str | bytes, **options) -> pl.DataFrame:
        paths = [put(f"{n}.ndjson", text) for n, text in enumerate(texts)]
        return check(ndjson_source(paths if len(paths) > 1 else paths[0], **options))

    return read


@pytest.mark.parametrize(
    ("text", "rows", "dtype"),
    [
        ('{"a":1}\n{"a":null}\n', [1, None], pl.Int64()),
        ('{"a":1}\n{"a":1.5}\n', [1.0, 1.5], pl.Float64()),
        ('{"a":1.5}\n{"a":1}', [1.5, 1.0], pl.Float64()),
        ('{"b":1}\n{"a":"x"}\n', [None, "x"], pl.String()),
        ('\n{"a":1}\n  \n\n{"a":2}\n\n', [1, 2], pl.Int64()),
        ('{"a":1}\r\n{"a":2}\r\n', [1, 2], pl.Int64()),
        ('{"a":"2024-01-01"}\n{"a":"x"}\n', ["2024-01-01", "x"], pl.String()),
        ('{"a":"x\\u0000y"}\n', ["x\0y"], pl.String()),
        ('{"a":' + "9" * 30 + "}\n", [int("9" * 30)], pl.Int128()),
        ('{"a":[1,null]}\n{"a":[]}\n', [[1, None], []], pl.List(pl.Int64())),
        (
            '{"a":{"x":1}}\n{"a":{"y":"q"}}\n',
            [{"x": 1, "y": None}, {"x": None, "y": "q"}],
            pl.Struct({"x": pl.Int64(), "y": pl.String()}),
        ),
        ('{"a":null}\n', [None], pl.Null()),
        ('{"a":"' + "[" * 2000 + '"}\n', ["[" * 2000], pl.String()),
    ],
)
def test_values(read, text, rows, dtype):
    result = read(text)
    assert result.schema["a"] == dtype
    assert result["a"].to_list() == rows


@pytest.mark.parametrize(
    ("first", "second", "kinds"),
    [
        ("1", '"x"', "number to string"),
        ('"x"', "1", "string to number"),
        ("1", "true", "number to boolean"),
        ("1", "[1]", "number to array"),
        ("1", '{"b":1}', "number to object"),
        ('{"b":1}', "5", "object to number"),
        ('{"b":1}', '{"b":"x"}', "number to string"),
        ("[1]", '["x"]', "number to string"),
    ],
)
def test_a_value_that_changes_its_kind_names_key_and_line(read, first, second, kinds):
    with pytest.raises(SchemaMismatchError, match=f"changes from {kinds} in line 3"):
        read(f'{{"a":{first}}}\n\n{{"a":{second}}}\n')


def test_also_between_chunks(read, monkeypatch):
    monkeypatch.setattr(json_lines, "_CHUNK_LINES", 10)
    with pytest.raises(SchemaMismatchError, match="'a' changes from number to string in line"):
        read('{"a":1}\n' * 25 + '{"a":"x"}\n')
    assert read('{"a":null}\n' * 25 + '{"a":"x"}\n').schema["a"] == pl.String()
    assert read('{"a":1}\n' * 25 + '{"b":"x"}\n').schema["b"] == pl.String()


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ('{"a":1,"a":2}', "gives the key 'a' twice"),
        ('{"a":1,"\\u0061":2}', "gives the key 'a' twice"),
        ('{"x":{"a":1,"a":2}}', "gives the key 'x.a' twice"),
        ('{"a":2', "line 3 is no JSON"),
        ('{"a":2,"b":"xy', "line 3 is no JSON"),
        ('{"a":NaN}', "line 3 holds NaN"),
        ('{"a":Infinity}', "line 3 holds Infinity"),
        ('{"a":1,}', "line 3 is no JSON"),
        ("{'a':1}", "line 3 is no JSON"),
        ("// comment", "line 3 is no JSON"),
        ('{"a":1} x', "line 3 is no JSON"),
        ('{"a":1}{"a":2}', "line 3 cannot be read"),
        ("[1,2]", "line 3 holds a JSON array"),
        ("5", "line 3 holds a JSON number"),
        ('{"a":1e400}', "line 3 is no JSON"),
        ('{"a":' + "9" * 45 + "}", "line 3 cannot be read .*128 bits"),
        ('{"a":' + "[" * 2000 + "]" * 2000 + "}", "line 3 is nested deeper than 128"),
        ('{"a":' * 2000 + "1" + "}" * 2000, "line 3 is nested deeper than 128"),
    ],
)
def test_a_line_that_is_no_object_is_named(read, bad, says):
    with pytest.raises(CorruptFileError, match=says):
        read(f'{{"a":1}}\n{{"a":1}}\n{bad}\n{{"a":1}}\n')


def test_a_late_bad_line_is_found_among_many(read, monkeypatch):
    monkeypatch.setattr(json_lines, "_CHUNK_LINES", 300)
    with pytest.raises(CorruptFileError, match="line 1001 holds NaN"):
        read('{"a":1}\n' * 1000 + '{"a":NaN}\n' + '{"a":1}\n' * 500)


@pytest.mark.parametrize("text", ["", "\n\n", "   \n"])
def test_nothing_in_it(read, text):
    with pytest.raises(EmptyInputError, match=r"0\.ndjson"):
        read(text)


def test_several_files(read):
    result = read(
        '{"a":1,"s":{"x":1}}\n\n', '{"b":true,"a":1.5,"s":{"y":"q"}}\n', row_index_name="i"
    )
    assert result.rows() == [
        (0, 1.0, {"x": 1, "y": None}, None),
        (1, 1.5, {"x": None, "y": "q"}, True),
    ]
    with pytest.raises(
        SchemaMismatchError, match=r"'a' is Int64 in .*0\.ndjson.*String in .*1\.ndjson"
    ):
        read('{"a":1}\n', '{"a":"x"}\n')


def test_a_schema_selects_and_converts(read):
    text = '{"n":1,"d":"2024-01-02","t":"2024-01-02T10:00:00","z":"2024-01-02T10:00:00+02:00"}\n'
    result = read(
        text,
        schema={
            "z": pl.Datetime("us", "UTC"),
            "d": pl.Date,
            "t": pl.Datetime,
            "n": pl.Int8,
            "none": pl.String,
        },
    )
    assert result.row(0) == (
        dt.datetime(2024, 1, 2, 8, tzinfo=dt.UTC),
        dt.date(2024, 1, 2),
        dt.datetime(2024, 1, 2, 10),
        1,
        None,
    )


def test_overrides(read):
    assert read('{"a":1,"b":2}\n', schema_overrides={"b": pl.String}).row(0) == (1, "2")
    with pytest.raises(ColumnNotFoundError, match="'z'"):
        read('{"a":1}\n', schema_overrides={"z": pl.String})


def test_a_value_that_a_declared_type_cannot_hold_raises(put):
    source = ndjson_source(put("x.ndjson", '{"a":300}\n'), schema={"a": pl.Int8})
    with pytest.raises(pl.exceptions.InvalidOperationError):
        source.read().collect()


def test_compressed(read):
    assert read(gzip.compress(b'{"a":1}\n'))["a"].to_list() == [1]
    with pytest.raises(CorruptFileError):
        read(gzip.compress(b'{"a":1}\n' * 1000)[:-20])


def test_text_that_is_not_utf8(read):
    with pytest.raises(CorruptFileError, match="UTF-8"):
        read(b'{"a":"\xff"}\n')


def test_a_name_with_wildcards(put, check):
    assert check(ndjson_source(put("w[1].ndjson", '{"a":1}\n')))["a"].to_list() == [1]


def test_limit_paths_and_numbers(read):
    result = read(
        '{"a":1}\n{"a":2}\n', '{"a":3}\n', n_rows=2, include_file_paths="p", row_index_name="i"
    )
    assert result["a"].to_list() == [1, 2]
    assert result.columns == ["i", "a", "p"]


@pytest.mark.parametrize("index", [None, "i"])
def test_rows_are_skipped_over_blank_lines(put, index):
    path = put("a.ndjson", '\n{"a":1}\n  \n\n{"a":2}\n\n{"a":3}\n')
    rows = ndjson_source(path, row_index_name=index).read().select("a")
    assert rows.slice(1, 5).collect()["a"].to_list() == [2, 3]
    assert rows.slice(2, 1).collect(engine="in-memory")["a"].to_list() == [3]
    assert rows.head(2).collect()["a"].to_list() == [1, 2]
    assert rows.tail(1).collect()["a"].to_list() == [3]
