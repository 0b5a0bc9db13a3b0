from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import polars as pl
import pytest
from deltalake import DeltaTable

from scalekit.errors import SchemaError, TargetError, TargetExistsError, WriteConflictError
from scalekit.targets import DeltaTarget, write, write_delta
from tests.battery.s3_server import BUCKET


def target(path: Path, **options: object) -> DeltaTarget:
    return DeltaTarget(path=str(path), **options)  # type: ignore[arg-type]


def test_the_three_modes(tmp_path: Path, frame: pl.DataFrame) -> None:
    path = tmp_path / "d"
    assert write(target(path), [frame, frame.lazy(), frame.to_arrow()]).rows == 12
    with pytest.raises(TargetExistsError, match="mode='overwrite'"):
        write(target(path), [frame])
    write(target(path, mode="append"), [frame])
    assert pl.read_delta(str(path)).height == 16
    write(target(path, mode="overwrite"), [frame.select("v").cast(pl.Int32)])
    assert pl.read_delta(str(path)).schema == {"v": pl.Int32}
    assert pl.read_delta(str(path), version=1).height == 16


def test_the_same_write_id_adds_nothing_the_second_time(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    path = tmp_path / "d"
    for mode in ("error", "append", "overwrite"):
        done = [write(target(path, mode=mode), [frame], write_id=mode).committed for _ in range(2)]
        assert done == [True, False]
    assert pl.read_delta(str(path)).height == 4
    assert DeltaTable(str(path)).version() == 2


def test_an_error_of_a_part_comes_through_and_nothing_is_written(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    def failing() -> Iterator[pl.DataFrame]:
        yield frame
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        write(target(tmp_path / "d"), failing())
    write(target(tmp_path / "d"), [frame])
    with pytest.raises(SchemaError, match="frame 1 has the columns"):
        write(target(tmp_path / "d", mode="append"), [frame, frame.select("v")])
    assert DeltaTable(str(tmp_path / "d")).version() == 0


def test_columns_that_differ_and_columns_that_are_added(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    path = tmp_path / "d"
    write(target(path), [frame])
    more = frame.with_columns(new=pl.lit(1.5))
    with pytest.raises(SchemaError, match="schema_mode='merge'"):
        write(target(path, mode="append"), [more])
    write(target(path, mode="append", schema_mode="merge"), [more])
    assert pl.read_delta(str(path))["new"].null_count() == 4


def test_types(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "u8": pl.Series([255, None], dtype=pl.UInt8),
            "u32": pl.Series([2**32 - 1, None], dtype=pl.UInt32),
            "cat": pl.Series(["a", None], dtype=pl.Categorical),
            "enum": pl.Series(["a", None], dtype=pl.Enum(["a"])),
            "ms": pl.Series([dt.datetime(2024, 1, 1), None], dtype=pl.Datetime("ms")),
            "utc": pl.Series([dt.datetime(2024, 1, 1), None]).dt.replace_time_zone("UTC"),
            "list": pl.Series([[1], None], dtype=pl.List(pl.UInt16)),
            "struct": [{"x": 1}, {"x": None}],
            "nan": [float("nan"), None],
        }
    )
    write(target(tmp_path / "d"), [frame])
    back = pl.read_delta(str(tmp_path / "d"))
    assert back["u8"].to_list() == [255, None]
    assert back.schema["u8"] == pl.Int16
    assert back.schema["cat"] == back.schema["enum"] == pl.String
    assert back.schema["ms"] == pl.Datetime("us")
    assert back["utc"].equals(frame["utc"])
    assert back["list"].to_list() == [[1], None]
    assert back["nan"].is_nan().to_list() == [True, None]


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([1], dtype=pl.UInt64),
        pl.Series([1], dtype=pl.Int128),
        pl.Series([dt.time(1)]),
        pl.Series([dt.timedelta(1)]),
        pl.Series([None]),
        pl.Series([dt.datetime(2024, 1, 1)], dtype=pl.Datetime("ns")),
        pl.Series([dt.datetime(2024, 1, 1)]).dt.replace_time_zone("Europe/Paris"),
        pl.Series([[1]], dtype=pl.Array(pl.Int64, 1)),
        pl.Series([{"x": dt.time(1)}]),
    ],
)
def test_what_delta_would_change_is_refused(tmp_path: Path, series: pl.Series) -> None:
    with pytest.raises(SchemaError, match=r"'c'|'x'"):
        write(target(tmp_path / "d"), [pl.DataFrame({"c": series})])
    assert not (tmp_path / "d").exists()


def test_another_writer_in_between_is_a_conflict(
    tmp_path: Path, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "d"
    write(target(path), [frame])

    def slow() -> Iterator[pl.DataFrame]:
        yield frame
        write(target(path, mode="overwrite"), [frame.head(1)])

    with pytest.raises(WriteConflictError, match="another writer"):
        write(target(path, mode="overwrite"), slow())
    assert pl.read_delta(str(path)).height == 1


def test_partitions_and_no_rows(tmp_path: Path, frame: pl.DataFrame) -> None:
    write(target(tmp_path / "d", partition_by="k"), [frame])
    assert pl.read_delta(str(tmp_path / "d")).sort("v").equals(frame)
    write(target(tmp_path / "e"), [], schema=frame.schema)
    assert pl.read_delta(str(tmp_path / "e")).schema == frame.schema
    with pytest.raises(TargetError, match="one part at least"):
        write(target(tmp_path / "f"), [])


def test_places_that_are_no_table(tmp_path: Path, frame: pl.DataFrame) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "thesis.doc").write_text("years of work")
    for mode in ("error", "overwrite", "append"):
        with pytest.raises(TargetError):
            write(target(tmp_path / "d", mode=mode), [frame])
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["thesis.doc"]
    with pytest.raises(TargetError, match="never replaced"):
        write(DeltaTarget(path="/"), [frame])
    with pytest.raises(TargetError, match="unknown mode"):
        target(tmp_path, mode="merge")
    with pytest.raises(TargetError, match="a function that writes a file"):
        write_delta(target(tmp_path / "e"), [lambda _: 0])


@pytest.mark.s3
def test_in_an_object_store(s3: dict[str, str], frame: pl.DataFrame) -> None:
    uri = f"s3://{BUCKET}/{uuid4().hex}"
    there = DeltaTarget(path=uri, storage_options=tuple(s3.items()))
    write(there, [frame])
    with pytest.raises(TargetExistsError):
        write(there, [frame])
    again = DeltaTarget(path=uri, storage_options=tuple(s3.items()), mode="append")
    write(again, [frame], write_id="x")
    write(again, [frame], write_id="x")
    assert pl.read_delta(uri, storage_options=s3).height == 8
    assert s3["aws_secret_access_key"] not in repr(there) + there.describe()
