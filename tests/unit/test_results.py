"""Results as Arrow, pandas and NumPy: types kept where the other side has them, refused where it has not."""

from __future__ import annotations

import datetime as dt
import pickle
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

import scalekit as sk
from scalekit import run

INTEGERS = (
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
)  # fmt: skip
NAN = float("nan")
MOMENTS = [dt.datetime(2024, 1, 31, 5, 6, 7, 8), None, dt.datetime(1999, 12, 31)]
LENGTHS = [dt.timedelta(days=1, microseconds=5), None, dt.timedelta(microseconds=-1)]
PAIR = pl.Struct({"a": pl.Int64, "b": pl.String})

COLUMNS: dict[str, pl.Series] = {
    **{str(t): pl.Series([1, None, 3], dtype=t) for t in INTEGERS},
    **{str(t): pl.Series([1.5, None, NAN], dtype=t) for t in (pl.Float16, pl.Float32, pl.Float64)},
    **{f"datetime {u}": pl.Series(MOMENTS, dtype=pl.Datetime(u)) for u in ("ms", "us", "ns")},
    **{f"duration {u}": pl.Series(LENGTHS, dtype=pl.Duration(u)) for u in ("ms", "us", "ns")},
    "datetime zone": pl.Series(MOMENTS, dtype=pl.Datetime("us", "Europe/Berlin")),
    "boolean": pl.Series([True, None, False]),
    "text": pl.Series(["a", None, "ß"]),
    "binary": pl.Series([b"a", None, b"\xff"]),
    "date": pl.Series([dt.date(2020, 1, 1), None, dt.date(1, 1, 1)]),
    "time": pl.Series([dt.time(1, 2, 3, 4), None, dt.time(0)]),
    "decimal": pl.Series([Decimal("1.50"), None, Decimal("-2.25")], dtype=pl.Decimal(10, 2)),
    "decimal 38": pl.Series([Decimal(10) ** 30, None, Decimal(1)], dtype=pl.Decimal(38, 2)),
    "categorical": pl.Series(["b", None, "a"], dtype=pl.Categorical),
    "enum": pl.Series(["a", None, "b"], dtype=pl.Enum(["b", "a", "c"])),
    "null": pl.Series([None, None, None]),
    "list": pl.Series([[1, None], None, []], dtype=pl.List(pl.Int64)),
    "list of text": pl.Series([["x"], None, [None]], dtype=pl.List(pl.String)),
    "list of lists": pl.Series([[[1.5], []], None, [None]], dtype=pl.List(pl.List(pl.Float64))),
    "list of structs": pl.Series([[{"a": 1, "b": "x"}], None, []], dtype=pl.List(PAIR)),
    "list of categoricals": pl.Series([["x"], None, [None]], dtype=pl.List(pl.Categorical)),
    "list of enums": pl.Series([["a"], None, []], dtype=pl.List(pl.Enum(["b", "a"]))),
    "array": pl.Series([[1, 2], None, [3, None]], dtype=pl.Array(pl.Int64, 2)),
    "struct": pl.Series([{"a": 1, "b": "x"}, None, {"a": None, "b": None}], dtype=PAIR),
    "map": pl.Series([{"a": 1}, None, {}], dtype=pl.Map(pl.String, pl.Int64)),
}

each_type = pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS.keys())


def frame_of(values: pl.Series) -> sk.Frame:
    return sk.from_polars(pl.DataFrame({"x": values}))


def assert_same(result: sk.Frame, frame: sk.Frame) -> None:
    assert result.schema == frame.schema
    rows, expected = result.collect(backend="polars"), frame.collect(backend="polars")
    if expected.schema["x"] in (pl.Categorical, pl.List(pl.Categorical)):
        assert rows["x"].to_list() == expected["x"].to_list()
    else:
        assert_frame_equal(rows, expected)


# Every type there and back: a few rows, none at all, and several chunks


def shapes(values: pl.Series) -> list[sk.Frame]:
    chunks = pl.concat([values, values], rechunk=False)
    return [frame_of(values), frame_of(values.clear()), frame_of(chunks)]


@each_type
def test_pandas_and_back(values):
    for frame in shapes(values):
        result = frame.to_pandas()
        assert isinstance(result.index, pd.RangeIndex)
        assert result.index.start == 0
        assert isinstance(result["x"].dtype, pd.ArrowDtype)
        assert frame.schema.to_pandas() == {"x": result["x"].dtype}
        assert_same(sk.from_pandas(result), frame)


@each_type
def test_arrow_and_back(values):
    for frame in shapes(values):
        table = frame.to_arrow()
        assert "view" not in str(table.schema)
        assert frame.schema.to_arrow() == table.schema
        assert_same(sk.from_arrow(table), frame)
        assert_same(sk.from_arrow(frame), frame)


def test_null_and_nan_stay_apart():
    frame = sk.from_dict({"x": [1.0, None, NAN]})
    column = frame.to_pandas()["x"].array._pa_array
    assert column.null_count == 1
    assert np.isnan(column[2].as_py())
    assert frame.to_arrow()["x"].null_count == 1


@pytest.mark.parametrize("dtype", [pl.Int128, pl.UInt128])
@pytest.mark.parametrize("nested", [False, True])
def test_a_type_that_arrow_lacks_is_refused_before_anything_runs(monkeypatch, dtype, nested):
    monkeypatch.setattr(run, "collect", lambda *_: pytest.fail("it ran"))
    wide = sk.from_dict({"id": [1]}).with_columns(sk.col("id").cast(dtype))
    frame = wide.with_columns(sk.struct("id").alias("id")) if nested else wide
    way_out = (
        rf"'id' of {dtype}.*cast it first, for example sk.col\('id'\).cast\(sk.Decimal\(38, 0\)\)"
    )
    for hand_over in (
        frame.to_arrow, frame.to_pandas, frame.to_numpy, frame.schema.to_arrow, frame.schema.to_pandas,
        lambda: frame.to_pandas(dtypes="numpy"), lambda: pa.table(frame), lambda: pl.DataFrame(frame),
    ):  # fmt: skip
        with pytest.raises(sk.exceptions.SchemaError, match=way_out):
            hand_over()


def test_the_way_out_of_128_bits_works():
    wide = sk.from_dict({"x": [2**100]}, schema={"x": sk.Int128})
    (value,) = wide.select(sk.col("x").cast(sk.Decimal(38, 0))).to_pandas()["x"]
    assert value == 2**100


# pandas' classic types

CLASSIC = {
    "Int64": ("float64", "int64"),
    "UInt8": ("float64", "uint8"),
    "Float32": ("float32", "float32"),
    "boolean": ("object", "bool"),
    "text": ("str", "str"),
    "date": ("datetime64[ms]", "datetime64[ms]"),
    "datetime us": ("datetime64[us]", "datetime64[us]"),
    "datetime zone": ("datetime64[us, Europe/Berlin]", "datetime64[us, Europe/Berlin]"),
    "duration ms": ("timedelta64[ms]", "timedelta64[ms]"),
    "categorical": ("category", "category"),
    "decimal": ("object", "object"),
    "time": ("object", "object"),
    "list": ("object", "object"),
    "struct": ("object", "object"),
    "null": ("object", "object"),
}


@pytest.mark.parametrize("name", CLASSIC)
def test_classic_types_of_pandas(name):
    frame, without_nulls = frame_of(COLUMNS[name]), frame_of(COLUMNS[name].drop_nulls())
    with_nulls, plain = CLASSIC[name]
    assert str(frame.to_pandas(dtypes="numpy")["x"].dtype) == with_nulls
    assert str(without_nulls.to_pandas(dtypes="numpy")["x"].dtype) == plain
    assert str(frame.schema.to_pandas(dtypes="numpy")["x"]) == plain


def test_null_is_nan_in_classic_types():
    result = sk.from_dict({"x": [1, None], "s": ["a", None]}).to_pandas(dtypes="numpy")
    assert np.isnan(result["x"][1])
    assert result["s"].isna().tolist() == [False, True]
    ordered = frame_of(COLUMNS["enum"]).to_pandas(dtypes="numpy")["x"].dtype
    assert ordered == pd.CategoricalDtype(["b", "a", "c"], ordered=True)


def test_an_identifier_is_never_rounded():
    frame = sk.from_dict({"id": [2**53 + 1, None], "y": [0.5, 1.5]})
    with pytest.raises(
        sk.exceptions.ComputeError, match=r"column 'id' would become float64.*dtypes=.arrow"
    ):
        frame.to_pandas(dtypes="numpy")
    with pytest.raises(sk.exceptions.ComputeError, match=r"'id' would become float64.*to_arrow"):
        frame.drop_nulls().to_numpy()
    assert frame.drop_nulls().to_pandas(dtypes="numpy")["id"].tolist() == [2**53 + 1]
    assert frame.drop_nulls().select("id").to_numpy().tolist() == [[2**53 + 1]]
    assert frame.to_pandas()["id"][0] == 2**53 + 1


def test_unknown_names_of_types_are_refused():
    with pytest.raises(
        sk.exceptions.InvalidOperationError, match="unknown dtypes='classic'; known: arrow, numpy"
    ):
        sk.from_dict({"x": [1]}).to_pandas(dtypes="classic")


def test_pandas_is_asked_for_where_it_is_missing():
    code = (
        "import sys; sys.modules['pandas'] = None; import scalekit as sk\n"
        "try: sk.from_dict({'x': [1]}).to_pandas()\n"
        "except sk.exceptions.ScalekitError as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("MissingDependencyError to_pandas() needs the package 'pandas'")


# NumPy


def test_arrays():
    frame = sk.from_dict({"i": [1, 2], "j": [3, None], "f": [0.5, NAN], "s": ["a", None]})
    assert frame.select("i").to_numpy().dtype == np.int64
    assert frame.select("i", "f").to_numpy()[0].tolist() == [1.0, 0.5]
    assert np.isnan(frame.select("j", "f").to_numpy()[1]).all()
    assert frame.to_numpy().tolist()[0] == [1, 3.0, 0.5, "a"]
    assert frame.select("s").to_numpy().tolist() == [["a"], [None]]
    assert frame.select("i").head(0).to_numpy().shape == (0, 1)


def test_functions_of_arrays_take_a_frame():
    frame = sk.from_dict({"x": [1, 2], "y": [3, 4]})
    assert np.asarray(frame).tolist() == [[1, 3], [2, 4]]
    assert np.asarray(frame, dtype="float32").dtype == np.float32
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray(frame, copy=False)


def test_a_frame_has_no_length_and_is_no_value():
    frame = sk.from_dict({"x": [1, 2]})
    with pytest.raises(TypeError, match="no len"):
        len(frame)  # type: ignore[arg-type]
    with pytest.raises(sk.exceptions.PlanError, match="Frame cannot be part of an expression"):
        sk.col("x") + frame


# No columns, no rows


def test_a_frame_without_columns():
    frame = sk.from_dict({"x": [1]}).drop("x")
    assert frame.to_arrow().num_columns == 0
    assert frame.to_pandas().shape[1] == 0
    assert isinstance(frame.to_pandas().index, pd.RangeIndex)
    assert frame.to_numpy().shape[1] == 0
    assert frame.schema.to_arrow() == pa.schema([])


def test_settings_reach_the_run():
    frame = sk.from_dict({"x": [2**62, 2**62]}).select(sk.col("x").sum())
    for hand_over in (
        frame.to_arrow,
        frame.to_pandas,
        frame.to_numpy,
        frame.to_polars,
        frame.persist,
    ):
        assert hand_over(strict=False) is not None
        with pytest.raises(sk.exceptions.ComputeError):
            hand_over(strict=True)
        with pytest.raises(sk.exceptions.ConfigError):
            hand_over(backend="nonsense")


# Schemas


def test_schemas_are_those_of_polars():
    schema = sk.from_dict({"i": [1], "s": ["a"]}).schema
    assert type(schema) is sk.Schema
    assert isinstance(schema, pl.Schema)
    assert schema == pl.Schema({"i": pl.Int64, "s": pl.String})
    assert pl.Schema({"i": pl.Int64, "s": pl.String}) == schema
    assert (schema.names(), schema.dtypes(), schema.len()) == (
        ["i", "s"],
        [pl.Int64(), pl.String()],
        2,
    )
    assert type(schema.to_polars()) is pl.Schema
    assert schema.to_polars() == schema
    assert pickle.loads(pickle.dumps(schema)) == schema
    assert sk.Schema({"x": int}) == {"x": pl.Int64()}
    assert sk.from_dict({"x": [1]}, schema=sk.Schema({"x": sk.Int8})).schema == {"x": pl.Int8()}


def test_a_schema_in_the_users_hands_changes_no_plan():
    frame = sk.from_dict({"x": [1], "y": [2]})
    frame.schema.pop("x")
    frame.collect_schema()["y"] = pl.String()
    assert frame.schema == {"x": pl.Int64(), "y": pl.Int64()}
    assert frame.select("x").columns == ["x"]


# Persisting


def test_persist_runs_once(monkeypatch):
    ran = []
    frame = sk.from_dict({"x": [3, 1, 2]}).map_batches(
        lambda rows: ran.append(rows.height) or rows, schema={"x": sk.Int64}
    )
    kept = frame.filter(sk.col("x") > 1).persist()
    runs = len(ran)
    assert runs == 1
    assert sorted(kept.collect()["x"]) == [2, 3]
    assert kept.select(sk.col("x").sum()).collect().item() == 5
    assert len(ran) == runs
    assert kept.schema == frame.schema


def test_persist_gives_rows_in_groups_a_fixed_order():
    groups = sk.from_dict({"g": ["b", "a", "b"]}).group_by("g").agg(n=sk.len())
    with pytest.raises(sk.exceptions.PlanError, match="order"):
        groups.with_row_index()
    kept = groups.persist()
    assert kept.with_row_index().collect()["index"].to_list() == [0, 1]
    assert kept.collect().equals(kept.collect())
