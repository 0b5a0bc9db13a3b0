from __future__ import annotations

import datetime as dt
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from scalekit.errors import ComputeError, DuplicateError, InvalidOperationError, SchemaError
from scalekit.sources.pandas_frame import pandas_source


def column(values, **options) -> pl.Series:
    return pandas_source(pd.DataFrame({"x": values}), **options).read().collect()["x"]


def test_the_common_types(check):
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "f": [1.5, np.nan],
            "s": ["x", None],
            "b": [True, False],
            "t": pd.to_datetime(["2024-01-01", None]),
            "d": pd.to_timedelta(["1s", None]),
        }
    )
    source = pandas_source(frame)
    assert source.origin == "pandas"
    result = check(source)
    assert result.rows()[1] == (2, None, None, False, None, None)
    assert result.schema["t"] == pl.Datetime("us")
    assert result.schema["d"] == pl.Duration("us")


@pytest.mark.parametrize(
    ("values", "folded", "kept"),
    [
        ([1.0, np.nan], [1.0, None], [1.0, "nan"]),
        (pd.Series([1.0, np.nan], dtype=object), [1.0, None], [1.0, "nan"]),
        (
            pd.Series(pa.array([1.0, None, float("nan")]), dtype=pd.ArrowDtype(pa.float64())),
            [1.0, None, "nan"],
            [1.0, None, "nan"],
        ),
        (pd.array([1.0, None], dtype="Float64"), [1.0, None], [1.0, None]),
    ],
    ids=["numpy", "object", "arrow", "masked"],
)
def test_nan_and_null_are_told_apart(values, folded, kept):
    def seen(series: pl.Series) -> list[object]:
        return ["nan" if v is not None and np.isnan(v) else v for v in series]

    assert seen(column(values)) == folded
    assert seen(column(values, nan_to_null=False)) == kept


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (["a", 1], "int and str"),
        ([dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 5)], "date and datetime"),
        ([1, True], "bool and int"),
    ],
)
def test_objects_of_several_types_are_refused_by_column(values, kinds):
    with pytest.raises(SchemaError, match=f"'x' mixes {kinds}"):
        column(pd.Series(values, dtype=object))


def test_text_with_nan_that_shall_stay_is_mixed():
    with pytest.raises(SchemaError, match="mixes float and str"):
        column(pd.Series(["a", np.nan], dtype=object), nan_to_null=False)


def test_objects_of_one_type():
    assert column(pd.Series(["a", None, np.nan], dtype=object)).to_list() == ["a", None, None]
    assert column(pd.Series([1, 2.5], dtype=object)).dtype == pl.Float64
    assert column([[1, 2], None]).dtype == pl.List(pl.Int64)
    assert column([{"a": 1}, {"a": 2}]).dtype == pl.Struct({"a": pl.Int64})
    assert column(pd.Series([pd.Timestamp("2024-01-01"), pd.NaT], dtype=object)).null_count() == 1
    with pytest.raises(SchemaError, match="'x' holds object objects"):
        column([object()])


def test_categories():
    assert column(pd.Categorical(["a", None])).dtype == pl.Categorical
    ordered = column(pd.Categorical(["a", "b"], categories=["b", "a"], ordered=True))
    assert ordered.dtype == pl.Enum(["b", "a"])
    assert ordered.to_list() == ["a", "b"]
    assert column(pd.Categorical([1, 2, None])).to_list() == [1, 2, None]


def test_times():
    zoned = column(pd.date_range("2024-01-01", periods=1, tz="Europe/Berlin"))
    assert zoned.dtype == pl.Datetime("us", "Europe/Berlin")
    exact = column(pd.array(["2024-01-01T00:00:00.000001"], dtype="datetime64[ns]"))
    assert exact.to_list() == [dt.datetime(2024, 1, 1, 0, 0, 0, 1)]
    with pytest.raises(ComputeError, match=r"'x' holds ns values .*floor"):
        column(pd.array(["2024-01-01T00:00:00.000000001"], dtype="datetime64[ns]"))
    assert column(pd.array(["2024-01-01"], dtype="datetime64[s]")).dtype == pl.Datetime("us")


@pytest.mark.parametrize(
    "index",
    [
        pd.Index(["a", "b"]),
        pd.Index([3, 4], name="id"),
        pd.MultiIndex.from_tuples([(1, 2), (3, 4)]),
        pd.date_range("2024-01-01", periods=2),
    ],
    ids=["text", "named", "levels", "dates"],
)
def test_an_index_that_holds_data_is_not_lost_silently(index):
    with pytest.raises(InvalidOperationError, match=r"reset_index\(\)"):
        pandas_source(pd.DataFrame({"x": [1, 2]}, index=index))


def test_an_index_that_numbers_rows_is_dropped():
    frame = pd.DataFrame({"x": [1, 2, 3]})
    assert pandas_source(frame[frame.x > 1]).read().collect().rows() == [(2,), (3,)]


def test_names():
    with pytest.raises(DuplicateError, match="'a'"):
        pandas_source(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    levels = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]))
    with pytest.raises(InvalidOperationError, match="several levels"):
        pandas_source(levels)
    assert pandas_source(pd.DataFrame([[1, 2]])).schema.names() == ["0", "1"]


@pytest.mark.parametrize("values", [[1j], pd.period_range("2024", periods=1, freq="M")])
def test_types_without_a_counterpart_are_refused_by_column(values):
    with pytest.raises(SchemaError, match="'x'"):
        column(values)


def test_sparse_columns_are_filled():
    assert column(pd.array([0, 1], dtype="Sparse[int]")).to_list() == [0, 1]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "datetime64[us]", "float64"])
def test_later_changes_of_the_frame_do_not_reach_the_plan(dtype):
    frame = pd.DataFrame({"x": pd.array([1, 2], dtype=dtype)})
    source = pandas_source(frame)
    before = source.read().collect()
    frame.loc[0, "x"] = frame.loc[1, "x"]
    assert source.read().collect().equals(before)
    assert pandas_source(frame) != source


def test_two_scans_of_one_frame_are_one_scan():
    frame = pd.DataFrame({"x": [1.0, np.nan]})
    one, two = pandas_source(frame), pandas_source(frame)
    assert one == two


def test_no_columns_keep_the_number_of_rows():
    assert pandas_source(pd.DataFrame(index=range(3))).read().collect().height == 3


def test_what_is_no_frame_is_refused():
    with pytest.raises(InvalidOperationError, match="to_frame"):
        pandas_source(pd.Series([1]))


def test_pandas_is_not_imported_to_find_out():
    code = (
        "import sys; from scalekit.sources.pandas_frame import is_pandas; "
        "print(is_pandas(1), 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
