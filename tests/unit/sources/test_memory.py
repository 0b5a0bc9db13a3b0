from __future__ import annotations

import datetime as dt
import decimal
import pickle

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from scalekit.errors import (
    DuplicateError,
    InvalidOperationError,
    SchemaError,
    SecurityError,
    ShapeError,
)
from scalekit.sources.arrow_data import arrow_source, check_extension_types
from scalekit.sources.memory import MemorySource, RowRange, memory_source
from scalekit.sources.python_values import (
    dict_source,
    dicts_source,
    numpy_source,
    polars_source,
    value_kinds,
)


def test_two_scans_of_one_frame_are_one_scan(check):
    frame = pl.DataFrame({"a": [1, 2, 3]})
    one, two = polars_source(frame), polars_source(frame)
    assert one == two
    assert hash(one) == hash(two)
    assert one != polars_source(frame.clone())
    assert check(one).equals(frame)


def test_a_frame_changed_in_place_is_another_scan_and_leaves_the_first_alone():
    frame = pl.DataFrame({"a": [1, 2, 3]})
    before = polars_source(frame)
    frame[0, "a"] = 100
    assert polars_source(frame) != before
    assert before.read().collect()["a"].to_list() == [1, 2, 3]


def test_statistics_are_exact_and_by_column():
    statistics = memory_source(pl.DataFrame({"a": [1, 2], "b": [1.0, 2.0]})).statistics()
    assert (statistics.rows, statistics.bytes, statistics.exact) == (2, 32, True)
    assert statistics.column_bytes == (("a", 16), ("b", 16))


def test_large_frames_are_split_by_bytes(monkeypatch, check):
    monkeypatch.setattr("scalekit.sources.memory._SPLIT_BYTES", 80)
    source = memory_source(pl.DataFrame({"a": range(25)}))
    assert source.splits() == (RowRange(0, 8), RowRange(8, 8), RowRange(16, 9))
    check(source)


def test_an_empty_frame_has_one_split(check):
    source = memory_source(pl.DataFrame(schema={"a": pl.Int8}))
    assert source.splits() == (RowRange(0, 0),)
    check(source)


def test_a_lazy_frame_stays_lazy(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    source = polars_source(pl.scan_parquet(path))
    assert source.schema == {"a": pl.Int64()}
    pl.DataFrame({"a": [2]}).write_parquet(path)
    assert source.read().collect()["a"].to_list() == [2]
    assert source.statistics().rows is None
    assert pickle.loads(pickle.dumps(source)) == source


@pytest.mark.parametrize("value", [[1, 2], {"a": [1]}, None])
def test_from_polars_takes_nothing_else(value):
    with pytest.raises(InvalidOperationError, match="DataFrame or LazyFrame"):
        polars_source(value)


class TestPythonValues:
    def test_columns(self, check):
        source = dict_source({"a": [1, None], "b": ["x", "y"], "c": [dt.date(2024, 1, 1), None]})
        assert source.origin == "python"
        assert check(source).rows() == [(1, "x", dt.date(2024, 1, 1)), (None, "y", None)]

    def test_whole_and_fractional_numbers_become_floats(self):
        assert dict_source({"a": [1, 2.5]}).read().collect()["a"].to_list() == [1.0, 2.5]

    @pytest.mark.parametrize(
        ("values", "kinds"),
        [
            ([1, "x"], "int and str"),
            ([True, 1], "bool and int"),
            ([dt.date(2024, 1, 1), dt.datetime(2024, 1, 1)], "date and datetime"),
            ([decimal.Decimal(1), 2], "decimal and int"),
        ],
    )
    def test_mixed_values_are_refused_by_column(self, values, kinds):
        with pytest.raises(SchemaError, match=f"'bad' mixes {kinds}"):
            dict_source({"ok": [1, 2], "bad": values})

    def test_objects_are_refused_by_column(self):
        with pytest.raises(SchemaError, match="'bad' holds object objects"):
            dict_source({"bad": [object()]})

    def test_a_schema_decides(self):
        source = dict_source({"a": [1, 2]}, {"a": pl.Int8})
        assert source.schema == {"a": pl.Int8()}
        with pytest.raises(SchemaError, match="schema="):
            dict_source({"a": ["x"]}, {"a": pl.Int8})

    def test_lengths_must_agree(self):
        with pytest.raises(ShapeError, match="same length"):
            dict_source({"a": [1, 2], "b": [1]})

    def test_integers_beyond_64_bits_say_the_way_out(self):
        with pytest.raises(SchemaError, match="pass schema="):
            dict_source({"a": [1, 2**70]})
        big = dict_source({"a": [1, 2**70]}, {"a": pl.Int128})
        assert big.read().collect()["a"].to_list() == [1, 2**70]

    def test_rows(self, check):
        rows = [{"a": 1}] * 200 + [{"a": 2.5, "b": "late"}]
        result = check(dicts_source(rows))
        assert result.schema == {"a": pl.Float64(), "b": pl.String()}
        assert result.row(0) == (1.0, None)
        assert result.row(200) == (2.5, "late")

    def test_rows_of_mixed_values_are_refused(self):
        with pytest.raises(SchemaError, match="'a' mixes int and str"):
            dicts_source([{"a": 1}, {"a": "x"}])
        with pytest.raises(InvalidOperationError, match="needs dictionaries"):
            dicts_source([[1]])

    def test_no_rows(self):
        assert dicts_source([]).read().collect().shape == (0, 0)
        assert dicts_source([], {"a": pl.Int64}).schema == {"a": pl.Int64()}

    def test_kinds(self):
        assert value_kinds([np.int64(1), True, None]) == {"int", "bool"}
        assert value_kinds([np.float32(1), [1], {"a": 1}]) == {"float", "list", "dict"}


class TestNumpy:
    def test_array(self, check):
        source = numpy_source(np.array([[1, 2], [3, 4]]), schema=["a", "b"])
        assert source.origin == "numpy"
        assert check(source).rows() == [(1, 2), (3, 4)]

    def test_orientation(self):
        data = np.array([[1, 2, 3], [4, 5, 6]])
        assert numpy_source(data, orient="row").frame.shape == (2, 3)
        assert numpy_source(data, orient="col").frame.shape == (3, 2)

    def test_nan_stays_and_a_masked_value_is_null(self):
        assert np.isnan(numpy_source(np.array([1.0, np.nan])).frame.to_series()[1])
        masked = np.ma.array([[1.0], [2.0]], mask=[[False], [True]])
        assert numpy_source(masked).frame.to_series().to_list() == [1.0, None]

    def test_structured_array(self):
        data = np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])
        assert numpy_source(data).schema == {"a": pl.Int32(), "b": pl.Float64()}

    def test_later_changes_of_the_array_do_not_reach_the_plan(self):
        data = np.array([1, 2, 3])
        source = numpy_source(data)
        data[0] = 100
        assert source.read().collect().to_series().to_list() == [1, 2, 3]

    @pytest.mark.parametrize(
        ("data", "error"),
        [
            (np.array([["a", 1]], dtype=object), SchemaError),
            (np.array([1j]), SchemaError),
            (np.zeros((2, 2, 2)), ShapeError),
            ([1, 2], InvalidOperationError),
        ],
    )
    def test_what_has_no_columns_is_refused(self, data, error):
        with pytest.raises(error, match="from_numpy"):
            numpy_source(data)


class Capsule:
    """Only the interface, as another library would have it."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        return self.batch.__arrow_c_array__(requested_schema)


class TestArrow:
    table = pa.table({"a": [1, None], "s": ["x", "y"]})

    @pytest.mark.parametrize(
        "data",
        [
            table,
            table.to_batches()[0],
            table.to_reader(),
            Capsule(table.to_batches()[0]),
            pl.DataFrame(table),
        ],
        ids=["table", "batch", "reader", "capsule", "polars"],
    )
    def test_tables_and_streams(self, data, check):
        source = arrow_source(data)
        assert source.origin == "arrow"
        assert check(source).rows() == [(1, "x"), (None, "y")]

    def test_dictionaries_of_text_become_categories(self):
        table = pa.table({"a": pa.array(["x", "y"]).dictionary_encode()})
        assert arrow_source(table).schema == {"a": pl.Categorical()}

    @pytest.mark.parametrize(
        "form", [lambda table: table, lambda table: table.to_batches()[0]], ids=["table", "batch"]
    )
    def test_a_slice_of_fixed_size_lists_with_nulls(self, form):
        """Polars 2.1 alone refuses it."""
        lists = pa.array([[1, 2], None, [3, 4], [5, 6]], pa.list_(pa.int64(), 2))
        data = form(pa.table({"x": lists}).slice(1, 2))
        assert arrow_source(data).read().collect()["x"].to_list() == [None, [3, 4]]

    def test_refusals(self):
        with pytest.raises(InvalidOperationError, match="__arrow_c_stream__"):
            arrow_source([1])
        with pytest.raises(SchemaError, match="as a table"):
            arrow_source(pa.array([1]))
        with pytest.raises(DuplicateError, match="rename"):
            arrow_source(pa.table([[1], [2]], names=["a", "a"]))

    @pytest.mark.parametrize(
        "name", ["ray.data.arrow_pickled_object", "arrow.py_extension_type", "x.my_pickled_thing"]
    )
    def test_an_extension_type_that_unpickles_is_refused(self, name):
        field = pa.field("a", pa.binary(), metadata={"ARROW:extension:name": name})
        table = pa.table([pa.array([b""])], schema=pa.schema([field]))
        with pytest.raises(SecurityError, match=name):
            arrow_source(table)

    def test_a_column_name_alone_is_no_extension_type(self):
        check_extension_types(b"pickled_cucumbers", what="a file")
        check_extension_types(
            b"ARROW:extension:name geoarrow.point pickled cucumbers", what="a file"
        )


def test_sources_in_memory_have_no_inputs():
    assert MemorySource(pl.DataFrame({"a": [1]})).inputs() == ()
