from __future__ import annotations

import datetime as dt
import logging
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import (
    ColumnNotFoundError,
    ComputeError,
    InvalidOperationError,
    MissingDependencyError,
    SchemaError,
    SchemaMismatchError,
    SecurityError,
    SourceError,
)
from scalekit.sources import memory
from scalekit.sources.native_dask import dask_source
from scalekit.sources.native_ray import ray_source
from scalekit.sources.on_request import PICKLED_OBJECT, disarm
from tests.unit.sources.conftest import read_checked

ROWS = pl.DataFrame(
    {
        "i": [1, None, 2**60 + 1, -4],
        "u8": pl.Series([1, 2, None, 255], dtype=pl.UInt8),
        "f": [1.0, None, float("nan"), -0.0],
        "f32": pl.Series([1.5, None, float("nan"), 0.0], dtype=pl.Float32),
        "s": ["a", None, "ü", ""],
        "c": pl.Series(["x", None, "y", "x"], dtype=pl.Categorical),
        "e": pl.Series(["lo", None, "hi", "lo"], dtype=pl.Enum(["lo", "hi", "unused"])),
        "b": [True, None, False, True],
        "d": [dt.date(2024, 2, 29), None, dt.date(1, 1, 1), dt.date(9999, 12, 31)],
        "t": pl.Series([dt.datetime(2024, 3, 31, 1), None] * 2, dtype=pl.Datetime("us", "Europe/Berlin")),
        "ns": pl.Series([1, None, 3, 4], dtype=pl.Int64).cast(pl.Datetime("ns")),
        "du": [dt.timedelta(microseconds=1), None, None, dt.timedelta(-1)],
        "tm": [dt.time(1, 2, 3), None, None, dt.time(0)],
        "dec": pl.Series([Decimal("1.50"), None, Decimal("-0.01"), None], dtype=pl.Decimal(10, 2)),
        "bin": [b"\x00", None, b"", b"x"],
        "l": [[1, None], None, [], [2]],
        "a": pl.Series([[1, 2], None, [3, 4], [5, 6]], dtype=pl.Array(pl.Int64, 2)),
        "st": [{"k": 1}, None, {"k": None}, {"k": 2}],
        "n": pl.Series([None] * 4, dtype=pl.Null),
    }
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of one row, in place of 128 MB."""
    monkeypatch.setattr(memory, "_SPLIT_BYTES", 1)


def partitions(*parts: pd.DataFrame, meta: pd.DataFrame | None = None, log: Any = None) -> Any:
    """A collection of these partitions; ``log`` gets the number of each that is computed."""

    def load(number: int) -> pd.DataFrame:
        if log is not None:
            log.append(number)
        return parts[number]

    return dd.from_map(load, range(len(parts)), meta=parts[0].head(0) if meta is None else meta)


def numbers(*values: list[Any], **options: Any) -> Any:
    return partitions(*[pd.DataFrame({"x": v}) for v in values], **options)


class TestFromDask:
    def test_every_type_comes_back(self, small_parts):
        frame = sk.from_polars(ROWS)
        data = frame.to_dask()
        assert data.npartitions == 4
        again = sk.from_dask(data)
        assert again.schema == ROWS.schema
        assert again.collect().equals(ROWS)
        assert again.collect(backend="pandas").equals(ROWS)

    def test_a_source_keeps_its_promises(self):
        data = dd.from_pandas(pd.DataFrame({"x": [1, 2, 3], "s": ["a", None, "b"]}), npartitions=2)
        assert read_checked(dask_source(data)).rows() == [(1, "a"), (2, None), (3, "b")]
        assert dask_source(data) == dask_source(data)
        assert dask_source(data) != dask_source(data, nan_to_null=False)
        assert "Dask DataFrame (2 partitions, 2 columns)" in sk.from_dask(data).explain()

    def test_nothing_is_computed_before_a_query_runs(self):
        computed: list[int] = []
        data = numbers([1], [2], [3], log=computed)
        frame = sk.from_dask(data).filter(col("x") > 1)
        assert frame.schema == {"x": pl.Int64}
        assert "size unknown" in repr(frame)
        assert "no preview" in frame._repr_html_()
        frame.explain()
        assert computed == []
        assert frame.collect()["x"].to_list() == [2, 3]
        assert sorted(computed) == [0, 1, 2]

    def test_a_limit_computes_no_more_than_it_needs(self):
        computed: list[int] = []
        frame = sk.from_dask(numbers([1, 2], [3, 4], [5], log=computed))
        assert frame.head(3).collect()["x"].to_list() == [1, 2, 3]
        assert computed == [0, 1]

    def test_a_limit_counts_before_a_filter(self):
        frame = sk.from_dask(numbers([1, 2], [3, 4], [5]))
        assert frame.head(3).filter(col("x") > 1).collect()["x"].to_list() == [2, 3]
        assert frame.filter(col("x") > 1).head(2).collect()["x"].to_list() == [2, 3]

    def test_only_the_columns_of_a_query_are_read(self, tmp_path):
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_parquet(tmp_path / "0.parquet")
        seen: list[list[str] | None] = []

        def load(_: int, columns: list[str] | None = None) -> pd.DataFrame:
            seen.append(columns)
            return pd.read_parquet(tmp_path / "0.parquet", columns=columns)

        meta = pd.DataFrame({"a": pd.Series(dtype="int64"), "b": pd.Series(dtype="str")})
        frame = sk.from_dask(dd.from_map(load, [0], meta=meta))
        assert frame.select(col("a").sum()).collect().item() == 3
        assert frame.select(sk.len()).collect().item() == 2
        assert seen == [["a"], ["a"]]

    def test_partitions_that_share_work_do_it_once(self):
        computed: list[int] = []
        data = numbers([3, 1], [2, 4], [5], log=computed).shuffle("x", npartitions=3)
        assert sorted(sk.from_dask(data).collect()["x"]) == [1, 2, 3, 4, 5]
        assert sorted(computed) == [0, 1, 2]

    def test_many_threads(self):
        with dask.config.set(scheduler="threads", num_workers=4):
            data = numbers(*[[n, n] for n in range(20)])
            frame = sk.from_dask(data).group_by("x").agg(n=sk.len()).sort("x")
            assert frame.collect().rows() == [(n, 2) for n in range(20)]

    @pytest.mark.parametrize(
        ("values", "folded", "kept"),
        [
            (pd.Series([1.0, np.nan]), [1.0, None], [1.0, "nan"]),
            (pd.Series([1.0, None, float("nan")], dtype=pd.ArrowDtype(pa.float64())),
             [1.0, None, None], [1.0, None, None]),
            (pd.Series(pd.arrays.ArrowExtensionArray(pa.array([1.0, None, float("nan")]))),
             [1.0, None, "nan"], [1.0, None, "nan"]),
        ],
        ids=["numpy", "arrow made by pandas", "arrow"],
    )  # fmt: skip
    def test_nan_and_null_are_told_apart(self, values, folded, kept):
        def seen(**options: Any) -> list[object]:
            found = sk.from_dask(partitions(pd.DataFrame({"x": values})), **options).collect()["x"]
            return ["nan" if v is not None and np.isnan(v) else v for v in found]

        assert seen() == folded
        assert seen(nan_to_null=False) == kept


class TestWhatDaskAnnouncesAndWhatIsThere:
    INT = pd.DataFrame({"x": pd.Series(dtype="int64")})
    TEXT = pd.DataFrame({"x": pd.Series(dtype="str")})

    @pytest.mark.parametrize("nan_to_null", [True, False])
    def test_integers_with_nulls_are_floats_in_numpy(self, nan_to_null):
        data = numbers([1, 2], [3, None], [None, None], meta=self.INT)
        rows = sk.from_dask(data, nan_to_null=nan_to_null).collect()
        assert rows.schema == {"x": pl.Int64}
        assert rows["x"].to_list() == [1, 2, 3, None, None, None]

    @pytest.mark.parametrize("odd", [1.5, 2.0**53, "a", dt.date(2024, 1, 1), True], ids=repr)
    def test_what_does_not_fit_exactly_is_refused_by_partition(self, odd):
        frame = sk.from_dask(numbers([1, 2], [odd], meta=self.INT))
        with pytest.raises(
            SchemaMismatchError, match=r"partition 1 .* column 'x' was announced as Int64"
        ):
            frame.collect()

    def test_declared_types_are_cast_strictly(self):
        data = numbers([1, 2], ["3"], meta=self.INT)
        assert sk.from_dask(data, schema_overrides={"x": pl.String}).collect()["x"].to_list() == [
            "1",
            "2",
            "3",
        ]
        with pytest.raises(SchemaMismatchError, match="partition 1"):
            sk.from_dask(numbers([1], ["x"]), schema_overrides={"x": pl.Int8}).collect()

    def test_empty_and_all_null_partitions(self):
        text = [pd.DataFrame({"x": pd.Series(v, dtype=t)}) for v, t in
                [([], "str"), (["a"], "str"), ([None, None], "object"), ([], "object"), ([np.nan], "float64")]]  # fmt: skip
        rows = sk.from_dask(partitions(*text, meta=self.TEXT)).collect()
        assert rows.schema == {"x": pl.String}
        assert rows["x"].to_list() == ["a", None, None, None]

    def test_an_object_column_needs_a_type(self):
        with dask.config.set(
            {"dataframe.convert-string": False}
        ):  # Dask would make text of the lists
            self.check_objects()

    def check_objects(self):
        lists = numbers([[1], None], [[2, 3], []])
        with pytest.raises(SchemaError, match=r"'x' has dtype object.*schema_overrides"):
            sk.from_dask(lists)
        rows = sk.from_dask(lists, schema_overrides={"x": pl.List(pl.Int64)}).collect()
        assert rows["x"].to_list() == [[1], None, [2, 3], []]
        with pytest.raises(ColumnNotFoundError, match="'y'"):
            sk.from_dask(lists, schema_overrides={"x": pl.List(pl.Int64), "y": pl.Int8})
        with pytest.raises(SchemaMismatchError, match="mixes int and str"):
            sk.from_dask(numbers([1, "a"]), schema_overrides={"x": pl.String}).collect()

    def test_categories(self):
        values = pd.Categorical(["b", "a", None], categories=["b", "a"])
        data = numbers(values, values)
        assert (
            sk.from_dask(data)
            .collect()["x"]
            .equals(pl.Series("x", ["b", "a", None] * 2, pl.Categorical()))
        )
        unknown = data.assign(x=data.x.cat.as_unknown())
        assert sk.from_dask(unknown).collect()["x"].to_list() == ["b", "a", None] * 2

        ordered = numbers(values.as_ordered())
        assert sk.from_dask(ordered).schema["x"] == pl.Enum(["b", "a"])
        unknown = ordered.assign(x=ordered.x.cat.as_unknown())
        with pytest.raises(SchemaError, match="ordered categories that are not known"):
            sk.from_dask(unknown)
        rows = (
            sk.from_dask(unknown, schema_overrides={"x": pl.Enum(["a", "b"])}).sort("x").collect()
        )
        assert rows["x"].to_list() == [None, "a", "b"]

    def test_times_keep_their_zone_and_lose_nothing(self):
        zoned = pd.Series(pd.to_datetime(["2024-10-27 00:30", None], utc=True)).dt.tz_convert(
            "Europe/Paris"
        )
        rows = sk.from_dask(numbers(zoned)).collect()
        assert rows.schema["x"] == pl.Datetime("us", "Europe/Paris")
        with pytest.raises(SchemaMismatchError, match="another kind of type"):
            sk.from_dask(numbers(zoned, zoned.dt.tz_localize(None))).collect()
        fine = pd.Series(np.array([1], dtype="datetime64[ns]"))
        with pytest.raises(ComputeError, match=r"partition 0 .*microseconds cannot hold"):
            sk.from_dask(numbers(fine)).collect()

    def test_a_partition_without_a_column(self):
        data = partitions(pd.DataFrame({"x": [1]}), pd.DataFrame({"y": [1]}))
        with pytest.raises(SourceError, match="Dask DataFrame"):
            sk.from_dask(data).collect()


class TestWhatDaskIsNotTakenFor:
    @pytest.mark.parametrize("name", ["set_index", "a name", "texts"])
    def test_an_index_that_holds_data(self, name):
        frame = pd.DataFrame({"x": [1, 2], "k": [1, 2]})
        data = {
            "set_index": lambda: dd.from_pandas(frame, npartitions=1).set_index("k"),
            "a name": lambda: partitions(frame.rename_axis("row")),
            "texts": lambda: partitions(frame.set_axis(["a", "b"])),
        }[name]()
        with pytest.raises(InvalidOperationError, match=r"holds data.*reset_index\(\)"):
            sk.from_dask(data)
        assert sk.from_dask(data.reset_index(drop=True)).collect()["x"].to_list() == [1, 2]

    def test_row_numbers_with_gaps_are_dropped(self):
        data = dd.from_pandas(pd.DataFrame({"x": range(6)}), npartitions=2)
        assert sk.from_dask(data[data.x % 2 == 0]).collect()["x"].to_list() == [0, 2, 4]

    @pytest.mark.parametrize(
        "given",
        [pd.DataFrame({"x": [1]}), numbers([1]).x, [1], None],
        ids=lambda v: type(v).__name__,
    )
    def test_other_objects(self, given):
        with pytest.raises(
            InvalidOperationError,
            match=f"from_dask needs a Dask DataFrame, not {type(given).__name__}",
        ):
            sk.from_dask(given)

    def test_names_that_are_numbers_and_no_names(self):
        data = dd.from_pandas(pd.DataFrame({0: [1, 2], 1: ["a", "b"]}), npartitions=2)
        assert sk.from_dask(data).select("1").collect()["1"].to_list() == ["a", "b"]
        with pytest.raises(SchemaError, match="no columns"):
            sk.from_dask(data[[]])

    def test_a_task_that_fails(self):
        def load(_: int) -> pd.DataFrame:
            raise RuntimeError("the disk is on fire")

        data = dd.from_map(load, [0], meta=pd.DataFrame({"x": [1]}))
        with pytest.raises(SourceError, match=r"Dask DataFrame .*the disk is on fire"):
            sk.from_dask(data).collect()

    def test_types_that_pandas_does_not_have(self):
        with pytest.raises(SchemaError, match="Int128"):
            sk.from_dict({"x": [1]}).select(col("x").cast(pl.Int128)).to_dask()

    @pytest.mark.parametrize(
        ("module", "use", "extra"),
        [
            ("dask.dataframe", lambda frame: frame.to_dask(), "dask"),
            ("dask.dataframe", sk.from_dask, "dask"),
            ("ray", lambda frame: frame.to_ray(), "ray"),
            ("ray.data", sk.from_ray, "ray"),
        ],
        ids=["to_dask", "from_dask", "to_ray", "from_ray"],
    )
    def test_a_package_that_is_missing_is_named(self, monkeypatch, module, use, extra):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(MissingDependencyError, match=rf"scalekit\[{extra}\]"):
            use(sk.from_dict({"x": [1]}))


class TestToDask:
    def test_dtypes_are_backed_by_arrow(self):
        data = sk.from_polars(ROWS).to_dask()
        assert str(data.dtypes["i"]) == "int64[pyarrow]"
        assert data.divisions == (0, 3)
        assert data["i"].sum().compute() == ROWS["i"].sum()

    def test_no_rows_and_no_columns(self):
        empty = sk.from_polars(ROWS.clear()).to_dask()
        assert len(empty) == 0
        assert sk.from_dask(empty).collect().equals(ROWS.clear())


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """One small Ray on loopback in this process, as scalekit starts it in another."""
    from scalekit.backends.ray import embedded

    embedded.start(1, 256 * 2**20)
    import ray.data

    logging.getLogger("ray.data").setLevel("ERROR")
    disarm()
    yield ray
    ray.shutdown()
    embedded.clear()


def crafted(path: Path, marker: Path) -> Path:
    """A Parquet file whose column of Python objects creates ``marker`` when it is unpickled."""

    class Touch:
        def __reduce__(self) -> tuple[Callable[..., None], tuple[Path]]:
            return Path.touch, (marker,)

    metadata = {"ARROW:extension:name": PICKLED_OBJECT, "ARROW:extension:metadata": ""}
    column = pa.field("x", pa.large_binary(), metadata=metadata)
    values = pa.array([pickle.dumps(Touch())], pa.large_binary())
    pq.write_table(pa.table([values], schema=pa.schema([column])), path)
    return path


def arm() -> None:
    """What the first ``import ray.data`` of a process does."""
    from ray.data._internal.object_extensions.arrow import ArrowPythonObjectType

    disarm()
    pa.register_extension_type(ArrowPythonObjectType())


@pytest.mark.ray
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
class TestRay:
    def test_only_loopback_is_listened_on(self, ray):
        import psutil

        me = psutil.Process()
        heard = {
            connection.laddr.ip.removeprefix("::ffff:")
            for process in [me, *me.children(recursive=True)]
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert heard == {"127.0.0.1"}

    def test_every_type_comes_back(self, ray, small_parts):
        data = sk.from_polars(ROWS).to_ray()
        assert data.num_blocks() == 4
        frame = sk.from_ray(data)
        assert frame.schema == ROWS.schema
        assert frame.collect().equals(ROWS)
        assert frame.collect(backend="pandas").equals(ROWS)
        assert "Ray Dataset (4 blocks" in frame.explain()

    def test_a_source_keeps_its_promises(self, ray):
        tables = [
            pa.table({"x": part, "y": part}) for part in ([1, 2], pa.array([], pa.int64()), [3])
        ]
        source = ray_source(ray.data.from_arrow(tables))
        assert read_checked(source)["x"].to_list() == [1, 2, 3]
        assert source.splits() == (0, 1, 2)
        assert source.statistics().rows == 3
        assert sk.from_ray(ray.data.from_arrow(tables))._repr_html_().count("<td") > 0

    def test_a_lazy_dataset_is_read_in_its_order(self, ray):
        def slowly(rows: pa.Table) -> pa.Table:
            time.sleep(0.3 * (rows["x"][0].as_py() == 0))
            return rows

        tables = [pa.table({"x": [n, n], "y": [1, 2]}) for n in range(4)]
        data = ray.data.from_arrow(tables).map_batches(
            slowly, batch_format="pyarrow", batch_size=None, num_cpus=0.5
        )
        frame = sk.from_ray(data)
        assert frame.collect()["x"].to_list() == [0, 0, 1, 1, 2, 2, 3, 3]
        assert frame.head(3).filter(col("y") == 1).select("x").collect()["x"].to_list() == [0, 1]
        assert frame.select(sk.len()).collect().item() == 8
        assert "no preview" in frame._repr_html_()
        assert not data.context.execution_options.preserve_order

    def test_blocks_of_pandas(self, ray):
        pandas = pd.DataFrame(
            {
                "i": pd.array([1, None], dtype="Int64"),
                "f": [1.5, np.nan],
                "s": ["a", None],
                "t": pd.to_datetime(["2024-01-01", None]).astype("datetime64[ns]"),
                "c": pd.Categorical(["b", "a"], categories=["b", "a"], ordered=True),
            }
        )
        rows = sk.from_ray(ray.data.from_pandas([pandas, pandas])).collect()
        expected = sk.from_pandas(pandas).collect()
        assert rows.schema == expected.schema
        assert rows.equals(pl.concat([expected, expected]))

        objects = ray.data.from_pandas(pd.DataFrame({"x": pd.Series([[1], None], dtype=object)}))
        with pytest.raises(SchemaError, match=r"'x' has dtype object.*schema_overrides"):
            sk.from_ray(objects)
        rows = sk.from_ray(objects, schema_overrides={"x": pl.List(pl.Int8)}).collect()
        assert rows["x"].to_list() == [[1], None]

    def test_blocks_that_differ(self, ray):
        data = ray.data.from_arrow([pa.table({"x": [1, None]}), pa.table({"x": [300.5]})])
        frame = sk.from_ray(data)
        assert frame.schema == {"x": pl.Float64}
        assert frame.collect()["x"].to_list() == [1.0, None, 300.5]
        with pytest.raises(SchemaMismatchError, match="block of the Ray Dataset"):
            sk.from_ray(data, schema_overrides={"x": pl.Int8}).collect()

    @pytest.mark.parametrize("kind", ["objects", "tensors", "no rows"])
    def test_what_no_column_can_hold(self, ray, kind):
        data = {
            "objects": lambda: ray.data.from_items([{"x": 1 + 2j}]),
            "tensors": lambda: ray.data.range_tensor(2, shape=(2, 2)),
            "no rows": lambda: ray.data.from_items([]),
        }[kind]()
        with pytest.raises(SchemaError, match=kind.removeprefix("no ")):
            sk.from_ray(data)

    @pytest.mark.parametrize(
        "given", [pa.table({"x": [1]}), [1], None], ids=["table", "list", "None"]
    )
    def test_other_objects(self, ray, given):
        with pytest.raises(InvalidOperationError, match=r"from_ray needs a ray\.data\.Dataset"):
            sk.from_ray(given)

    def test_ray_is_never_started(self, ray, monkeypatch):
        data = ray.data.range(2)
        frame = sk.from_ray(data)
        with monkeypatch.context() as patch:
            patch.setattr(ray, "is_initialized", lambda: False)
            for use in (frame.to_ray, frame.collect, lambda: sk.from_ray(data)):
                with pytest.raises(InvalidOperationError, match=r"call ray\.init\(\) first"):
                    use()
        patch.undo()
        gone = replace(ray_source(data), job="another")
        with pytest.raises(SourceError, match="started anew"):
            gone.read().collect()

    @pytest.mark.parametrize("through", ["from_ray", "to_ray"])
    def test_nothing_is_unpickled_afterwards(self, ray, tmp_path, through):
        marker = tmp_path / "ran"
        path = crafted(tmp_path / "crafted.parquet", marker)
        data = ray.data.range(2)
        arm()
        pq.read_table(path).to_pylist()
        assert marker.exists(), "armed, the file runs code"
        marker.unlink()

        if through == "from_ray":
            assert sk.from_ray(data).collect().height == 2
        else:
            sk.from_dict({"x": [1]}).to_ray()
        readers: list[Callable[[], Any]] = [
            lambda: pq.read_table(path).to_pylist(),
            lambda: pq.read_table(path).to_pandas(),
            lambda: pd.read_parquet(path).to_dict(),
            lambda: pl.read_parquet(path).to_pandas(),
            lambda: pl.scan_parquet(path).collect().to_arrow().to_pylist(),
            lambda: dd.read_parquet(path).compute(),
        ]
        for read in readers:
            read()
            assert not marker.exists()
        with pytest.raises(SecurityError, match="unpickle"):
            sk.scan_parquet(path)
        assert not marker.exists()
