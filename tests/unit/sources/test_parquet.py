from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import io
import random
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scalekit.errors import (
    ColumnNotFoundError,
    CorruptFileError,
    DuplicateError,
    InvalidOperationError,
    PathNotFoundError,
    ScalekitError,
    SchemaMismatchError,
    SecurityError,
    SourceError,
)
from scalekit.sources import files as files_module
from scalekit.sources.parquet import parquet_source
from scalekit.sources.reading import reading_errors
from scalekit.storage.names import PartName
from scalekit.targets import ParquetTarget
from scalekit.targets import write as write_target


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, data: dict | pa.Table | pl.DataFrame, **options) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, pa.Table):
            pq.write_table(data, path, **options)
        else:
            pl.DataFrame(data).write_parquet(path, **options)
        return str(path)

    return write


def test_a_file(write, check):
    path = write("a.parquet", {"a": [1, 2], "s": ["x", None]})
    source = parquet_source(path)
    assert check(source).rows() == [(1, "x"), (2, None)]
    assert source.inputs() == (path,)
    assert path in source.describe()


def test_several_files_in_order_with_numbers_and_paths(write, check):
    paths = [write(f"{n}.parquet", {"a": [n, n + 10]}) for n in (3, 1, 2)]
    source = parquet_source(
        paths, row_index_name="i", row_index_offset=5, include_file_paths="p", n_rows=5
    )
    result = check(source)
    assert result.columns == ["i", "a", "p"]
    assert result["a"].to_list() == [3, 13, 1, 11, 2]
    assert result["i"].to_list() == [5, 6, 7, 8, 9]
    assert result["p"].to_list() == [paths[0]] * 2 + [paths[1]] * 2 + [paths[2]]
    assert source.schema["i"] == pl.Int64()


def test_filters_and_columns_reach_the_reader(write):
    path = write("a.parquet", {"a": [1, 2], "b": [3, 4], "c": [5, 6]})
    lazy = parquet_source(path).read().filter(pl.col("a") > 1).select("b")
    plan = lazy.explain()
    assert "PROJECT 2/3 COLUMNS" in plan
    assert "SELECTION" in plan
    assert "FILTER" not in plan.split("Parquet SCAN")[0]


def test_row_groups_are_splits_of_about_equal_size(write, check, monkeypatch):
    monkeypatch.setattr(files_module, "_SPLIT_BYTES", 400)
    path = write("a.parquet", {"a": range(200)}, row_group_size=20)
    source = parquet_source([path, write("b.parquet", {"a": [7]})], row_index_name="i")
    assert [(s.file, s.offset, s.rows) for s in source.splits()] == [
        (0, 0, 60),
        (0, 60, 60),
        (0, 120, 60),
        (0, 180, 20),
        (1, 0, 1),
    ]
    rows = check(source)
    assert rows["i"].to_list() == list(range(201))
    two = [source.splits()[n] for n in (1, 3)]
    assert source.read(two).collect()["a"].to_list() == [*range(60, 120), *range(180, 200)]


def test_a_row_limit_ends_the_splits(write, check, monkeypatch):
    monkeypatch.setattr(files_module, "_SPLIT_BYTES", 100)
    path = write("a.parquet", {"a": range(100)}, row_group_size=20)
    source = parquet_source(path, n_rows=30)
    assert [s.rows for s in source.splits()] == [20, 10]
    assert check(source).height == 30
    assert check(parquet_source(path, n_rows=0)).height == 0


def test_equal_requests_are_equal_sources(write):
    path = write("a.parquet", {"a": [1]})
    assert parquet_source(path) == parquet_source(path)
    assert parquet_source(path) != parquet_source(path, n_rows=1)
    assert parquet_source(path) != parquet_source([path, path])


WIDENINGS = [
    (pa.int32(), pa.int64(), pl.Int64()),
    (pa.int64(), pa.int8(), pl.Int64()),
    (pa.uint8(), pa.int16(), pl.Int16()),
    (pa.uint8(), pa.int8(), pl.Int16()),
    (pa.uint32(), pa.int64(), pl.Int64()),
    (pa.uint8(), pa.uint64(), pl.UInt64()),
    (pa.float32(), pa.float64(), pl.Float64()),
    (pa.null(), pa.int64(), pl.Int64()),
    (pa.string(), pa.null(), pl.String()),
    (pa.null(), pa.null(), pl.Null()),
    (pa.timestamp("ms"), pa.timestamp("us"), pl.Datetime("us")),
    (pa.timestamp("us"), pa.timestamp("ns"), pl.Datetime("ns")),
    (pa.timestamp("ms", "UTC"), pa.timestamp("us", "UTC"), pl.Datetime("us", "UTC")),
    (pa.decimal128(10, 2), pa.decimal128(20, 2), pl.Decimal(20, 2)),
    (pa.date32(), pa.date32(), pl.Date()),
]


@pytest.mark.parametrize(("first", "second", "expected"), WIDENINGS)
def test_widenings_are_aligned_in_either_order(write, check, first, second, expected):
    def table(dtype):
        values = {"null": None, "string": "x", "date32[day]": dt.date(2024, 1, 1)}
        value = decimal.Decimal(1) if pa.types.is_decimal(dtype) else values.get(str(dtype), 1)
        return pa.table({"a": pa.array([value, None], dtype)})

    paths = [write("a.parquet", table(first)), write("b.parquet", table(second))]
    for order in (paths, paths[::-1]):
        source = parquet_source(order)
        assert source.schema == {"a": expected}
        assert check(source).height == 4


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.string(), pa.int64()),
        (pa.int64(), pa.float64()),
        (pa.int64(), pa.uint64()),
        (pa.date32(), pa.timestamp("us")),
        (pa.timestamp("us"), pa.timestamp("us", "UTC")),
        (pa.decimal128(10, 2), pa.decimal128(10, 3)),
        (pa.bool_(), pa.int8()),
    ],
)
def test_other_differences_are_refused_with_file_and_types(write, first, second):
    one = write("one.parquet", pa.table({"a": pa.array([None], first)}))
    two = write("two.parquet", pa.table({"a": pa.array([None], second)}))
    with pytest.raises(SchemaMismatchError) as caught:
        parquet_source([one, two])
    for part in ("'a'", one, two, "cast"):
        assert part in str(caught.value)


def test_columns_in_another_order_are_one_schema(write, check):
    one = write("one.parquet", {"a": [1], "b": [2]})
    two = write("two.parquet", {"b": [3], "a": [4]})
    assert check(parquet_source([one, two])).rows() == [(1, 2), (4, 3)]


def test_missing_and_extra_columns(write, check):
    one = write("one.parquet", {"a": [1], "b": [2]})
    two = write("two.parquet", {"a": [3], "c": ["x"]})
    with pytest.raises(SchemaMismatchError, match=r"two\.parquet' lacks the column 'b'"):
        parquet_source([one, two])
    with pytest.raises(SchemaMismatchError, match="'c'"):
        parquet_source([write("three.parquet", {"a": [1]}), two])
    both = check(parquet_source([one, two], missing_columns="insert"))
    assert both.rows() == [(1, 2, None), (3, None, "x")]
    some = parquet_source([one, two], missing_columns="insert", extra_columns="ignore")
    assert check(some).rows() == [(1, 2), (3, None)]
    less = parquet_source([write("three.parquet", {"a": [9]}), one], extra_columns="ignore")
    assert check(less).rows() == [(9,), (1,)]


class TestHive:
    def test_keys_of_folders_become_columns(self, write, check, tmp_path):
        for year, month in ((2024, 1), (2023, 12)):
            write(f"t/year={year}/month={month:02}/p.parquet", {"a": [month]})
        result = check(parquet_source(tmp_path / "t"))
        assert result.schema == {"a": pl.Int64(), "year": pl.Int64(), "month": pl.Int64()}
        assert result.rows() == [(12, 2023, 12), (1, 2024, 1)]

    def test_a_filter_on_a_key_skips_files(self, write, tmp_path):
        for k in (1, 2):
            write(f"t/k={k}/p.parquet", {"a": [k]})
        lazy = parquet_source(tmp_path / "t").read().filter(pl.col("k") == 2)
        Path(tmp_path, "t/k=1/p.parquet").write_bytes(b"broken, but never opened")
        assert lazy.collect().rows() == [(2, 2)]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (["1", "x"], pl.String()),
            (["1", "2"], pl.Int64()),
            (["2024-01-01", "2024-01-02"], pl.Date()),
            (["2024-01-01", "1"], pl.String()),
            (["1", "__HIVE_DEFAULT_PARTITION__"], pl.Int64()),
            (["a%20b", "c"], pl.String()),
        ],
    )
    def test_types_come_from_all_values(self, write, check, tmp_path, values, expected):
        for value in values:
            write(f"t/k={value}/p.parquet", {"a": [1]})
        source = parquet_source(tmp_path / "t")
        assert source.schema["k"] == expected
        found = set(check(source)["k"].to_list())
        if "a%20b" in values:
            assert found == {"a b", "c"}
        if "__HIVE_DEFAULT_PARTITION__" in values:
            assert found == {1, None}

    def test_declared_types_and_off(self, write, check, tmp_path):
        write("t/k=1/p.parquet", {"a": [1]})
        typed = parquet_source(tmp_path / "t", hive_schema={"k": pl.String})
        assert check(typed).rows() == [(1, "1")]
        assert parquet_source(tmp_path / "t", hive_partitioning=False).schema == {"a": pl.Int64()}
        with pytest.raises(ColumnNotFoundError, match=r"'z'.*'k'"):
            parquet_source(tmp_path / "t", hive_schema={"z": pl.String})

    def test_globs_have_keys_on_request_only(self, write, tmp_path):
        write("t/k=1/p.parquet", {"a": [1]})
        assert "k" not in parquet_source(f"{tmp_path}/t/*/*.parquet").schema
        source = parquet_source(f"{tmp_path}/t/*/*.parquet", hive_partitioning=True)
        assert source.schema["k"] == pl.Int64()

    def test_keys_above_the_folder_are_no_columns(self, write, check, tmp_path):
        write("x=1/t/k=2/p.parquet", {"a": [1]})
        assert check(parquet_source(tmp_path / "x=1/t")).rows() == [(1, 2)]
        write("y=1/t/k=2/p.parquet", {"y": [7]})
        with pytest.raises(SourceError, match="'y' is a column of the files and a key"):
            parquet_source(tmp_path / "y=1/t")

    def test_a_key_stands_above_a_column_of_the_file(self, write, check, tmp_path):
        write("t/k=2/p.parquet", {"a": [1], "k": [99]})
        write("t/k=3/p.parquet", {"a": [1]})
        assert check(parquet_source(tmp_path / "t")).rows() == [(1, 2), (1, 3)]

    def test_folders_that_disagree(self, write, tmp_path):
        write("t/k=1/p.parquet", {"a": [1]})
        write("t/j=1/p.parquet", {"a": [1]})
        with pytest.raises(SourceError, match="do not agree"):
            parquet_source(tmp_path / "t")


class TestStatistics:
    @pytest.mark.parametrize(
        ("values", "dtype", "low", "high"),
        [
            (range(10_000), pl.Int64, 80_000, 82_000),
            ([1] * 10_000, pl.Int64, 80_000, 82_000),
            ([True] * 10_000, pl.Boolean, 1_250, 3_000),
            (["x" * 100] * 10_000, pl.String, 160_000, 170_000),
            ([f"{n:030}" for n in range(10_000)], pl.String, 450_000, 560_000),
            ([[1, 2, 3]] * 10_000, pl.List(pl.Int64), 80_000, 900_000),
            ([None] * 10_000, pl.Null, 0, 2_000),
        ],
        ids=["ints", "constant", "bools", "constant text", "text", "lists", "nulls"],
    )
    def test_memory_follows_the_types_and_not_the_compression(
        self, write, values, dtype, low, high
    ):
        frame = pl.DataFrame({"x": values}, schema={"x": dtype})
        statistics = parquet_source(write("a.parquet", frame)).statistics()
        assert statistics.rows == 10_000
        assert statistics.exact
        assert low <= statistics.bytes <= high

    def test_by_column(self, write):
        path = write("a.parquet", {"a": range(100), "b": [1.0] * 100})
        assert parquet_source(path).statistics().column_bytes == (("a", 812), ("b", 812))

    def test_a_bomb_shows_its_size(self, write):
        text = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000_000, pa.int32()), ["x" * 100])
        path = write("bomb.parquet", pa.table({"s": text}).cast(pa.schema([("s", pa.string())])))
        assert Path(path).stat().st_size < 100_000
        assert parquet_source(path).statistics().bytes > 30_000_000


class TestTypes:
    def test_polars_types_come_back(self, write, check):
        frame = pl.DataFrame(
            {"c": ["x"], "e": ["y"], "n": [None], "t": [dt.time(1)], "d": [dt.timedelta(1)]},
            schema_overrides={"c": pl.Categorical, "e": pl.Enum(["y", "z"])},
        ).with_columns(i=pl.lit(1, pl.Int128), dec=pl.lit(1).cast(pl.Decimal(10, 2)))
        assert check(parquet_source(write("a.parquet", frame))).equals(frame)

    def test_int96_out_of_range_of_nanoseconds(self, write, check):
        table = pa.table({"t": pa.array([dt.datetime(3000, 1, 1)], pa.timestamp("us"))})
        path = write("a.parquet", table, use_deprecated_int96_timestamps=True)
        assert check(parquet_source(path))["t"].to_list() == [dt.datetime(3000, 1, 1)]

    def test_nanoseconds_are_kept(self, write, check):
        table = pa.table({"t": pa.array([1], pa.timestamp("ns"))})
        assert check(parquet_source(write("a.parquet", table))).schema["t"] == pl.Datetime("ns")

    def test_odd_names(self, write, check):
        names = ["a b", "ü", "x\ny", "", "a.b", "a'b", 'a"b', "*", "a=b"]
        frame = pl.DataFrame({name: [n] for n, name in enumerate(names)})
        assert check(parquet_source(write("a.parquet", frame))).columns == names

    def test_no_columns_keep_the_number_of_rows(self, write):
        path = write("a.parquet", pl.DataFrame(height=3))
        assert parquet_source(path).read().collect().height == 3


def crafted_table(name: str) -> pa.Table:
    field = pa.field(
        "x",
        pa.binary(),
        metadata={"ARROW:extension:name": name, "ARROW:extension:metadata": "payload"},
    )
    return pa.table([pa.array([b"x"])], schema=pa.schema([field]))


@pytest.mark.parametrize(
    "name", ["ray.data.arrow_pickled_object", "arrow.py_extension_type", "some.pickled.thing"]
)
def test_a_file_that_asks_to_be_unpickled_is_refused(write, name):
    path = write("crafted.parquet", crafted_table(name))
    with pytest.raises(SecurityError, match="crafted") as caught:
        parquet_source(path)
    assert name in str(caught.value)


def test_a_harmless_extension_type_is_read(write, check):
    path = write("a.parquet", crafted_table("geoarrow.wkb"))
    assert parquet_source(path).read().collect().height == 1


def test_the_footer_is_judged_before_arrow_may_run_what_it_names(write, tmp_path):
    """With the type registered, as ``import ray.data`` does, opening the file would run its payload."""
    path = write("crafted.parquet", crafted_table("ray.data.arrow_pickled_object"))
    code = textwrap.dedent(
        f"""
        import pyarrow as pa
        class Armed(pa.ExtensionType):
            def __init__(self):
                super().__init__(pa.binary(), "ray.data.arrow_pickled_object")
            def __arrow_ext_serialize__(self):
                return b""
            @classmethod
            def __arrow_ext_deserialize__(cls, storage, serialized):
                open({str(tmp_path / "ran")!r}, "w").close()
                return cls()
        pa.register_extension_type(Armed())
        from scalekit.errors import SecurityError
        from scalekit.sources.parquet import parquet_source
        try:
            parquet_source({path!r})
        except SecurityError:
            print("refused")
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
    assert not (tmp_path / "ran").exists()


class TestFilesThatChange:
    def test_a_replaced_file_with_the_same_columns_is_read_as_it_is_now(self, write):
        path = write("a.parquet", {"a": [1]})
        source = parquet_source(path)
        write("a.parquet", {"a": [2, 3]})
        assert source.is_stale()
        assert source.read().collect()["a"].to_list() == [2, 3]
        assert source.refreshed().statistics().rows == 2
        assert not source.refreshed().is_stale()

    def test_a_replaced_file_with_other_columns_is_refused(self, write):
        source = parquet_source(write("a.parquet", {"a": [1]}))
        write("a.parquet", {"a": ["x"]})
        with pytest.raises(SchemaMismatchError, match="replaced since it was scanned"):
            source.read()

    def test_splits_of_the_old_file_are_refused(self, write):
        source = parquet_source(write("a.parquet", {"a": [1]}))
        splits = source.splits()
        write("a.parquet", {"a": [2, 3]})
        with pytest.raises(SourceError, match="replaced while the query ran"):
            source.read(splits)

    def test_a_removed_file_of_a_glob_is_listed_again(self, write, tmp_path):
        one = write("one.parquet", {"a": [1]})
        write("two.parquet", {"a": [2]})
        source = parquet_source(f"{tmp_path}/*.parquet")
        Path(one).unlink()
        assert source.read().collect()["a"].to_list() == [2]

    def test_a_removed_file_is_missed(self, write):
        path = write("one.parquet", {"a": [1]})
        source = parquet_source(path)
        Path(path).unlink()
        with pytest.raises(PathNotFoundError, match=r"one.parquet"):
            source.read()

    def test_a_file_replaced_between_lowering_and_reading(self, write):
        path = write("a.parquet", {"a": range(100_000)})
        source = parquet_source(path)
        lazy = source.read()
        Path(path).write_bytes(Path(path).read_bytes()[:5_000])
        with (
            pytest.raises(SourceError, match="replaced while it was read"),
            reading_errors([source]),
        ):
            lazy.collect()


class TestChecksums:
    def test_of_files_that_scalekit_wrote(self, write, tmp_path, check):
        content = Path(write("x.parquet", {"a": range(1000)})).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        part = PartName(1, 0, "0" * 16, "0" * 8, digest[:16], ".parquet")
        path = tmp_path / str(part)
        path.write_bytes(content)
        assert check(parquet_source(path, verify=True)).height == 1000
        flipped = bytearray(content)
        flipped[200] ^= 1
        path.write_bytes(bytes(flipped))
        with pytest.raises(CorruptFileError, match="checksum"):
            parquet_source(path, verify=True)

    def test_of_pages(self, write, check):
        table = pa.table({"a": pa.array(range(1000), pa.int64())})
        path = write("a.parquet", table, write_page_checksum=True, compression="none")
        assert check(parquet_source(path, verify=True)).height == 1000
        flipped = bytearray(Path(path).read_bytes())
        flipped[2000] ^= 1
        Path(path).write_bytes(bytes(flipped))
        with pytest.raises(CorruptFileError, match=r"a\.parquet"):
            parquet_source(path, verify=True)


def test_arguments_without_meaning(write):
    path = write("a.parquet", {"a": [1]})
    with pytest.raises(InvalidOperationError, match="n_rows"):
        parquet_source(path, n_rows=-1)
    with pytest.raises(DuplicateError, match="'a'"):
        parquet_source(path, row_index_name="a")
    with pytest.raises(DuplicateError, match="'p'"):
        parquet_source(path, row_index_name="p", include_file_paths="p")


def test_a_folder_that_scalekit_wrote_is_what_its_last_commit_says(tmp_path, check):
    target = ParquetTarget(path=str(tmp_path / "t"), partition_by=("k",))
    write_target(target, [pl.DataFrame({"k": ["1", "2"], "v": [1, 2]})])
    source = parquet_source(tmp_path / "t")
    assert source.schema["k"] == pl.String(), (
        "the commit recorded the type, which the names do not tell"
    )
    assert sorted(check(source).rows()) == [(1, "1"), (2, "2")]


def test_no_damage_of_a_footer_ends_in_anything_but_scalekits_errors(put):
    content = bytearray(parquet_bytes())
    length = int.from_bytes(content[-8:-4], "little")
    generator = random.Random(7)
    for number in range(250):
        damaged = bytearray(content)
        for _ in range(generator.randrange(1, 4)):
            place = generator.randrange(len(content) - 8 - length, len(content))
            damaged[place] ^= generator.randrange(1, 256)
        path = put(f"{number}.parquet", bytes(damaged))
        with suppress(ScalekitError):
            assert parquet_source(path).statistics().exact


def parquet_bytes() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"a": range(50), "s": ["x"] * 50, "l": [[1, 2]] * 50}).write_parquet(buffer)
    return buffer.getvalue()
